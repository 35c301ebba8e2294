"""Weights in six bits: a checkpoint a third as large as in bfloat16, unpacked when it is loaded.

Every matrix is cut into groups of up to 96 neighbouring numbers of a row. A group keeps one scale and, for each
number, one of 64 steps; four of them fill three bytes. The scale is the one, of a few tried, with the smallest squared
error: cutting off a group's outermost number a little makes all its others finer. What is no matrix stays as it is.

The file is a usual ``model.safetensors`` that says in its metadata how it is packed: a matrix ``NAME`` is there as
``NAME.steps`` (uint8, three quarters of the columns) and ``NAME.scales`` (float16, one per group).
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

_METADATA = {"format": "pt", "packing": "six-bit"}
_STEPS, _SCALES = ".steps", ".scales"
_LONGEST_GROUP = 96
_MIDDLE = 32
# Shares of the largest number of a group that are tried as what the outermost step stands for.
_REACHES = tuple(0.76 + 0.03 * number for number in range(9))

BYTES_PER_NUMBER = 0.75
"""What a packed number takes, scales left out."""


def is_packed(path: Path) -> bool:
    """Whether a safetensors file holds packed weights."""
    with safe_open(path, framework="pt") as tensors:
        return (tensors.metadata() or {}).get("packing") == _METADATA["packing"]


def save_packed(weights: Mapping[str, Tensor], path: Path) -> None:
    """Write weights, their matrices packed.

    :param weights: no two of them sharing memory.
    """
    packed: dict[str, Tensor] = {}
    for name, weight in weights.items():
        if _can_pack(weight):
            packed[name + _STEPS], packed[name + _SCALES] = _pack(weight)
        else:
            packed[name] = weight.contiguous()
    save_file(packed, path, metadata=_METADATA)


def load_packed(path: Path, dtype: torch.dtype) -> dict[str, Tensor]:
    """Read what ``save_packed`` wrote, as whole weights of one type."""
    stored = load_file(path)
    names = (name.removesuffix(_STEPS) for name in stored if not name.endswith(_SCALES))
    return {name: _whole(name, stored).to(dtype) for name in names}


def packed_numbers(shapes: Iterable[tuple[str, list[int]]]) -> int:
    """How many weights a packed file holds, by the names and shapes in its header."""
    sizes = ((name, torch.Size(shape).numel()) for name, shape in shapes if not name.endswith(_SCALES))
    return round(sum(size / BYTES_PER_NUMBER if name.endswith(_STEPS) else size for name, size in sizes))


def _can_pack(weight: Tensor) -> bool:
    return weight.ndim == 2 and weight.numel() > 0 and weight.shape[1] % 4 == 0


def _whole(name: str, stored: Mapping[str, Tensor]) -> Tensor:
    return _unpack(stored[name + _STEPS], stored[name + _SCALES]) if name + _STEPS in stored else stored[name]


def _pack(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Steps (rows, columns * 3 / 4) and scales (rows, groups) of a matrix."""
    rows, columns = weight.shape
    groups = weight.float().reshape(rows, -1, _group(columns))
    largest = groups.abs().amax(dim=-1, keepdim=True)
    best_scale, best_error = largest, torch.full_like(largest, torch.inf)
    for reach in _REACHES:
        # As it will be read: a scale of 0 would make the steps of an all but empty group infinite.
        scale = (largest * reach / (_MIDDLE - 1)).half().float().clamp(min=2**-24)
        error = (_nearest_steps(groups, scale) * scale - groups).square().sum(dim=-1, keepdim=True)
        best_scale = torch.where(error < best_error, scale, best_scale)
        best_error = torch.minimum(error, best_error)
    steps = (_nearest_steps(groups, best_scale) + _MIDDLE).to(torch.uint8)
    return _squeezed(steps.reshape(rows, columns)), best_scale.squeeze(-1).half()


def _unpack(squeezed: Tensor, scales: Tensor) -> Tensor:
    """The matrix behind steps and scales, in float32."""
    steps = _spread(squeezed).float() - _MIDDLE
    return (steps.reshape(*scales.shape, -1) * scales.float()[..., None]).reshape(steps.shape)


def _nearest_steps(groups: Tensor, scale: Tensor) -> Tensor:
    return (groups / scale).round().clamp(-_MIDDLE, _MIDDLE - 1)


def _squeezed(steps: Tensor) -> Tensor:
    """Four steps of six bits in three bytes each."""
    a, b, c, d = steps.reshape(len(steps), -1, 4).unbind(dim=-1)
    return torch.stack([a | b << 6, b >> 2 | c << 4, c >> 4 | d << 2], dim=-1).flatten(1)


def _spread(squeezed: Tensor) -> Tensor:
    """The steps that ``_squeezed`` put together."""
    x, y, z = squeezed.reshape(len(squeezed), -1, 3).unbind(dim=-1)
    return torch.stack([x & 63, x >> 6 | (y & 15) << 2, y >> 4 | (z & 3) << 4, z >> 2], dim=-1).flatten(1)


def _group(columns: int) -> int:
    """The longest group of at most 96 numbers that divides a row evenly."""
    return next(size for size in range(min(columns, _LONGEST_GROUP), 0, -1) if columns % size == 0)
