"""Metrics pinned to values worked out by hand."""

import math

import pytest

from assistant.evaluation.metrics import (
    accuracy,
    macro_f1,
    mean_absolute_error,
    meteor,
    root_mean_squared_error,
    signature,
    text_scores,
)

REFERENCE = "the cat is on the mat"


def test_bleu_by_hand() -> None:
    # Of "the cat sat on the mat" 5 of 6 words, 3 of 5 pairs, 1 of 4 triples are in the reference, and none of 3 runs
    # of four, smoothed to 1 / (2 * 3); as long as the reference, so no brevity penalty.
    expected = 100 * (5 / 6 * 3 / 5 * 1 / 4 * 1 / 6) ** (1 / 4)
    assert text_scores(REFERENCE, "the cat sat on the mat", stemming=True).bleu == pytest.approx(expected)


def test_bleu_of_a_shorter_text_is_cut_by_its_brevity() -> None:
    # All 4 words, 3 pairs, 2 triples and the one run of four match; 4 words against 6.
    assert text_scores(REFERENCE, "the cat is on", stemming=True).bleu == pytest.approx(100 * math.exp(1 - 6 / 4))


def test_rouge_by_hand() -> None:
    # "the cat lay on a mat" shares the, cat, on, mat (4 of 6 each way), one pair of 5, and they stand in order.
    scores = text_scores("the cat sat on the mat", "the cat lay on a mat", stemming=False)
    assert scores.rouge1 == pytest.approx(100 * 4 / 6)
    assert scores.rouge2 == pytest.approx(100 * 1 / 5)
    assert scores.rougeL == pytest.approx(100 * 4 / 6)


def test_rouge_l_minds_the_order_and_length() -> None:
    # The longest common subsequence of "mat the cat" and the reference is "the cat": 2 of 3 and 2 of 6.
    assert text_scores(REFERENCE, "mat the cat", stemming=False).rougeL == pytest.approx(100 * 2 * 2 / (3 + 6))


def test_stemming_is_stated() -> None:
    assert text_scores("she was walking", "she walked", stemming=False).rouge1 == pytest.approx(100 * 2 * 1 / (3 + 2))
    assert text_scores("she was walking", "she walked", stemming=True).rouge1 == pytest.approx(100 * 2 * 2 / (3 + 2))


def test_meteor_by_hand() -> None:
    # "the cat" against "the cat sat": precision 1, recall 2/3, mean 0.6897 (recall weighs nine times as much), one
    # chunk of two words: penalty 0.5 * (1/2) ** 3.
    mean = (1 * 2 / 3) / (0.9 * 1 + 0.1 * 2 / 3)
    assert meteor("the cat sat", "the cat") == pytest.approx(100 * mean * (1 - 0.5 / 8))


def test_meteor_matches_stems_but_no_synonyms() -> None:
    assert meteor("walking", "walked") == pytest.approx(50.0)  # one chunk of one word: penalty 0.5
    assert meteor("big", "large") == 0


@pytest.mark.parametrize("text", ["", " ", "…"])
def test_an_empty_text_scores_nothing(text: str) -> None:
    scores = text_scores(REFERENCE, text, stemming=True)
    assert (scores.bleu, scores.rouge1, scores.rouge2, scores.rougeL, scores.meteor) == (0, 0, 0, 0, 0)


def test_the_same_text_scores_all() -> None:
    scores = text_scores(REFERENCE, REFERENCE, stemming=True)
    assert (scores.bleu, scores.rouge1, scores.rouge2, scores.rougeL) == pytest.approx((100, 100, 100, 100))
    assert scores.meteor == pytest.approx(100 * (1 - 0.5 / 6**3))


def test_the_signature_names_every_package() -> None:
    found = signature()
    assert "tok:13a" in found["bleu"]
    assert found["rouge"].startswith("rouge_score 0.")
    assert "no synonyms" in found["meteor"]


def test_answers_by_hand() -> None:
    gold, answers = ["a", "a", "b", "c"], ["a", "b", "b", ""]
    assert accuracy(gold, answers) == 0.5
    # a: precision 1, recall 1/2, F1 2/3; b: precision 1/2, recall 1, F1 2/3; c: never answered, 0.
    assert macro_f1(gold, answers, ["a", "b", "c"]) == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)


def test_ratings_by_hand() -> None:
    assert mean_absolute_error([1, 5, 3], [2, 3, 3]) == pytest.approx(1.0)
    assert root_mean_squared_error([1, 5, 3], [2, 3, 3]) == pytest.approx(math.sqrt(5 / 3))


def test_missing_answers_are_an_error() -> None:
    for measure in (mean_absolute_error, root_mean_squared_error):
        with pytest.raises(ValueError, match="3 gold values and 2 answers"):
            measure([1, 2, 3], [1, 2])
    with pytest.raises(ValueError, match="0 gold values"):
        accuracy([], [])
