"""Reciprocal-rank fusion of sparse and dense retrieval (Cormack, Clarke, Büttcher 2009).

It needs no common scale of the two scores, only their orders.
"""

from collections.abc import Sequence
from typing import Protocol

from assistant.types import Hit, Snippet, Source, VoiceId

# The constant of the original publication: how little the first ranks stand out.
_K = 60


class SnippetRetriever(Protocol):
    """Finds snippets of a voice."""

    def retrieve(self, query: str, *, voice: VoiceId, limit: int) -> tuple[Hit, ...]:
        """Hits, best first."""
        ...


class RankFusionRetriever:
    """Sums 1 / (60 + rank) over the retrievers that found a snippet; 1 is what is first everywhere."""

    def __init__(self, retrievers: Sequence[SnippetRetriever]) -> None:
        self._retrievers = tuple(retrievers)

    def retrieve(self, query: str, *, voice: VoiceId, limit: int) -> tuple[Hit, ...]:
        """Snippets by fused rank, best first; scores in 0 to 1."""
        scores: dict[Snippet, float] = {}
        share = (_K + 1) / max(1, len(self._retrievers))
        for retriever in self._retrievers:
            for rank, hit in enumerate(retriever.retrieve(query, voice=voice, limit=limit), start=1):
                scores[hit.snippet] = scores.get(hit.snippet, 0.0) + share / (_K + rank)
        hits = [Hit(snippet, score, Source.FUSED) for snippet, score in scores.items()]
        return tuple(sorted(hits, key=lambda hit: (-hit.score, hit.snippet.id))[:limit])
