"""Paired comparisons against numbers worked out by hand and by scipy's own tests."""

import math

import numpy as np
import pytest
from scipy import stats

from assistant.evaluation.statistics import Interval, holm, mean_interval, means_by_unit, paired_test, relative_gain


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


def test_the_bootstrap_agrees_with_the_t_test_on_well_behaved_differences() -> None:
    generator = np.random.default_rng(7)
    drawn = generator.normal(0, 1, 60)
    differences = 0.05 + 0.2 * (drawn - drawn.mean()) / drawn.std(ddof=1)  # t = 0.05 / (0.2 / sqrt 60) = 1.936
    result = paired_test(differences.tolist(), [0.0] * 60)
    assert result.p == pytest.approx(0.0576, abs=1e-4)
    assert result.bootstrap_p == pytest.approx(result.p, abs=0.02)


def test_the_bootstrap_never_claims_more_than_its_resamples_can_show() -> None:
    assert paired_test([1.0, 2.0, 3.0, 4.0], [0.0] * 4).bootstrap_p == pytest.approx(2 / 2001)
    assert paired_test([1.0, -1.0], [0.0, 0.0]).bootstrap_p == 1


def test_a_mean_lies_in_its_interval_which_is_that_of_the_t_distribution() -> None:
    values = np.random.default_rng(8).normal(30, 5, 80)
    found = mean_interval(values.tolist())
    low, high = stats.t.interval(0.95, 79, values.mean(), stats.sem(values))
    assert found.mean == pytest.approx(values.mean())
    assert found.low == pytest.approx(low, abs=0.15)
    assert found.high == pytest.approx(high, abs=0.15)


def test_one_unit_has_no_width_and_none_has_no_mean() -> None:
    assert mean_interval([3.0]) == Interval(3.0, 3.0, 3.0)
    with pytest.raises(ValueError, match="no values"):
        mean_interval([])


def test_units_are_averaged_each_by_itself() -> None:
    assert means_by_unit([("b", 1.0), ("a", 5.0), ("b", 2.0), ("b", 6.0)]) == {"b": 3.0, "a": 5.0}


def test_holm_worked_out_by_hand() -> None:
    # Sorted: 0.005 * 4 = 0.02; 0.01 * 3 = 0.03; 0.03 * 2 = 0.06; 0.04 * 1 = 0.04, raised to 0.06.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([0.03]) == [0.03]
    assert holm([]) == []


def test_a_missing_partner_is_an_error() -> None:
    with pytest.raises(ValueError, match="shape"):
        paired_test([1.0, 2.0], [1.0, 2.0, 3.0])


def test_a_relative_gain_is_that_of_the_means_and_its_interval_that_of_the_pairs() -> None:
    gain = relative_gain([12.0, 24.0, 36.0], [10.0, 20.0, 30.0])  # each a fifth more: no doubt about it
    assert gain is not None
    assert (gain.mean, gain.low, gain.high) == pytest.approx((20.0, 20.0, 20.0))
    generator = np.random.default_rng(9)
    second = generator.normal(40, 5, 60)
    first = second + generator.normal(4, 1, 60)
    found = relative_gain(first.tolist(), second.tolist())
    assert found is not None
    assert found.mean == pytest.approx(100 * (first.mean() / second.mean() - 1))
    # By the delta method the ratio's error is that of first - ratio * second, over the second mean.
    error = 100 * stats.sem(first - first.mean() / second.mean() * second) / second.mean()
    assert found.low == pytest.approx(found.mean - 1.96 * error, abs=0.1)
    assert found.high == pytest.approx(found.mean + 1.96 * error, abs=0.1)


def test_nothing_is_a_share_of_nothing() -> None:
    assert relative_gain([1.0, 2.0], [0.0, 0.0]) is None
