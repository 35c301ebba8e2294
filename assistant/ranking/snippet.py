"""RankSnippet: the snippets themselves, best first, several of one document if they win (arXiv 2308.07968, 3.2)."""

from collections.abc import Sequence

from assistant.ranking.entries import DocumentSource, Winner, documents_of, entries_within
from assistant.settings import RankingSettings
from assistant.types import Hit, RankedEntry, VoiceId


class SnippetRanker:
    """Every hit is an entry of its own, without its surroundings."""

    def __init__(self, source: DocumentSource, settings: RankingSettings) -> None:
        self._source = source
        self._settings = settings

    def rank(
        self, query: str, hits: Sequence[Hit], *, voice: VoiceId | None, pinned: Sequence[RankedEntry] = ()
    ) -> tuple[RankedEntry, ...]:
        """One entry per hit, best first, until the budget is used up."""
        if voice is None or not hits:
            return ()
        ordered = sorted(hits, key=lambda hit: (-hit.score, hit.snippet.id))
        standing = documents_of(pinned)
        return entries_within(
            [Winner(hit.snippet, hit.score) for hit in ordered if hit.snippet.document not in standing],
            self._source,
            voice=voice,
            budget=self._settings.budget_characters,
            beside=pinned,
            passage=0,
        )
