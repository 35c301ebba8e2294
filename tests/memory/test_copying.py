"""The guard counts words of one document, whatever their case and punctuation."""

import pytest

from assistant.memory.copying import CopyGuard, LongRuns, word_fingerprints

PAST = ("The keeper walked along the canal, and the gate stood open.", "We are short of two people on Thursday.")
RUNS = tuple(LongRuns([word_fingerprints(text)], 4) for text in PAST)
GUARD = CopyGuard(RUNS)


@pytest.mark.parametrize(
    ("text", "is_forbidden"),
    [
        ("the keeper walked along", False),
        ("the keeper walked along the", True),
        ("THE Keeper, walked... along — the", True),
        ("Then the keeper walked along the", True),
        ("the keeper walked along the canal we", False),  # no longer a copy
        ("and the gate stood open we are", False),  # never across documents
        ("the keeper walked along th", False),  # another word, as it stands
        ("", False),
    ],
)
def test_a_run_of_one_word_too_many_is_forbidden(text: str, is_forbidden: bool) -> None:
    assert GUARD.forbids(text) is is_forbidden


def test_the_run_is_found_at_the_end_of_a_long_text() -> None:
    text = "something else entirely. " * 500 + "people on thursday"
    assert not GUARD.forbids(text)
    assert GUARD.forbids("something else. " * 500 + "short of two people on")


def test_nothing_is_forbidden_by_a_past_shorter_than_the_run() -> None:
    assert not CopyGuard((LongRuns([word_fingerprints("too short")], 4),)).forbids("too short")
    assert not CopyGuard((LongRuns([], 4),)).forbids("the keeper walked along the")


@pytest.mark.parametrize(
    ("draft", "text", "is_forbidden"),
    [
        ("the keeper walked along", " the", True),
        ("the keeper walked along th", "e", True),  # a word that the draft has begun
        ("the keeper walked along", " a", False),
        ("the keeper walked along the", ",", False),  # the writer copied, the text has no word of its own
        ("the keeper walked along the", " canal", True),
        ("the keeper walked along the", "", False),
        ("something else entirely. " * 50 + "the keeper walked along", " the", True),
    ],
)
def test_a_run_that_begins_in_the_draft_counts_in_full(draft: str, text: str, is_forbidden: bool) -> None:
    assert CopyGuard(RUNS, draft).forbids(text) is is_forbidden


def test_a_word_that_only_repeats_counts_as_one_of_the_texts_own() -> None:
    runs = LongRuns([word_fingerprints("no no no no no no no")], 4)
    assert CopyGuard((runs,), "no no no no no no").forbids(" no")
