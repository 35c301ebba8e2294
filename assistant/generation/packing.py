"""Weights in four bits: a checkpoint a quarter as large as in bfloat16, unpacked when it is loaded.

Every matrix is cut into groups of up to 32 neighbouring numbers of a row. A group spans an interval, from its lowest
number to its highest, and each number is one of the 16 levels of it. The interval is kept as two bytes, its lower end
and the distance of its levels, each as a share of the largest of the row. What is no matrix stays as it is.

A small model pays for that: rounding a trained one costs it some 0.09 bits per character. So it is trained that way
(``train finetune --quantized``): at every update it computes with what ``rounded`` gives, and learns to do without the
rest.

The file is a usual ``model.safetensors`` that says in its metadata how it is packed: a matrix ``NAME`` is there as
``NAME.levels`` (uint8, half the columns), ``NAME.lows`` and ``NAME.distances`` (uint8, one per group) and
``NAME.reaches`` (float16, two per row).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

_METADATA = {"format": "pt", "packing": "four-bit"}
_LEVELS, _LOWS, _DISTANCES, _REACHES = ".levels", ".lows", ".distances", ".reaches"
_ENDINGS = (_LEVELS, _LOWS, _DISTANCES, _REACHES)
_LONGEST_GROUP = 32
_TOP_LEVEL = 15
_TOP_CODE = 255
# Keeps the levels of a group of zeros finite.
_TINY = torch.finfo(torch.float32).tiny

BYTES_PER_NUMBER = 0.5
"""What a packed number takes, its group's interval left out."""


def is_packed(path: Path) -> bool:
    """Whether a safetensors file holds packed weights."""
    with safe_open(path, framework="pt") as tensors:
        return (tensors.metadata() or {}).get("packing") == _METADATA["packing"]


def save_packed(weights: Mapping[str, Tensor], path: Path) -> None:
    """Write weights, their matrices packed.

    :param weights: no two of them sharing memory.
    """
    stored: dict[str, Tensor] = {}
    for name, weight in weights.items():
        if can_pack(weight):
            packed = pack(weight)
            parts = (packed.pairs, packed.lows, packed.distances, packed.reaches)
            stored |= {name + ending: part for ending, part in zip(_ENDINGS, parts, strict=True)}
        else:
            stored[name] = weight.contiguous()
    save_file(stored, path, metadata=_METADATA)


@dataclass(frozen=True, slots=True)
class PackedMatrix:
    """A matrix as it is stored.

    ``pairs`` are uint8, (rows, columns / 2), two levels each. ``lows`` and ``distances`` are uint8, (rows, groups),
    shares of the largest of either in a row, which are the ``reaches``, float16, (rows, 2).
    """

    pairs: Tensor
    lows: Tensor
    distances: Tensor
    reaches: Tensor

    @property
    def levels(self) -> Tensor:
        """The level of every number, 0 to 15, uint8, (rows, columns)."""
        return torch.stack([self.pairs & _TOP_LEVEL, self.pairs >> 4], dim=-1).flatten(1)

    @property
    def interval(self) -> tuple[Tensor, Tensor]:
        """The lowest level of every group and the distance between levels, (rows, groups), in float32."""
        low, distance = _interval(self.lows, self.distances, self.reaches)
        return low[..., 0], distance[..., 0]

    def whole(self) -> Tensor:
        """The matrix, in float32."""
        low, distance = _interval(self.lows, self.distances, self.reaches)
        return self.levels.float().reshape(*self.lows.shape, -1).mul_(distance).add_(low).flatten(1)


def load_packed(path: Path) -> dict[str, Tensor | PackedMatrix]:
    """Read what ``save_packed`` wrote, matrices packed as they are stored."""
    stored = load_file(path)
    names = (name.removesuffix(_LEVELS) for name in stored if not name.endswith(_ENDINGS[1:]))
    return {
        name: PackedMatrix(*(stored[name + ending] for ending in _ENDINGS))
        if name + _LEVELS in stored
        else stored[name]
        for name in names
    }


def packed_numbers(shapes: Iterable[tuple[str, list[int]]]) -> int:
    """How many weights a packed file holds, by the names and shapes in its header."""
    sizes = ((name, torch.Size(shape).numel()) for name, shape in shapes if not name.endswith(_ENDINGS[1:]))
    return round(sum(size / BYTES_PER_NUMBER if name.endswith(_LEVELS) else size for name, size in sizes))


def can_pack(weight: Tensor) -> bool:
    """Whether a weight is packed: a matrix whose rows fill whole bytes."""
    return weight.ndim == 2 and weight.numel() > 0 and weight.shape[1] % 2 == 0


def rounded(weight: Tensor) -> Tensor:
    """The matrix that comes back, in float32, when a matrix is packed."""
    groups = _groups(weight)
    low, distance = _interval(*_coded(groups))
    return _levels(groups, low, distance).mul_(distance).add_(low).reshape(weight.shape)


def pack(weight: Tensor) -> PackedMatrix:
    """Round a matrix to four bits a number."""
    groups = _groups(weight)
    coded = _coded(groups)
    levels = _levels(groups, *_interval(*coded)).to(torch.uint8).reshape(len(weight), -1, 2)
    return PackedMatrix(levels[..., 0] | levels[..., 1] << 4, *coded)


def _coded(groups: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Lows, distances and reaches of (rows, groups, size): from the lowest to the highest number, 0 included."""
    depth = groups.amin(dim=-1).neg_().clamp_(min=0)
    distance = groups.amax(dim=-1).clamp_(min=0).add_(depth).div_(_TOP_LEVEL)
    reaches = torch.stack([depth.amax(dim=-1), distance.amax(dim=-1)], dim=-1).half()
    units = reaches.float().div_(_TOP_CODE)
    return _code(depth, units[:, :1]), _code(distance, units[:, 1:]), reaches


def _code(numbers: Tensor, unit: Tensor) -> Tensor:
    return numbers.div(unit.clamp(min=_TINY)).round_().clamp_(0, _TOP_CODE).to(torch.uint8)


def _interval(lows: Tensor, distances: Tensor, reaches: Tensor) -> tuple[Tensor, Tensor]:
    """The lowest level of every group and the distance between levels, in float32, one beside each number's group."""
    units = reaches.float() / _TOP_CODE
    return (-lows.float() * units[:, :1])[..., None], (distances.float() * units[:, 1:])[..., None]


def _levels(groups: Tensor, low: Tensor, distance: Tensor) -> Tensor:
    """The nearest level of every number, still in float32."""
    return groups.sub(low).mul_(distance.clamp(min=_TINY).reciprocal_()).round_().clamp_(0, _TOP_LEVEL)


def _groups(weight: Tensor) -> Tensor:
    """The groups of a matrix, (rows, groups, size), in float32: the longest that divide a row evenly."""
    columns = weight.shape[1]
    size = next(size for size in range(min(columns, _LONGEST_GROUP), 0, -1) if columns % size == 0)
    return weight.float().reshape(len(weight), -1, size)
