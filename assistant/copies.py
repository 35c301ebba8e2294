"""Where a suggestion repeats a document word for word: runs of four words or more, and where they come from.

Words are compared without case, punctuation and the kind of apostrophe. A word that the draft began and the suggestion
ends counts as a whole.

Two kinds of runs are copied from nowhere and are not marked, however exactly they stand in a document: commonplaces
(``assistant.commonplaces``), and the writer's own turns of phrase, which stand in many of their documents.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from assistant.commonplaces import is_commonplace
from assistant.types import Document, DocumentId, Span

SHORTEST_COPY = 4
"""Words in a row that count as copied."""
HABIT = 5
"""Documents of a voice in which a phrase is a habit of the writer, and no longer a copy of one of them."""

_WORD = re.compile(r"\w+(?:['’\-]\w+)*")
_UNFINISHED_WORD = re.compile(r"\w[\w'’\-]*\Z")


@dataclass(frozen=True, slots=True)
class Copy:
    """Words of a suggestion that stand in a document: where in the suggestion, and where in the document's text."""

    span: Span
    words: int
    document: DocumentId
    place: Span


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Shelf:
    """The words of a document, and where runs of the shortest length begin."""

    document: DocumentId
    words: Sequence[_Word]
    starts: Mapping[tuple[str, ...], Sequence[int]]


def copied_runs(
    suggestion: str, before: str, documents: Sequence[Document], *, spread: Callable[[str], int] = lambda _: 1
) -> tuple[Copy, ...]:
    """The runs in order, none overlapping, each as long as it goes; of equally long ones the first document's.

    :param before: the draft up to the suggestion.
    :param spread: in how many documents of the voice a phrase stands, as far as ``HABIT`` if there are more.
    """
    begun = _UNFINISHED_WORD.search(before) if suggestion[:1].isalnum() else None
    head = begun.group() if begun else ""
    written = _words(head + suggestion)
    shelves = [_shelf(document) for document in documents]
    texts = {document.id: document.text for document in documents}

    def is_habit(copy: Copy) -> bool:
        return spread(texts[copy.document][copy.place.start : copy.place.end]) >= HABIT

    return tuple(_moved(copy, -len(head)) for copy in _runs(written, shelves, is_habit))


def _runs(written: Sequence[_Word], shelves: Sequence[_Shelf], is_habit: Callable[[Copy], bool]) -> Iterator[Copy]:
    first = 0
    while first <= len(written) - SHORTEST_COPY:
        best = max(
            (match for shelf in shelves for match in _matches(written, first, shelf)),
            key=lambda copy: copy.words,
            default=None,
        )
        if best is None or _is_nobodys(written[first : first + best.words]) or is_habit(best):
            first += 1
        else:
            yield best
            first += best.words


def _is_nobodys(run: Sequence[_Word]) -> bool:
    return is_commonplace([word.text for word in run])


def _matches(written: Sequence[_Word], first: int, shelf: _Shelf) -> Iterator[Copy]:
    """Every place of a document that goes on like the suggestion from this word on."""
    for start in shelf.starts.get(_run(written, first), ()):
        count = SHORTEST_COPY
        while (
            first + count < len(written)
            and start + count < len(shelf.words)
            and written[first + count].text == shelf.words[start + count].text
        ):
            count += 1
        span = Span(written[first].start, written[first + count - 1].end)
        place = Span(shelf.words[start].start, shelf.words[start + count - 1].end)
        yield Copy(span, count, shelf.document, place)


def _shelf(document: Document) -> _Shelf:
    words = _words(document.text)
    starts: dict[tuple[str, ...], list[int]] = {}
    for start in range(len(words) - SHORTEST_COPY + 1):
        starts.setdefault(_run(words, start), []).append(start)
    return _Shelf(document.id, words, starts)


def _run(words: Sequence[_Word], start: int) -> tuple[str, ...]:
    return tuple(word.text for word in words[start : start + SHORTEST_COPY])


def _words(text: str) -> list[_Word]:
    return [
        _Word(match.group().casefold().replace("’", "'"), match.start(), match.end()) for match in _WORD.finditer(text)
    ]


def _moved(copy: Copy, characters: int) -> Copy:
    span = Span(max(0, copy.span.start + characters), copy.span.end + characters)
    return Copy(span, copy.words, copy.document, copy.place)
