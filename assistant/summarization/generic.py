"""SumCtxInd: a summary of the entries that does not know the draft (arXiv 2308.07968, section 3.3).

The paper applies a summarization model as it is. Here the same is done by LexRank (Erkan and Radev 2004, continuous
form): sentences vote for those they resemble, by the cosine of their tf-idf vectors, and a random walk over the votes
says which are central.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from assistant.keyword_candidates import content_words
from assistant.settings import SummarySettings
from assistant.summarization.sentences import candidates_of, select_diverse, summary_of
from assistant.types import RankedEntry, Summary, VoiceId

Matrix = npt.NDArray[np.float32]

# The walk jumps to any sentence with this probability (Erkan and Radev 2004, section 3.2).
_JUMP = 0.15
_STEPS = 50


class GenericSummarizer:
    """Picks the sentences most like all others, and unlike each other."""

    def __init__(self, settings: SummarySettings) -> None:
        self._settings = settings

    def summarize(self, query: str, entries: Sequence[RankedEntry], *, voice: VoiceId | None) -> Summary:
        """At most the set number of sentences, in the order of the entries; the query plays no part."""
        if voice is None or not entries:
            return Summary()
        candidates = candidates_of([snippet for entry in entries for snippet in entry.snippets])
        if not candidates:
            return Summary()
        vectors = tfidf([content_words(candidate.text) for candidate in candidates])
        chosen = select_diverse(
            centrality(vectors @ vectors.T), vectors, count=self._settings.sentences, diversity=self._settings.diversity
        )
        return summary_of(candidates, chosen)


def tfidf(tokenized: Sequence[Sequence[str]]) -> Matrix:
    """Unit vectors of word counts, weighed by ln(texts / texts with the word) + 1; (texts, words)."""
    spread = Counter(word for words in tokenized for word in set(words))
    columns = {word: column for column, word in enumerate(spread)}
    vectors = np.zeros((len(tokenized), max(1, len(columns))), dtype=np.float32)
    for row, words in enumerate(tokenized):
        for word, count in Counter(words).items():
            vectors[row, columns[word]] = count * (np.log(len(tokenized) / spread[word]) + 1)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Matrix = vectors / np.maximum(lengths, 1e-12)
    return unit


def centrality(likeness: Matrix) -> Matrix:
    """Where a random walk over the likenesses stays longest, the most central being 1; (rows,)."""
    size = len(likeness)
    totals = likeness.sum(axis=1, keepdims=True)
    steps = np.where(
        totals > 0, likeness / np.maximum(totals, 1e-12), 1 / size
    )  # a sentence without words goes anywhere
    share = np.full(size, 1 / size)
    for _ in range(_STEPS):
        share = _JUMP / size + (1 - _JUMP) * share @ steps
    scores: Matrix = (share / share.max()).astype(np.float32)
    return scores
