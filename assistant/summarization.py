"""The summary: sentences of the ranked entries that are most likely to recur in this draft.

The paper trains a model to write the snippets of the past that the finished document will echo (SumCtx, arXiv
2308.07968, section 3.3). Its labels are extractive, so extraction serves: a sentence is scored by how close its snippet
lies to the draft, how close to the other entries (what a writer says often, they say again), and how many of the
draft's words it holds; then sentences unlike those already chosen are taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from assistant.keyword_candidates import content_words
from assistant.sentences import split_sentences
from assistant.settings import SummarySettings
from assistant.types import RankedEntry, Snippet, SnippetId, Summary, SummarySentence, VoiceId

Vectors = npt.NDArray[np.float32]

# Shares of a sentence's score besides its snippet's closeness to the draft.
_RECURRENCE = 0.3
_OVERLAP = 0.4
# Sentences outside these lengths are greetings, list items or run-ons.
_SHORTEST = 30
_LONGEST = 300


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


@dataclass(frozen=True, slots=True)
class _Candidate:
    text: str
    snippet: Snippet
    row: int


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
        candidates = _candidates(snippets)
        scores = _scores(query, candidates, vectors, self._encoder.encode([query])[0])
        chosen = select_diverse(
            scores,
            vectors[[candidate.row for candidate in candidates]],
            count=self._settings.sentences,
            diversity=self._settings.diversity,
        )
        return Summary(
            tuple(
                SummarySentence(candidates[i].text, candidates[i].snippet.id, candidates[i].snippet.document)
                for i in sorted(chosen)
            )
        )


def _candidates(snippets: Sequence[Snippet]) -> list[_Candidate]:
    """The sentences worth choosing; one that stands in several documents counts where it stands first."""
    found: dict[str, _Candidate] = {}
    for row, snippet in enumerate(snippets):
        for sentence in split_sentences(snippet.text):
            if _SHORTEST <= len(sentence) <= _LONGEST:
                found.setdefault(sentence, _Candidate(sentence, snippet, row))
    return list(found.values())


def select_diverse(scores: npt.NDArray[np.float32], vectors: Vectors, *, count: int, diversity: float) -> list[int]:
    """Indices of the best rows, each discounted by its likeness to those already taken (maximal marginal relevance)."""
    chosen: list[int] = []
    penalty = np.zeros_like(scores)
    while len(chosen) < min(count, len(scores)):
        marginal = (1 - diversity) * scores - diversity * penalty
        marginal[chosen] = -np.inf
        best = int(np.argmax(marginal))
        chosen.append(best)
        penalty = np.maximum(penalty, vectors @ vectors[best])
    return chosen


def _scores(
    query: str, candidates: Sequence[_Candidate], vectors: Vectors, query_vector: npt.NDArray[np.float32]
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
