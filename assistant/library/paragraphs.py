"""How a draft's plain text falls into paragraphs and lines, and which way they run."""

import re
import unicodedata

_EMPTY_LINES = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*)+")


def paragraphs(text: str) -> list[list[str]]:
    """The lines of each paragraph; empty lines part paragraphs."""
    return [part.split("\n") for part in _EMPTY_LINES.split(text.strip("\n")) if part.strip()]


def is_right_to_left(text: str) -> bool:
    """Whether the first letter that has a direction runs to the left (Unicode Annex 9, rules P2 and P3)."""
    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False
