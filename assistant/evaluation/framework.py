"""``evaluate framework``: every row of the table writes on from the same held-out documents.

A row is a way of using the writer's past (``assistant.evaluation.rows``); all rows share one checkpoint, one prompt
format and one way of decoding, so that what differs is the evidence. Every text goes through the product's own
stages, over an archive of what its author had written before (``assistant.evaluation.framework_desk``). Each record is
kept as soon as it is made (``assistant.evaluation.journal``); a killed evaluation goes on, and asking for more authors,
documents or rows adds to what is there.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assistant.evaluation.framework_desk import Errand, OneProcess
from assistant.evaluation.framework_tasks import FrameworkSettings, People, Task, Written, find_people, tasks_of
from assistant.evaluation.framework_workers import Workers, make_all
from assistant.evaluation.held_out import CONTEXT_CHARACTERS
from assistant.evaluation.journal import Journal
from assistant.evaluation.row_names import checkpoint_of
from assistant.evaluation.typing_simulation import Typed
from assistant.evidence_methods import helper_signature
from assistant.settings import Settings


@dataclass(frozen=True, slots=True)
class Outcome:
    """All records of an evaluation, and whom they are about."""

    people: People
    written: dict[Task, Written]
    typed: dict[Task, Typed]


def run_framework(
    path: Path,
    journal: Journal,
    by: OneProcess | Workers,
    settings: FrameworkSettings,
    *,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Outcome:
    """Make the records that are missing, and return all that were asked for.

    :param journal: opened with the ``record_signature`` of these settings; nobody else writes to it.
    :param by: who makes the records: this process, or several.
    :param on_progress: called with records made and records in all.
    :raises CorpusError: if there are fewer than two authors.
    :raises SettingsError: if a row's name is unknown.
    """
    for name in (*settings.rows, *settings.typing_rows):
        settings.row(name)  # an unknown one is found before any work is done
    people = find_people(path, settings)
    tasks = list(tasks_of(people, settings))
    known = known_tasks(journal, settings)
    done = len(known.intersection(tasks))
    on_progress(done, len(tasks))
    errands = errands_of(people, [task for task in tasks if task not in known])
    with closing(make_all(path, people, settings, errands, by)) as made:
        for task, record in made:
            weights = settings.weights(task.row)
            journal.append(asdict(task) | asdict(record) | ({"weights": weights} if weights else {}))
            done += 1
            on_progress(done, len(tasks))
    return _outcome(people, journal, settings, set(tasks))


def record_signature(signature: dict[str, Any], settings: FrameworkSettings) -> dict[str, Any]:
    """What a single record depends on; how many there are, and of which rows, is left out.

    A row's own checkpoint is not in it but in the row's records: such rows come and go, and the others stay.

    :param signature: model, data and encoder.
    """
    free = (
        "rows",
        "authors",
        "documents",
        "typing_documents",
        "typing_rows",
        "helpers",
        "batch",
        "fewer",
        "checkpoints",
    )
    fixed = {name: value for name, value in asdict(settings).items() if name not in free}
    return signature | {
        "settings": fixed,
        "context_characters": CONTEXT_CHARACTERS,
        "stages": Settings().signature(),
        "helpers": helper_signature(Settings(helpers=settings.helpers)),
    }


def known_tasks(journal: Journal, settings: FrameworkSettings) -> set[Task]:
    """The records that are there already."""
    return {_task(record) for record in journal.records() if _is_current(record, settings)}


def errands_of(people: People, tasks: Sequence[Task]) -> list[Errand]:
    """The tasks author by author, those who still have some."""
    errands = []
    for number, author in enumerate(people.measured):
        own = tuple(task for task in tasks if task.author == author.name)
        if own:
            errands.append(Errand(number, own))
    return errands


def _task(record: dict[str, Any]) -> Task:
    return Task(record["kind"], record["row"], record["author"], record["document"])


def _is_current(record: dict[str, Any], settings: FrameworkSettings) -> bool:
    """Whether a record was made by the checkpoint that its row has now; what a row is that nobody asks for is free."""
    name = checkpoint_of(record["row"])
    return not name or record["weights"] == settings.checkpoints.get(name)


def _outcome(people: People, journal: Journal, settings: FrameworkSettings, wanted: set[Task]) -> Outcome:
    written: dict[Task, Written] = {}
    typed: dict[Task, Typed] = {}
    for record in journal.records():
        task = _task(record)
        if task not in wanted or not _is_current(record, settings):
            continue
        values = {name: value for name, value in record.items() if name not in {*asdict(task), "weights"}}
        if task.kind == "written":
            written[task] = Written(**values)
        else:
            typed[task] = Typed(**values | {name: tuple(values[name]) for name in ("matches", "chances")})
    return Outcome(people, written, typed)
