import random
from itertools import pairwise

import pytest

from assistant.library.snippets import LONGEST_SENTENCE, SHORTEST_SNIPPET, SNIPPET_CHARACTERS, snippet_spans

WORDS = ("the", "boat", "left", "before", "anyone", "had", "counted", "lamps", "or", "sheep", "nobody", "minded")


def _prose(dice: random.Random, sentences: int) -> str:
    made = []
    for _ in range(sentences):
        words = dice.choices(WORDS, k=dice.randint(1, 60))
        made.append(" ".join(words).capitalize() + dice.choice([". ", "! ", "?\n", ".\n\n", "… "]))
    return "".join(made).strip()


@pytest.fixture(params=range(20))
def prose(request: pytest.FixtureRequest) -> str:
    dice = random.Random(request.param)
    return _prose(dice, dice.randint(1, 80))


def test_snippets_cover_the_text_without_gap(prose: str) -> None:
    assert "".join(prose[span.start : span.end] for span in snippet_spans(prose)) == prose


def test_snippets_are_whole_sentences(prose: str) -> None:
    for span in snippet_spans(prose)[:-1]:
        assert prose[: span.end].rstrip()[-1] in ".!?…"


def test_a_snippet_ends_with_the_sentence_that_reaches_250_characters(prose: str) -> None:
    spans = snippet_spans(prose)
    for span, following in pairwise(spans):
        text = prose[span.start : span.end]
        assert SHORTEST_SNIPPET <= len(text) <= LONGEST_SENTENCE + SHORTEST_SNIPPET
        if len(text) < SNIPPET_CHARACTERS:  # closed early: the next sentence would have made it too long
            assert following.end - span.start > LONGEST_SENTENCE


def test_sentences_are_appended_until_250_characters() -> None:
    sentence = "Nine words stand here and say nothing at all. "
    text = (sentence * 12).strip()
    assert [span.end - span.start for span in snippet_spans(text)] == [len(sentence) * 6, len(sentence) * 6 - 1]


def test_a_short_rest_joins_its_predecessor() -> None:
    text = "A sentence of some length, with nothing in it. " * 6 + "The end."
    (span,) = snippet_spans(text)
    assert text[span.start : span.end] == text


def test_a_short_document_is_one_snippet() -> None:
    assert [(span.start, span.end) for span in snippet_spans("Hello.")] == [(0, 6)]


def test_no_text_gives_no_snippet() -> None:
    assert snippet_spans("") == ()


@pytest.mark.parametrize("giant", ["word " * 4000, "x" * 20_000, "中" * 9_000, "a,b;c " * 3000])
def test_giant_sentences_are_cut(giant: str) -> None:
    text = giant.strip()
    spans = snippet_spans(text)
    assert "".join(text[span.start : span.end] for span in spans) == text
    assert max(span.end - span.start for span in spans) <= LONGEST_SENTENCE + SHORTEST_SNIPPET


def test_giant_sentences_are_cut_between_words() -> None:
    text = ("harbour " * 500).strip()
    assert all(text[span.start : span.end].strip().split(" ")[-1] == "harbour" for span in snippet_spans(text))
