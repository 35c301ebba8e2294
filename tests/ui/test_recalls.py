"""What a suggestion leaned on, as the page draws it."""

from dataclasses import replace
from datetime import date

import pytest

from assistant.types import Document, DocumentId, Evidence, Given, Recall, Span, Suggestion, Support, VoiceId
from assistant.ui.recalls import quotation, recalls_json

LETTER, LOG = DocumentId(1), DocumentId(2)
TEXT = "Dear Ann. The 🦆 gatekeeper opened the sluice at six. It held."
DOCUMENTS = {
    LETTER: Document(LETTER, VoiceId(1), "To Ann", date(2020, 5, 1), TEXT),
    LOG: Document(LOG, VoiceId(1), "The log", None, "Gate closed."),
}


def support(document: DocumentId, weight: float, start: int = 0) -> Support:
    return Support(document, Span(start, start + 4), weight)


def recall(start: int, end: int, share: float, *supports: Support) -> Recall:
    given = tuple(Given(support.document, support.weight, support) for support in supports)
    return Recall(Span(start, end), share, supports, given)


SUGGESTION = Suggestion(
    " 🦆 The gate opened.",
    Evidence(),
    "stop",
    recalls=(
        recall(3, 6, 0.05, support(LOG, 0.05)),
        recall(7, 11, 0.6, support(LETTER, 0.4, start=16), support(LOG, 0.2)),
        recall(12, 18, 0.5, support(LETTER, 0.5, start=27)),
    ),
)


def test_runs_are_the_text_cut_at_words_that_lean_on_the_past() -> None:
    runs = recalls_json(SUGGESTION, DOCUMENTS)["runs"]
    assert isinstance(runs, list)
    assert [(run["text"], run.get("share")) for run in runs] == [
        (" 🦆 The ", None),
        ("gate", 0.6),
        (" ", None),
        ("opened", 0.5),
        (".", None),
    ]
    assert runs[1]["supports"][0] == {
        "document": LETTER,
        "title": "To Ann",
        "date": "2020-05-01",
        "start": 16,
        "end": 20,
        "share": 0.4,
    }


def test_documents_are_in_the_order_of_what_they_gave_with_their_strongest_place() -> None:
    told = recalls_json(SUGGESTION, DOCUMENTS)
    assert told["words"] == 4
    documents = told["documents"]
    assert isinstance(documents, list)
    assert [(one["title"], one["words"], one["start"]) for one in documents] == [
        ("To Ann", pytest.approx(0.9), 27),
        ("The log", pytest.approx(0.25), 0),
    ]


def test_a_document_that_gave_little_in_many_sentences_stands_before_one_that_gave_more_in_few() -> None:
    often = [support(LETTER, 0.03, start=number) for number in range(20)]
    seldom = [support(LOG, 0.04, start=number) for number in range(3)]
    given = (Given(LOG, 0.12, seldom[0]), Given(LETTER, 0.6, often[0]))
    word = Recall(Span(7, 11), 0.72, tuple(seldom), given)
    told = recalls_json(replace(SUGGESTION, recalls=(word, replace(word, span=Span(12, 18)))), DOCUMENTS)["documents"]
    assert isinstance(told, list)
    assert [(one["document"], one["words"]) for one in told] == [(LETTER, pytest.approx(1.2))]


def test_a_document_without_a_passage_is_named_only_if_it_gave_much() -> None:
    word = recall(3, 6, 0.6, support(LETTER, 0.6))
    for others, named in ((9, [LETTER]), (19, [])):
        text = " The" + " word" * others
        told = recalls_json(replace(SUGGESTION, text=text, recalls=(word,)), DOCUMENTS)["documents"]
        assert isinstance(told, list)
        assert [one["document"] for one in told] == named


def test_a_document_deleted_meanwhile_is_named_nowhere() -> None:
    told = recalls_json(SUGGESTION, {LOG: DOCUMENTS[LOG]})
    assert isinstance(told["documents"], list)
    assert [one["document"] for one in told["documents"]] == [LOG]
    runs = told["runs"]
    assert isinstance(runs, list)
    assert [run["text"] for run in runs if "supports" in run] == ["gate"]
    assert "".join(run["text"] for run in runs) == SUGGESTION.text


def test_without_recalls_the_text_is_one_run() -> None:
    told = recalls_json(Suggestion(" It held.", Evidence(), "stop"), {})
    assert told == {"runs": [{"text": " It held."}], "words": 2, "documents": []}


@pytest.mark.parametrize(
    ("token", "word"),
    [
        (" gate", "gatekeeper"),
        ("keep", "gatekeeper"),
        (" opened", "opened"),
        ("six", "six"),
        (" six.", "six."),
        (".", "."),
    ],
)
def test_a_token_is_shown_as_its_whole_word_in_its_sentence(token: str, word: str) -> None:
    start = TEXT.index(token)
    found = quotation(TEXT, Span(start, start + len(token)))
    assert found.word == word
    assert TEXT[found.span.start : found.span.end].strip() == (found.before + found.word + found.after).strip()


def test_the_sentence_is_the_one_around_the_word() -> None:
    found = quotation(TEXT, Span(27, 33))
    assert (found.before, found.word, found.after) == ("The 🦆 gatekeeper ", "opened", " the sluice at six.")


def test_a_sentence_without_end_is_cut_on_both_sides() -> None:
    text = "names and " * 200
    found = quotation(text, Span(1000, 1005))
    assert found.before.startswith("… ")
    assert found.after.endswith(" …")
    assert len(found.before + found.word + found.after) < 600


@pytest.mark.parametrize("span", [Span(-5, 3), Span(500, 600), Span(10, 2), Span(62, 62)])
def test_a_place_outside_the_text_is_no_error(span: Span) -> None:
    found = quotation(TEXT, span)
    assert 0 <= found.span.start <= found.span.end <= len(TEXT)
