"""Suggestions in the middle of a text: nothing that follows is said twice, and the line stays whole."""

import re

import pytest

from assistant.joining import Joint


def joined(before: str, suggestion: str, after: str) -> str:
    """What a suggestion that comes token by token becomes between these texts."""
    pieces = re.findall(r"\s*\w{1,3}|\s*\W", suggestion)  # tokens do not end where words do
    return "".join(Joint(before, after).through(pieces))


@pytest.mark.parametrize(
    ("suggestion", "after", "expected"),
    [
        (" a queue of cars.", "", " a queue of cars."),
        (" a queue of cars and nobody complained at all.", " and nobody complained.", " a queue of cars"),
        (" a queue and Nobody, complained; so", " and nobody complained.", " a queue"),
        (" a queue and nobody", " and nobody complained.", " a queue"),
        (" a queue and nothing else", " and nobody complained.", " a queue and nothing else"),
        (" and nobody complained about it", " and nobody complained.", ""),
        (" a queue.", " and nobody complained.", " a queue"),
        (" a queue.", ", and nobody complained.", " a queue"),
        (" a queue.", ".", " a queue"),
        (" a queue. We went home again.", " We went home then. Piet stayed.", " a queue."),
        (" a queue. Piet stayed on board.", " We went home. Piet stayed on deck.", " a queue."),
        (" a queue.", "(see below)", " a queue. "),
        (" a “queue”", "”", " a “queue”"),
    ],
)
def test_a_suggestion_ends_where_it_meets_what_follows(suggestion: str, after: str, expected: str) -> None:
    assert joined("What they saw was", suggestion, after) == expected


def test_within_a_line_no_paragraph_begins() -> None:
    assert joined("It was", " late.\n\nThe next day", " when we left.") == " late"
    assert joined("It was", " late.\n\nThe next day", "\n\nPiet stayed.") == " late.\n\nThe next day"


def test_the_next_paragraph_is_not_written_twice_but_a_common_word_is_no_repetition() -> None:
    assert joined("It was", " late.\n\nThe next day we", "\n\nThe next day was fog.") == " late."
    assert joined("It was", " as late as the", "\n\nThe next day was fog.") == " as late as the"


def test_a_space_is_put_in_where_what_follows_needs_one() -> None:
    assert joined("It was ", "a queue", "and nobody complained.") == "a queue "
    assert joined("It was ", "a queue and nobody complained", "and nobody complained.") == "a queue "


def test_within_a_word_no_space_is_put_in() -> None:
    assert joined("the pas", "senger li", "st is long") == "senger li"


@pytest.mark.parametrize("after", ["", " and so it went.", "\n\nNext."])
def test_scripts_without_spaces_right_to_left_and_emoji_pass_as_they_are(after: str) -> None:
    for text in (" 漢字とかな", " שלום לכולם", " 🙂👍🏽 yes"):
        assert joined("It says", text, after) == text


def test_text_that_cannot_be_a_repetition_is_let_through_at_once() -> None:
    joint = Joint("What they saw was", " and nobody complained.")
    assert [joint.take(piece) for piece in (" the", " queue", " an", "vil", " fell")] == [
        " the",
        " queue",
        "",
        " anvil",
        " fell",
    ]


def test_an_enormous_rest_of_the_draft_costs_little() -> None:
    joint = Joint("It", " was late. " * 100_000)
    assert joint.take(" held") == " held"
