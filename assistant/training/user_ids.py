"""A user's id in the place of their past: the paper's baseline ``UserID`` (arXiv 2308.07968, section 4.3).

The id stands where the important words do, so that the prompt's format is the same. A model can know an id only from
training; of authors who are measured it learns from documents that are never measured, their first ones.
"""

import hashlib
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from assistant.training.corpus import Record, author_split
from assistant.training.domains import EARLIER_DOCUMENTS, people_of
from assistant.training.encodings import Continuation, encoding_for
from assistant.training.examples import (
    Author,
    ExampleSettings,
    chosen_authors,
    current_documents,
    cursor_of,
    draft_of,
)
from assistant.training.shards import ShardWriter
from assistant.types import Evidence, Keyword, RankedEntry, VoiceId


def user_id(author: str) -> str:
    """What stands for an author in a prompt: no name, the same in training and in use."""
    return f"user {hashlib.sha256(author.encode()).hexdigest()[:8]}"


@dataclass(frozen=True, slots=True)
class UserIdSynthesizer:
    """Gives the id as the important words. See ``assistant.stages.Synthesizer``."""

    author: str

    def synthesize(self, query: str, entries: Sequence[RankedEntry], *, voice: VoiceId | None) -> tuple[Keyword, ...]:
        """The id, whatever the draft."""
        return _words(self.author)


def prepare_user_ids(
    paths: Sequence[Path],
    tokenizer: PreTrainedTokenizerBase,
    folder: Path,
    *,
    settings: ExampleSettings,
    on_author: Callable[[int, int], None] = lambda _done, _total: None,
) -> int:
    """Write the source ``user_ids``, continuations with ids in the place of evidence; return its number of tokens.

    It holds the training authors' documents as ever, and of everybody else the first two, from which a model can learn
    their ids; what is measured of them never enters.

    :param on_author: called with authors done and authors in all.
    :raises CorpusError: if no corpus has two training authors.
    """
    generator = random.Random(settings.seed + 1)
    known = [(author, current_documents(author, settings, generator)) for author in chosen_authors(paths, settings)]
    others = [author for path in paths for author in people_of(path, seed=settings.seed)]
    known += [(author, list(range(EARLIER_DOCUMENTS))) for author in others if author_split(author.name) != "train"]
    encoding = encoding_for(tokenizer, settings.architecture)
    writer = ShardWriter(folder / "user_ids", weighted=True)
    for done, (author, documents) in enumerate(known, start=1):
        for continuation in _continuations(author, documents, settings, generator):
            encoding.add_continuation(writer, continuation)
        on_author(done, len(known))
    return writer.close()


def _continuations(
    author: Author, documents: Sequence[int], settings: ExampleSettings, generator: random.Random
) -> Iterator[Continuation]:
    records = author.records
    for record in (records[document] for document in documents):
        yield _continuation(author.name, record, settings, generator)


def _continuation(author: str, record: Record, settings: ExampleSettings, generator: random.Random) -> Continuation:
    cursor = cursor_of(record, generator)
    draft = draft_of(record.text, cursor + settings.continuation_characters)
    evidence = Evidence(keywords=_words(author))
    return Continuation(evidence, record.title, draft, cursor, ends=len(draft) == len(record.text))


def _words(author: str) -> tuple[Keyword, ...]:
    return (Keyword(user_id(author), 1.0),)
