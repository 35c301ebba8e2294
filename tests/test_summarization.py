"""The summary: sentences of the entries, each traced to its snippet, chosen for this draft and unlike each other."""

import random
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from assistant.settings import SummarySettings
from assistant.summarization import ExtractiveSummarizer, GenericSummarizer, NoSummary, select_diverse
from assistant.summarization.generic import centrality, tfidf
from assistant.types import DocumentId, RankedEntry, Snippet, SnippetId, Span, Summary, VoiceId
from tests.hashing_encoder import HashingEncoder

VOICE = VoiceId(1)
ENCODER = HashingEncoder()

CANAL = "The sluice gate stuck again in the morning. The keeper went to fetch the man with the hammer. He hit it twice."
HARVEST = "The barley came late that year and it was wet. We stood in the field until the first frost came. So it goes."
KITCHEN = "My grandmother kept a kettle on the stove all day long. Whoever came in was given tea before they spoke."


class Vectors:
    """Encodes a snippet when it is asked for, as the import did."""

    def __init__(self, entries: Sequence[RankedEntry]) -> None:
        self._texts = {snippet.id: snippet.text for entry in entries for snippet in entry.snippets}

    def snippet_vectors(self, voice: VoiceId, ids: Sequence[SnippetId]) -> npt.NDArray[np.float32]:
        return ENCODER.encode([self._texts[i] for i in ids])


def entry(number: int, *snippets: str) -> RankedEntry:
    """An entry of one document whose snippets follow each other."""
    made: list[Snippet] = []
    start = 0
    for position, text in enumerate(snippets):
        identity = SnippetId(100 * number + position)
        made.append(Snippet(identity, DocumentId(number), position, Span(start, start + len(text) + 1), text + " "))
        start += len(text) + 1
    text = " ".join(snippets)
    return RankedEntry(DocumentId(number), "", None, text, Span(0, start), made[0], tuple(made), 0.5)


ENTRIES = (entry(1, CANAL), entry(2, HARVEST, KITCHEN))


def summarize(query: str, entries: Sequence[RankedEntry] = ENTRIES, **settings: float) -> Summary:
    chosen = SummarySettings(**settings)  # type: ignore[arg-type]
    return ExtractiveSummarizer(Vectors(entries), ENCODER, chosen).summarize(query, entries, voice=VOICE)


@pytest.mark.parametrize("query", ["the sluice gate", "barley and tea", "nothing of the sort", ""])
def test_every_sentence_stands_in_its_entry_and_its_snippet(query: str) -> None:
    snippets = {snippet.id: snippet for entry in ENTRIES for snippet in entry.snippets}
    texts = {entry.document: entry.text for entry in ENTRIES}
    summary = summarize(query)
    assert len(summary.sentences) == 3
    for sentence in summary.sentences:
        assert sentence.text in snippets[sentence.snippet].text
        assert sentence.text in texts[sentence.document]
        assert snippets[sentence.snippet].document == sentence.document


def test_the_text_is_the_sentences_in_the_order_of_the_entries() -> None:
    summary = summarize("tea and barley and the sluice gate", sentences=4)
    assert summary.text == " ".join(sentence.text for sentence in summary.sentences)
    order = [CANAL.find, (HARVEST + KITCHEN).find]
    places = [(sentence.document, order[sentence.document - 1](sentence.text)) for sentence in summary.sentences]
    assert places == sorted(places)


@pytest.mark.parametrize(("query", "expected"), [("the sluice gate stuck", CANAL), ("barley was wet", HARVEST)])
def test_the_draft_decides(query: str, expected: str) -> None:
    (sentence,) = summarize(query, sentences=1).sentences
    assert sentence.text in expected


def test_of_a_snippet_the_sentence_with_the_drafts_words_is_taken() -> None:
    entries = (entry(1, "Nothing here matters to anybody at all. The sluice gate stuck in the morning."),)
    (sentence,) = summarize("sluice gate", entries, sentences=1).sentences
    assert sentence.text == "The sluice gate stuck in the morning."


def test_what_the_writer_says_often_is_taken_before_what_they_said_once() -> None:
    entries = (
        entry(1, "Xylophones make some sound, or so they say."),
        entry(2, "Barley grows in fields where rain falls down."),
        entry(3, "Rain falls down in fields and barley grows."),
    )
    (sentence,) = summarize("quarterly figures", entries, sentences=1).sentences
    assert sentence.document in (2, 3)


@pytest.mark.parametrize("count", [0, 1, 2, 5, 20])
def test_there_are_at_most_as_many_sentences_as_set(count: int) -> None:
    found = len(summarize("the sluice gate", sentences=count).sentences)
    assert found == min(count, 6)  # two sentences are too short to count


def test_diversity_takes_sentences_of_other_snippets() -> None:
    query = "the sluice gate stuck and the keeper went to fetch the man with the hammer"
    alike = summarize(query, sentences=2, diversity=0.0)
    diverse = summarize(query, sentences=2, diversity=0.9)
    assert len({sentence.snippet for sentence in alike.sentences}) == 1
    assert len({sentence.snippet for sentence in diverse.sentences}) == 2


def test_the_same_sentence_is_not_taken_twice() -> None:
    greeting = "Thank you all for your help with the sluice gate."
    entries = tuple(entry(number, f"{greeting} Number {number} is something quite different.") for number in range(6))
    texts = [sentence.text for sentence in summarize("help with the sluice gate", entries).sentences]
    assert len(texts) == len(set(texts)) == 3


def test_greetings_and_run_ons_are_no_summary() -> None:
    entries = (entry(1, "Hi all. Thanks! " + "on and on " * 40 + "it went."),)
    assert summarize("thanks", entries) == Summary()


def test_without_a_voice_or_entries_there_is_no_summary() -> None:
    assert summarize("gate", ()) == Summary()
    summarizer = ExtractiveSummarizer(Vectors(ENTRIES), ENCODER, SummarySettings())
    assert summarizer.summarize("gate", ENTRIES, voice=None) == Summary()


def test_the_summary_is_the_same_every_time() -> None:
    assert len({summarize("the sluice gate and tea") for _ in range(3)}) == 1


def test_choosing_takes_the_best_first_and_then_what_differs() -> None:
    scores = np.array([0.9, 0.8, 0.5], dtype=np.float32)
    vectors = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)
    assert select_diverse(scores, vectors, count=2, diversity=0.0) == [0, 1]
    assert select_diverse(scores, vectors, count=2, diversity=0.5) == [0, 2]
    assert select_diverse(scores, vectors, count=9, diversity=0.5) == [0, 2, 1]


def test_choosing_never_takes_a_row_twice() -> None:
    generator = random.Random(0)
    scores = np.array([generator.uniform(-1, 1) for _ in range(20)], dtype=np.float32)
    vectors = ENCODER.encode([f"word{generator.randint(0, 5)}" for _ in range(20)])
    for diversity in (0.0, 0.3, 1.0):
        assert sorted(select_diverse(scores, vectors, count=20, diversity=diversity)) == list(range(20))


# The generic summary


def generic(query: str, entries: Sequence[RankedEntry], **settings: float) -> Summary:
    chosen = SummarySettings(**settings)  # type: ignore[arg-type]
    return GenericSummarizer(chosen).summarize(query, entries, voice=VOICE)


def test_the_generic_summary_does_not_hear_the_draft() -> None:
    assert generic("the sluice gate", ENTRIES) == generic("barley and tea", ENTRIES) != Summary()


def test_the_most_central_sentence_is_taken_first() -> None:
    entries = (
        entry(1, "Xylophones make some sound, or so they say."),
        entry(2, "Barley grows in fields where rain falls down."),
        entry(3, "Rain falls down in fields and barley grows."),
        entry(4, "The rain falls on barley in all the fields."),
    )
    (sentence,) = generic("", entries, sentences=1).sentences
    assert sentence.document in (2, 3, 4)
    diverse = {sentence.document for sentence in generic("", entries, sentences=2, diversity=0.8).sentences}
    assert 1 in diverse


def test_the_generic_summary_is_sentences_of_the_entries_too() -> None:
    texts = {entry.document: entry.text for entry in ENTRIES}
    summary = generic("", ENTRIES, sentences=4)
    assert len(summary.sentences) == 4
    assert all(sentence.text in texts[sentence.document] for sentence in summary.sentences)
    assert generic("", ENTRIES, sentences=0) == Summary()


def test_without_sentences_worth_choosing_there_is_no_generic_summary() -> None:
    assert generic("", (entry(1, "Hi all. Thanks!"),)) == Summary()
    assert generic("", ()) == Summary()
    assert GenericSummarizer(SummarySettings()).summarize("gate", ENTRIES, voice=None) == Summary()


def test_no_summary_is_none() -> None:
    assert NoSummary().summarize("gate", ENTRIES, voice=VOICE) == Summary()


def test_tfidf_worked_out_by_hand() -> None:
    # "gate" stands in both texts, weight ln(2/2) + 1 = 1; "weir" in one, ln 2 + 1 = 1.6931.
    vectors = tfidf([["gate"], ["gate", "weir"]])
    length = (1 + 1.6931472**2) ** 0.5
    np.testing.assert_allclose(vectors, [[1, 0], [1 / length, 1.6931472 / length]], rtol=1e-6)


def test_centrality_worked_out_by_hand() -> None:
    # Three rows; the first is like both others, which are not like each other. With jump probability 0.15 the walk's
    # fixed point solves a = 0.05 + 0.85 (a/3 + b), 2b = 1 - a for likeness 1 on the diagonal:
    # a = 0.05 + 0.85 (a/3 + 2b/2) gives a = 0.475 / (1.425 - 0.85/3) and b = (1 - a) / 2.
    likeness = np.array([[1, 1, 1], [1, 1, 0], [1, 0, 1]], dtype=np.float32)
    a = (0.05 + 0.425) / (1 - 0.85 / 3 + 0.425)
    b = (1 - a) / 2
    np.testing.assert_allclose(centrality(likeness), [1, b / a, b / a], rtol=1e-5)


def test_sentences_without_content_words_do_not_break_the_walk() -> None:
    scores = centrality(np.zeros((3, 3), dtype=np.float32))
    np.testing.assert_allclose(scores, [1, 1, 1])
