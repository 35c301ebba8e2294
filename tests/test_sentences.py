import random
from time import process_time

import pytest

from assistant.sentences import sentence_spans, split_sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Dr. Smith met Mrs. Jones. They left.", ["Dr. Smith met Mrs. Jones.", "They left."]),
        ("J. R. R. Tolkien wrote it. We read it.", ["J. R. R. Tolkien wrote it.", "We read it."]),
        ("He came e.g. on foot. I.e. slowly.", ["He came e.g. on foot.", "I.e. slowly."]),
        ("On Feb. 6 it snowed. We stayed.", ["On Feb. 6 it snowed.", "We stayed."]),
        ("So did I. The end.", ["So did I.", "The end."]),
        ("It cost $3.50. 7 people came.", ["It cost $3.50.", "7 people came."]),
        ("Version 2.0.1 is out. Use it.", ["Version 2.0.1 is out.", "Use it."]),
        ("Write to a@b.org or www.b.org. Bye.", ["Write to a@b.org or www.b.org.", "Bye."]),
        ("He paused… Then he went on.", ["He paused…", "Then he went on."]),
        ("He paused... and went on. Then slept.", ["He paused... and went on.", "Then slept."]),
        ("What?! No. Yes!", ["What?!", "No.", "Yes!"]),
        ('"Where?" she asked. "Here!"', ['"Where?" she asked.', '"Here!"']),
        ("“No.” “Yes.” She left.", ["“No.”", "“Yes.”", "She left."]),
        ("(He left.) Then he came.", ["(He left.)", "Then he came."]),
        ("¿Qué? ¡Sí! Vale.", ["¿Qué?", "¡Sí!", "Vale."]),
        ("そうです。はい。", ["そうです。", "はい。"]),
        ("A heading\n\nA sentence without end\n\nAnother", ["A heading", "A sentence without end", "Another"]),
        ("A line that runs\non into the next. Done.", ["A line that runs\non into the next.", "Done."]),
        ("To buy:\n- pears\n- rope", ["To buy:", "- pears", "- rope"]),
        ("1. First item\n2. Second item", ["1. First item", "2. Second item"]),
        ("", []),
        ("  \n ", []),
    ],
)
def test_sentences_are_found(text: str, sentences: list[str]) -> None:
    assert split_sentences(text) == sentences


def test_spans_cover_any_text_without_gap() -> None:
    dice = random.Random(0)
    for _ in range(300):
        text = "".join(dice.choices(["a", "B", ".", "...", "!", "…", " ", "\n", "\n\n", '"', "- ", "1. ", "。"], k=60))
        spans = list(sentence_spans(text))
        assert "".join(text[span.start : span.end] for span in spans) == text
        assert all(span.end > span.start for span in spans)


@pytest.mark.parametrize("unit", [".", ". ", "A. ", "\n", "\n- ", '."', "x", " ", "1. ", "。", "…a"])
def test_time_grows_in_proportion_to_the_text_whatever_it_is_made_of(unit: str) -> None:
    text = "a" + unit * (300_000 // len(unit)) + "a"
    started = process_time()
    assert sum(span.end - span.start for span in sentence_spans(text)) == len(text)
    assert process_time() - started < 5  # quadratic: minutes
