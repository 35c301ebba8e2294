"""Which words are common enough to be encoded beforehand."""

import pytest

from assistant.errors import CorpusError
from assistant.training.common_words import common_words

TEXTS = ["The sluice gate stuck.", "A gate, a gate, a gate and the kettle.", "The kettle boiled at the sluice gate."]


def test_words_of_most_texts_come_first_and_are_sorted() -> None:
    assert common_words(TEXTS, 1) == ["gate"]
    assert common_words(TEXTS, 3) == ["gate", "kettle", "sluice"]
    assert common_words(TEXTS, 4) == ["boiled", "gate", "kettle", "sluice"]  # "stuck" is as frequent, but later


def test_more_words_than_there_are_is_refused() -> None:
    with pytest.raises(CorpusError, match="have 5 words, expected 6"):
        common_words(TEXTS, 6)
