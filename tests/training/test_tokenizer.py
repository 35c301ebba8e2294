"""The tokenizer: any text comes back, markers stand apart, words are known from three occurrences on."""

from pathlib import Path

import pytest

from assistant.errors import TrainingError
from assistant.prompts import END, MARKERS
from assistant.training.tokenizer import (
    RESERVED,
    known_words,
    load_known_words,
    load_tokenizer,
    save_known_words,
    save_tokenizer,
    train_tokenizer,
)
from tests.small_models import VOCABULARY, small_tokenizer


def encode(text: str) -> list[int]:
    ids: list[int] = small_tokenizer().encode(text, add_special_tokens=False, split_special_tokens=True)
    return ids


@pytest.mark.parametrize(
    "text",
    [
        "The keeper",
        "",
        " ",
        "\n\n\t x",
        "naïve — “quoted”",
        "漢字とかな",
        "🙂👩‍👩‍👧",
        "\x00\x7f",
        "a" * 999,
        "<|end|><|past|>",
        "e\u0301",
    ],
)
def test_any_text_comes_back(text: str) -> None:
    assert small_tokenizer().decode(encode(text), clean_up_tokenization_spaces=False) == text


def test_it_is_as_large_as_asked_for_with_markers_first() -> None:
    tokenizer = small_tokenizer()
    assert len(tokenizer) == VOCABULARY
    assert [tokenizer.convert_tokens_to_ids(marker) for marker in (*MARKERS, *RESERVED)] == list(range(15))
    assert tokenizer.eos_token == END


def test_typed_markers_are_characters() -> None:
    assert not set(encode("".join((*MARKERS, *RESERVED)))) & set(range(15))


def test_training_is_repeatable() -> None:
    texts = ["the gate and the keeper", "the weir"] * 20
    first, second = (train_tokenizer(texts, vocabulary_size=300).get_vocab() for _ in range(2))
    assert first == second


def test_frequent_words_are_single_tokens() -> None:
    tokenizer = train_tokenizer(["the gatekeeper"] * 50, vocabulary_size=300)
    assert len(tokenizer.encode(" gatekeeper", add_special_tokens=False)) == 1


def test_a_saved_tokenizer_is_read_back(tmp_path: Path) -> None:
    save_tokenizer(small_tokenizer(), tmp_path / "tokenizer")
    loaded = load_tokenizer(tmp_path / "tokenizer")
    text = "The keeper’s naïve 漢字 <|end|>"
    assert loaded.encode(text, add_special_tokens=False, split_special_tokens=True) == encode(text)
    assert loaded.get_vocab() == small_tokenizer().get_vocab()
    assert loaded.eos_token == END


@pytest.mark.parametrize("content", [None, "{", "{}", "[]"])
def test_a_missing_or_damaged_tokenizer_says_what_to_run(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(TrainingError, match=rf"no tokenizer in {tmp_path}.*train tokenizer"):
        load_tokenizer(tmp_path)


def test_words_are_known_from_three_occurrences_on(tmp_path: Path) -> None:
    words = known_words(["Gate gate", "weir weir", "the GATE’s", "gate"])
    assert words == ["gate"]
    save_known_words(words, tmp_path)
    assert load_known_words(tmp_path) == {"gate"}


def test_a_model_without_a_word_list_knows_none(tmp_path: Path) -> None:
    assert load_known_words(tmp_path) == frozenset()
