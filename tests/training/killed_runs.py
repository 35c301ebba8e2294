"""Kills a training run at points spread over its file operations, resumes it, and compares what it leaves.

Run as a program (``python -m tests.training.killed_runs FOLDER POINTS``): every run is a fork of one process that has
loaded torch and computed nothing yet. Prints one JSON object: for each point whether the run was killed there and
whether the resumed one left the very bytes that an undisturbed run leaves: state, best weights, loss curve and picture.
"""

import hashlib
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import transformers

from assistant.training.loop import LoopSettings, TrainingRun
from assistant.training.shards import ShardWriter, load_sources
from assistant.training.validation import Validation
from tests.small_models import small_model

SETTINGS = LoopSettings(tokens=1000, tokens_per_batch=200, accumulation=2, warmup_tokens=500, decay_share=0.5, seed=4)
_FILE_OPERATIONS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate", "shutil.rmtree"}


def write_shards(folder: Path) -> None:
    """Forty examples of random tokens, and beside them some to validate on."""
    generator = np.random.default_rng(0)
    for shards, count in ((folder, 40), (_held_out(folder), 8)):
        writer = ShardWriter(shards / "noise", weighted=False)
        for _ in range(count):
            writer.add(generator.integers(0, 500, int(generator.integers(10, 40))).tolist())
        writer.close()


def _held_out(shards: Path) -> Path:
    return shards.with_name("held-out")


def train(shards: Path, folder: Path) -> None:
    """Train to the end, saving after every update, from where an earlier run may have left off."""
    validation = Validation(load_sources(_held_out(shards)), every_tokens=300, patience=9)
    sources = load_sources(shards)
    run = TrainingRun(small_model(), sources, SETTINGS, folder=folder, signature={}, validation=validation)
    for _ in run.run(save_minutes=0):
        pass


def digest(folder: Path) -> str:
    """A hash of the state that is current in a run's folder, and of nothing else being there."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    content = hashlib.sha256()
    for path in files:
        content.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return content.hexdigest()


def in_child(work: Callable[[], None]) -> int:
    """Do something in a fork and return how it ended, as ``os.waitstatus_to_exitcode`` has it."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        work()
    except BaseException as error:  # noqa: BLE001 - a fork must never return into its parent's stack
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        os._exit(1)
    os._exit(0)


def count_operations(on_operation: Callable[[int], object]) -> None:
    """Call back before every file operation that changes something, with its number."""
    count = 0

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal count
        reads = event == "open" and not {"w", "a"} & set(str(arguments[1]))
        if event in _FILE_OPERATIONS and not reads:
            count += 1
            on_operation(count)

    sys.addaudithook(hook)


def train_counting(shards: Path, folder: Path) -> int:
    """The number of file operations of an undisturbed run."""
    tally = folder.with_suffix(".operations")

    def work() -> None:
        count_operations(lambda _: os.write(out, b"."))
        train(shards, folder)

    out = os.open(tally, os.O_WRONLY | os.O_CREAT)  # opened before, so that it is not counted
    assert in_child(work) == 0
    return tally.stat().st_size


def train_killed(shards: Path, folder: Path, *, at: int) -> bool:
    """Train until file operation number ``at``, which is not done any more; whether the run came to that."""

    def kill(count: int) -> None:
        if count == at:
            os.kill(os.getpid(), signal.SIGKILL)

    def work() -> None:
        count_operations(kill)
        train(shards, folder)

    return in_child(work) == -signal.SIGKILL


def main() -> None:
    """Compare killed runs with an undisturbed one."""
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    base, points = Path(sys.argv[1]), int(sys.argv[2])
    shards = base / "shards"
    write_shards(shards)
    operations = train_counting(shards, base / "undisturbed")
    expected = digest(base / "undisturbed")
    results = {}
    for at in np.linspace(1, operations, points).astype(int).tolist():
        folder = base / f"killed-{at}"
        killed = train_killed(shards, folder, at=at)
        resumed = in_child(lambda folder=folder: train(shards, folder)) == 0  # type: ignore[misc]
        results[at] = {"killed": killed, "resumed": resumed, "same": resumed and digest(folder) == expected}
    sys.stdout.write(json.dumps(results))


if __name__ == "__main__":
    main()
