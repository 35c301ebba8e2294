"""Held-out documents as drafts: what is given, and what the writer really went on to write.

"Teach LLMs to Personalize" (arXiv 2308.07968, section 4.1): the immediate context is the document's first 150
characters, the title among them; a document is used if it is longer than 300 characters and its author has written two
before.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import CorpusError
from assistant.training.corpus import Record, Split
from assistant.training.domains import CURRENT_CHARACTERS, EARLIER_DOCUMENTS
from assistant.training.examples import Author, ExampleSettings, authors_of

CONTEXT_CHARACTERS = 150
"""The paper's immediate context, title included."""
MINIMUM_CHARACTERS = CURRENT_CHARACTERS
"""Shorter documents are not used."""
# A long title leaves this much of the text.
_SHORTEST_START = 40


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A document cut where the writer stands: ``before`` ends at a word, ``continuation`` begins with white space."""

    title: str
    before: str
    continuation: str


def authors_on(split: Split | None, path: Path, settings: ExampleSettings, *, most: int | None = None) -> list[Author]:
    """The authors of a corpus on one side of the author split, at most so many.

    :raises CorpusError: if there are fewer than two.
    """
    authors = authors_of(path, settings, split=split)[:most]
    if len(authors) < 2:
        raise CorpusError(
            f"{path.name} has {len(authors)} authors with {settings.minimum_documents} documents of "
            f"{settings.minimum_characters} characters on the {split or 'whole'} side of the split: expected at least "
            "2; try --split all"
        )
    return authors


def cut(record: Record, *, continuation_characters: int) -> HeldOut:
    """Cut a document after the paper's immediate context; the continuation ends at a word, too."""
    length = max(_SHORTEST_START, CONTEXT_CHARACTERS - len(record.title))
    before = record.text[: max(record.text.rfind(" ", 0, length), 0)]
    rest = record.text[len(before) :]
    if len(rest) > continuation_characters:
        space = rest.rfind(" ", 1, continuation_characters)
        rest = rest[: space if space > 0 else continuation_characters]
    return HeldOut(record.title, before, rest)


def chosen_documents(author: str, documents: int, *, most: int, seed: int) -> list[int]:
    """Which of an author's documents are measured: a seeded choice that grows without changing when ``most`` does."""
    return chosen_among(author, range(EARLIER_DOCUMENTS, documents), most=most, seed=seed)


def chosen_among(author: str, possible: Iterable[int], *, most: int, seed: int) -> list[int]:
    """Likewise, of the documents in these places."""
    order = list(possible)
    random.Random(f"{seed}:{author}").shuffle(order)
    return order[:most]
