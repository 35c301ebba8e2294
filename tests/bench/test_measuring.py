"""Sides in processes of their own, and what is made of their laps."""

import os
import sys
import time
from functools import partial

import pytest

from assistant.bench.measuring import Lap, Measured, Stopwatch, Worker, percentiles_ms, wait_for
from assistant.errors import OwnhandError, SettingsError


class Counter:
    """A side that remembers."""

    def __init__(self, start: int) -> None:
        self.value = start

    def add(self, amount: int, *, times: int = 1) -> int:
        self.value += amount * times
        return self.value

    def process(self) -> int:
        return os.getpid()

    def talk(self) -> None:
        sys.stdout.write("a library says hello\n")
        sys.stdout.flush()

    def refuse(self) -> None:
        raise SettingsError("found 3, expected 4")

    def die(self) -> None:
        os._exit(1)


class Unloadable:
    def __init__(self) -> None:
        raise SettingsError("no such model")


def test_a_side_lives_in_a_process_of_its_own_and_keeps_its_state() -> None:
    with Worker(partial(Counter, 5)) as first, Worker(partial(Counter, 7)) as second:
        wait_for(first, second)
        assert (first.do(Counter.add, 1), second.do(Counter.add, 1, times=2), first.do(Counter.add, 1)) == (6, 9, 7)
        assert len({os.getpid(), first.do(Counter.process), second.do(Counter.process)}) == 3
        assert first.peak_memory_mb() > 1


def test_errors_arrive_and_what_a_side_says_does_not_disturb_the_result(capfd: pytest.CaptureFixture[str]) -> None:
    with Worker(partial(Counter, 0)) as worker:
        worker.do(Counter.talk)
        with pytest.raises(SettingsError, match="found 3, expected 4"):
            worker.do(Counter.refuse)
        assert worker.do(Counter.add, 1) == 1
    said = capfd.readouterr()
    assert said.out == ""
    assert "a library says hello" in said.err


def test_a_side_that_cannot_be_loaded_or_dies_is_an_error() -> None:
    with Worker(Unloadable) as worker, pytest.raises(SettingsError, match="no such model"):
        wait_for(worker)
    with Worker(partial(Counter, 0)) as worker, pytest.raises(OwnhandError, match=r"died.*measure less"):
        worker.do(Counter.die)


def test_a_lap_has_the_time_since_the_last_start() -> None:
    watch = Stopwatch()
    time.sleep(0.05)
    first = watch.lap(3, depth=2.0)
    began = time.perf_counter()
    watch.start()
    second = watch.lap(1)
    assert second.seconds <= time.perf_counter() - began
    assert (first.units, first.marks) == (3, {"depth": 2.0})
    assert first.seconds >= 0.05
    assert 0 <= first.cpu_seconds < first.seconds + 1


def test_medians_are_over_laps_and_units_over_all_of_them() -> None:
    laps = (Lap(10, 1.0, 2.0, {"wait": 5.0}), Lap(10, 2.0, 1.0, {"wait": 7.0}), Lap(30, 1.0, 3.0, {"wait": 6.0}))
    side = Measured(laps, 100.0)
    assert (side.units, side.rate, side.seconds, side.cpu_seconds, side.mark("wait")) == (50, 10.0, 1.0, 2.0, 6.0)


def test_percentiles_are_in_milliseconds() -> None:
    assert percentiles_ms([number / 1000 for number in range(101)]) == pytest.approx(
        {"p50_ms": 50, "p90_ms": 90, "p95_ms": 95}
    )
