"""The rows of ``evaluate memory``: whose documents are at the model's hand, and how many."""

from dataclasses import dataclass
from typing import Literal

Whose = Literal["nobody", "own", "other", "everyone"]

USUAL = 20
"""Documents in a memory, unless the row says otherwise."""
MANY = 50
"""An author has so many earlier documents at least to be measured with all of them."""
FEW = 3
"""Fewer documents than this must do no harm."""


@dataclass(frozen=True, slots=True)
class MemoryRow:
    """One way of remembering.

    ``documents`` are the author's latest ones before the drafts (None: all of them); ``has_prompt`` puts the evidence
    that retrieval finds into the prompt besides.
    """

    name: str
    whose: Whose
    documents: int | None = USUAL
    has_cache: bool = True
    has_prompt: bool = False


ALONE = MemoryRow("model alone", "nobody", has_cache=False)
CACHE = MemoryRow("draft cache", "nobody")
OWN = MemoryRow("own memory", "own")
ALL = MemoryRow("all documents", "own", None)
PROMPT = MemoryRow("prompt", "nobody", has_prompt=True)
PROMPT_OWN = MemoryRow("prompt + own memory", "own", has_prompt=True)
ROWS = (
    ALONE,
    CACHE,
    OWN,
    MemoryRow("other memory", "other"),
    MemoryRow("everyone's memory", "everyone"),
    MemoryRow("own memory, 1 document", "own", 1),
    MemoryRow("own memory, 2 documents", "own", 2),
    MemoryRow("own memory, 5 documents", "own", 5),
    MemoryRow("own memory, 20 documents", "own", 20),
    MemoryRow("own memory, 50 documents", "own", MANY),
    ALL,
    PROMPT,
    PROMPT_OWN,
)
"""``own memory`` and ``own memory, 20 documents`` are one measurement under two names."""


def compared_with(row: MemoryRow) -> MemoryRow:
    """The row that has all of this one but the memory."""
    if row.has_prompt:
        return PROMPT if row != PROMPT else CACHE
    return CACHE if row != CACHE else ALONE
