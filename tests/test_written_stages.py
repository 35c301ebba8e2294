"""SumCtxWritten and SynCtxWritten: what a model wrote is read, traced to the entries, and otherwise dropped.

The model here recites; models that learnt to write are in tests/training/test_helpers.py.
"""

from collections.abc import Iterator

import pytest

from assistant.prompts import PAPER_TEMPLATE, PLAIN_TEMPLATE, Prompt, PromptTemplate
from assistant.settings import KeywordSettings
from assistant.stages import Persona, Recollection
from assistant.summarization import GenericWriter, WrittenSummarizer
from assistant.synthesis import WrittenSynthesizer
from assistant.types import (
    DocumentId,
    Finish,
    Keyword,
    RankedEntry,
    Recall,
    Sampling,
    Snippet,
    SnippetId,
    Span,
    Summary,
    VoiceId,
)

VOICE = VoiceId(1)
TEXTS = (
    "The sluice gate stuck again in the morning. The keeper went to fetch the man with the hammer.",
    "The barley came late that year and it was wet. We stood in the field until the frost came.",
)


class Recitation:
    """A stream of a text that is known beforehand."""

    finish: Finish = "stop"
    confidence: float | None = None
    recalls: tuple[Recall, ...] = ()

    def __init__(self, text: str) -> None:
        self._text = text

    def __iter__(self) -> Iterator[str]:
        return iter(["", *self._text])

    def close(self) -> None:
        """There is nothing to stop."""


class Reciter:
    """Writes the same whatever it is asked, and keeps what it was asked."""

    signature: dict[str, object] = {}  # noqa: RUF012 - as the protocol has it

    def __init__(self, text: str) -> None:
        self._text = text
        self.asked: list[tuple[Prompt, Sampling]] = []

    def stream(
        self,
        prompt: Prompt,
        sampling: Sampling,
        recollection: Recollection | None = None,
        persona: Persona | None = None,
    ) -> Recitation:
        self.asked.append((prompt, sampling))
        return Recitation(self._text)


def entries() -> tuple[RankedEntry, ...]:
    snippets = [Snippet(SnippetId(i), DocumentId(i), 0, Span(0, len(text)), text) for i, text in enumerate(TEXTS)]
    return tuple(RankedEntry(s.document, "", None, s.text, s.span, s, (s,), 0.5) for s in snippets)


def summary(written: str) -> Summary:
    return WrittenSummarizer(Reciter(written), PromptTemplate()).summarize("the gate", entries(), voice=VOICE)


def keywords(written: str, count: int = 12) -> tuple[Keyword, ...]:
    stage = WrittenSynthesizer(Reciter(written), PromptTemplate(), KeywordSettings(count=count))
    return stage.synthesize("the gate", entries(), voice=VOICE)


def test_every_sentence_is_traced_to_the_snippet_with_most_of_its_words() -> None:
    found = summary("The barley came late and was wet. The sluice gate stuck.")
    assert [(one.text, one.document) for one in found.sentences] == [
        ("The barley came late and was wet.", 1),
        ("The sluice gate stuck.", 0),
    ]


@pytest.mark.parametrize(
    "invented", ["Elephants crossed the desert at noon.", "A gate of purple elephants sang.", "", "…"]
)
def test_what_is_not_in_the_entries_is_dropped(invented: str) -> None:
    assert summary(invented) == Summary()


def test_a_sentence_written_twice_counts_once() -> None:
    assert len(summary("The sluice gate stuck. The sluice gate stuck. The barley was wet.").sentences) == 2


def test_words_are_kept_in_their_order_if_the_entries_have_them() -> None:
    found = keywords("barley, elephant, gate, barley, frost")
    assert [keyword.text for keyword in found] == ["barley", "gate", "frost"]
    assert [keyword.weight for keyword in found] == pytest.approx([1, 2 / 3, 1 / 3])
    assert [keyword.text for keyword in keywords("barley, gate, frost", count=2)] == ["barley", "gate"]
    assert keywords("elephants, all of them") == ()


@pytest.mark.parametrize("template", [PromptTemplate(), PAPER_TEMPLATE])
def test_the_model_is_shown_draft_and_entries_and_writes_greedily(template: PromptTemplate) -> None:
    model = Reciter("gate")
    WrittenSummarizer(model, template).summarize("the draft so far", entries(), voice=VOICE)
    WrittenSynthesizer(model, template, KeywordSettings()).synthesize("the draft so far", entries(), voice=VOICE)
    for prompt, sampling in model.asked:
        whole = "".join(part.text for part in prompt)
        assert all(text in whole for text in (*TEXTS, "the draft so far"))
        assert prompt[-1].text == ""
        assert sampling.temperature == 0
    first, second = (prompt for prompt, _ in model.asked)
    assert first != second


def test_without_entries_or_voice_nothing_is_asked() -> None:
    model = Reciter("gate")
    summarizer = WrittenSummarizer(model, PromptTemplate())
    synthesizer = WrittenSynthesizer(model, PromptTemplate(), KeywordSettings())
    assert (
        summarizer.summarize("gate", entries(), voice=None)
        == summarizer.summarize("gate", (), voice=VOICE)
        == Summary()
    )
    assert (
        synthesizer.synthesize("gate", entries(), voice=None) == synthesizer.synthesize("gate", (), voice=VOICE) == ()
    )
    assert model.asked == []


@pytest.mark.parametrize(
    ("template", "begins", "ends"),
    [(PAPER_TEMPLATE, "summarize: The sluice", ""), (PLAIN_TEMPLATE, "The sl", "Summary:\n")],
)
def test_a_summarization_model_is_shown_the_entries_and_not_the_draft(
    template: PromptTemplate, begins: str, ends: str
) -> None:
    model = Reciter("The sluice gate stuck in the morning. The dragon flew over Wales.")
    found = GenericWriter(model, template).summarize("the draft so far", entries(), voice=VOICE)
    assert [sentence.text for sentence in found.sentences] == ["The sluice gate stuck in the morning."]
    assert found.sentences[0].document == 0
    ((prompt, sampling),) = model.asked
    whole = "".join(part.text for part in prompt)
    assert whole.startswith(begins)
    assert whole.endswith(ends)
    assert all(text in whole for text in TEXTS)
    assert "the draft so far" not in whole
    assert sampling.temperature == 0
    assert GenericWriter(model, template).summarize("the draft", (), voice=VOICE) == Summary()
    assert len(model.asked) == 1
