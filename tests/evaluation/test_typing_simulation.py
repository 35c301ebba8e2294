"""Typing through a text with offers, counted by hand."""

import pytest

from assistant.evaluation.typing_simulation import Typed, type_through

BEFORE = "We saw"
TEXT = " the gate and the weir."  # five words: 4, 5, 4, 4 and 6 characters with the spaces before them


def walk(offers: dict[str, str], *, words: int = 9, longest: int = 3) -> Typed:
    """Type the text with offers by what stands before them; elsewhere nothing is offered."""
    asked: list[str] = []

    def suggest(before: str) -> str:
        asked.append(before)
        return offers.get(before, "")

    typed = type_through(BEFORE, TEXT, suggest, words=words, longest=longest)
    assert (
        asked == ["We saw", "We saw the", "We saw the gate", "We saw the gate and", "We saw the gate and the"][:words]
    )
    return typed


def test_without_offers_everything_is_typed() -> None:
    typed = walk({})
    assert (typed.characters, typed.saved, typed.shown, typed.wrong) == (len(TEXT), 0, 0, 0)
    assert typed.saved_share == typed.wrong_show_rate == 0
    assert typed.exact_match == (0, 0, 0)


def test_right_words_are_taken_for_one_keystroke() -> None:
    # " the gate" is taken (9 characters, one keystroke); the offer after "the" is passed over by then.
    typed = walk({"We saw": " the gate is", "We saw the": " gate"})
    assert typed.saved == 8
    assert typed.saved_share == pytest.approx(8 / 23)
    assert (typed.shown, typed.wrong) == (2, 0)
    # One word: offered twice, right twice. Two: offered once, right once. Three: offered once, wrong.
    assert typed.chances == (2, 1, 1)
    assert typed.matches == (2, 1, 0)


def test_a_wrong_first_word_is_a_wrong_offer_and_costs_nothing() -> None:
    typed = walk({"We saw": " a gate", "We saw the gate": " and so"})
    assert (typed.shown, typed.wrong, typed.saved) == (2, 1, 3)
    assert typed.wrong_show_rate == 0.5


def test_words_count_whole_and_exactly() -> None:
    for offer in (" theatre", " The", " th", "the"):
        assert walk({"We saw": offer}).saved == 0
    assert walk({"We saw the gate and the": " weir"}).saved == 0  # the full stop is missing
    assert walk({"We saw the gate and the": " weir."}).saved == 5


def test_a_line_break_is_white_space_like_another() -> None:
    assert walk({"We saw": "\nthe"}).saved == 3


def test_only_so_many_words_of_an_offer_count_and_no_more_than_the_text_has() -> None:
    assert walk({"We saw": TEXT}, longest=2).saved == 8
    typed = walk({"We saw the gate and the": " weir. And more"})
    assert typed.chances == (1, 0, 0)  # one word was left: longer matches had no chance


def test_only_so_many_words_are_typed() -> None:
    typed = walk({"We saw": TEXT}, words=2)
    assert (typed.characters, typed.saved) == (9, 8)


def test_counts_add_up() -> None:
    first, second = walk({"We saw": " the gate is"}), walk({"We saw": " a"})
    both = first + second
    assert both.characters == 46
    assert (both.shown, both.wrong) == (2, 1)
    assert both.chances == (2, 1, 1)
    assert both.wrong_show_rate == 0.5


def test_nothing_to_type_saves_nothing() -> None:
    typed = type_through("", "", lambda _: "the", words=5, longest=2)
    assert typed.saved_share == 0
