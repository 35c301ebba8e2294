"""The demo corpora that come with the product, one click away from being a voice."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import StorageError
from assistant.library.readers import READERS, read_document
from assistant.types import NewDocument

DEMO_FOLDER = Path(__file__).resolve().parents[2] / "corpora"
_INDEX_FILE = "index.toml"


@dataclass(frozen=True, slots=True)
class DemoCorpus:
    """An invented writer's work: a folder of dated, titled Markdown files."""

    slug: str
    name: str
    writer: str
    description: str
    folder: Path


def demo_corpora(folder: Path = DEMO_FOLDER) -> tuple[DemoCorpus, ...]:
    """The demo corpora, in the order their index lists them.

    :raises StorageError: if the index is missing or damaged.
    """
    index = folder / _INDEX_FILE
    try:
        entries = tomllib.loads(index.read_text(encoding="utf-8"))["corpus"]
        return tuple(
            DemoCorpus(entry["slug"], entry["name"], entry["writer"], entry["description"], folder / entry["slug"])
            for entry in entries
        )
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise StorageError(f"{index} cannot be read ({error!r}): restore it from the repository") from error


def demo_documents(corpus: DemoCorpus) -> tuple[NewDocument, ...]:
    """A corpus's documents, as an import reads them, in the order of their files' names."""
    files = sorted(path for path in corpus.folder.iterdir() if path.suffix in READERS)
    return tuple(read_document(path.name, path.read_bytes()) for path in files)
