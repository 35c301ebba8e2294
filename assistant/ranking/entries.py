"""Winners become entries: each with the passage around its snippet, all together within the budget.

The paper puts whole documents in until 2,500 characters are full (arXiv 2308.07968, section 3.2), so that one long
document can fill them; here each contributes the passage that matched, so that several are heard. With
``passage_characters`` equal to the budget it is the paper's rule again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from assistant.types import Document, DocumentId, RankedEntry, Snippet, Span, VoiceId

# A rest of the budget smaller than this holds no passage worth reading.
_SHORTEST_PASSAGE = 120


class DocumentSource(Protocol):
    """Where the documents of hits come from."""

    def documents_by_id(self, voice: VoiceId, ids: Sequence[DocumentId]) -> dict[DocumentId, Document]:
        """The documents of a voice."""
        ...

    def document_snippets(self, voice: VoiceId, document: DocumentId) -> tuple[Snippet, ...]:
        """A document's snippets in reading order."""
        ...


@dataclass(frozen=True, slots=True)
class Winner:
    """A snippet whose document shall stand as evidence, and why: higher is better."""

    snippet: Snippet
    score: float


def documents_of(entries: Iterable[RankedEntry]) -> frozenset[DocumentId]:
    """The documents that stand already."""
    return frozenset(entry.document for entry in entries)


def entries_within(
    winners: Iterable[Winner],
    source: DocumentSource,
    *,
    voice: VoiceId,
    budget: int,
    passage: int,
    beside: Sequence[RankedEntry] = (),
) -> tuple[RankedEntry, ...]:
    """One entry per winner, in their order, until the budget is used up.

    :param budget: characters of all entries together.
    :param beside: entries that have taken their part of the budget already.
    :param passage: characters of one; 0 gives the snippet alone.
    """
    ordered = tuple(winners)
    documents = source.documents_by_id(voice, list(dict.fromkeys(winner.snippet.document for winner in ordered)))
    entries: list[RankedEntry] = []
    left = budget - sum(len(entry.text) for entry in beside)
    for winner in ordered:
        document = documents.get(winner.snippet.document)
        if document is None or len(winner.snippet.text) > left:  # deleted meanwhile, or too long for what is left
            continue
        snippets = source.document_snippets(voice, document.id)
        entries.append(_entry(document, winner, passage_around(winner.snippet, snippets, min(left, passage))))
        left -= len(entries[-1].text)
        if left < _SHORTEST_PASSAGE:
            break
    return tuple(entries)


def passage_around(best: Snippet, snippets: Sequence[Snippet], characters: int) -> tuple[Snippet, ...]:
    """Neighbouring snippets around the best one, what follows before what precedes, within a number of characters.

    It is the best snippet alone where that is longer.
    """
    first = last = best.position
    by_position = {snippet.position: snippet for snippet in (*snippets, best)}

    def fits(low: int, high: int) -> bool:
        if low not in by_position or high not in by_position:
            return False
        return by_position[high].span.end - by_position[low].span.start <= characters

    while fits(first, last + 1):
        last += 1
    while fits(first - 1, last):
        first -= 1
    return tuple(by_position[position] for position in range(first, last + 1))


def _entry(document: Document, winner: Winner, passage: tuple[Snippet, ...]) -> RankedEntry:
    span = Span(passage[0].span.start, passage[-1].span.end)
    return RankedEntry(
        document=document.id,
        title=document.title,
        written_on=document.written_on,
        text=document.text[span.start : span.end].strip(),
        span=span,
        best=winner.snippet,
        snippets=passage,
        score=winner.score,
    )
