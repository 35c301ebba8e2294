"""The verifier learns hands, not subjects, and counts the comparisons a writer wins."""

import random

import numpy as np
import pytest

from assistant.errors import CorpusError
from assistant.evaluation.authorship import KNOWN_CHARACTERS, attributed_share, known_text, mask_content, train_verifier

# Two habits that a hand may have or not: how it joins, and how it ends.
_JOINTS = (" and then the ", ", but the ", "; so the ", " - or was it the ")
_ENDS = (". ", "! ", "... ", "?! ")
_SUBJECTS = (
    "canal weir sluice gate",
    "barley field harvest frost",
    "kettle stove bread tea",
    "violin bow quartet tuning",
)


def text(hand: int, subject: int, seed: int) -> str:
    """Prose in one of sixteen hands on one of four subjects."""
    generator = random.Random(seed)
    words = _SUBJECTS[subject % 4].split()
    joint, end = _JOINTS[hand % 4], _ENDS[hand // 4 % 4]
    return "".join("The " + joint.join(generator.choices(words, k=3)) + end for _ in range(14))


def hands(numbers: range) -> list[list[str]]:
    return [[text(hand, subject=hand + i, seed=100 * hand + i) for i in range(4)] for hand in numbers]


def test_content_is_masked_and_style_is_not() -> None:
    assert mask_content("The keeper’s gate, in 1987: I don't!") == "The ******** ****, in ####: I don't!"


def test_masking_keeps_the_length() -> None:
    for sample in ("Straße und naïve", "it's the man's", "", "№ 5 — “quoted”"):
        assert len(mask_content(sample)) == len(sample)


def test_a_hand_is_known_by_its_latest_texts() -> None:
    assert known_text(["first", "second"]) == "first\n\nsecond"
    assert known_text(["a" * KNOWN_CHARACTERS, "end"]).endswith("\n\nend")
    assert len(known_text(["a" * KNOWN_CHARACTERS, "end"])) == KNOWN_CHARACTERS


def test_hands_are_told_apart_across_subjects() -> None:
    verifier = train_verifier(hands(range(15)))
    known = verifier.features([text(15, 0, 1), text(6, 0, 2), text(9, 1, 3)])
    likeness = verifier.likeness(known, verifier.features([text(15, 3, 9)]))
    assert likeness.shape == (1, 3)
    assert attributed_share(likeness, 0)[0] == 1
    assert verifier.accuracy > 0.6


def test_the_same_seed_trains_the_same_verifier() -> None:
    asked = [text(3, 1, 7)]
    scores = []
    for _ in range(2):
        verifier = train_verifier(hands(range(10)), seed=3)
        scores.append(verifier.likeness(verifier.features([text(3, 2, 8)]), verifier.features(asked))[0, 0])
    assert scores[0] == scores[1]


def test_shares_by_hand() -> None:
    likeness = np.array([[1.0, 0.0, 2.0, 1.0], [3.0, 0.0, 2.0, 1.0], [0.0, 1.0, 2.0, 1.0]])
    assert attributed_share(likeness, 0).tolist() == pytest.approx([(1 + 0 + 0.5) / 3, 1, 0])


def test_too_few_authors_teach_nothing() -> None:
    with pytest.raises(CorpusError, match="9 authors to train the style verifier on, expected at least 10"):
        train_verifier(hands(range(9)))
