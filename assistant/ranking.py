"""Hits become ranked entries: documents ordered by their best snippet, each with the passage around it.

RankDocBySnpt of "Teach LLMs to Personalize" (arXiv 2308.07968, section 3.2): score(document) is the maximum over its
snippets, and all entries together are cut at 2,500 characters. The paper puts whole documents in, so that one long
document can fill the budget; here each contributes the passage that matched, so that several are heard.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from assistant.settings import RankingSettings
from assistant.types import Document, DocumentId, Hit, RankedEntry, Snippet, Span, VoiceId

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


class BestSnippetRanker:
    """RankDocBySnpt with passages."""

    def __init__(self, source: DocumentSource, settings: RankingSettings) -> None:
        self._source = source
        self._settings = settings

    def rank(self, query: str, hits: Sequence[Hit], *, voice: VoiceId | None) -> tuple[RankedEntry, ...]:
        """One entry per document, best first, until the budget is used up."""
        if voice is None or not hits:
            return ()
        winners = best_per_document(hits)
        documents = self._source.documents_by_id(voice, [hit.snippet.document for hit in winners])
        entries: list[RankedEntry] = []
        left = self._settings.budget_characters
        for hit in winners:
            document = documents.get(hit.snippet.document)
            if document is None or len(hit.snippet.text) > left:  # deleted meanwhile, or too long for what is left
                continue
            snippets = self._source.document_snippets(voice, document.id)
            passage = passage_around(hit.snippet, snippets, min(left, self._settings.passage_characters))
            entries.append(_entry(document, hit, passage))
            left -= len(entries[-1].text)
            if left < _SHORTEST_PASSAGE:
                break
        return tuple(entries)


def best_per_document(hits: Iterable[Hit]) -> list[Hit]:
    """The best hit of every document, best first."""
    best: dict[DocumentId, Hit] = {}
    for hit in hits:
        known = best.get(hit.snippet.document)
        if known is None or hit.score > known.score:
            best[hit.snippet.document] = hit
    return sorted(best.values(), key=lambda hit: (-hit.score, hit.snippet.document))


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


def _entry(document: Document, hit: Hit, passage: tuple[Snippet, ...]) -> RankedEntry:
    span = Span(passage[0].span.start, passage[-1].span.end)
    return RankedEntry(
        document=document.id,
        title=document.title,
        written_on=document.written_on,
        text=document.text[span.start : span.end].strip(),
        span=span,
        best=hit.snippet,
        snippets=passage,
        score=hit.score,
    )
