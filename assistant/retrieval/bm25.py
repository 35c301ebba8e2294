"""Sparse retrieval: BM25 over the snippets of a voice.

Two scorers give the same ranking: ``bm25s`` serves, because it precomputes every term's contribution and answers in a
fraction of a millisecond; ``rank_bm25`` is the formula as the benchmarks' reference code uses it, and what tests
compare with.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from assistant.keyword_candidates import content_words
from assistant.retrieval.per_voice import PerVoice, Revisions
from assistant.types import Hit, Snippet, Source, VoiceId

Scores = npt.NDArray[np.float32]
ScorerName = Literal["bm25s", "rank_bm25"]

# Robertson's usual values; the paper gives none.
_K1 = 1.5
_B = 0.75

# A snippet has some 20 words that say something, a draft of 600 characters twice as many: none holds them all, and one
# that holds this many of the rarest is as close as snippets come. Over the demo corpora the best snippet of another's
# writing scores 0.24 to 0.29 on average, fused, whether the draft has no text yet or 600 characters; unscaled BM25 gave
# 0.22 to 0.33. The best of the writer's own earlier writing scores 0.42 to 0.50; it was 0.29 to 0.51.
_TELLING_WORDS = 8
# ``rank_bm25`` gives a word that half the texts hold no weight at all.
_SMALLEST_SCORE = 1e-6


class Scorer(Protocol):
    """Scores every text of a collection against a query."""

    def scores(self, query: Sequence[str]) -> Scores:
        """One score per text, in order; higher is better, 0 means no word in common."""
        ...

    def weight(self, word: str) -> float:
        """What a text of average length gets for holding the word once: the more, the fewer hold it."""
        ...


class FastScorer:
    """BM25 (Lucene's variant) by ``bm25s``."""

    def __init__(self, tokenized: Sequence[Sequence[str]]) -> None:
        import bm25s

        self._frequencies = Counter(word for tokens in tokenized for word in set(tokens))
        self._size = len(tokenized)
        self._index = bm25s.BM25(k1=_K1, b=_B)
        if self._frequencies:
            self._index.index([list(tokens) for tokens in tokenized], show_progress=False)

    def scores(self, query: Sequence[str]) -> Scores:
        known = [word for word in query if word in self._frequencies]
        if not known:
            return np.zeros(self._size, dtype=np.float32)
        return np.asarray(self._index.get_scores(known), dtype=np.float32)

    def weight(self, word: str) -> float:
        holding = self._frequencies[word]
        # The variant leaves out the usual factor k1 + 1, which changes no order; without it, once counts 1 / (1 + k1).
        return math.log(1 + (self._size - holding + 0.5) / (holding + 0.5)) / (1 + _K1)


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

    def weight(self, word: str) -> float:
        if self._index is None or word not in self._index.idf:  # as rare as a word can be
            return math.log((self._size + 0.5) / 0.5)
        return float(self._index.idf[word])


SCORERS: dict[ScorerName, Callable[[Sequence[Sequence[str]]], Scorer]] = {
    "bm25s": FastScorer,
    "rank_bm25": ReferenceScorer,
}


class SnippetSource(Revisions, Protocol):
    """Where the snippets of a voice come from."""

    def voice_snippets(self, voice: VoiceId) -> tuple[Snippet, ...]:
        """All of them."""
        ...


@dataclass(frozen=True, slots=True)
class _Index:
    snippets: tuple[Snippet, ...]
    words: tuple[tuple[str, ...], ...]
    """Of each snippet: cutting texts into words is three quarters of the work of building an index."""
    scorer: Scorer | None


class SparseRetriever:
    """BM25 per voice, as a share of what the query could score at best.

    :param whole: one over these snippets and others, which has cut them into words already.
    """

    def __init__(
        self, source: SnippetSource, *, scorer: ScorerName = "bm25s", whole: "SparseRetriever | None" = None
    ) -> None:
        self._source = source
        self._scorer = SCORERS[scorer]
        self._whole = whole
        self._kept = PerVoice(source, self._read)

    def retrieve(self, query: str, *, voice: VoiceId, limit: int) -> tuple[Hit, ...]:
        """Snippets that share words with the query, best first; scores are above 0, seldom above 1."""
        index, words = self._kept.of(voice), content_words(query)
        if index.scorer is None or not words:
            return ()
        scores = index.scorer.scores(words) / best_score(index.scorer, words)
        best = _best(scores, limit)
        return tuple(Hit(index.snippets[i], float(scores[i]), Source.BM25) for i in best if scores[i] > 0)

    def _read(self, voice: VoiceId, before: _Index | None) -> _Index:
        """Every snippet weighs in how rare a word is, so a change makes the index anew; words are cut only once."""
        snippets = self._source.voice_snippets(voice)
        if before is None and self._whole is not None:
            before = self._whole._kept.of(voice)
        known = _known_words(before) if before is not None else {}
        words = tuple(known.get(snippet.text) or tuple(content_words(snippet.text)) for snippet in snippets)
        return _Index(snippets, words, self._scorer(words) if words else None)


def _known_words(index: _Index) -> dict[str, tuple[str, ...]]:
    return dict(zip((snippet.text for snippet in index.snippets), index.words, strict=True))


def _best(scores: Scores, limit: int) -> npt.NDArray[np.intp]:
    """Positions of the highest scores, best first, of equal ones the first; without sorting the others."""
    if not 0 < limit < len(scores):
        return np.argsort(-scores, kind="stable")[:limit]
    least = np.partition(scores, -limit)[-limit]
    candidates = np.flatnonzero(scores >= least)
    return candidates[np.argsort(-scores[candidates], kind="stable")][:limit]


def best_score(scorer: Scorer, query: Sequence[str]) -> float:
    """The score that counts as 1: that of an average snippet which holds each of the query's most telling words once.

    BM25 itself grows with the length of the query and the size of the voice. As a share of this, it says the same of
    three words and of three hundred, in a small voice and in a large one. Words that the voice lacks count too: what
    shares one common word with a draft about something else is not close to it.
    """
    weights = [count * scorer.weight(word) for word, count in Counter(query).items()]
    return max(sum(sorted(weights, reverse=True)[:_TELLING_WORDS]), _SMALLEST_SCORE)
