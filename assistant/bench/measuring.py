"""Two sides doing the same work in turn, each in a process of its own.

Machines are noisy: the sides take turns, lap by lap, so that a slow minute slows both, and medians are compared. A
process each keeps what one side sets up (thread pools, caches, global state of libraries) from helping or hurting the
other, and gives each a peak memory of its own. Loading is not timed.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing import get_context
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

import numpy as np

from assistant.errors import OwnhandError
from assistant.terminal import say

_Side = TypeVar("_Side")
_Result = TypeVar("_Result")
_Arguments = ParamSpec("_Arguments")


@dataclass(frozen=True, slots=True)
class Lap:
    """One timed piece of work of one side.

    ``cpu_seconds`` counts every thread; ``marks`` are further measurements, each with its unit in its name.
    """

    units: int
    seconds: float
    cpu_seconds: float
    marks: dict[str, float] = field(default_factory=dict)


class Stopwatch:
    """Wall and processor time between ``start`` and ``lap``; entering it starts it."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Begin (again) at zero."""
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    @property
    def seconds(self) -> float:
        """Wall seconds so far."""
        return time.perf_counter() - self._wall

    def lap(self, units: int, **marks: float) -> Lap:
        """What was done since the start."""
        return Lap(units, self.seconds, time.process_time() - self._cpu, marks)


class Worker(Generic[_Side]):
    """A side in a process of its own, from ``with`` to the end of the block.

    :param load: makes the side, inside the new process; it must be picklable, as are all arguments and results.
    """

    def __init__(self, load: Callable[[], _Side]) -> None:
        self._executor = ProcessPoolExecutor(1, get_context("spawn"))
        self._loading = self._executor.submit(_load, load)

    def __enter__(self) -> "Worker[_Side]":
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._executor.shutdown(cancel_futures=True)

    def wait(self) -> None:
        """Return when the side is loaded."""
        _result(self._loading)

    def do(
        self,
        work: Callable[Concatenate[_Side, _Arguments], _Result],
        *arguments: _Arguments.args,
        **named: _Arguments.kwargs,
    ) -> _Result:
        """Have the side do something: ``work`` is a function, or a method of its class, that takes it first."""
        self.wait()
        return _result(self._executor.submit(_do, work, arguments, named))

    def peak_memory_mb(self) -> float:
        """The most memory the process, or a process it started, has had at a time."""
        return _result(self._executor.submit(_peak_memory_mb))


def wait_for(*workers: Worker[Any]) -> None:
    """Let all sides load at once, and none be timed while another still does."""
    for worker in workers:
        worker.wait()


@dataclass(frozen=True, slots=True)
class Measured:
    """All laps of one side, and the peak memory of its process."""

    laps: tuple[Lap, ...]
    peak_memory_mb: float

    @property
    def units(self) -> int:
        """Units of work of all laps."""
        return sum(lap.units for lap in self.laps)

    @property
    def rate(self) -> float:
        """Units per second, the median over the laps."""
        return statistics.median(lap.units / lap.seconds for lap in self.laps)

    @property
    def seconds(self) -> float:
        """Wall seconds of a lap, the median."""
        return statistics.median(lap.seconds for lap in self.laps)

    @property
    def cpu_seconds(self) -> float:
        """Processor seconds of a lap, the median."""
        return statistics.median(lap.cpu_seconds for lap in self.laps)

    def mark(self, name: str) -> float:
        """A further measurement, the median over the laps."""
        return statistics.median(lap.marks[name] for lap in self.laps)


def measure_in_turn(rounds: int, *sides: tuple[Worker[Any], Callable[[Any], Lap]]) -> tuple[Measured, ...]:
    """Let each side run once, then each again, so many times.

    :param sides: workers, each with what it is to do in a round.
    """
    laps: list[list[Lap]] = []
    for number in range(rounds):
        laps.append([worker.do(run) for worker, run in sides])
        say(f"round {number + 1} of {rounds}: " + ", ".join(f"{lap.seconds:.1f} s" for lap in laps[-1]))
    return tuple(
        Measured(tuple(of_one), worker.peak_memory_mb())
        for of_one, (worker, _) in zip(zip(*laps, strict=True), sides, strict=True)
    )


def percentiles_ms(seconds: list[float]) -> dict[str, float]:
    """The 50th, 90th and 95th percentile in milliseconds."""
    return {f"p{share}_ms": 1000 * float(np.percentile(seconds, share)) for share in (50, 90, 95)}


_side: Any = None
"""In a worker's process: the side it was started for."""


def _load(load: Callable[[], object]) -> None:
    global _side
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library says, stdout holds the result alone
    _side = load()


def _do(work: Callable[..., _Result], arguments: tuple[object, ...], named: dict[str, object]) -> _Result:
    return work(_side, *arguments, **named)


def _result(future: "Future[_Result]") -> _Result:
    try:
        return future.result()
    except BrokenProcessPool as error:
        raise OwnhandError(
            "a measured process died, most likely for lack of memory: close other programs, or measure less"
        ) from error


def _peak_memory_mb() -> float:
    """0 where the system keeps no such record (Windows)."""
    try:
        import resource
    except ModuleNotFoundError:
        return 0.0
    kilobyte = 1 if sys.platform == "darwin" else 1024
    most = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return most * kilobyte / 2**20


def median_turns(works: Sequence[Callable[[], object]], *, rounds: int) -> tuple[float, ...]:
    """Milliseconds of processor time of each of several works, the median over rounds in which they take turns."""
    times: list[list[float]] = [[] for _ in works]
    for work in works:
        work()
    for _ in range(rounds):
        for spent, work in zip(times, works, strict=True):
            before = time.process_time()
            work()
            spent.append((time.process_time() - before) * 1000)
    return tuple(statistics.median(spent) for spent in times)
