"""``evaluate framework --dry-run``: what there is to do, and about how long it takes, from one author's records."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from assistant.evaluation.framework import errands_of
from assistant.evaluation.framework_desk import Desk, OneProcess
from assistant.evaluation.framework_tasks import FrameworkSettings, Task, find_people, tasks_of


@dataclass(frozen=True, slots=True)
class Estimate:
    """What an evaluation costs that has not been run, or not to its end."""

    authors: int
    documents: int
    rows: int
    texts: int
    """Texts to be written and scored, in all."""
    walks: int
    """Documents to be typed through, row by row."""
    made: int
    """Records that are there already."""
    tried: int
    """Records made for this estimate, and thrown away."""
    seconds_tried: float
    seconds_left: float
    """About; loading is left out, and several processes on the same cores are hardly faster than one."""


def estimate_framework(path: Path, by: OneProcess, settings: FrameworkSettings, known: AbstractSet[Task]) -> Estimate:
    """Make the records of the first author who lacks some, and say how long all others will take.

    :raises CorpusError: if there are fewer than two authors.
    :raises SettingsError: if a row's name is unknown, or its model is not given.
    """
    people = find_people(path, settings)
    tasks = list(tasks_of(people, settings))
    missing = [task for task in tasks if task not in known]
    errands = errands_of(people, missing)
    started = perf_counter()
    tried = sum(1 for _ in Desk(people, by, settings).make(errands[0])) if errands else 0
    seconds = perf_counter() - started
    return Estimate(
        authors=len(people.measured),
        documents=len({(task.author, task.document) for task in tasks}),
        rows=len(settings.rows),
        texts=sum(task.kind == "written" for task in tasks),
        walks=sum(task.kind == "typed" for task in tasks),
        made=len(tasks) - len(missing),
        tried=tried,
        seconds_tried=seconds,
        seconds_left=seconds / tried * len(missing) if tried else 0.0,
    )


def as_text(estimate: Estimate) -> str:
    """A few lines for the terminal."""
    return (
        f"{estimate.documents} documents of {estimate.authors} authors, {estimate.rows} rows: {estimate.texts} texts "
        f"to write and score, {estimate.walks} walks of typing; {estimate.made} of these records are there\n"
        f"{estimate.tried} records of one author took {estimate.seconds_tried:.0f} s: about "
        f"{estimate.seconds_left / 60:.0f} min for all that is missing\n"
        "less: --rows, --authors, --documents, --fewer ROW=DOCUMENTS for dear rows, --typing-documents 0\n"
    )
