"""Paired comparisons against numbers worked out by hand and by scipy's own tests."""

import math

import numpy as np
import pytest
from scipy import stats

from assistant.evaluation.statistics import paired_test


def test_a_test_worked_out_by_hand() -> None:
    # Differences 1, 2, 3: mean 2, deviation 1, t = 2 / (1 / sqrt 3) = 3.4641, p = 0.0742 with two degrees of freedom.
    result = paired_test([2, 4, 6], [1, 2, 3])
    assert result.difference == 2
    t = 2 * math.sqrt(3)
    assert result.p == pytest.approx(1 - t / math.sqrt(2 + t * t), abs=1e-9)  # Student's t for two degrees, closed form
    assert result.p == pytest.approx(0.0742, abs=1e-4)


def test_p_is_that_of_scipys_paired_test() -> None:
    generator = np.random.default_rng(5)
    first, second = generator.normal(1.9, 0.2, 40), generator.normal(2.0, 0.2, 40)
    result = paired_test(first.tolist(), second.tolist())
    assert result.p == pytest.approx(float(stats.ttest_rel(first, second).pvalue))
    assert result.difference == pytest.approx(float((first - second).mean()))


def test_the_interval_is_about_the_one_of_the_t_distribution() -> None:
    generator = np.random.default_rng(6)
    differences = generator.normal(0.1, 0.2, 60)
    result = paired_test(differences.tolist(), [0.0] * 60)
    low, high = stats.t.interval(0.95, 59, differences.mean(), stats.sem(differences))
    assert result.low == pytest.approx(low, abs=0.004)
    assert result.high == pytest.approx(high, abs=0.004)
    assert result.low < result.difference < result.high


def test_exchanging_the_conditions_exchanges_the_sign() -> None:
    first, second = [1.0, 2.5, 3.0, 4.1], [1.5, 2.0, 3.9, 4.4]
    there, back = paired_test(first, second), paired_test(second, first)
    assert there.difference == -back.difference
    assert there.p == pytest.approx(back.p)


def test_the_pairing_counts() -> None:
    # The same numbers, but paired so that every difference is the same way: a far smaller p.
    first, second = [1.0, 2.0, 3.0, 4.0], [1.2, 2.1, 3.2, 4.1]
    assert paired_test(first, second).p < 0.02
    assert paired_test(first, second[::-1]).p > 0.5


@pytest.mark.parametrize(("first", "second"), [([], []), ([1.0], [2.0]), ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])])
def test_too_little_or_no_difference_proves_nothing(first: list[float], second: list[float]) -> None:
    assert paired_test(first, second).p == 1


def test_one_and_the_same_difference_everywhere_is_certain() -> None:
    result = paired_test([1.5, 2.5, 3.5, 4.5], [1.0, 2.0, 3.0, 4.0])
    assert (result.difference, result.low, result.high) == (0.5, 0.5, 0.5)
    assert result.p < 1e-6


def test_the_same_seed_gives_the_same_interval() -> None:
    first, second = [1.0, 2.5, 3.0, 4.1], [1.5, 2.0, 3.9, 4.4]
    assert paired_test(first, second) == paired_test(first, second)


def test_a_missing_partner_is_an_error() -> None:
    with pytest.raises(ValueError, match="shape"):
        paired_test([1.0, 2.0], [1.0, 2.0, 3.0])
