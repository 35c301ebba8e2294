"""``bench start``: from process start to a page, beside the mere import of the libraries a page needs.

The reference does nothing but import gradio, transformers and sentence-transformers: what a program of a few lines
spends before its first line of its own. Ours has by then also opened the library, loaded both models and answered.
"""

import http.client
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from assistant.bench.measuring import Lap, Stopwatch, Worker, measure_in_turn, wait_for
from assistant.bench.results import Json, comparison, side_details, signature
from assistant.errors import OwnhandError

UNIT = "seconds"
_ROOT = Path(__file__).resolve().parents[2]
_PLAIN_PROGRAM = "import gradio, transformers, sentence_transformers"
_LIBRARIES = ("torch", "transformers", "sentence-transformers", "gradio", "chromadb")
# Longer than this no start takes; it has failed.
_LONGEST_START_SECONDS = 300
_LONGEST_STOP_SECONDS = 30
_BETWEEN_KNOCKS_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class StartPlan:
    """The model to start with, how often, and the folder for the library and logs."""

    folder: Path
    model: str
    rounds: int = 5


def bench_start(plan: StartPlan) -> Json:
    """Start in turn; the first start makes the data folder, the others find it."""
    with Worker(partial(OurStart, plan)) as ours, Worker(partial(PlainStart, plan)) as reference:
        wait_for(ours, reference)
        our_side, plain_side = measure_in_turn(plan.rounds, (ours, OurStart.run), (reference, PlainStart.run))
    return {
        "bench": "start",
        **comparison(UNIT, our_side.seconds, plain_side.seconds, less_is_better=True),
        "peak_memory_mb": our_side.peak_memory_mb,
        "details": {
            "ours": side_details(our_side, "starts", first_seconds=our_side.laps[0].seconds),
            "reference": side_details(plain_side, "starts", first_seconds=plain_side.laps[0].seconds),
        },
        "signature": signature(_LIBRARIES, settings={"model": Path(plan.model).name, "rounds": plan.rounds}),
    }


class OurStart:
    """``python app.py`` until the page is there."""

    def __init__(self, plan: StartPlan) -> None:
        self._plan = plan

    def run(self) -> Lap:
        """Start, fetch the page, stop; one unit. The processor time is that of the whole life of the process."""
        port, log, cpu_before = _free_port(), self._plan.folder / "app.log", _children_cpu_seconds()
        command = ["app.py", "--port", str(port), "--data-dir", str(self._plan.folder / "data")]
        watch = Stopwatch()
        process = _start([*command, "--model", self._plan.model], log)
        try:
            while not _answers(port):
                _check(process, log, watch.seconds)
                time.sleep(_BETWEEN_KNOCKS_SECONDS)
            seconds = watch.seconds
        finally:
            _stop(process)
        return Lap(1, seconds, _children_cpu_seconds() - cpu_before)


class PlainStart:
    """The imports alone."""

    def __init__(self, plan: StartPlan) -> None:
        self._plan = plan

    def run(self) -> Lap:
        """Import, end; one unit."""
        log, cpu_before = self._plan.folder / "plain.log", _children_cpu_seconds()
        watch = Stopwatch()
        status = _start(["-c", _PLAIN_PROGRAM], log).wait()
        seconds = watch.seconds
        if status:
            raise OwnhandError(f"the libraries cannot be imported (status {status}): {_end_of(log)}")
        return Lap(1, seconds, _children_cpu_seconds() - cpu_before)


def _start(arguments: list[str], log: Path) -> "subprocess.Popen[bytes]":
    quiet = os.environ | {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1"}
    with log.open("wb") as file:
        return subprocess.Popen([sys.executable, *arguments], cwd=_ROOT, env=quiet, stdout=file, stderr=file)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_LONGEST_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _check(process: "subprocess.Popen[bytes]", log: Path, seconds: float) -> None:
    if process.poll() is not None:
        raise OwnhandError(f"the app ended before it answered: {_end_of(log)}")
    if seconds > _LONGEST_START_SECONDS:
        raise OwnhandError(f"no page after {_LONGEST_START_SECONDS} s, expected a few: {_end_of(log)}")


def _answers(port: int) -> bool:
    """Ask for the page once: the app takes connections early and answers when it is ready."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_LONGEST_START_SECONDS)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _children_cpu_seconds() -> float:
    times = os.times()
    return times.children_user + times.children_system


def _end_of(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
