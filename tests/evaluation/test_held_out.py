"""Documents cut where the writer stands, and a choice of them that grows without changing."""

import pytest

from assistant.evaluation.held_out import chosen_documents, cut
from assistant.training.corpus import Record

TEXT = "The gate was mended in the spring, they say. " * 20


def record(text: str = TEXT, *, title: str = "") -> Record:
    return Record("A", title, "", text)


@pytest.mark.parametrize("title", ["", "A note", "T" * 90, "T" * 300])
def test_title_and_start_are_at_most_150_characters_and_end_at_a_word(title: str) -> None:
    held_out = cut(record(title=title), continuation_characters=200)
    assert held_out.title == title
    assert len(held_out.before) <= max(40, 150 - len(title))
    assert held_out.continuation.startswith(" ")
    assert TEXT.startswith(held_out.before + held_out.continuation)
    assert 190 <= len(held_out.continuation) <= 200
    assert TEXT[len(held_out.before + held_out.continuation)] == " "


def test_a_long_title_leaves_some_text() -> None:
    assert len(cut(record(title="T" * 300), continuation_characters=200).before) > 30


def test_a_short_rest_is_taken_whole() -> None:
    text = TEXT[:310].strip()
    held_out = cut(record(text), continuation_characters=1000)
    assert held_out.before + held_out.continuation == text


def test_text_without_spaces_is_all_continuation() -> None:
    held_out = cut(record("漢字とかな" * 100), continuation_characters=50)
    assert held_out.before == ""
    assert held_out.continuation == ("漢字とかな" * 10)


def test_documents_have_two_before_them_and_none_comes_twice() -> None:
    chosen = chosen_documents("A", 10, most=99, seed=0)
    assert sorted(chosen) == list(range(2, 10))
    assert chosen_documents("A", 2, most=5, seed=0) == []


def test_a_larger_choice_begins_with_the_smaller() -> None:
    assert chosen_documents("A", 30, most=9, seed=0)[:4] == chosen_documents("A", 30, most=4, seed=0)
    assert chosen_documents("A", 30, most=9, seed=0) != chosen_documents("A", 30, most=9, seed=1)
    assert chosen_documents("A", 30, most=9, seed=0) != chosen_documents("B", 30, most=9, seed=0)
