"""The bytes behind the ids, and taking back the word that is being typed."""

from copy import deepcopy

import pytest
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

from assistant.generation.vocabulary import read_vocabulary, take_back
from assistant.prompts import DRAFT, END, MARKERS, Part
from tests.small_models import VOCABULARY, small_tokenizer

ODD_TEXTS = ["The keeper", " naïve façade", "漢字 🙂\n\n", "tab\tand  spaces ", "<|end|> is text", "\x00\x7f"]


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_the_pieces_of_a_text_are_its_bytes(text: str) -> None:
    tokenizer = small_tokenizer()
    vocabulary = read_vocabulary(tokenizer, size=VOCABULARY)
    ids = tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True)
    assert vocabulary.text(ids) == text.encode()


def test_every_byte_can_be_spelled() -> None:
    vocabulary = read_vocabulary(small_tokenizer(), size=VOCABULARY)
    assert all(vocabulary.spelling(bytes([byte])) for byte in range(256))


def test_a_spelling_is_a_beginning_of_what_is_wanted_or_goes_beyond_it() -> None:
    vocabulary = read_vocabulary(small_tokenizer(), size=VOCABULARY)
    pieces = {vocabulary.pieces[i] for i in vocabulary.spelling(b" the")}
    assert {b" ", b" the"} <= pieces
    assert all(piece and (piece.startswith(b" the") or b" the".startswith(piece)) for piece in pieces)
    assert any(piece and len(piece) > len(b" the") for piece in pieces)


def test_markers_and_ids_beyond_the_tokenizer_stand_for_nothing() -> None:
    tokenizer = small_tokenizer()
    vocabulary = read_vocabulary(tokenizer, size=VOCABULARY + 12)
    markers = [tokenizer.convert_tokens_to_ids(marker) for marker in MARKERS]
    assert vocabulary.text([*markers, VOCABULARY + 3]) == b""
    assert set(vocabulary.end_ids) == {tokenizer.convert_tokens_to_ids(END)}
    banned = set(vocabulary.banned.tolist())
    assert {*markers, *range(VOCABULARY, VOCABULARY + 12)} - vocabulary.end_ids <= banned
    assert not vocabulary.end_ids & banned


def test_the_byte_tokens_of_sentencepiece_are_bytes() -> None:
    words = ["<s>", "</s>", "<0x0A>", "<0xC3>", "<0xA9>", "▁caf", "."]
    tokenizer = Tokenizer(models.BPE(vocab={word: i for i, word in enumerate(words)}, merges=[], byte_fallback=True))
    vocabulary = read_vocabulary(PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="</s>"), size=7)
    assert vocabulary.text([5, 3, 4, 6, 2]).decode() == " café.\n"


def test_a_letter_that_byte_level_vocabularies_use_for_the_space_is_a_letter_elsewhere() -> None:
    words = ["</s>", "▁Ġurnata", "Ġ"]
    tokenizer = Tokenizer(models.BPE(vocab={word: i for i, word in enumerate(words)}, merges=[]))
    vocabulary = read_vocabulary(PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="</s>"), size=3)
    assert vocabulary.text([1, 2]).decode() == " ĠurnataĠ"


def test_added_tokens_are_markers_unless_they_are_white_space() -> None:
    tokenizer = deepcopy(small_tokenizer())
    tokenizer.add_tokens(["\n\n\n", "<tool>"])
    vocabulary = read_vocabulary(tokenizer, size=VOCABULARY + 2)
    assert vocabulary.text([VOCABULARY, VOCABULARY + 1]) == b"\n\n\n"
    assert VOCABULARY + 1 in vocabulary.banned.tolist()


def test_a_model_may_name_further_ends() -> None:
    tokenizer = small_tokenizer()
    the = tokenizer.convert_tokens_to_ids("Ġthe")
    vocabulary = read_vocabulary(tokenizer, size=VOCABULARY, ends=[the, VOCABULARY + 5])
    assert vocabulary.end_ids == {tokenizer.eos_token_id, the}
    assert vocabulary.text([the]) == b""
    assert the not in vocabulary.spelling(b" the")


def test_a_beginning_whose_rest_cannot_be_spelled_is_not_offered() -> None:
    words = ["</s>", "▁", "▁g", "▁gate", "ga", "te"]
    tokenizer = Tokenizer(models.BPE(vocab={word: i for i, word in enumerate(words)}, merges=[]))
    vocabulary = read_vocabulary(PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="</s>"), size=6)
    assert set(vocabulary.spelling(b" gate")) == {1, 3}  # after " g" there is no "ate"
    assert set(vocabulary.spelling(b" ga")) == {1, 3}
    assert not vocabulary.can_spell(b" gates")


@pytest.mark.parametrize(
    ("text", "kept", "taken"),
    [
        ("He walked to the qui", "He walked to the", " qui"),
        ("He walked to the ", "He walked to the", " "),
        ("He walked.\n\n", "He walked.", "\n\n"),
        ("Hello", "", "Hello"),
        ("", "", ""),
        (" ", "", " "),
        ("see https://example.org/" + "a" * 40, "see https://example.org/" + "a" * 40, ""),
        ("日本語の文章", "", "日本語の文章"),
    ],
)
def test_the_last_word_is_taken_back_with_the_space_before_it(text: str, kept: str, taken: str) -> None:
    heading = Part(DRAFT, is_marker=True)
    assert take_back((heading, Part(text))) == ((heading, Part(kept)), taken)


def test_pieces_of_the_same_letters_are_the_same_word() -> None:
    tokenizer = small_tokenizer()
    vocabulary = read_vocabulary(tokenizer, size=VOCABULARY)
    words = vocabulary.words.tolist()
    by_text = {piece: words[i] for i, piece in enumerate(vocabulary.pieces) if piece}
    assert by_text[b"a"] == by_text[b"A"]
    assert by_text[b"a"] != by_text[b"b"]
    assert by_text[b","] == by_text[b" "] == -1
    assert {words[i] for i, piece in enumerate(vocabulary.pieces) if piece is None} == {-1}
