"""What both sides of a draft changed goes together, and nothing that either side wrote is lost."""

import random
from time import process_time

import pytest

from assistant.library.merging import Merge, difference, merge, shared


def places_of(merged: Merge) -> list[str]:
    return [merged.text[place.start : place.end] for place in merged.places]


@pytest.mark.parametrize(
    ("base", "stored", "mine", "text"),
    [
        ("One. Two. Three.", "One. Two. Three. Four.", "Zero. One. Two. Three.", "Zero. One. Two. Three. Four."),
        ("The red door.", "The blue door.", "The red door is open.", "The blue door is open."),
        ("One.\n\nTwo.\n\nThree.", "One.\n\nThree.", "One!\n\nTwo.\n\nThree.", "One!\n\nThree."),
        ("same", "same", "same", "same"),
        ("old", "new", "new", "new"),
        ("Hello", "Hello wor", "Hello world", "Hello world"),
        ("猫が好き。", "犬が好き。", "猫が好き。とても。", "犬が好き。とても。"),
        ("", "", "", ""),
    ],
)
def test_changes_of_different_words_go_together(base: str, stored: str, mine: str, text: str) -> None:
    merged = merge(base, stored, mine)
    assert (merged.text, merged.places) == (text, ())


@pytest.mark.parametrize(
    ("base", "stored", "mine", "text", "places"),
    [
        ("The red door.", "The blue door.", "The green door.", "The [blue / green] door.", ["[blue / green]"]),
        ("Shared. ", "Shared. First.", "Shared. Second.", "Shared. First. Second.", ["First. Second."]),
        (
            "The cat sat on the mat.",
            "The dog ran on the mat.",
            "The fox lay on the mat.",
            "The [dog ran / fox lay] on the mat.",
            ["[dog ran / fox lay]"],
        ),
    ],
)
def test_where_both_changed_the_same_words_both_stand(
    base: str, stored: str, mine: str, text: str, places: list[str]
) -> None:
    merged = merge(base, stored, mine)
    assert merged.text == text
    assert places_of(merged) == places


def test_a_paragraph_deleted_there_and_edited_here_stays() -> None:
    assert merge("A.\n\nGone.\n\nB.", "A.\n\nB.", "A.\n\nNot gone.\n\nB.").text == "A.\n\nNot gone.\n\nB."


def test_without_a_base_nothing_counts_as_deleted() -> None:
    words = merge(None, "One. Two. Four. Five.", "One. Three. Four. Six.").text.split()
    assert {"One.", "Two", "Three.", "Four.", "Five", "Six."} <= set(words)


def test_texts_at_random_keep_every_word_that_either_side_put_in() -> None:
    draw = random.Random(7)
    for _ in range(1500):
        base = [draw.choice(["the ", "sea ", "\n", "é", "🦆 ", "and "]) for _ in range(draw.randrange(12))]
        stored, mine = _changed(base, draw, "s"), _changed(base, draw, "m")
        merged = merge("".join(base), "".join(stored), "".join(mine))
        assert all(word.strip() in merged.text for word in stored + mine if word[0] in "sm" and word[1].isdigit())
        for piece in merged.pieces:
            side = {"stored": "".join(stored), "mine": "".join(mine), "": piece.text}[piece.side]
            assert side[piece.start : piece.start + len(piece.text)] == piece.text


def _changed(base: list[str], draw: random.Random, mark: str) -> list[str]:
    changed = list(base)
    for number in range(draw.randrange(3)):
        at = draw.randrange(len(changed) + 1)
        changed[at : at + draw.randrange(2)] = [f"{mark}{number}x "]
    return changed


def test_a_difference_gives_both_texts_back() -> None:
    draw = random.Random(3)
    for _ in range(1500):
        old, new = ("".join(draw.choices(["a ", "b", "\n", " ", "ü", "🦆", "c. "], k=12)) for _ in range(2))
        runs = difference(old, new)
        assert "".join(run.text for run in runs if run.kind != "new") == old
        assert "".join(run.text for run in runs if run.kind != "gone") == new


def test_one_word_in_a_book_of_alike_paragraphs_is_found_at_once() -> None:
    book = "The harbour was quiet, and so was I, and neither of us meant it.\n\n" * 4000
    changed = book[: len(book) // 2] + "quite " + book[len(book) // 2 :]
    started = process_time()
    merged = merge(book, changed, "So: " + book)
    seconds = process_time() - started
    assert merged.text == "So: " + changed
    assert seconds < 5  # it takes a hundredth of that
    assert sum(block.length for block in shared(book, changed)) == len(book)
