"""Paired comparisons: the same documents under two conditions."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

_RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class PairedTest:
    """Mean difference (first minus second) over pairs, its 95 % bootstrap interval, and the t-test's two-sided p."""

    difference: float
    low: float
    high: float
    p: float


def paired_test(first: Sequence[float], second: Sequence[float], *, seed: int = 0) -> PairedTest:
    """Compare two conditions on the same units (authors): paired t-test and bootstrap over the units.

    Fewer than two pairs, or pairs that never differ, prove nothing: p is 1.
    """
    differences = np.asarray(first, dtype=float) - np.asarray(second, dtype=float)
    mean = float(differences.mean()) if len(differences) else 0.0
    if len(differences) < 2 or not differences.any():
        return PairedTest(mean, mean, mean, 1.0)
    generator = np.random.default_rng(seed)
    means = generator.choice(differences, (_RESAMPLES, len(differences))).mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    error = float(differences.std(ddof=1)) / math.sqrt(len(differences))
    p = 2 * float(stats.t.sf(abs(mean) / error, len(differences) - 1)) if error > 0 else 0.0
    return PairedTest(mean, float(low), float(high), p)
