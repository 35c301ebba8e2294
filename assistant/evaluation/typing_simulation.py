"""Typing with suggestions: walk through what a writer really wrote, and take what is offered when it is right.

At every word border the model offers its next words. A writer who means to write this very text takes the words that
are exactly theirs, with one keystroke, and types where there are none. The measures are those of Smart Compose (Chen et
al. 2019, exact match by length) and of writing tools (characters saved, wrong-show rate).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

# A word with the white space before it; what is typed and compared.
_WORD = re.compile(r"\s*\S+")


@dataclass(frozen=True, slots=True)
class Typed:
    """Counts of one walk; the counts of several walks add up.

    ``matches[n - 1]`` of ``chances[n - 1]`` offers of n words or more, where the text went on so far, began with its n
    next words.
    """

    characters: int
    saved: int
    shown: int
    wrong: int
    matches: tuple[int, ...]
    chances: tuple[int, ...]

    def __add__(self, other: "Typed") -> "Typed":
        return Typed(
            self.characters + other.characters,
            self.saved + other.saved,
            self.shown + other.shown,
            self.wrong + other.wrong,
            tuple(a + b for a, b in zip(self.matches, other.matches, strict=True)),
            tuple(a + b for a, b in zip(self.chances, other.chances, strict=True)),
        )

    @property
    def saved_share(self) -> float:
        """Share of the characters that need not be typed, in 0 to 1."""
        return self.saved / self.characters if self.characters else 0.0

    @property
    def wrong_show_rate(self) -> float:
        """Share of the offers whose very first word was wrong, in 0 to 1."""
        return self.wrong / self.shown if self.shown else 0.0

    @property
    def exact_match(self) -> tuple[float, ...]:
        """Share of exact matches by length, from one word on, in 0 to 1."""
        return tuple(found / max(1, all_) for found, all_ in zip(self.matches, self.chances, strict=True))


def type_through(before: str, continuation: str, suggest: Callable[[str], str], *, words: int, longest: int) -> Typed:
    """Walk through the first words of a continuation.

    :param before: what stands there already.
    :param suggest: the model's next words after a text that ends at a word; cut words at the end left out.
    :param words: words to walk through.
    :param longest: words of an offer that count, at most.
    """
    texts = map(suggest, stops(before, continuation, words=words))
    return typed_with(continuation, list(texts), longest=longest)


def stops(before: str, continuation: str, *, words: int) -> list[str]:
    """What stands there at each of the first word borders of a continuation: where something is offered."""
    pieces = _WORD.findall(continuation)[:words]
    return [before + "".join(pieces[:place]) for place in range(len(pieces))]


def typed_with(continuation: str, texts: Sequence[str], *, longest: int) -> Typed:
    """Count the walk through a continuation on which these texts were offered, one at each stop."""
    pieces = _WORD.findall(continuation)[: len(texts)]
    offers = []
    for place, text in enumerate(texts):
        offer = _WORD.findall(text)[:longest]
        offers.append((len(offer), _common(offer, pieces[place:])))
    lengths = range(1, longest + 1)
    return Typed(
        characters=sum(map(len, pieces)),
        saved=_saved([common for _, common in offers], pieces),
        shown=sum(offered > 0 for offered, _ in offers),
        wrong=sum(offered > 0 and common == 0 for offered, common in offers),
        matches=tuple(sum(common >= length for _, common in offers) for length in lengths),
        chances=tuple(
            sum(len(pieces) - place >= length <= offered for place, (offered, _) in enumerate(offers))
            for length in lengths
        ),
    )


def _common(offer: Sequence[str], pieces: Sequence[str]) -> int:
    """How many words in a row are exactly those of the text, what separates them being alike white space."""
    count = 0
    for offered, wanted in zip(offer, pieces, strict=False):
        if offered.split() != wanted.split() or offered[:1].isspace() != wanted[:1].isspace():
            break
        count += 1
    return count


def _saved(common: Sequence[int], pieces: Sequence[str]) -> int:
    """Characters taken from offers, less a keystroke for each offer taken."""
    saved = place = 0
    while place < len(pieces):
        if common[place]:
            saved += sum(map(len, pieces[place : place + common[place]])) - 1
        place += max(1, common[place])
    return saved
