"""Which words of a passage the draft shares."""

import pytest

from assistant.ui.marks import Run, marked_runs


def marked(passage: str, context: str) -> list[str]:
    return [run.text for run in marked_runs(passage, context) if run.is_marked]


def test_shared_words_are_marked_whatever_their_case() -> None:
    assert marked("The Bow door stuck. Doors stick.", "the BOW DOOR again") == ["Bow", "door"]


def test_words_that_say_nothing_are_not_marked() -> None:
    assert marked("It was the boat, and it was late.", "It was the crew, and it was early.") == []


def test_either_apostrophe_and_whole_words_only() -> None:
    assert marked("The captain’s log and the captains.", "the captain's dog") == ["captain’s"]


def test_what_belongs_to_a_thing_is_marked_with_it() -> None:
    assert marked("The captain’s log and the captains.", "the captain") == ["captain’s"]
    assert marked("The captain and the captains.", "the captain's dog") == ["captain"]


def test_scripts_without_spaces_are_marked_inside_a_line() -> None:
    assert marked("她走进房间，望着窗外。", "我的房间在窗外") == ["房间", "窗外"]


@pytest.mark.parametrize("passage", ["", "no shared word", "Ferry 🛳 ferry ferry", "ferry", "a (ferry) [ferry] ferry."])
def test_joined_runs_are_the_passage(passage: str) -> None:
    runs = marked_runs(passage, "ferry")
    assert "".join(run.text for run in runs) == passage


def test_without_shared_words_the_passage_is_one_run() -> None:
    assert marked_runs("Quite another matter.", "ferry") == (Run("Quite another matter.", is_marked=False),)
