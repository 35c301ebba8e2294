"""Answers become numbers as the benchmarks' evaluation does it: stripped, exact labels, nothing dropped.

All lie in 0 to 1 but the two errors, which are in stars. An answer that is no label is wrong; one that is no number
counts as the worse of 1 and 5 stars; an empty text scores 0.

ROUGE takes no stems and is the median of 1,000 resampled means, as ``evaluate`` computes it with its defaults; the
resampling is seeded here, so that a result can be repeated. METEOR lacks synonyms: ``assistant.evaluation.metrics``.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Literal

import numpy as np

from assistant.errors import CorpusError
from assistant.evaluation.metrics import (
    RougeScores,
    accuracy,
    macro_f1,
    mean_absolute_error,
    meteor,
    root_mean_squared_error,
    rouge_scores,
)

_RESAMPLES = 1000
_FEWEST_STARS, _MOST_STARS = 1.0, 5.0


@dataclass(frozen=True, slots=True)
class Metric:
    """A number over all answers, and which way is better."""

    name: str
    over_all: Callable[[Sequence[str], Sequence[str]], float]
    """From gold outputs and answers."""
    of_one: Callable[[str, str], float] | None = None
    """The same of one answer, where the number is a mean of such."""
    better: Literal["higher", "lower"] = "higher"


def classification(labels: Sequence[str]) -> tuple[Metric, ...]:
    """Accuracy, and F1 averaged over the labels."""
    return (Metric("accuracy", partial(_accuracy, labels), _is_right), Metric("f1", partial(_macro_f1, labels)))


def stars() -> tuple[Metric, ...]:
    """Mean absolute error and root mean squared error of ratings."""
    return (
        Metric("mae", _mean_absolute_error, _error, better="lower"),
        Metric("rmse", _root_mean_squared_error, better="lower"),
    )


def texts(*, with_meteor: bool = False) -> tuple[Metric, ...]:
    """ROUGE-1 and ROUGE-L, and METEOR if asked for."""
    overlap = (
        Metric("rouge1", partial(_middle, _rouge1), _rouge1),
        Metric("rougeL", partial(_middle, _rouge_l), _rouge_l),
    )
    return (*overlap, Metric("meteor", partial(_mean, _meteor), _meteor)) if with_meteor else overlap


def rating(answer: str, gold: float) -> float:
    """The stars of an answer; what is no number, or no finite one, is as wrong as stars can be."""
    try:
        given = float(answer.strip())
    except ValueError:
        given = math.nan
    if math.isfinite(given):
        return given
    return _FEWEST_STARS if abs(_FEWEST_STARS - gold) > abs(_MOST_STARS - gold) else _MOST_STARS


def per_user(metric: Metric, users: Sequence[str], golds: Sequence[str], answers: Sequence[str]) -> float | None:
    """The mean of the users' means, each user counting the same; None for a number that is no mean."""
    if metric.of_one is None:
        return None
    found: dict[str, list[float]] = {}
    for user, gold, answer in zip(users, golds, answers, strict=True):
        found.setdefault(user, []).append(metric.of_one(gold, answer))
    return float(np.mean([np.mean(own) for own in found.values()]))


def _is_right(gold: str, answer: str) -> float:
    return float(gold.strip() == answer.strip())


def _accuracy(labels: Sequence[str], golds: Sequence[str], answers: Sequence[str]) -> float:
    return accuracy(_known(golds, labels), _stripped(answers))


def _macro_f1(labels: Sequence[str], golds: Sequence[str], answers: Sequence[str]) -> float:
    return macro_f1(_known(golds, labels), _stripped(answers), labels)


def _known(golds: Sequence[str], labels: Sequence[str]) -> list[str]:
    known = _stripped(golds)
    if foreign := sorted(set(known) - set(labels)):
        raise CorpusError(
            f"{foreign[0]!r} among the gold outputs: expected one of {', '.join(labels)}; is it this task?"
        )
    return known


def _mean_absolute_error(golds: Sequence[str], answers: Sequence[str]) -> float:
    return mean_absolute_error(*_ratings(golds, answers))


def _root_mean_squared_error(golds: Sequence[str], answers: Sequence[str]) -> float:
    return root_mean_squared_error(*_ratings(golds, answers))


def _error(gold: str, answer: str) -> float:
    return mean_absolute_error(*_ratings([gold], [answer]))


def _ratings(golds: Sequence[str], answers: Sequence[str]) -> tuple[list[float], list[float]]:
    try:
        right = [float(gold) for gold in golds]
    except ValueError as error:
        raise CorpusError(f"a gold output is no number ({error}): expected 1 to 5 stars; is it this task?") from error
    return right, [rating(answer, gold) for answer, gold in zip(answers, right, strict=True)]


def _rouge1(gold: str, answer: str) -> float:
    return _rouge(gold, answer).rouge1 / 100


def _rouge_l(gold: str, answer: str) -> float:
    return _rouge(gold, answer).rougeL / 100


@lru_cache(maxsize=100_000)
def _rouge(gold: str, answer: str) -> RougeScores:
    return rouge_scores(gold.strip(), answer.strip(), stemming=False)


def _meteor(gold: str, answer: str) -> float:
    return meteor(gold.strip(), answer.strip()) / 100


def _middle(of_one: Callable[[str, str], float], golds: Sequence[str], answers: Sequence[str]) -> float:
    values = np.array(list(_each(of_one, golds, answers)))
    drawn = np.random.default_rng(0)
    means = [values[drawn.integers(len(values), size=len(values))].mean() for _ in range(_RESAMPLES)]
    return float(np.median(means))


def _mean(of_one: Callable[[str, str], float], golds: Sequence[str], answers: Sequence[str]) -> float:
    return float(np.mean(list(_each(of_one, golds, answers))))


def _each(of_one: Callable[[str, str], float], golds: Sequence[str], answers: Sequence[str]) -> Iterable[float]:
    return (of_one(gold, answer) for gold, answer in zip(golds, answers, strict=True))


def _stripped(values: Sequence[str]) -> list[str]:
    return [value.strip() for value in values]
