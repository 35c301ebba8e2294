"""The nearest places of a memory: keys by cosine similarity, with a bonus for those that follow the same tokens.

The states of a small model are weak keys; that a place follows the very tokens that the writer has just written says
more of it, the more of them there are. Both together are the *score* of a place:

    score = temperature * cosine(query, key) + bonus[number of equal tokens before]

Search is exact as long as that is fast enough. In a larger memory a few leading principal components of the keys find
candidates, the bonus included, which are then scored exactly.
"""

from collections.abc import Collection, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from assistant.memory.copying import LongRuns
from assistant.memory.keys import DocumentKeys
from assistant.memory.rescaling import Rescaling
from assistant.types import DocumentId, Span

LONGEST_MATCH = 8
"""Tokens before a place that are compared, at most."""
PLACES = 256
"""Places that are looked at for one token, at most: the others' background would drown them in a large memory."""
# Numbers in the keys of the largest memory that is searched exactly: what stays in a processor's cache.
_EXACT = 1_000_000
# Of 170,000 keys of 128 numbers, so many axes and candidates keep 99.4 % of the weight of the best places.
_COARSE_WIDTH = 48
_CANDIDATES = 2048
_SAMPLE = 8192
_NO_TOKEN = -1


@dataclass(frozen=True, slots=True)
class Places:
    """Places that were found, for each of r steps at most k of them; where there were fewer, ``found`` is False."""

    positions: Tensor
    """(r, k) their positions in the memory."""
    similarities: Tensor
    """(r, k) cosines of their keys with the query, -1 to 1."""
    matches: Tensor
    """(r, k) how many tokens before them are equal, 0 to 8."""
    tokens: Tensor
    """(r, k) the tokens that stand there."""
    found: Tensor
    """(r, k) whether there is a place at all."""


@dataclass(frozen=True, slots=True)
class Scoring:
    """What a similarity and a match are worth; ``bonus`` has one value for each of 0 to 8 equal tokens."""

    temperature: float
    bonus: tuple[float, ...]

    def tensor(self) -> Tensor:
        """The bonus, (9,)."""
        return torch.tensor(self.bonus)


class VoiceMemory:
    """The keys of some documents as one; never changes. See ``assistant.stages.TokenMemory``.

    :param documents: in any order; all keys are of one model.
    """

    def __init__(self, model: str, documents: Sequence[tuple[DocumentId, DocumentKeys]]) -> None:
        self._model = model
        self._long_runs: dict[int, LongRuns] = {}
        self._leaning: tuple[Rescaling, Tensor] | None = None
        self._stacked = tuple(documents)
        self.documents = self._stacked
        self.kept: Tensor | None = None
        """Positions of the documents that count; None: all of them."""
        parts = [keys for _, keys in documents]
        width = parts[0].keys.shape[1] if parts else 0
        self._borders = np.cumsum([len(part.tokens) for part in parts])
        self.tokens = torch.from_numpy(np.concatenate([*(part.tokens for part in parts), _none()])).long()
        self.keys = torch.from_numpy(np.concatenate([*(part.keys for part in parts), _none((0, width), np.float16)]))
        self.keys = self.keys.float()
        self.before = torch.cat([*(tokens_before(torch.from_numpy(part.tokens).long()) for part in parts), _no_rows()])

    @property
    def model(self) -> str:
        return self._model

    def __len__(self) -> int:
        return len(self.tokens if self.kept is None else self.kept)

    def without(self, documents: Collection[DocumentId]) -> "VoiceMemory":
        """The memory as if it had never held these documents: it shares all keys with this one and passes theirs over.

        What search finds is the very same, bit by bit, as in a memory of the others alone.
        """
        left = tuple(one for one in self.documents if one[0] not in documents)
        if len(left) == len(self.documents):
            return self
        partial = copy(self)
        partial.documents = left
        partial.kept = self._positions_of({document for document, _ in left})
        partial._long_runs = {}
        partial._leaning = None
        partial.__dict__.pop("_coarse", None)  # its axes are those of the other keys too
        return partial

    def _positions_of(self, documents: Collection[DocumentId]) -> Tensor:
        counts = np.diff(self._borders, prepend=0)
        counting = np.repeat([document in documents for document, _ in self._stacked], counts)
        return torch.from_numpy(np.flatnonzero(counting))

    def long_runs(self, longest: int) -> LongRuns:
        """The runs of more than so many words in the documents."""
        if longest not in self._long_runs:
            self._long_runs[longest] = LongRuns((keys.words for _, keys in self.documents), longest)
        return self._long_runs[longest]

    def leaning(self, rescaling: Rescaling) -> Tensor:
        """What is added to the model's logits, (vocabulary,), for the words that these documents use."""
        if self._leaning is None or self._leaning[0] is not rescaling:
            tokens = self.tokens if self.kept is None else self.tokens[self.kept]
            self._leaning = rescaling, rescaling.leaning(tokens)
        return self._leaning[1]

    def source(self, position: int) -> tuple[DocumentId, Span, int]:
        """The document of a place, the characters of its word and the number of its sentence."""
        number = int(np.searchsorted(self._borders, position, side="right"))
        document, keys = self._stacked[number]
        place = position - (int(self._borders[number - 1]) if number else 0)
        start, end = keys.spans[place].tolist()
        return document, Span(start, end), int(keys.sentences[place])

    def nearest(self, query: Tensor, recent: Tensor, scoring: Scoring, limit: int = PLACES) -> Places:
        """The best places for one step.

        :param query: (width,) the state at hand, of length one.
        :param recent: (8,) the last tokens, the latest first, see ``tokens_before``.
        """
        coarse = self._coarse
        if coarse is None:
            scores = self._with_bonus((self.keys @ query) * scoring.temperature, recent, scoring)
            return self._places(self._best(scores, limit), query, recent)
        axes, keys = coarse
        scores = self._with_bonus((keys @ (axes.T @ query)) * scoring.temperature, recent, scoring)
        candidates = self._best(scores, _CANDIDATES)
        matches = count_matches(self.before[candidates], recent)
        exact = (self.keys[candidates] @ query) * scoring.temperature + scoring.tensor()[matches]
        return self._places(candidates[_best(exact, limit)], query, recent)

    def _best(self, scores: Tensor, limit: int) -> Tensor:
        """Of the positions that count those with the best scores."""
        return _best(scores, limit) if self.kept is None else self.kept[_best(scores[self.kept], limit)]

    def _with_bonus(self, scores: Tensor, recent: Tensor, scoring: Scoring) -> Tensor:
        """The scores with the bonus of every place, less that of a place after another token; in place.

        Those after the latest token are looked up, and of these fewer and fewer are left as matches grow longer.
        """
        places = self._after(int(recent[0]))
        for match in range(1, LONGEST_MATCH + 1):
            scores[places] += scoring.bonus[match] - scoring.bonus[match - 1]
            if match < LONGEST_MATCH:
                places = places[self.before[places, match] == recent[match]]
            if not len(places) or recent[min(match, LONGEST_MATCH - 1)] == _NO_TOKEN:
                break
        return scores

    def _places(self, positions: Tensor, query: Tensor, recent: Tensor) -> Places:
        matches = count_matches(self.before[positions], recent)
        similarities = self.keys[positions] @ query
        found = torch.ones_like(positions, dtype=torch.bool)
        rows = (positions, similarities, matches, self.tokens[positions], found)
        return Places(*(row[None] for row in rows))

    def _after(self, token: int) -> Tensor:
        """The positions that follow a token."""
        if token == _NO_TOKEN:
            return torch.zeros(0, dtype=torch.long)
        order, sorted_tokens = self._followers
        start, end = np.searchsorted(sorted_tokens, [token, token + 1])
        return order[start:end]

    @cached_property
    def _followers(self) -> tuple[Tensor, np.ndarray]:
        latest = self.before[:, 0].numpy()
        order = np.argsort(latest, kind="stable")
        return torch.from_numpy(order), latest[order]

    @cached_property
    def _coarse(self) -> tuple[Tensor, Tensor] | None:
        """The leading principal axes of the keys, (width, few), and the keys along them; None in a small memory."""
        if len(self) * self.keys.shape[1] <= _EXACT:
            return None
        step = max(1, len(self) // _SAMPLE)
        sample = self.keys[::step] if self.kept is None else self.keys[self.kept[::step]]
        _, axes = torch.linalg.eigh(sample.T @ sample)  # in ascending order
        axes = axes[:, -_COARSE_WIDTH:].contiguous()
        return axes, self.keys @ axes


def nearest_of_many(memory: VoiceMemory, queries: Tensor, recent: Tensor, scoring: Scoring) -> Places:
    """The best places for many steps at once, (r, width) and (r, 8), always exactly: for fitting and measuring."""
    matches = match_table(memory.before, recent)
    similarities = queries @ memory.keys.T
    scores = similarities * scoring.temperature + scoring.tensor()[matches]
    if memory.kept is not None:
        counts = torch.zeros(len(memory.tokens), dtype=torch.bool).index_fill(0, memory.kept, value=True)
        scores = scores.masked_fill(~counts, -torch.inf)
    return take_best(scores, similarities, matches, memory.tokens)


def take_best(scores: Tensor, similarities: Tensor, matches: Tensor, tokens: Tensor) -> Places:
    """The places with the best scores, (r, n) each; a score of minus infinity is no place."""
    values, positions = scores.topk(min(PLACES, scores.shape[1]), dim=1, sorted=False)
    return Places(
        positions,
        similarities.gather(1, positions),
        matches.gather(1, positions),
        tokens[positions],
        values > -torch.inf,
    )


def tokens_before(tokens: Tensor) -> Tensor:
    """For every token of a text and for its end, less the last row, the 8 tokens before it, latest first: (n, 8)."""
    return recent_tokens(tokens)[:-1]


def recent_tokens(tokens: Tensor) -> Tensor:
    """For every place of a text, its end too, the 8 tokens before, latest first, -1 where there is none: (n+1, 8)."""
    padded = torch.cat([torch.full((LONGEST_MATCH,), _NO_TOKEN), tokens])
    return padded.unfold(0, LONGEST_MATCH, 1).flip(1)


def count_matches(before: Tensor, recent: Tensor) -> Tensor:
    """How many of the latest tokens are equal, without a gap: (n, 8) and (8,) give (n,)."""
    return ((before == recent) & (recent != _NO_TOKEN)).long().cumprod(1).sum(1)


def match_table(before: Tensor, recent: Tensor) -> Tensor:
    """How many of the latest tokens of each step are equal before each place: (n, 8) and (r, 8) give (r, n)."""
    are_equal = torch.ones(len(recent), len(before), dtype=torch.bool)
    matches = are_equal.long() * 0
    for column in range(LONGEST_MATCH):
        are_equal &= (before[:, column] == recent[:, column, None]) & (recent[:, column, None] >= 0)
        matches += are_equal
    return matches


def _best(scores: Tensor, limit: int) -> Tensor:
    if limit >= len(scores):
        return torch.arange(len(scores))
    # numpy finds the best two thousand of many four times as fast as torch's topk.
    return torch.from_numpy(np.argpartition(scores.numpy(), -limit)[-limit:].copy())


def _none(shape: tuple[int, ...] = (0,), kind: type = np.int32) -> np.ndarray:
    return np.zeros(shape, kind)


def _no_rows() -> Tensor:
    return torch.zeros(0, LONGEST_MATCH, dtype=torch.long)
