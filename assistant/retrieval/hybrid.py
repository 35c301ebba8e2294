"""Sparse and dense retrieval fused into one score between 0 and 1 that means the same for every draft.

Rank fusion would do for an order, but a writer who looks at a score wants to compare it with those of other drafts:
cosine similarity, and BM25 as a share of what the draft could score at best.

Nothing is turned away for a low score. A passage on another matter still shows how the writer sounds, and a prompt that
is filled with such passages foresees the writer's words better than one half empty; what bears on the draft and what
only sounds like it is told apart later (``assistant.bands``).
"""

from assistant.embedding import Encoder
from assistant.retrieval.bm25 import SparseRetriever
from assistant.retrieval.dense import DenseRetriever, VectorIndex
from assistant.settings import RetrievalSettings
from assistant.types import Hit, Source, VoiceId


class HybridRetriever:
    """Proposes by BM25 and by vectors, and scores every proposal by both."""

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
        """Snippets by fused score, best first."""
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
        return tuple(sorted(hits, key=lambda hit: (-hit.score, hit.snippet.id))[:limit])

    def _fused(self, cosine: float, shared_words: float) -> float:
        share = self._settings.dense_share
        # Vectors in half precision are not quite of unit length, and a snippet may hold a telling word twice.
        return share * min(1.0, max(0.0, cosine)) + (1 - share) * min(1.0, shared_words)
