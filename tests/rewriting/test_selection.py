"""A selection as lines, and answers as lines again."""

import pytest

from assistant.rewriting.selection import fitted, is_whole, lines_of, unbroken

MAIL = (
    "  Dear Piet,\n\nThe bow door failed again on Tuesday.\n\n"
    "- fourteen cars on the deck  \n1. one very cold captain\n\nYours\n"
)


@pytest.mark.parametrize("text", [MAIL, "one line", "", "\n\n", "a\r\nb of four whole words\u2028c", "  \tx  "])
def test_lines_put_together_are_the_selection(text: str) -> None:
    assert "".join(line.before + line.text + line.after for line in lines_of(text)) == text


def test_what_makes_an_item_and_short_lines_are_not_rewritten() -> None:
    assert [line.text for line in lines_of(MAIL) if line.text] == [
        "The bow door failed again on Tuesday.",
        "fourteen cars on the deck",
        "one very cold captain",
    ]


def test_a_few_words_alone_are_rewritten() -> None:
    assert [line.text for line in lines_of(" very cold\n")] == ["very cold"]


# ---- paragraphs whose lines were broken by hand ----

BROKEN = (
    "Dear Piet,\n\n"
    "We lost the bow door again on Tuesday, at the worst possible moment, with\n"
    "fourteen cars on the deck and the tide going out. The short version: I\n"
    "would like you to look at the ram before we do anything clever.\n\n"
    "- the ram, because it is the likeliest of the three and by far the\n"
    "  cheapest of them\n"
    "- the limit switch, which has been blamed twice and was right only once\n\n"
    "Yours,\nMarta\n"
)


def test_a_paragraph_broken_by_hand_is_one_line_and_as_long_as_before() -> None:
    whole = unbroken(BROKEN)
    assert len(whole) == len(BROKEN)
    assert whole.split() == BROKEN.split()
    assert whole.splitlines() == [
        "Dear Piet,",
        "",
        BROKEN.splitlines()[2] + " " + BROKEN.splitlines()[3] + " " + BROKEN.splitlines()[4],
        "",
        "- the ram, because it is the likeliest of the three and by far the   cheapest of them",
        "- the limit switch, which has been blamed twice and was right only once",
        "",
        "Yours,",
        "Marta",
    ]
    assert unbroken(whole) == whole


@pytest.mark.parametrize(
    "text",
    [
        "Ownhand Limited\n14 Mill Lane\nGreat Orrin\n",  # an address
        "The gate that held the winter water back\nhas let the summer through, and on its track\n",  # verse
        "The bow door failed again on Tuesday, and it was raining hard.\n"  # paragraphs of a sentence each
        "Nobody was hurt, though the mayor lost a hat that he was fond of.\n",
        "It was the ram again, which nobody at the yard wants to believe or to pay for, and " * 2 + "so\nwe wait.\n",
        "> We lost the bow door again on Tuesday, at the worst possible moment of\n> the day.\n",  # another's words
        "# What the passengers saw of it, and what they will remember of it\nTea, mostly, and the smell of oil\n",
    ],
    ids=["address", "verse", "sentences", "long lines", "quotation", "heading"],
)
def test_breaks_that_mean_something_stay(text: str) -> None:
    assert unbroken(text) == text


def test_every_kind_of_line_break_keeps_its_places() -> None:
    text = BROKEN.replace("\n", "\r\n")
    assert len(unbroken(text)) == len(text)
    assert [line.split() for line in unbroken(text).splitlines()] == [
        line.split() for line in unbroken(BROKEN).splitlines()
    ]


@pytest.mark.parametrize(
    ("answer", "line", "wanted"),
    [
        ("  It leaks.  ", "The gate leaks.", "It leaks."),
        ("Sure! Here is a shorter version:\n\nIt leaks.", "The gate leaks.", "It leaks."),
        ("Rewritten text: It leaks.", "The gate leaks.", "It leaks."),
        ('"It leaks."', "The gate leaks.", "It leaks."),
        ("“It leaks,” he said.", "“The gate leaks,” he said.", "“It leaks,” he said."),
        ('"No," he said, "it leaks."', "He denied it.", '"No," he said, "it leaks."'),
        ("It leaks.\n\nText: another", "The gate leaks.", "It leaks."),
        ("It leaks.", "the gate that leaks", "it leaks"),
        ("I was late.", "because I was late", "I was late"),
        ("Here is the thing: it leaks.", "The thing is that it leaks.", "Here is the thing: it leaks."),
        ("Wait…", "so we waited", "wait…"),
        ("", "The gate leaks.", ""),
    ],
)
def test_an_answer_is_fitted_to_the_line(answer: str, line: str, wanted: str) -> None:
    assert fitted(answer, line) == wanted


def test_an_answer_is_whole_at_its_first_line_break_after_the_preface() -> None:
    line = "The gate leaks."
    assert not is_whole("\n\nIt", line)
    assert not is_whole("Here is a shorter version:\n\n", line)
    assert not is_whole("Here is a shorter version:\n\nIt leaks.", line)
    assert is_whole("Here is a shorter version:\n\nIt leaks.\n", line)
    assert is_whole("It leaks.\n", line)
