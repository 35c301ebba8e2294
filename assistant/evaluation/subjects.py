"""What an evaluation begins with: a checkpoint to measure, and the identity of the corpus."""

from pathlib import Path

from assistant.errors import CorpusError
from assistant.evaluation.checkpoint import Subject
from assistant.evaluation.likelihood import Language
from assistant.generation.local import load_generator
from assistant.settings import SHIPPED_CHECKPOINT
from assistant.signature import file_hash
from assistant.training.tokenizer import load_known_words


def load_subject(model: str | None) -> Subject:
    """Load a checkpoint for scoring and for writing; without a name the shipped one."""
    folder = model or str(SHIPPED_CHECKPOINT)
    generator, template = load_generator(folder)
    return Subject(Language(generator.model, generator.tokenizer), generator, template, load_known_words(Path(folder)))


def data_signature(path: Path) -> dict[str, object]:
    """The name and hash of a corpus.

    :raises CorpusError: if it is missing.
    """
    if not path.is_file():
        raise CorpusError(f"no corpus at {path}: expected a JSON Lines file (.jsonl, .jsonl.gz or .jsonl.xz)")
    return {"data": path.name, "data_sha256": file_hash(path)}
