"""Dense retrieval: the snippets whose vectors lie nearest to the query's."""

from collections.abc import Sequence
from typing import Protocol

from assistant.embedding import Encoder, Vectors
from assistant.types import Hit, Snippet, SnippetId, Source, VoiceId


class VectorIndex(Protocol):
    """Nearest neighbours within one voice, and what they stand for."""

    def nearest(self, voice: VoiceId, vector: Vectors, limit: int) -> tuple[tuple[SnippetId, float], ...]:
        """Snippets and their cosine similarity, best first."""
        ...

    def snippets_by_id(self, voice: VoiceId, ids: Sequence[SnippetId]) -> tuple[Snippet, ...]:
        """The snippets, in the order of the ids."""
        ...

    def snippet_vectors(self, voice: VoiceId, ids: Sequence[SnippetId]) -> Vectors:
        """Their unit vectors, (ids, dimensions), in the order of the ids."""
        ...


class DenseRetriever:
    """Cosine similarity between the encoded query and a voice's snippets; scores in -1 to 1."""

    def __init__(self, index: VectorIndex, encoder: Encoder) -> None:
        self._index = index
        self._encoder = encoder

    def retrieve(self, query: str, *, voice: VoiceId, limit: int) -> tuple[Hit, ...]:
        """The nearest snippets, best first."""
        found = self._index.nearest(voice, self._encoder.encode([query])[0], limit)
        snippets = self._index.snippets_by_id(voice, [snippet for snippet, _ in found])
        return tuple(Hit(snippet, score, Source.DENSE) for snippet, (_, score) in zip(snippets, found, strict=True))
