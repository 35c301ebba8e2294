"""How a text is written, whatever it is about: its function words, its punctuation, and what follows what.

A text becomes a sequence of *marks*: function words and punctuation as they stand, every other word as its length in
steps of three letters, every number as one mark, every line's end as one (text distortion, Stamatatos 2017). A subject
leaves no trace in it. A *manner* is how much likelier each mark, and each pair of neighbours, is with one writer than
with writers at large; what these are like is in ``style_table.json``, which ``python -m assistant train style`` made.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from assistant.errors import ModelError
from assistant.keyword_candidates import is_stop_word
from assistant.whole_files import replacing

STYLE_TABLE = Path(__file__).resolve().parent / "style_table.json"

_MARK = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*|\d+|[.!?…]+|[^\w\s]|\n+")
_LONGEST_COUNTED = 12
_LETTERS_A_STEP = 3
# The evidence of this many marks of writers at large stands beside a writer's own: it keeps what was seen once or twice
# from counting as a habit. With 500 or 8,000 the writers of the demo corpora are told apart about as well.
_PRIOR_MARKS = 2000


def marks_of(text: str) -> list[str]:
    """The marks of a text, in order."""
    return [_mark(match.group()) for match in _MARK.finditer(text.strip())]


def _mark(piece: str) -> str:
    if piece.isspace():
        return "\n"
    if piece[0].isdigit():
        return "#"
    if not piece[0].isalpha():
        return piece[0]
    word = piece.lower().replace("’", "'")
    return word if is_stop_word(word) else f"*{min(len(word), _LONGEST_COUNTED) // _LETTERS_A_STEP}"


@dataclass(frozen=True, slots=True, eq=False)
class StyleTable:
    """How often writers at large use each mark and pair of marks; rarer ones are left out, nobody is known by them."""

    counts: Mapping[str, int]
    marks: int
    """Of all the texts counted."""

    @classmethod
    def of(cls, texts: Iterable[str], *, fewest: int) -> "StyleTable":
        """Count the marks of texts; those and those pairs count that occur so many times at least."""
        counted = StyleCounts.of(marks_of(text) for text in texts)
        common = {unit: count for unit, count in counted.units.items() if count >= fewest}
        return cls(common, counted.marks)

    def save(self, path: Path, signature: dict[str, Any]) -> None:
        """Write the table with what it was made of."""
        ordered = sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))
        document = {"marks": self.marks, "signature": signature, "counts": dict(ordered)}
        with replacing(path) as (new,):
            new.write_text(json.dumps(document, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")


@cache
def load_style_table(path: Path = STYLE_TABLE) -> StyleTable:
    """Read the table.

    :raises ModelError: if it is missing or damaged.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return StyleTable({str(unit): int(count) for unit, count in document["counts"].items()}, int(document["marks"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"{path} is no table of styles ({error}): restore it, or make it anew: `python -m assistant train style`"
        ) from error


@dataclass(frozen=True, slots=True, eq=False)
class StyleCounts:
    """How often a writer uses each mark and pair of marks."""

    units: Counter[str]
    marks: int

    @classmethod
    def of(cls, texts: Iterable[Sequence[str]]) -> "StyleCounts":
        """Count texts given as marks."""
        units: Counter[str] = Counter()
        total = 0
        for marks in texts:
            units.update(_units(marks))
            total += len(marks)
        return cls(units, total)


class Manner:
    """How a writer writes, against how others do.

    :param counts: of the writer's texts.
    :param without: of those of the texts that shall not count, because one of them is to be judged.
    """

    def __init__(self, counts: StyleCounts, table: StyleTable, without: StyleCounts | None = None) -> None:
        self._counts = counts.units
        self._without: Mapping[str, int] = {} if without is None else without.units
        self._marks = counts.marks - (0 if without is None else without.marks)
        self._table = table
        self._weights: dict[str, float] = {}

    def likeness(self, marks: Sequence[str]) -> float:
        """The log-likelihood ratio of a text between this writer and others, per mark: above 0, this writer's rather.

        Pairs count beside the marks they are made of, so it is a score and no probability.
        """
        return sum(self._weight(unit) for unit in _units(marks)) / max(1, len(marks))

    def _weight(self, unit: str) -> float:
        weight = self._weights.get(unit)
        if weight is None:
            weight = self._weights[unit] = self._computed(unit)
        return weight

    def _computed(self, unit: str) -> float:
        known = self._table.counts.get(unit)
        if known is None:
            return 0.0
        usual = known / self._table.marks
        own = self._counts.get(unit, 0) - self._without.get(unit, 0)
        return math.log((own + _PRIOR_MARKS * usual) / (self._marks + _PRIOR_MARKS)) - math.log(usual)


def _units(marks: Sequence[str]) -> list[str]:
    return [*marks, *(f"{left} {right}" for left, right in pairwise(marks))]
