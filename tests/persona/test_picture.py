"""The arithmetic of a picture: axes that are always the same, places along them, a choice that stays."""

import numpy as np
import pytest

from assistant.embedding import Vectors
from assistant.persona.picture import fit_axes, spread_choice


def flat(count: int = 40, width: int = 9) -> Vectors:
    """Vectors that differ most along the third axis, less along the first, hardly at all along the others."""
    spread = np.full(width, 0.01)
    spread[2], spread[0] = 3.0, 1.0
    drawn: Vectors = (np.random.default_rng(0).standard_normal((count, width)) * spread + 5).astype(np.float32)
    return drawn


def test_the_axes_are_the_directions_of_the_largest_differences() -> None:
    axes = fit_axes(flat())
    assert np.allclose(np.abs(axes.directions), np.eye(9)[[2, 0]], atol=0.05)
    assert np.allclose(axes.directions @ axes.directions.T, np.eye(2), atol=1e-5)
    places = axes.places(flat())
    assert np.allclose(places.mean(0), 0, atol=1e-4)
    assert places[:, 0].std() > places[:, 1].std() > 0.5
    assert axes.reach == pytest.approx(float(np.abs(places).max()), rel=1e-4)


def test_a_picture_does_not_turn() -> None:
    once, again = fit_axes(flat()), fit_axes(flat()[::-1].copy())  # the order gives other rounding, and other signs
    assert np.allclose(once.directions, again.directions, atol=1e-3)
    assert all(direction[np.abs(direction).argmax()] > 0 for direction in once.directions)


def test_a_choice_holds_when_texts_come_and_go() -> None:
    hashes = [f"{number * 7919 % 1000:04d}" for number in range(300)]
    chosen = {hashes[position] for position in spread_choice(hashes, 50)}
    assert len(chosen) == 50
    without = [text for text in hashes if text != sorted(chosen)[0]]
    assert len(chosen - {without[position] for position in spread_choice(without, 50)}) == 1
    assert spread_choice(hashes[:3], 50) == [0, 1, 2]
