"""The records of ``evaluate framework`` become rows of numbers with intervals, and tests between rows.

Every number is a mean over authors of means over their documents. Texts are scored twice: with the copied start in
front of both text and reference, as the paper does, which lifts every score alike, and without it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from assistant.evaluation.authorship import FEWEST_AUTHORS, attributed_share, known_text, train_verifier
from assistant.evaluation.framework import Outcome
from assistant.evaluation.framework_tasks import FrameworkSettings, Task
from assistant.evaluation.held_out import HeldOut, cut
from assistant.evaluation.metrics import text_scores
from assistant.evaluation.quality import has_loop
from assistant.evaluation.row_names import NO_PAST, method_of
from assistant.evaluation.rows import comparisons
from assistant.evaluation.statistics import (
    Interval,
    PairedTest,
    holm,
    mean_interval,
    means_by_unit,
    paired_test,
    relative_gain,
)
from assistant.evaluation.typing_simulation import Typed
from assistant.training.corpus import Record
from assistant.training.examples import Author

STEMMING = True
"""ROUGE compares stems here, as Google's T5 evaluations do; the paper does not say."""
REAL_TEXT = "(the real text)"
"""Stands for a row in ``authorship``: what a perfect writer would reach."""
# Authors whose hands the verifier learns, at most, and writers a text is compared with, at most.
_VERIFIER_AUTHORS = 200
_RIVALS = 20

# Of which metrics the rows are tested against each other, and whether more is better.
_TESTED = {
    "rouge1": True,
    "rougeL": True,
    "bleu": True,
    "rouge1_without_start": True,
    "bits_per_character": False,
    "authorship": True,
    "characters_saved": True,
}

# Of which metrics it is said by how many percent a row lies above the draft alone.
_GAINING = ("rouge1", "rouge1_without_start", "characters_saved")

PerDocument = dict[tuple[str, int], float]
"""One metric of one row, by author and document."""


@dataclass(frozen=True, slots=True)
class MethodResult:
    """A row of the table."""

    method: str
    documents: int
    metrics: dict[str, Interval]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two rows on the same authors; ``corrected_p`` is Holm's, over all comparisons of this metric."""

    better: str
    worse: str
    metric: str
    test: PairedTest
    corrected_p: float


@dataclass(frozen=True, slots=True)
class Gain:
    """By how many percent a row lies above the draft alone; the p-values are those of the difference."""

    method: str
    over: str
    metric: str
    percent: Interval
    p: float
    corrected_p: float


@dataclass(frozen=True, slots=True)
class Table:
    """All that an evaluation found."""

    rows: tuple[MethodResult, ...]
    tests: tuple[Comparison, ...]
    gains: tuple[Gain, ...]
    authors: int
    documents: int
    verifier_accuracy: float | None
    authorship_of_real_text: Interval | None


def tabulate(outcome: Outcome, settings: FrameworkSettings) -> Table:
    """Score all texts and compare the rows."""
    measured = _measured(outcome, settings)
    verifier_accuracy, authorship = _authorship(outcome, settings)
    real = authorship.pop(REAL_TEXT, None)
    for row, values in authorship.items():
        measured[row]["authorship"] = values
    rows = tuple(
        MethodResult(row, len(metrics["bleu"]), {name: _interval(values) for name, values in metrics.items()})
        for row, metrics in measured.items()
    )
    tests = tuple(_comparisons(measured))
    return Table(
        rows=rows,
        tests=tests,
        gains=tuple(_gains(measured, tests)),
        authors=len(outcome.people.measured),
        documents=len({(task.author, task.document) for task in outcome.written}),
        verifier_accuracy=verifier_accuracy,
        authorship_of_real_text=_interval(real) if real else None,
    )


def _measured(outcome: Outcome, settings: FrameworkSettings) -> dict[str, dict[str, PerDocument]]:
    """Every metric but authorship, by row, in the order of the settings."""
    measured: dict[str, dict[str, PerDocument]] = {row: {} for row in settings.rows}
    records = _records(outcome)
    for task, written in outcome.written.items():
        draft = _draft(records[task.author][task.document], settings)
        start = f"{draft.title}\n{draft.before}" if draft.title else draft.before
        found = asdict(text_scores(start + draft.continuation, start + written.text, stemming=STEMMING))
        bare = asdict(text_scores(draft.continuation, written.text, stemming=STEMMING))
        found |= {f"{name}_without_start": value for name, value in bare.items()}
        found |= {
            "bits_per_character": written.bits,
            "loop_rate": float(has_loop(written.text)),
            "milliseconds": written.milliseconds,
            "summary_milliseconds": written.summary_milliseconds,
            "keywords_milliseconds": written.keywords_milliseconds,
            "evidence_characters": float(written.evidence_characters),
        }
        _keep(measured[task.row], task, found)
    for task, typed in outcome.typed.items():
        _keep(measured[task.row], task, _typing_metrics(typed))
    return measured


def _typing_metrics(typed: Typed) -> dict[str, float]:
    matches = {f"exact_match_{length}": share for length, share in enumerate(typed.exact_match, start=1)}
    return {"characters_saved": typed.saved_share, "wrong_show_rate": typed.wrong_show_rate} | matches


def _keep(metrics: dict[str, PerDocument], task: Task, found: dict[str, float]) -> None:
    for name, value in found.items():
        metrics.setdefault(name, {})[task.author, task.document] = value


def _authorship(outcome: Outcome, settings: FrameworkSettings) -> tuple[float | None, dict[str, PerDocument]]:
    """How often the verifier prefers the writer to another, by row; nothing where too few authors could teach it."""
    from scipy.sparse import vstack

    teachers = outcome.people.others[:_VERIFIER_AUTHORS]
    if len(teachers) < FEWEST_AUTHORS:
        return None, {}
    verifier = train_verifier([_texts(author) for author in teachers], seed=settings.seed)
    texts = {author.name: _texts(author) for author in outcome.people.measured}
    whole = verifier.features([known_text(own) for own in texts.values()])
    found: dict[str, PerDocument] = {}
    for (author, document), written in _by_document(outcome, settings).items():
        rivals = [number for number, name in enumerate(texts) if name != author][:_RIVALS]
        known = vstack([verifier.features([known_text(texts[author][:document])]), whole[rivals]])
        likeness = verifier.likeness(known, verifier.features(written.values()))
        for row, share in zip(written, attributed_share(likeness, 0), strict=True):
            found.setdefault(row, {})[author, document] = float(share)
    return verifier.accuracy, found


def _texts(author: Author) -> list[str]:
    return [record.text for record in author.records]


def _by_document(outcome: Outcome, settings: FrameworkSettings) -> dict[tuple[str, int], dict[str, str]]:
    """What every row wrote for a document, and what the writer did."""
    documents: dict[tuple[str, int], dict[str, str]] = {}
    for task, written in outcome.written.items():
        documents.setdefault((task.author, task.document), {})[task.row] = written.text
    records = _records(outcome)
    for (author, document), texts in documents.items():
        texts[REAL_TEXT] = _draft(records[author][document], settings).continuation
    return documents


def _records(outcome: Outcome) -> dict[str, Sequence[Record]]:
    return {author.name: author.records for author in outcome.people.measured}


def _draft(record: Record, settings: FrameworkSettings) -> HeldOut:
    return cut(record, continuation_characters=settings.continuation_characters)


def _interval(values: PerDocument) -> Interval:
    return mean_interval(list(_per_author(values).values()))


def _per_author(values: PerDocument) -> dict[str, float]:
    return means_by_unit((author, value) for (author, _), value in values.items())


def _comparisons(measured: dict[str, dict[str, PerDocument]]) -> Iterable[Comparison]:
    for metric, more_is_better in _TESTED.items():
        have = [row for row, metrics in measured.items() if metric in metrics]
        pairs = comparisons(have)
        tests = [_test(measured[first][metric], measured[second][metric]) for first, second in pairs]
        corrected = holm([test.p for test in tests])
        for (first, second), test, p in zip(pairs, tests, corrected, strict=True):
            if (test.difference < 0) == more_is_better:
                yield Comparison(second, first, metric, _turned(test), p)
            else:
                yield Comparison(first, second, metric, test, p)


def _gains(measured: dict[str, dict[str, PerDocument]], tests: Iterable[Comparison]) -> Iterable[Gain]:
    for test in tests:
        pair = (test.better, test.worse)
        baselines = [row for row in pair if method_of(row) == NO_PAST]
        if test.metric in _GAINING and len(baselines) == 1:
            (over,) = baselines
            (method,) = {*pair} - {over}
            percent = relative_gain(*_paired(measured[method][test.metric], measured[over][test.metric]))
            if percent is not None:
                yield Gain(method, over, test.metric, percent, test.test.p, test.corrected_p)


def _test(first: PerDocument, second: PerDocument) -> PairedTest:
    return paired_test(*_paired(first, second))


def _paired(first: PerDocument, second: PerDocument) -> tuple[list[float], list[float]]:
    """Authors' means of two rows over the documents that both have, in one order."""
    shared = [key for key in first if key in second]
    means, others = (_per_author({key: values[key] for key in shared}) for values in (first, second))
    return list(means.values()), list(others.values())


def _turned(test: PairedTest) -> PairedTest:
    return PairedTest(-test.difference, -test.high, -test.low, test.p, test.bootstrap_p)
