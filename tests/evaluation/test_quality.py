"""Faults of generated text."""

import pytest

from assistant.evaluation.quality import has_loop, known_word_share, sentence_end_rate


@pytest.mark.parametrize(
    "text",
    [
        "the gate was open and the gate was open",
        "one two three four, one two three four",
        "round and round and round and round it went",
        "One two THREE four. One, two; three: four!",
    ],
)
def test_four_words_said_twice_are_a_loop(text: str) -> None:
    assert has_loop(text)


@pytest.mark.parametrize("text", ["", "one two three", "one two three four", "the gate was open and the gate was shut"])
def test_less_is_none(text: str) -> None:
    assert not has_loop(text)


def test_known_words_are_counted_over_all_texts() -> None:
    vocabulary = {"the", "gate", "don't"}
    assert known_word_share(["The gate", "the grommle"], vocabulary) == 0.75
    assert known_word_share(["Don’t! 1987"], vocabulary) == 1
    assert known_word_share(["", "1987"], vocabulary) == 1
    assert known_word_share(["grommle"], vocabulary) == 0


def test_sentence_ends_are_counted_over_texts() -> None:
    assert sentence_end_rate(["It held.", "“It held!”", "It", "It held, but"]) == 0.5
    assert sentence_end_rate([]) == 1
