"""Corpora for training and evaluation: JSON Lines of ``{author, title, date, text}``, split by author.

The split is a pure function of the author's name, so that every file, every run and every machine agrees on who is
held out, without a list that could go stale.
"""

import gzip
import hashlib
import json
import lzma
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from assistant.errors import CorpusError

Split = Literal["train", "validation", "test"]

# "Teach LLMs to Personalize" (arXiv 2308.07968), section 4.1: users are split 85 / 5 / 10.
VALIDATION_SHARE = 0.05
TEST_SHARE = 0.10

_OPENERS: dict[str, Callable[..., IO[Any]]] = {".xz": lzma.open, ".gz": gzip.open}


@dataclass(frozen=True, slots=True)
class Record:
    """One document of a corpus; ``author`` is empty where nobody is named, ``date`` is ISO or empty."""

    author: str
    title: str
    date: str
    text: str


def read_corpus(path: Path) -> Iterator[Record]:
    """Yield the documents of one JSON Lines file (plain, ``.gz`` or ``.xz``) in file order.

    :raises CorpusError: if the file is missing or damaged, or a line is not an object with a ``text``.
    """
    if not path.is_file():
        raise CorpusError(f"no corpus at {path}: expected a JSON Lines file (.jsonl, .jsonl.gz or .jsonl.xz)")
    for number, line in enumerate(_lines(path), start=1):
        if line.strip():
            yield _parse(line, where=f"{path.name}, line {number}")


def author_split(author: str) -> Split:
    """Say on which side of the split an author stands: 85 % train, 5 % validation, 10 % test."""
    digest = hashlib.sha256(author.strip().casefold().encode()).digest()
    share = int.from_bytes(digest[:8], "big") / 2**64
    if share < TEST_SHARE:
        return "test"
    if share < TEST_SHARE + VALIDATION_SHARE:
        return "validation"
    return "train"


def text_fingerprint(text: str) -> str:
    """A hash that is equal for texts that begin alike, whatever their white space and case (finds reprints)."""
    folded = " ".join(text.casefold().split())[:300]
    return hashlib.sha256(folded.encode()).hexdigest()


def _lines(path: Path) -> Iterator[str]:
    opener = _OPENERS.get(path.suffix, open)
    try:
        with opener(path, "rt", encoding="utf-8") as lines:
            yield from lines
    except (OSError, EOFError, lzma.LZMAError, zlib.error, UnicodeDecodeError) as error:
        raise CorpusError(
            f"{path} cannot be read ({error}): expected UTF-8 text, packed as its ending says; fetch it again"
        ) from error


def _parse(line: str, *, where: str) -> Record:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise CorpusError(f"{where} is not JSON ({error.msg}): expected one object per line") from error
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise CorpusError(f'{where} has no text: expected an object with "text" and, where known, author, title, date')
    return Record(*(_whole(str(row.get(name) or "")) for name in ("author", "title", "date", "text")))


def _whole(text: str) -> str:
    """The text without halves of characters, which JSON can hold and no tokenizer takes."""
    return text.encode("utf-8", "replace").decode()
