"""Which words of a passage the draft shares: what the page marks."""

import re
from dataclasses import dataclass

from assistant.keyword_candidates import content_words, has_borders


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of a passage, marked or not."""

    text: str
    is_marked: bool


def marked_runs(passage: str, context: str) -> tuple[Run, ...]:
    """The passage cut where a word that says something also occurs in the context; joined, the runs are the passage.

    Runs instead of offsets: Python counts characters and the browser UTF-16 units, and the two differ after an emoji.
    """
    shared = set(content_words(passage)) & set(content_words(context))
    if not shared:
        return (Run(passage, is_marked=False),)
    alternatives = "|".join(_pattern(word) for word in sorted(shared, key=len, reverse=True))
    pieces = re.split(f"({alternatives})", passage, flags=re.IGNORECASE)
    # ``split`` with one group alternates: what lies between, what matched, what lies between ...
    return tuple(Run(piece, is_marked=index % 2 == 1) for index, piece in enumerate(pieces) if piece)


def _pattern(word: str) -> str:
    pattern = re.escape(word).replace("'", "['’]")
    return rf"\b{pattern}(?:['’]s)?\b" if has_borders(word) else pattern
