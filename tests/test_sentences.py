"""Where sentences begin and end: examples, and what holds for any text."""

import random
from time import perf_counter

import pytest

from assistant.sentences import sentence_spans, split_sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("He ran. She stayed.", ["He ran.", "She stayed."]),
        ("Is it so? Yes! Well…  Then go.", ["Is it so?", "Yes!", "Well…", "Then go."]),
        ("“Go,” he said. “Now!” She went.", ["“Go,” he said.", "“Now!”", "She went."]),
        ("He paid 3.50 for it. Cheap.", ["He paid 3.50 for it.", "Cheap."]),
        ("Ask Dr. Hale or Mrs. Finch. They know.", ["Ask Dr. Hale or Mrs. Finch.", "They know."]),
        ("It was J. R. Hartley. He fished.", ["It was J. R. Hartley.", "He fished."]),
        ("It was I. He left.", ["It was I.", "He left."]),
        ("Bring tools, e.g. Allen keys. Thanks.", ["Bring tools, e.g. Allen keys.", "Thanks."]),
        ("it ended. and went on", ["it ended. and went on"]),
        ("A title\n\nThe first line", ["A title", "The first line"]),
        ("Bring:\n- a rope\n- a lamp", ["Bring:", "- a rope", "- a lamp"]),
        ("It is gone.\n\nDear Mr.\n\nNo one.", ["It is gone.", "Dear Mr.", "No one."]),
        ("one line\nstill the same", ["one line\nstill the same"]),
        ("", []),
        (" \n ", []),
        ("no end", ["no end"]),
    ],
)
def test_splits(text: str, sentences: list[str]) -> None:
    assert split_sentences(text) == sentences


def test_spans_follow_each_other_and_cover_any_text() -> None:
    generator = random.Random(1)
    pieces = [
        "Mr.",
        "word",
        " ",
        "  ",
        "\n",
        "\n\n",
        ". ",
        "!",
        "?",
        "…",
        '."',
        "(",
        "- ",
        "1. ",
        "A",
        "é",
        "漢",
        "\u2028",
    ]
    for _ in range(300):
        text = "".join(generator.choices(pieces, k=generator.randint(0, 60)))
        spans = list(sentence_spans(text))
        assert "".join(text[span.start : span.end] for span in spans) == text
        assert all(span.end > span.start for span in spans)
        assert [span.start for span in spans[1:]] == [span.end for span in spans[:-1]]


@pytest.mark.parametrize("unit", [".", ". ", "A. ", "\n", "\n ", '."', "\n- ", "(", " "])
def test_odd_texts_take_no_longer_than_others(unit: str) -> None:
    text = unit * (200_000 // len(unit))  # quadratic work on these would take minutes
    started = perf_counter()
    assert sum(span.end - span.start for span in sentence_spans(text)) == len(text)
    assert perf_counter() - started < 5
