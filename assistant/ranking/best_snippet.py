"""RankDocBySnpt: documents in the order of their best snippets (arXiv 2308.07968, section 3.2)."""

from collections.abc import Iterable, Sequence

from assistant.ranking.entries import DocumentSource, Winner, documents_of, entries_within
from assistant.settings import RankingSettings
from assistant.types import DocumentId, Hit, RankedEntry, VoiceId


class BestSnippetRanker:
    """The score of a document is the maximum over its snippets."""

    def __init__(self, source: DocumentSource, settings: RankingSettings) -> None:
        self._source = source
        self._settings = settings

    def rank(
        self, query: str, hits: Sequence[Hit], *, voice: VoiceId | None, pinned: Sequence[RankedEntry] = ()
    ) -> tuple[RankedEntry, ...]:
        """One entry per document, best first, until the budget is used up."""
        if voice is None or not hits:
            return ()
        standing = documents_of(pinned)
        return entries_within(
            [Winner(hit.snippet, hit.score) for hit in best_per_document(hits) if hit.snippet.document not in standing],
            self._source,
            voice=voice,
            budget=self._settings.budget_characters,
            beside=pinned,
            passage=self._settings.passage_characters,
        )


def best_per_document(hits: Iterable[Hit]) -> list[Hit]:
    """The best hit of every document, best first."""
    best: dict[DocumentId, Hit] = {}
    for hit in hits:
        known = best.get(hit.snippet.document)
        if known is None or hit.score > known.score:
            best[hit.snippet.document] = hit
    return sorted(best.values(), key=lambda hit: (-hit.score, hit.snippet.document))
