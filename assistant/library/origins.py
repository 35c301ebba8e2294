"""Where the words of a draft come from: suggested, suggested and then edited, or the writer's own.

The page follows every edit and says which characters an accepted suggestion put in; here these spans are kept true to
texts that change by other ways (merges, programs), counted in words, and put into a sentence for readers.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assistant.library.merging import Block, Piece, shared
from assistant.types import Origin, OriginSpan

_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class WordCounts:
    """How many words of a text are of which origin."""

    suggested: int
    edited: int
    own: int

    @property
    def total(self) -> int:
        """All words."""
        return self.suggested + self.edited + self.own


def tidy(spans: Iterable[OriginSpan], length: int) -> tuple[OriginSpan, ...]:
    """The spans in order, without overlaps, within a text of ``length`` characters, touching ones of a kind as one."""
    kept: list[OriginSpan] = []
    for span in sorted(spans, key=lambda span: (span.start, span.end)):
        start = max(span.start, kept[-1].end if kept else 0)
        end = min(span.end, length)
        if start >= end:
            continue
        if kept and kept[-1].end == start and kept[-1].origin is span.origin:
            start = kept.pop().start
        kept.append(OriginSpan(start, end, span.origin))
    return tuple(kept)


def carried(spans: Sequence[OriginSpan], old: str, new: str) -> tuple[OriginSpan, ...]:
    """The spans of a text on what became of it: words that stayed keep their origin."""
    return _through(spans, shared(old, new), len(new)) if spans else ()


def merged(pieces: Sequence[Piece], stored: Sequence[OriginSpan], mine: Sequence[OriginSpan]) -> tuple[OriginSpan, ...]:
    """The spans of a merged text from those of the texts that its pieces were taken from."""
    found: list[OriginSpan] = []
    length = 0
    for piece in pieces:
        end = length + len(piece.text)
        spans = {"stored": stored, "mine": mine, "": ()}[piece.side]
        found += _through(spans, [Block(piece.start, length, len(piece.text))], end)
        if piece.stored_start is not None:
            found += _through(stored, [Block(piece.stored_start, length, len(piece.text))], end)
        length = end
    return tidy(found, length)


def _through(spans: Sequence[OriginSpan], blocks: Iterable[Block], length: int) -> tuple[OriginSpan, ...]:
    moved = [
        OriginSpan(
            max(span.start, block.old) + block.new - block.old,
            min(span.end, block.old + block.length) + block.new - block.old,
            span.origin,
        )
        for block in blocks
        for span in spans
        if span.start < block.old + block.length and block.old < span.end
    ]
    return tidy(moved, length)


def count_words(text: str, spans: Sequence[OriginSpan]) -> WordCounts:
    """Words by origin. A word that an accepted suggestion gave only a part of counts as edited."""
    counts = {Origin.SUGGESTED: 0, Origin.EDITED: 0, None: 0}
    waiting = list(reversed(tidy(spans, len(text))))
    for word in _WORD.finditer(text):
        while waiting and waiting[-1].end <= word.start():
            waiting.pop()
        counts[_origin_of(word.start(), word.end(), waiting)] += 1
    return WordCounts(counts[Origin.SUGGESTED], counts[Origin.EDITED], counts[None])


def _origin_of(start: int, end: int, waiting: Sequence[OriginSpan]) -> Origin | None:
    """The origin of the word there; ``waiting`` are the spans that end after its start, the nearest one last."""
    if not waiting or waiting[-1].start >= end:
        return None
    nearest = waiting[-1]
    return nearest.origin if nearest.start <= start and end <= nearest.end else Origin.EDITED


def disclosure(text: str, spans: Sequence[OriginSpan]) -> str:
    """One sentence for readers: how many words were suggested, edited, and the writer's own."""
    counts = count_words(text, spans)
    words = "1 word" if counts.total == 1 else f"{counts.total:,} words"
    return (
        f"Of the {words} of this text, {_share(counts.suggested, counts.total)} were suggested by a language model and "
        f"kept as they came, {_share(counts.edited, counts.total)} were suggested and then edited, and "
        f"{_share(counts.own, counts.total)} are the writer's own."
    )


def _share(part: int, total: int) -> str:
    percent = 100 * part / total if total else 0
    shown = "under 1 %" if 0 < percent < 1 else "over 99 %" if 99 < percent < 100 else f"{percent:.0f} %"
    return f"{part:,} ({shown})"


def to_json(spans: Sequence[OriginSpan]) -> str:
    """As they are stored."""
    return json.dumps([[span.start, span.end, span.origin] for span in spans])


def from_json(stored: str) -> tuple[OriginSpan, ...]:
    """What ``to_json`` wrote."""
    return tuple(OriginSpan(start, end, Origin(origin)) for start, end, origin in json.loads(stored))
