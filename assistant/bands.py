"""How well the evidence carries a suggestion, and in what way: a band with its reason, and what each passage does.

A passage *says this* if it shares words that say something with the draft: it is on the same matter, and what the
suggestion states can be looked up in it. Otherwise it was found for its meaning as a whole or put in by the writer, and
all one can claim is that it *sounds like this*. What counts is the snippet that the passage is quoted around: in a long
passage two words of the draft stand somewhere by chance.

The evidence is strong if two passages say this, or one does that shares a good many words; weak if there is any other;
none if nothing was found. The rules look at words, not at scores, because the scores of the rankings cannot be
compared with each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from assistant.keyword_candidates import candidate_words
from assistant.types import RankedEntry

SAYS_THIS = 2
"""Distinct words shared with the draft from which on a passage is on its matter."""
SAYS_MUCH = 5
"""... from which on it alone makes the evidence strong."""
_NAMED = 4


class Kind(StrEnum):
    """What a passage is evidence of."""

    CONTENT = "says this"
    STYLE = "sounds like this"


class Level(StrEnum):
    """How well the evidence carries a suggestion."""

    STRONG = "strong"
    WEAK = "weak"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Bearing:
    """How one passage bears on a draft; ``shared`` are the words they have in common."""

    kind: Kind
    shared: tuple[str, ...]

    @property
    def reason(self) -> str:
        """Why it is of this kind, in a sentence."""
        if not self.shared:
            return "It shares no telling word with your draft: it can lend its manner, not its matter."
        named = ", ".join(f"“{word}”" for word in self.shared[:_NAMED])
        more = f" and {len(self.shared) - _NAMED} more" if len(self.shared) > _NAMED else ""
        if self.kind is Kind.CONTENT:
            return f"It shares {named}{more} with your draft."
        return f"It shares only {named} with your draft: it can lend its manner rather than its matter."


@dataclass(frozen=True, slots=True)
class Band:
    """How well all evidence together carries a suggestion, and why."""

    level: Level
    reason: str


def bearing(snippet: str, context: str) -> Bearing:
    """How a passage bears on a draft.

    :param snippet: the best of the passage.
    :param context: what the draft says at the cursor, title included.
    """
    wanted = set(candidate_words(context))
    shared = tuple(word for word in candidate_words(snippet) if word in wanted)
    return Bearing(Kind.CONTENT if len(shared) >= SAYS_THIS else Kind.STYLE, shared)


def band(entries: Sequence[RankedEntry], context: str) -> Band:
    """The band of the evidence for a draft."""
    if not entries:
        return Band(Level.NONE, "Nothing in your past writing bears on this.")
    bearings = [bearing(entry.best.text, context) for entry in entries]
    saying = [one for one in bearings if one.kind is Kind.CONTENT]
    if len(saying) > 1:
        said = f"All {len(entries)}" if len(saying) == len(entries) else f"{len(saying)} of {len(entries)}"
        return Band(Level.STRONG, f"{said} passages say this.")
    if saying and len(saying[0].shared) >= SAYS_MUCH:
        return Band(Level.STRONG, f"One passage says this; it shares {len(saying[0].shared)} words with your draft.")
    if saying:
        return Band(Level.WEAK, f"Only one passage says this; it shares {len(saying[0].shared)} words with your draft.")
    return Band(Level.WEAK, "No passage says this; they only sound like it.")
