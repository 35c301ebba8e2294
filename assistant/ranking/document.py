"""Rankings of documents as wholes: RecentDoc, RankDocBM25, RankDocDense (arXiv 2308.07968, section 3.2).

They differ in the order alone, which is passed in. The hits only choose the passage: a document is quoted around its
best hit and, where none of its snippets was found, from its beginning.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Protocol

from assistant.ranking.best_snippet import best_per_document
from assistant.ranking.entries import DocumentSource, Winner, documents_of, entries_within
from assistant.settings import RankingSettings
from assistant.types import DocumentId, Hit, RankedEntry, VoiceId

# No budget holds passages of more documents than this.
_MOST_DOCUMENTS = 50


class DocumentOrder(Protocol):
    """Puts the documents of a voice in order for a query."""

    def best_documents(self, query: str, *, voice: VoiceId, limit: int) -> Sequence[tuple[DocumentId, float]]:
        """Documents with their scores, best first; those that do not bear on the query may be left out."""
        ...


class DocumentRanker:
    """Takes documents in a given order."""

    def __init__(self, order: DocumentOrder, source: DocumentSource, settings: RankingSettings) -> None:
        self._order = order
        self._source = source
        self._settings = settings

    def rank(
        self, query: str, hits: Sequence[Hit], *, voice: VoiceId | None, pinned: Sequence[RankedEntry] = ()
    ) -> tuple[RankedEntry, ...]:
        """One entry per document, in the order given, until the budget is used up."""
        if voice is None:
            return ()
        return entries_within(
            self._winners(query, hits, voice, documents_of(pinned)),
            self._source,
            voice=voice,
            budget=self._settings.budget_characters,
            beside=pinned,
            passage=self._settings.passage_characters,
        )

    def _winners(
        self, query: str, hits: Sequence[Hit], voice: VoiceId, without: Collection[DocumentId]
    ) -> Iterator[Winner]:
        found = {hit.snippet.document: hit.snippet for hit in best_per_document(hits)}
        for document, score in self._order.best_documents(query, voice=voice, limit=_MOST_DOCUMENTS + len(without)):
            if document in without:
                continue
            snippets = self._source.document_snippets(voice, document)
            if snippets:  # none: deleted meanwhile
                yield Winner(found.get(document, snippets[0]), score)
