"""Examples become the tensors of one forward pass: what an objective is called with, and what it then counts as."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from assistant.training.shards import FULL_WEIGHT, Source, Weights, padded_length

# Where a plan's batch takes its examples from: pairs of (source, example).
Picks = Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Batch:
    """Arguments of an objective, the sum of the weights of the tokens it predicts, and the examples' tokens."""

    inputs: tuple[Tensor, ...]
    weight: float
    tokens: int

    def on(self, device: torch.device) -> tuple[Tensor, ...]:
        """The arguments on a device."""
        return tuple(tensor.to(device) for tensor in self.inputs)


def next_token_batch(sources: Sequence[Source], picks: Picks, separator: int | None = None) -> Batch:
    """A batch for ``NextTokenObjective``.

    :param separator: id of the token that ends a document, where documents are kept apart: what follows it begins
        another document, is not to be told from the one before, and gets weight 0.
    """
    ids, weights = collate(sources, picks)
    if separator is not None:
        weights[:, 1:][ids[:, :-1] == separator] = 0
    return Batch((ids, weights), float(weights[:, 1:].sum()), _count(sources, picks))


def source_target_batch(sources: Sequence[Source], picks: Picks) -> Batch:
    """A batch for ``SourceTargetObjective``: source, its mask, target, weights of the target."""
    examples = [sources[number].pair(index) for number, index in picks]
    source = _stack([read for read, _, _ in examples])
    mask = _stack([np.ones(len(read), dtype=np.uint8) for read, _, _ in examples])
    target = _stack([written for _, written, _ in examples])
    weights = _tenths([tenths for _, _, tenths in examples])
    return Batch((source, mask, target, weights), float(weights.sum()), _count(sources, picks))


def collate(sources: Sequence[Source], picks: Picks) -> tuple[Tensor, Tensor]:
    """Stack examples into token ids and loss weights, right-padded with weight 0; shapes (batch, padded length)."""
    examples = [sources[number].example(index) for number, index in picks]
    return _stack([tokens for tokens, _ in examples]), _tenths([tenths for _, tenths in examples])


def _count(sources: Sequence[Source], picks: Picks) -> int:
    return sum(sources[number].length(index) for number, index in picks)


def _stack(rows: Sequence[npt.NDArray[np.unsignedinteger]]) -> Tensor:
    ids = np.zeros((len(rows), padded_length(max(map(len, rows)))), dtype=np.int64)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = row
    return torch.from_numpy(ids)


def _tenths(rows: Sequence[Weights]) -> Tensor:
    weights = np.zeros((len(rows), padded_length(max(map(len, rows)))), dtype=np.float32)
    for number, row in enumerate(rows):
        weights[number, : len(row)] = row.astype(np.float32) / FULL_WEIGHT
    return torch.from_numpy(weights)
