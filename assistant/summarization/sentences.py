"""What every extractive summary shares: sentences worth choosing, and a choice of unlike ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assistant.embedding import Vectors
from assistant.sentences import split_sentences
from assistant.types import Snippet, Summary, SummarySentence

# Sentences outside these lengths are greetings, list items or run-ons.
_SHORTEST = 30
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence and the snippet it stands in; ``row`` is that snippet's place among those given."""

    text: str
    snippet: Snippet
    row: int


def candidates_of(snippets: Sequence[Snippet]) -> list[Candidate]:
    """The sentences worth choosing; one that stands in several documents counts where it stands first."""
    found: dict[str, Candidate] = {}
    for row, snippet in enumerate(snippets):
        for sentence in split_sentences(snippet.text):
            if _SHORTEST <= len(sentence) <= _LONGEST:
                found.setdefault(sentence, Candidate(sentence, snippet, row))
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


def summary_of(candidates: Sequence[Candidate], chosen: Sequence[int]) -> Summary:
    """The chosen sentences in the order of the entries."""
    taken = [candidates[i] for i in sorted(chosen)]
    return Summary(tuple(SummarySentence(one.text, one.snippet.id, one.snippet.document) for one in taken))
