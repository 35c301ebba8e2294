"""What two texts share, how one became the other, and how two people's changes to one text go together.

All of it works on characters, at the borders of words: paragraphs are compared first and words only where paragraphs
differ, so that a book with one changed sentence is compared as fast as it is read. The comparison is the standard
library's ``difflib``; the merge is diff3 (Khanna, Kunal and Pierce, "A Formal Investigation of Diff3", 2007) over it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import accumulate, takewhile
from typing import Literal

import regex

from assistant.types import Span

_PARAGRAPH = regex.compile(r".*\n|.+")
# A line end; or a word with its marks, a character where words are written without spaces, whatever else a reader sees
# as one sign, and the spaces after it.
_WORD = regex.compile(
    r"\n|(?:[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]|[\p{L}\p{M}\p{N}_'’\u200d]+|\X)[ \t]*"
)
_NEAR = 3
"""Words that two disputed places must have between them; closer ones are one place, for a reader's sake."""


@dataclass(frozen=True, slots=True)
class Block:
    """Characters that two texts share: ``length`` of them, at ``old`` in the one and at ``new`` in the other."""

    old: int
    new: int
    length: int


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of a comparison: in both texts, only in the old one, or only in the new one."""

    kind: Literal["same", "gone", "new"]
    text: str


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters of a merged text and where they came from: offset ``start`` of a side, or of none.

    What did not change came from both; ``stored_start`` is then its offset in the stored text.
    """

    text: str
    side: Literal["stored", "mine", ""] = ""
    start: int = 0
    stored_start: int | None = None


@dataclass(frozen=True, slots=True)
class Merge:
    """Two changed texts put together. ``places`` are those where both changed the same words, and both are kept."""

    pieces: tuple[Piece, ...]
    places: tuple[Span, ...]

    @property
    def text(self) -> str:
        """The merged text."""
        return "".join(piece.text for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class _Chunk:
    """A stretch of the three texts: the same in all, changed on one side, or (``is_disputed``) on both."""

    base: str
    stored: Piece
    mine: Piece
    is_disputed: bool


def shared(old: str, new: str) -> tuple[Block, ...]:
    """What two texts have in common, in order: whole paragraphs, and words within those that differ."""
    olds, news = _PARAGRAPH.findall(old), _PARAGRAPH.findall(new)
    old_at, new_at = _offsets(olds), _offsets(news)
    blocks: list[Block] = []
    old_end = new_end = 0
    for start, other, size in (*_matching(olds, news), (len(olds), len(news), 0)):
        gone, added = old[old_at[old_end] : old_at[start]], new[new_at[new_end] : new_at[other]]
        if gone and added:
            at = Block(old_at[old_end], new_at[new_end], 0)
            blocks += (Block(at.old + word.old, at.new + word.new, word.length) for word in _shared_words(gone, added))
        if size:
            blocks.append(Block(old_at[start], new_at[other], old_at[start + size] - old_at[start]))
        old_end, new_end = start + size, other + size
    return tuple(_joined(blocks))


def difference(old: str, new: str) -> tuple[Run, ...]:
    """How the one text became the other, word by word."""
    runs: list[Run] = []
    old_end = new_end = 0
    for block in (*shared(old, new), Block(len(old), len(new), 0)):
        gone, added = old[old_end : block.old], new[new_end : block.new]
        runs += [Run("gone", gone)] if gone else []
        runs += [Run("new", added)] if added else []
        runs += [Run("same", old[block.old : block.old + block.length])] if block.length else []
        old_end, new_end = block.old + block.length, block.new + block.length
    return tuple(runs)


def merge(base: str | None, stored: str, mine: str) -> Merge:
    """Both sides' changes to ``base`` in one text.

    Where only one side changed words, its words stand. Where both put something in at one place, both stand, one
    after the other; where both changed the same words, they stand as ``[stored / mine]``. Without a base nothing
    counts as deleted: what either side has stays.
    """
    if base is None:
        base = "".join(stored[block.old : block.old + block.length] for block in shared(stored, mine))
    pieces: list[Piece] = []
    places: list[Span] = []
    length = 0
    for chunk in _coalesced(list(_chunks(base, stored, mine))):
        added = _both(chunk) if chunk.is_disputed else [_changed_side(chunk)]
        wording = "".join(piece.text for piece in added)
        if chunk.is_disputed and len(added) > 1:
            places.append(Span(length, length + len(wording.rstrip())))
        pieces += added
        length += len(wording)
    return Merge(tuple(piece for piece in pieces if piece.text), tuple(places))


def _matching(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """(start, start, size) of alike tokens in order; equal ends are taken off before the rest is compared."""
    head = _alike(old, new)
    most = min(len(old), len(new)) - head
    tail = _alike(old[len(old) - most :][::-1], new[len(new) - most :][::-1])
    while tail and not old[-tail][0].isalnum():
        tail -= 1  # of sentences added at the end the full stop before them is the old one, not the last
    yield 0, 0, head
    middle = SequenceMatcher(None, old[head : len(old) - tail], new[head : len(new) - tail])
    for start, other, size in middle.get_matching_blocks()[:-1]:
        yield head + start, head + other, size
    yield len(old) - tail, len(new) - tail, tail


def _alike(old: Sequence[str], new: Sequence[str]) -> int:
    """How many tokens, or characters, are the same from the start on."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))


def _shared_words(old: str, new: str) -> Iterator[Block]:
    """Words that two texts share, with the spaces after them where these are the same too."""
    olds, news = _WORD.findall(old), _WORD.findall(new)
    old_at, new_at = _offsets(olds), _offsets(news)
    for start, other, size in _matching([word.strip(" \t") for word in olds], [word.strip(" \t") for word in news]):
        for one, two in zip(range(start, start + size), range(other, other + size), strict=True):
            yield Block(old_at[one], new_at[two], _alike(olds[one], news[two]))


def _offsets(tokens: Sequence[str]) -> list[int]:
    return list(accumulate(map(len, tokens), initial=0))


def _joined(blocks: Sequence[Block]) -> Iterator[Block]:
    """The same blocks, those that touch in both texts as one."""
    last: Block | None = None
    for block in blocks:
        if last and last.old + last.length == block.old and last.new + last.length == block.new:
            last = Block(last.old, last.new, last.length + block.length)
            continue
        if last:
            yield last
        last = block
    if last:
        yield last


def _chunks(base: str, stored: str, mine: str) -> Iterator[_Chunk]:
    base_end = stored_end = mine_end = 0
    for start, in_stored, in_mine, length in _in_all_three(base, stored, mine):
        between = _Chunk(
            base[base_end:start],
            Piece(stored[stored_end:in_stored], "stored", stored_end),
            Piece(mine[mine_end:in_mine], "mine", mine_end),
            is_disputed=False,
        )
        if between.base or between.stored.text or between.mine.text:
            yield _judged(between)
        if length:
            same = base[start : start + length]
            yield _Chunk(same, Piece(same, "stored", in_stored), Piece(same, "mine", in_mine), is_disputed=False)
        base_end, stored_end, mine_end = start + length, in_stored + length, in_mine + length


def _in_all_three(base: str, stored: str, mine: str) -> Iterator[tuple[int, int, int, int]]:
    """Stretches that all three texts share: (start in base, in stored, in mine, length); the last has length 0."""
    ours, theirs = list(shared(base, mine)), list(shared(base, stored))
    while ours and theirs:
        one, other = theirs[0], ours[0]
        start = max(one.old, other.old)
        end = min(one.old + one.length, other.old + other.length)
        if start < end:
            yield start, one.new + start - one.old, other.new + start - other.old, end - start
        (theirs if one.old + one.length < other.old + other.length else ours).pop(0)
    yield len(base), len(stored), len(mine), 0


def _judged(chunk: _Chunk) -> _Chunk:
    both = chunk.base != chunk.stored.text and chunk.base != chunk.mine.text
    return _Chunk(chunk.base, chunk.stored, chunk.mine, is_disputed=both and chunk.stored.text != chunk.mine.text)


def _coalesced(chunks: list[_Chunk]) -> list[_Chunk]:
    """Disputed places with hardly a word between them as one: two readable wordings rather than a mosaic."""
    result: list[_Chunk] = []
    disputed: int | None = None
    for chunk in chunks:
        result.append(chunk)
        if not chunk.is_disputed:
            continue
        if disputed is not None and _words_between(result[disputed + 1 : -1]) < _NEAR:
            result[disputed:] = [_as_one(result[disputed:])]
        disputed = len(result) - 1
    return result


def _words_between(chunks: Sequence[_Chunk]) -> int:
    return sum(1 for chunk in chunks for word in _WORD.findall(_changed_side(chunk).text) if not word.isspace())


def _as_one(chunks: Sequence[_Chunk]) -> _Chunk:
    return _Chunk(
        "".join(chunk.base for chunk in chunks),
        Piece("".join(chunk.stored.text for chunk in chunks), "stored", chunks[0].stored.start),
        Piece("".join(chunk.mine.text for chunk in chunks), "mine", chunks[0].mine.start),
        is_disputed=True,
    )


def _changed_side(chunk: _Chunk) -> Piece:
    if chunk.stored.text == chunk.mine.text:
        return Piece(chunk.mine.text, "mine", chunk.mine.start, chunk.stored.start)
    return chunk.stored if chunk.base == chunk.mine.text else chunk.mine


def _both(chunk: _Chunk) -> list[Piece]:
    """Both wordings of a disputed place; one alone where it holds the other."""
    stored, mine = chunk.stored, chunk.mine
    if not stored.text or (not chunk.base and mine.text.startswith(stored.text)):
        return [mine]
    if not mine.text or (not chunk.base and stored.text.startswith(mine.text)):
        return [stored]
    if chunk.base:
        space = _space_after(stored.text) if _space_after(stored.text) == _space_after(mine.text) else ""
        cut = -len(space) or None
        bare = Piece(stored.text[:cut], "stored", stored.start), Piece(mine.text[:cut], "mine", mine.start)
        return [Piece("["), bare[0], Piece(" / "), bare[1], Piece("]" + space)]
    is_apart = stored.text[-1].isspace() or mine.text[0].isspace()
    return [stored, Piece("" if is_apart else " "), mine]


def _space_after(text: str) -> str:
    return text[len(text.rstrip()) :]
