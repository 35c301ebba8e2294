"""Several processes make the records of ``evaluate framework``, an author each at a time; one writes them down.

Every worker has a model, an encoder and a corpus of its own. Records come back as they are made, so that a kill costs
no more than it does with one process.
"""

import multiprocessing
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.queues import Queue
from os import cpu_count
from pathlib import Path
from queue import Empty

from assistant.errors import ModelError
from assistant.evaluation.framework_desk import Desk, Errand, OneProcess
from assistant.evaluation.framework_tasks import FrameworkSettings, People, Task, Written, find_people
from assistant.evaluation.typing_simulation import Typed

# How long to wait for a record before looking whether the workers are alive, in seconds.
_PATIENCE = 0.5

Made = tuple[Task, Written | Typed]


@dataclass(frozen=True, slots=True)
class Workers:
    """How many processes, and how each of them gets its models and its encoder: a function that can be pickled."""

    count: int
    load: Callable[[], OneProcess]


def make_all(
    path: Path, people: People, settings: FrameworkSettings, errands: Sequence[Errand], by: OneProcess | Workers
) -> Generator[Made, None, None]:
    """The records of all errands, in the order in which they become ready.

    :raises ModelError: if a worker dies, as it does when memory runs out.
    """
    if isinstance(by, Workers):
        yield from _made_by_workers(path, settings, errands, by)
        return
    desk = Desk(people, by, settings)
    for errand in errands:
        yield from desk.make(errand)


def _made_by_workers(
    path: Path, settings: FrameworkSettings, errands: Sequence[Errand], workers: Workers
) -> Iterator[Made]:
    context = multiprocessing.get_context("spawn")  # forked threads of a model's runtime hang
    records: Queue[Made] = context.Queue()
    threads = max(1, (cpu_count() or 1) // workers.count)
    pool = ProcessPoolExecutor(
        workers.count, context, initializer=_begin, initargs=(records, path, settings, workers.load, threads)
    )
    try:
        yield from _received(records, [pool.submit(_make, errand) for errand in errands])
    except BrokenProcessPool as error:
        raise ModelError(
            "a worker process died, of lacking memory more often than not: try fewer --processes; "
            "a second run goes on from what was made"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _received(records: "Queue[Made]", errands: Sequence["Future[int]"]) -> Iterator[Made]:
    pending, expected, received = set(errands), 0, 0
    while pending or received < expected:
        try:
            yield records.get(timeout=_PATIENCE)
            received += 1
        except Empty:
            pass
        finished, pending = wait(pending, timeout=0)
        expected += sum(errand.result() for errand in finished)


# ---- in a worker ----

_desk: Desk
_records: "Queue[Made]"


def _begin(
    records: "Queue[Made]",
    path: Path,
    settings: FrameworkSettings,
    load: Callable[[], OneProcess],
    threads: int,
) -> None:
    import torch

    global _desk, _records
    torch.set_num_threads(threads)
    _desk, _records = Desk(find_people(path, settings), load(), settings), records


def _make(errand: Errand) -> int:
    """Make an author's records, and say how many there are."""
    count = 0
    for made in _desk.make(errand):
        _records.put(made)
        count += 1
    return count
