"""What this machine can carry: its memory, and about how fast it would write with a model of a given size.

Writing a token reads every weight once, so memory bandwidth decides; reading the prompt multiplies, so arithmetic does.
Both are measured on the device in use, once, in a fraction of a second.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from time import perf_counter

import psutil
import torch

_BYTES_PER_PARAMETER = 2  # bfloat16
# Beside the weights: the cache of what was read, the logits, what PyTorch itself takes.
_SHARE_ON_TOP = 0.1
_BYTES_ON_TOP = 200_000_000
# What a layer costs per token however small it is: some dozen calls from Python. `bench decode` wrote 90 tokens/s with
# eight layers that are read in a millisecond.
_SECONDS_PER_LAYER = 0.0012

_MEASURING_SECONDS = 0.25
_FEWEST_RUNS, _MOST_RUNS = 4, 40

_GIGABYTE = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Speed:
    """What was measured: bytes of weights read, and operations on them done, per second."""

    bytes_per_second: float
    operations_per_second: float

    def tokens_per_second(self, parameters: int) -> float:
        """Tokens written per second by a model of this size, about."""
        weights = parameters * _BYTES_PER_PARAMETER / self.bytes_per_second
        return 1 / (weights + _layers(parameters) * _SECONDS_PER_LAYER)

    def seconds_to_read(self, parameters: int, tokens: int) -> float:
        """Seconds until a prompt of so many tokens is read for the first time, about."""
        return 2 * parameters * tokens / self.operations_per_second


def memory_for(parameters: int) -> int:
    """Bytes of memory that a model of this size needs to be used."""
    return int(parameters * _BYTES_PER_PARAMETER * (1 + _SHARE_ON_TOP)) + _BYTES_ON_TOP


def free_memory() -> int:
    """Bytes of memory that programs may still take."""
    return int(psutil.virtual_memory().available)


def total_memory() -> int:
    """Bytes of memory that models can be loaded into: the machine's, or a GPU's if that is more."""
    gpu = torch.cuda.get_device_properties(0).total_memory if torch.cuda.is_available() else 0
    return max(int(psutil.virtual_memory().total), int(gpu))


def device_name() -> str:
    """What computes, in words."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name(0)
    cores = psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    return f"{cores} processor core{'s' if cores > 1 else ''}"


@lru_cache(maxsize=1)
def measured_speed() -> Speed:
    """Multiply two matrices for half a second at most, and remember how fast it went at best.

    The best run is the one that other programs disturbed least: it says what the machine can, not what it does now.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    weights = torch.ones(4096, 4096, dtype=torch.bfloat16, device=device)  # 34 MB: more than most caches hold
    token = torch.ones(1, 4096, dtype=torch.bfloat16, device=device)
    prompt = torch.ones(256, 4096, dtype=torch.bfloat16, device=device)
    reading = _seconds(lambda: torch.nn.functional.linear(token, weights))
    multiplying = _seconds(lambda: torch.nn.functional.linear(prompt, weights))
    return Speed(
        bytes_per_second=weights.numel() * _BYTES_PER_PARAMETER / reading,
        operations_per_second=2 * weights.numel() * len(prompt) / multiplying,
    )


def gigabytes(size: float) -> str:
    """A size in words: "1.2 GB", "270 MB"."""
    if size >= _GIGABYTE:
        return f"{size / _GIGABYTE:.1f} GB"
    return f"{size / 1e6:.0f} MB"


@torch.no_grad()
def _seconds(work: Callable[[], object]) -> float:
    """The shortest of some runs, of which the first only warms up."""
    times: list[float] = []
    ends = perf_counter() + _MEASURING_SECONDS
    while len(times) < _FEWEST_RUNS or (perf_counter() < ends and len(times) < _MOST_RUNS):
        started = perf_counter()
        work()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        times.append(perf_counter() - started)
    return min(times[1:])


def _layers(parameters: int) -> int:
    """How many layers models of this size have, about: 30 at 135 million, 28 at 600 million, 36 at 4 billion."""
    return 8 if parameters < 50e6 else 30
