"""Means with intervals, and paired comparisons of the same units under two conditions.

The units are authors: documents of one hand are not independent. What is measured per document is first averaged per
author.
"""

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from scipy import stats

_RESAMPLES = 2000

_Unit = TypeVar("_Unit", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over units and its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PairedTest:
    """Mean difference (first minus second) over pairs, its 95 % bootstrap interval, and two-sided p-values.

    ``p`` is the t-test's; ``bootstrap_p`` comes from the resampled means and needs no normal distribution.
    """

    difference: float
    low: float
    high: float
    p: float
    bootstrap_p: float


def paired_test(first: Sequence[float], second: Sequence[float], *, seed: int = 0) -> PairedTest:
    """Compare two conditions on the same units (authors): paired t-test and bootstrap over the units.

    Fewer than two pairs, or pairs that never differ, prove nothing: p is 1.
    """
    differences = np.asarray(first, dtype=float) - np.asarray(second, dtype=float)
    mean = float(differences.mean()) if len(differences) else 0.0
    if len(differences) < 2 or not differences.any():
        return PairedTest(mean, mean, mean, 1.0, 1.0)
    means = _resampled_means(differences, seed)
    low, high = np.percentile(means, [2.5, 97.5])
    error = float(differences.std(ddof=1)) / math.sqrt(len(differences))
    p = 2 * float(stats.t.sf(abs(mean) / error, len(differences) - 1)) if error > 0 else 0.0
    beyond = min(int((means <= 0).sum()), int((means >= 0).sum()))
    bootstrap_p = min(1.0, 2 * (beyond + 1) / (_RESAMPLES + 1))
    return PairedTest(mean, float(low), float(high), p, bootstrap_p)


def relative_gain(first: Sequence[float], second: Sequence[float], *, seed: int = 0) -> Interval | None:
    """By how many percent the first condition's mean lies above the second's, on the same units.

    The interval is that of the ratio over resampled pairs. None where the second mean is 0, even once in a resampling:
    nothing is a share of nothing.
    """
    pairs = np.asarray([first, second], dtype=float)
    drawn = np.random.default_rng(seed).integers(pairs.shape[1], size=(_RESAMPLES, pairs.shape[1]))
    means = pairs[:, drawn].mean(axis=2)
    if not means[1].all() or not pairs[1].mean():
        return None
    gains = 100 * (means[0] / means[1] - 1)
    low, high = np.percentile(gains, [2.5, 97.5])
    return Interval(float(100 * (pairs[0].mean() / pairs[1].mean() - 1)), float(low), float(high))


def mean_interval(values: Sequence[float], *, seed: int = 0) -> Interval:
    """The mean of units with its interval.

    :raises ValueError: if there are none.
    """
    if not len(values):
        raise ValueError("no values to average")
    given = np.asarray(values, dtype=float)
    low, high = np.percentile(_resampled_means(given, seed), [2.5, 97.5])
    return Interval(float(given.mean()), float(low), float(high))


def means_by_unit(measured: Iterable[tuple[_Unit, float]]) -> dict[_Unit, float]:
    """The mean of every unit's values, in the order in which the units appear."""
    values: dict[_Unit, list[float]] = {}
    for unit, value in measured:
        values.setdefault(unit, []).append(value)
    return {unit: sum(own) / len(own) for unit, own in values.items()}


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values of several tests, corrected for their number (Holm 1979), in their order."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    corrected = [1.0] * len(p_values)
    highest = 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[i]))
        corrected[i] = highest
    return corrected


def _resampled_means(values: npt.NDArray[np.float64], seed: int) -> npt.NDArray[np.float64]:
    drawn = np.random.default_rng(seed).choice(values, (_RESAMPLES, len(values)))
    means: npt.NDArray[np.float64] = drawn.mean(axis=1)
    return means
