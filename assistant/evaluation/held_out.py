"""Held-out documents as drafts: what is given, and what the writer really went on to write.

"Teach LLMs to Personalize" (arXiv 2308.07968, section 4.1): the immediate context is the document's first 150
characters, the title among them; a document is used if it is longer than 300 characters and its author has written two
before.
"""

import random
from dataclasses import dataclass

from assistant.training.corpus import Record

CONTEXT_CHARACTERS = 150
"""The paper's immediate context, title included."""
MINIMUM_CHARACTERS = 301
"""Shorter documents are not used."""
EARLIER_DOCUMENTS = 2
"""Documents an author must have written before."""
# A long title leaves this much of the text.
_SHORTEST_START = 40


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A document cut where the writer stands: ``before`` ends at a word, ``continuation`` begins with white space."""

    title: str
    before: str
    continuation: str


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
    possible = list(range(EARLIER_DOCUMENTS, documents))
    random.Random(f"{seed}:{author}").shuffle(possible)
    return possible[:most]
