"""Sparse and dense retrieval fused into one score between 0 and 1 that means the same for every draft.

Rank fusion would do for an order, but the page must be able to say "nothing here bears on your draft", and for that a
score has to be comparable across drafts: cosine similarity, and BM25 as a share of what the draft could score at best.
"""

from assistant.embedding import Encoder
from assistant.retrieval.bm25 import SparseRetriever
from assistant.retrieval.dense import DenseRetriever, VectorIndex
from assistant.settings import RetrievalSettings
from assistant.types import Hit, Source, VoiceId


class HybridRetriever:
    """Proposes by BM25 and by vectors, scores every proposal by both, keeps what is relevant."""

    def __init__(
        self,
        sparse: SparseRetriever,
        dense: DenseRetriever,
        *,
        index: VectorIndex,
        encoder: Encoder,
        settings: RetrievalSettings,
    ) -> None:
        self._sparse = sparse
        self._dense = dense
        self._index = index
        self._encoder = encoder
        self._settings = settings

    def retrieve(self, query: str, *, voice: VoiceId, limit: int) -> tuple[Hit, ...]:
        """Relevant snippets by fused score, best first."""
        sparse = {hit.snippet: hit.score for hit in self._sparse.retrieve(query, voice=voice, limit=limit)}
        dense = {hit.snippet: hit.score for hit in self._dense.retrieve(query, voice=voice, limit=limit)}
        unseen = [snippet for snippet in sparse if snippet not in dense]
        if unseen:
            vectors = self._index.snippet_vectors(voice, [snippet.id for snippet in unseen])
            cosines = vectors @ self._encoder.encode([query])[0]
            dense |= {snippet: float(cosine) for snippet, cosine in zip(unseen, cosines, strict=True)}
        hits = [
            Hit(snippet, self._fused(cosine, sparse.get(snippet, 0.0)), Source.FUSED)
            for snippet, cosine in dense.items()
        ]
        relevant = [hit for hit in hits if hit.score >= self._settings.minimum_score]
        return tuple(sorted(relevant, key=lambda hit: (-hit.score, hit.snippet.id))[:limit])

    def _fused(self, cosine: float, shared_words: float) -> float:
        share = self._settings.dense_share
        # Vectors in half precision are not quite of unit length, and a snippet may hold a telling word twice.
        return share * min(1.0, max(0.0, cosine)) + (1 - share) * min(1.0, shared_words)
