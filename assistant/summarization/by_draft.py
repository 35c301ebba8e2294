"""The summary served: sentences of the ranked entries that are most likely to recur in this draft.

The paper trains a model to write the snippets of the past that the finished document will echo (SumCtx, arXiv
2308.07968, section 3.3). Its labels are extractive, so extraction serves: a sentence is scored by how close its snippet
lies to the draft, how close to the other entries (what a writer says often, they say again), and how many of the
draft's words it holds; then sentences unlike those already chosen are taken.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from assistant.embedding import Vectors
from assistant.keyword_candidates import content_words
from assistant.settings import SummarySettings
from assistant.summarization.sentences import Candidate, candidates_of, select_diverse, summary_of
from assistant.types import RankedEntry, SnippetId, Summary, VoiceId

# Shares of a sentence's score besides its snippet's closeness to the draft.
_RECURRENCE = 0.3
_OVERLAP = 0.4


class QueryEncoder(Protocol):
    """Turns the draft into a unit vector."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Rows of unit length."""
        ...


class SnippetVectors(Protocol):
    """The vectors made at import."""

    def snippet_vectors(self, voice: VoiceId, ids: Sequence[SnippetId]) -> Vectors:
        """Unit vectors in the order of the ids."""
        ...


class ExtractiveSummarizer:
    """Picks sentences by maximal marginal relevance; encodes nothing but the draft."""

    def __init__(self, vectors: SnippetVectors, encoder: QueryEncoder, settings: SummarySettings) -> None:
        self._vectors = vectors
        self._encoder = encoder
        self._settings = settings

    def summarize(self, query: str, entries: Sequence[RankedEntry], *, voice: VoiceId | None) -> Summary:
        """At most the set number of sentences, in the order of the entries."""
        if voice is None or not entries:
            return Summary()
        snippets = [snippet for entry in entries for snippet in entry.snippets]
        vectors = self._vectors.snippet_vectors(voice, [snippet.id for snippet in snippets])
        candidates = candidates_of(snippets)
        scores = _scores(query, candidates, vectors, self._encoder.encode([query])[0])
        chosen = select_diverse(
            scores,
            vectors[[candidate.row for candidate in candidates]],
            count=self._settings.sentences,
            diversity=self._settings.diversity,
        )
        return summary_of(candidates, chosen)


def _scores(
    query: str, candidates: Sequence[Candidate], vectors: Vectors, query_vector: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    closeness = vectors @ query_vector
    recurrence = (vectors @ vectors.T).mean(axis=1)
    wanted = set(content_words(query))
    overlap = [_overlap(candidate.text, wanted) for candidate in candidates]
    rows = [candidate.row for candidate in candidates]
    scores: npt.NDArray[np.float32] = (
        closeness[rows] + _RECURRENCE * recurrence[rows] + _OVERLAP * np.asarray(overlap, dtype=np.float32)
    )
    return scores


def _overlap(sentence: str, wanted: set[str]) -> float:
    own = set(content_words(sentence))
    return len(own & wanted) / len(own) if own else 0.0
