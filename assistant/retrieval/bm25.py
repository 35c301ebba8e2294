"""Sparse retrieval: BM25 over the snippets of a voice.

Two scorers give the same ranking: ``bm25s`` serves, because it precomputes every term's contribution and answers in a
fraction of a millisecond; ``rank_bm25`` is the formula as the benchmarks' reference code uses it, and what tests
compare with.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from assistant.keyword_candidates import content_words
from assistant.types import Hit, Snippet, Source, VoiceId

Scores = npt.NDArray[np.float32]
ScorerName = Literal["bm25s", "rank_bm25"]

# Robertson's usual values; the paper gives none.
_K1 = 1.5
_B = 0.75


class Scorer(Protocol):
    """Scores every text of a collection against a query."""

    def scores(self, query: Sequence[str]) -> Scores:
        """One score per text, in order; higher is better, 0 means no word in common."""
        ...


class FastScorer:
    """BM25 (Lucene's variant) by ``bm25s``."""

    def __init__(self, tokenized: Sequence[Sequence[str]]) -> None:
        import bm25s

        self._vocabulary = {word for tokens in tokenized for word in tokens}
        self._size = len(tokenized)
        self._index = bm25s.BM25(k1=_K1, b=_B)
        if self._vocabulary:
            self._index.index([list(tokens) for tokens in tokenized], show_progress=False)

    def scores(self, query: Sequence[str]) -> Scores:
        known = [word for word in query if word in self._vocabulary]
        if not known:
            return np.zeros(self._size, dtype=np.float32)
        return np.asarray(self._index.get_scores(known), dtype=np.float32)


class ReferenceScorer:
    """Okapi BM25 by ``rank_bm25``, as in the LaMP reference code."""

    def __init__(self, tokenized: Sequence[Sequence[str]]) -> None:
        from rank_bm25 import BM25Okapi

        self._size = len(tokenized)
        has_words = any(tokenized)  # without one the library divides by zero
        self._index = BM25Okapi([list(tokens) for tokens in tokenized], k1=_K1, b=_B) if has_words else None

    def scores(self, query: Sequence[str]) -> Scores:
        if self._index is None:
            return np.zeros(self._size, dtype=np.float32)
        return np.asarray(self._index.get_scores(list(query)), dtype=np.float32)


SCORERS: dict[ScorerName, Callable[[Sequence[Sequence[str]]], Scorer]] = {
    "bm25s": FastScorer,
    "rank_bm25": ReferenceScorer,
}


class SnippetSource(Protocol):
    """Where the snippets of a voice come from."""

    def voice_revision(self, voice: VoiceId) -> int:
        """Grows with every change of the voice."""
        ...

    def voice_snippets(self, voice: VoiceId) -> tuple[Snippet, ...]:
        """All of them."""
        ...


@dataclass(frozen=True, slots=True)
class _Built:
    revision: int
    snippets: tuple[Snippet, ...]
    scorer: Scorer | None


class SparseRetriever:
    """BM25 per voice, its index kept until the voice changes."""

    def __init__(self, source: SnippetSource, *, scorer: ScorerName = "bm25s") -> None:
        self._source = source
        self._scorer = SCORERS[scorer]
        self._built: dict[VoiceId, _Built] = {}
        self._lock = threading.Lock()

    def retrieve(self, query: str, *, voice: VoiceId, limit: int) -> tuple[Hit, ...]:
        """Snippets that share words with the query, best first."""
        built = self._index(voice)
        if built.scorer is None:
            return ()
        scores = built.scorer.scores(content_words(query))
        best = np.argsort(-scores, kind="stable")[:limit]
        return tuple(Hit(built.snippets[i], float(scores[i]), Source.BM25) for i in best if scores[i] > 0)

    def _index(self, voice: VoiceId) -> _Built:
        revision = self._source.voice_revision(voice)
        with self._lock:
            built = self._built.get(voice)
            if built is None or built.revision != revision:
                snippets = self._source.voice_snippets(voice)
                scorer = self._scorer([content_words(snippet.text) for snippet in snippets]) if snippets else None
                built = self._built[voice] = _Built(revision, snippets, scorer)
            return built
