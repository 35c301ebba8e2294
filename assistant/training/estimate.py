"""What a run would take, before it starts: memory, updates and time. Nothing is written.

Weights, gradients, master weights and moments follow from the parameters. What a forward pass keeps for the backward
pass is measured on one example of the longest batch, its size multiplied; the time is that of a few updates.
"""

import resource
import sys
import time
from dataclasses import dataclass

import torch
from torch import Tensor

from assistant.training.batches import Picks
from assistant.training.loop import TrainingRun
from assistant.training.sharding import own_numbers

# The first update also pays for what is set up once, and is not timed.
_TIMED_UPDATES = 3

# Bytes of one number: the model computes in bfloat16, masters and moments are float32.
_HALF, _SINGLE = 2, 4


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes a run holds on each device, by what they are for."""

    weights: int
    """The model, bfloat16."""
    gradients: int
    """bfloat16 until the update, and float32 copies during it."""
    masters: int
    """float32 copies of the trained parameters."""
    moments: int
    """One float32 number for each parameter that Muon trains, two for each that AdamW does."""
    activations: int
    """What the largest batch keeps for its backward pass."""

    @property
    def total(self) -> int:
        """All of it."""
        return self.weights + self.gradients + self.masters + self.moments + self.activations


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run would take; ``updates`` and ``tokens`` are those still to come, ``seconds`` their time.

    ``peak_memory`` (bytes) was seen while the timed updates ran.
    """

    parameters: int
    trained_parameters: int
    memory: Memory
    tokens_per_pass: int
    updates: int
    tokens: int
    seconds: float
    tokens_per_second: float
    peak_memory: int


def estimate_run(run: TrainingRun) -> Estimate:
    """Try a run out. It has trained a little afterwards and cannot go on; its folder is left as it was."""
    planned = list(run.planned_updates())
    memory = _memory(run)
    rate = _tokens_per_second(run) if planned else 0.0
    return Estimate(
        parameters=sum(parameter.numel() for parameter in run.model.parameters()),
        trained_parameters=sum(p.numel() for p in run.model.parameters() if p.requires_grad),
        memory=memory,
        tokens_per_pass=run.tokens_per_pass,
        updates=len(planned),
        tokens=sum(planned),
        seconds=sum(planned) / rate if planned else 0.0,
        tokens_per_second=rate,
        peak_memory=_peak_memory(),
    )


def as_text(estimate: Estimate) -> str:
    """The estimate for a person."""
    memory = estimate.memory
    rows = {
        "parameters": f"{estimate.parameters:,}, of which {estimate.trained_parameters:,} are trained",
        "memory": f"{_megabytes(memory.total)} a process, by estimate",
        "  weights": f"{_megabytes(memory.weights)}  (bfloat16)",
        "  gradients": f"{_megabytes(memory.gradients)}  (bfloat16, and float32 while an update is made)",
        "  master weights": f"{_megabytes(memory.masters)}  (float32)",
        "  moments": f"{_megabytes(memory.moments)}  (float32: one for Muon's matrices, two for AdamW's rest)",
        "  activations": f"{_megabytes(memory.activations)}  (the largest batch, as measured on its longest example)",
        "  seen": f"{_megabytes(estimate.peak_memory)} at most in the trial, libraries included",
        "tokens": f"{estimate.tokens:,} to go, {estimate.tokens_per_pass:,} in a pass over the data",
        "updates": f"{estimate.updates:,} to go",
        "time": f"{_duration(estimate.seconds)} at {estimate.tokens_per_second:,.0f} tokens/s",
    }
    width = max(map(len, rows))
    return "".join(f"{name.ljust(width)}  {value}\n" for name, value in rows.items())


def _memory(run: TrainingRun) -> Memory:
    trained = run.optimizer.trained_numbers
    return Memory(
        weights=_HALF * sum(map(own_numbers, run.model.parameters())),
        gradients=(_HALF + _SINGLE) * trained,
        masters=_SINGLE * trained,
        moments=_SINGLE * run.optimizer.moment_numbers,
        activations=_activations(run),
    )


def _activations(run: TrainingRun) -> int:
    """Bytes kept by the largest batch of the next pass, from what its longest example keeps, once and twice."""
    picks = run.largest_batch()
    longest = picks[-1]
    once = _kept(run, [longest])
    return once + (len(picks) - 1) * (_kept(run, [longest, longest]) - once)


def _kept(run: TrainingRun, picks: Picks) -> int:
    kept = _Kept({parameter.untyped_storage().data_ptr() for parameter in run.model.parameters()})
    with torch.autograd.graph.saved_tensors_hooks(kept.note, lambda tensor: tensor):
        run.forward(picks)
    return kept.size


class _Kept:
    """Counts the memory that autograd keeps, each piece once, weights left out."""

    def __init__(self, known: set[int]) -> None:
        self._known = known
        self._alive: list[Tensor] = []  # so that no address is used twice
        self.size = 0

    def note(self, tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in self._known:
            self._known.add(storage.data_ptr())
            self._alive.append(tensor)
            self.size += storage.nbytes()
        return tensor


def _tokens_per_second(run: TrainingRun) -> float:
    times, tokens = [time.monotonic()], [run.state.tokens]
    for point in run.rehearse(_TIMED_UPDATES + 1):
        times.append(time.monotonic())
        tokens.append(point.tokens)
    first = 1 if len(times) > 2 else 0  # a run may be one update long
    return (tokens[-1] - tokens[first]) / max(times[-1] - times[first], 1e-9)


def _peak_memory() -> int:
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"


def _duration(seconds: float) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    if not hours:
        return f"{minutes} min" if minutes else "under a minute"
    return f"{hours} h {minutes} min"
