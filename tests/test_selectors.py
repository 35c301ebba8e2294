"""The file of scorers: kept as it was made, tied to one encoder, and refused when damaged."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import ModelError
from assistant.selectors import Scorer, load_selectors, save_selectors
from tests.full_disk import full_disk
from tests.hashing_encoder import HashingEncoder
from tests.small_selectors import small_selectors


def test_a_scorer_is_a_logistic_regression_over_standardized_features() -> None:
    one = np.float32
    scorer = Scorer(
        mean=np.array([1, 2], one),
        scale=np.array([2, 1], one),
        weights=np.array([1, -1], one),
        bias=np.array([0.5], one),
    )
    chances = scorer.probabilities(np.array([[1, 2], [5, 2.5]], one))
    np.testing.assert_allclose(chances, [1 / (1 + np.exp(-0.5)), 1 / (1 + np.exp(-2.0))], rtol=1e-6)


def test_extreme_features_stay_probabilities() -> None:
    ones = np.ones(1, np.float32)
    chances = Scorer(0 * ones, ones, ones, 0 * ones).probabilities(np.array([[1e30], [-1e30]], np.float32))
    assert chances.tolist() == [1.0, pytest.approx(0.0, abs=1e-6)]


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    made = load_selectors(small_selectors(), encoder_sha256=HashingEncoder.name)
    save_selectors(made, tmp_path / "new" / "again.safetensors")
    again = load_selectors(tmp_path / "new" / "again.safetensors", encoder_sha256=HashingEncoder.name)
    assert again.rarity == made.rarity
    assert again.signature == made.signature
    for half in (None, 0, 1):
        np.testing.assert_array_equal(again.pair(half).summary.weights, made.pair(half).summary.weights)
        np.testing.assert_array_equal(again.pair(half).keywords.mean, made.pair(half).keywords.mean)


def test_a_full_disk_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    made = load_selectors(small_selectors(), encoder_sha256=HashingEncoder.name)
    save_selectors(made, tmp_path / "selectors.safetensors")
    before = (tmp_path / "selectors.safetensors").read_bytes()
    with full_disk(len(before) // 2), pytest.raises(OSError, match="File too large"):
        save_selectors(replace(made, rarity={}), tmp_path / "selectors.safetensors")
    assert (tmp_path / "selectors.safetensors").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_each_half_has_scorers_of_its_own() -> None:
    made = load_selectors(small_selectors(), encoder_sha256=HashingEncoder.name)
    weights = [made.pair(half).keywords.weights for half in (None, 0, 1)]
    assert not any(np.array_equal(first, second) for first, second in [weights[:2], weights[1:], weights[::2]])


def test_scorers_of_another_encoder_are_refused() -> None:
    with pytest.raises(ModelError, match="was trained for the encoder hashing, expected another: make selectors for"):
        load_selectors(small_selectors(), encoder_sha256="another")


def test_a_missing_file_says_what_makes_it(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no selectors at .*: make them by `train selectors`"):
        load_selectors(tmp_path / "none.safetensors", encoder_sha256="hashing")


@pytest.mark.parametrize("kept", [0, 100, 5000])
def test_a_damaged_file_is_refused(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "damaged.safetensors"
    path.write_bytes(small_selectors().read_bytes()[:kept])
    with pytest.raises(ModelError, match=r"cannot read the selectors in .*: restore the file or train it anew"):
        load_selectors(path, encoder_sha256=HashingEncoder.name)
