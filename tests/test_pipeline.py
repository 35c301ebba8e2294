"""The five stages as one stream: order, closing, errors, the explicit state of no evidence."""

import time
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace

import pytest

from assistant.events import Event, Finished, Ranked, Retrieved, Summarized, Synthesized, TextDelta
from assistant.pipeline import Choices, Clock, EvidenceStages, Pipeline, immediate_context
from assistant.prompts import PLAIN_TEMPLATE, Prompt
from assistant.settings import RetrievalSettings
from assistant.stages import Persona, Recollection, TokenMemory
from assistant.types import (
    LONGEST_COPY,
    DocumentId,
    Evidence,
    Finish,
    Hit,
    Keyword,
    RankedEntry,
    Recall,
    Request,
    Sampling,
    Snippet,
    SnippetId,
    Source,
    Span,
    Steering,
    Summary,
    SummarySentence,
    Support,
    VoiceId,
    WriterId,
)

VOICE = VoiceId(7)
SNIPPET = Snippet(SnippetId(1), DocumentId(2), 0, Span(0, 22), "The sluice gate stuck.")
ENTRY = RankedEntry(DocumentId(2), "Locks", None, SNIPPET.text, SNIPPET.span, SNIPPET, (SNIPPET,), 0.8)


@dataclass
class ScriptedStages:
    """All four stages: finds one snippet wherever it is asked, and notes what it was asked."""

    finds: bool = True
    asked: list[tuple[str, str, VoiceId | None]] = field(default_factory=list)

    def retrieve(self, query: str, *, voice: VoiceId, limit: int) -> tuple[Hit, ...]:
        self.asked.append(("retrieve", query, voice))
        return (Hit(SNIPPET, 0.8, Source.FUSED),)[:limit] if self.finds else ()

    def rank(
        self, query: str, hits: Sequence[Hit], *, voice: VoiceId | None, pinned: Sequence[RankedEntry] = ()
    ) -> tuple[RankedEntry, ...]:
        self.asked.append(("rank", query, voice))
        return (ENTRY,) if hits and ENTRY not in pinned else ()

    def quote(self, query: str, documents: Sequence[DocumentId], *, voice: VoiceId) -> tuple[RankedEntry, ...]:
        return ()

    def summarize(self, query: str, entries: Sequence[RankedEntry], *, voice: VoiceId | None) -> Summary:
        self.asked.append(("summarize", query, voice))
        return Summary(tuple(SummarySentence(entry.text, entry.best.id, entry.document) for entry in entries))

    def synthesize(self, query: str, entries: Sequence[RankedEntry], *, voice: VoiceId | None) -> tuple[Keyword, ...]:
        self.asked.append(("synthesize", query, voice))
        return tuple(Keyword("sluice", 0.9) for _ in entries)


class ScriptedStream:
    """Yields its pieces, then fails if it has something to fail with."""

    def __init__(self, pieces: Sequence[str], failure: Exception | None = None) -> None:
        self._pieces = self._run(pieces, failure)
        self.finish: Finish = "cancelled"
        self.confidence: float | None = None
        self.recalls: tuple[Recall, ...] = ()
        self.closed = False

    def _run(self, pieces: Sequence[str], failure: Exception | None) -> Iterator[str]:
        yield from pieces
        if failure is not None:
            raise failure
        self.finish = "stop"

    def __iter__(self) -> Iterator[str]:
        return self._pieces

    def close(self) -> None:
        self.closed = True


class ScriptedGenerator:
    """Hands out the streams it was given and keeps the prompts."""

    signature: dict[str, object] = {"model": "scripted"}  # noqa: RUF012 - a protocol member, never changed

    def __init__(self, stream: ScriptedStream) -> None:
        self._stream = stream
        self.prompts: list[Prompt] = []
        self.recollections: list[Recollection | None] = []

    def stream(
        self,
        prompt: Prompt,
        sampling: Sampling,
        recollection: Recollection | None = None,
        persona: Persona | None = None,
    ) -> ScriptedStream:
        self.prompts.append(prompt)
        self.recollections.append(recollection)
        return self._stream


class ThreeTokens:
    """The memory of a voice, of which the pipeline knows no more than this."""

    model = "scripted"

    def __len__(self) -> int:
        return 3


@dataclass
class Memories:
    """The memory of ``VOICE``; notes whose was asked for."""

    asked: list[VoiceId] = field(default_factory=list)
    left_out: Collection[DocumentId] = ()

    def memory(self, *, voice: VoiceId, without: Collection[DocumentId] = ()) -> TokenMemory | None:
        self.asked.append(voice)
        self.left_out = without
        return THREE_TOKENS if voice == VOICE else None


THREE_TOKENS = ThreeTokens()


def pipeline(
    stream: ScriptedStream, stages: ScriptedStages | None = None, memory: Memories | None = None
) -> tuple[Pipeline, ScriptedGenerator]:
    stages = stages or ScriptedStages()
    generator = ScriptedGenerator(stream)
    evidence = EvidenceStages(stages, stages, stages, stages, RetrievalSettings())
    return Pipeline(evidence, generator, PLAIN_TEMPLATE, {"ranking": "as set"}, memory), generator


def request(before: str = "We walked to the lock.", *, voice: VoiceId | None = VOICE) -> Request:
    return Request(WriterId(1), voice, "The lock", before, sampling=Sampling(seed=3))


def finished(events: Sequence[Event]) -> Finished:
    last = events[-1]
    assert isinstance(last, Finished)
    return last


def test_events_come_in_order_and_evidence_before_text() -> None:
    writing, _ = pipeline(ScriptedStream([" It", " held."]))
    kinds = [type(event) for event in writing.write(request())]
    assert kinds == [Retrieved, Ranked, Summarized, Synthesized, TextDelta, TextDelta, Finished]


def test_evidence_is_out_before_the_model_is_asked() -> None:
    writing, generator = pipeline(ScriptedStream([" It"]))
    stream = writing.write(request())
    for _ in range(4):
        next(stream)
    assert generator.prompts == []
    stream.close()


def test_the_suggestion_holds_all_that_was_reported() -> None:
    writing, _ = pipeline(ScriptedStream([" It", " held."]))
    suggestion = finished(list(writing.write(request()))).suggestion
    assert suggestion.text == " It held."
    assert suggestion.finish == "stop"
    assert suggestion.evidence.entries == (ENTRY,)
    assert suggestion.evidence.summary.text == ENTRY.text
    assert [keyword.text for keyword in suggestion.evidence.keywords] == ["sluice"]
    assert suggestion.signature == {
        "model": "scripted",
        **asdict(Sampling(seed=3)),
        "ranking": "as set",
        "longest_copy": LONGEST_COPY,
    }


def test_the_generator_may_recall_the_voice_of_the_request_as_the_writer_wants_it() -> None:
    writing, generator = pipeline(ScriptedStream([" It"]), memory=Memories())
    wanted = replace(request(), memory_strength=0.5, longest_copy=4)
    suggestion = finished(list(writing.write(wanted))).suggestion
    assert generator.recollections == [Recollection(THREE_TOKENS, 0.5, 4, (ENTRY.text,))]
    assert suggestion.signature["memory"] == {"tokens": 3, "strength": 0.5}
    assert suggestion.signature["longest_copy"] == 4


def test_nothing_is_recalled_of_what_the_writer_left_out() -> None:
    memories = Memories()
    writing, _ = pipeline(ScriptedStream([" It"]), memory=memories)
    left = replace(request(), steering=Steering(excluded=(DocumentId(2),)))
    assert writing.recollection(left, Evidence()).memory is not None
    assert memories.left_out == {DocumentId(2)}


def leaving_out(documents: frozenset[DocumentId]) -> EvidenceStages:
    """Scripted stages over what is left, and the way to them."""
    stages = ScriptedStages(finds=ENTRY.document not in documents)
    choices = Choices(stages, lambda _: (stages, stages), lambda _: stages, lambda _: stages, leaving_out)
    return EvidenceStages(stages, stages, stages, stages, RetrievalSettings(), choices)


def test_what_the_draft_itself_became_is_left_out_like_what_the_writer_left_out() -> None:
    memories = Memories()
    writing, generator = pipeline(ScriptedStream([" It"]), memory=memories)
    writing = replace(writing, stages=leaving_out(frozenset()))
    assert not finished(list(writing.write(request()))).suggestion.evidence.is_empty
    suggestion = finished(list(writing.write(replace(request(), joined=ENTRY.document)))).suggestion
    assert suggestion.evidence.is_empty
    assert ENTRY.text not in "".join(part.text for part in generator.prompts[-1])
    assert memories.left_out == {ENTRY.document}
    both = replace(request(), joined=ENTRY.document, steering=Steering(excluded=(DocumentId(9),)))
    assert both.left_out == {ENTRY.document, DocumentId(9)}


def test_what_each_word_leaned_on_comes_with_the_suggestion() -> None:
    stream = ScriptedStream([" It"])
    stream.recalls = (Recall(Span(1, 3), 0.4, (Support(DocumentId(2), Span(5, 7), 0.3),)),)
    writing, _ = pipeline(stream)
    assert finished(list(writing.write(request()))).suggestion.recalls == stream.recalls


def test_in_the_middle_of_a_text_nothing_that_follows_is_repeated_and_the_model_stops_there() -> None:
    stream = ScriptedStream([" It", " held", " until", " the", " tide", " came", ".", " We", " slept."])
    recalls = [Recall(Span(start, end), 0.4, ()) for start, end in ((1, 3), (9, 14))]
    stream.recalls = tuple(recalls)
    writing, _ = pipeline(stream)
    suggestion = finished(list(writing.write(replace(request(), after=" until the tide turned.")))).suggestion
    assert suggestion.text == " It held"
    assert suggestion.finish == "stop"
    assert suggestion.recalls == (recalls[0],)
    assert stream.closed


@pytest.mark.parametrize(
    "asked", [request(voice=None), request(voice=VoiceId(8)), replace(request(), memory_strength=0.0)]
)
def test_without_a_voice_or_its_memory_or_the_wish_nothing_is_recalled(asked: Request) -> None:
    writing, generator = pipeline(ScriptedStream([" It"]), memory=Memories())
    suggestion = finished(list(writing.write(asked))).suggestion
    (recollection,) = generator.recollections
    assert recollection is not None
    assert recollection.memory is None
    assert "memory" not in suggestion.signature


def test_timings_name_every_stage_the_first_token_and_the_total() -> None:
    writing, _ = pipeline(ScriptedStream([" It"]))
    timings = finished(list(writing.write(request()))).suggestion.timings_ms
    assert set(timings) == {"retrieve", "rank", "summarize", "synthesize", "first_token", "total"}
    assert all(milliseconds >= 0 for milliseconds in timings.values())
    assert timings["first_token"] <= timings["total"]


def test_the_model_reads_the_evidence_and_the_draft() -> None:
    writing, generator = pipeline(ScriptedStream([" It"]))
    list(writing.write(request()))
    text = "".join(part.text for part in generator.prompts[0])
    assert ENTRY.text in text
    assert text.endswith("We walked to the lock.")


def test_closing_the_stream_closes_the_generators_stream() -> None:
    stream = ScriptedStream([" It", " held."])
    writing, _ = pipeline(stream)
    events = writing.write(request())
    while not isinstance(next(events), TextDelta):
        pass
    assert not stream.closed
    events.close()
    assert stream.closed
    assert stream.finish == "cancelled"


def test_background_work_rests_from_the_first_event_to_the_last_or_to_the_closing() -> None:
    resting: list[bool] = []

    @contextmanager
    def undisturbed() -> Iterator[None]:
        resting.append(True)
        try:
            yield
        finally:
            resting.append(False)

    for end in (list, Generator.close):
        resting.clear()
        writing, _ = pipeline(ScriptedStream([" It", " held."]))
        events = replace(writing, undisturbed=undisturbed).write(request())
        assert resting == []
        next(events)
        assert resting == [True]
        end(events)
        assert resting == [True, False]


def test_an_error_in_generation_reaches_the_reader_and_closes_the_stream() -> None:
    stream = ScriptedStream([" It"], failure=RuntimeError("out of memory"))
    writing, _ = pipeline(stream)
    events: list[Event] = []
    with pytest.raises(RuntimeError, match="out of memory"):
        events.extend(writing.write(request()))
    assert stream.closed
    assert not any(isinstance(event, Finished) for event in events)


def test_a_draft_without_a_voice_gets_an_unpersonalized_suggestion() -> None:
    stages = ScriptedStages()
    writing, generator = pipeline(ScriptedStream([" It"]), stages)
    suggestion = finished(list(writing.write(request(voice=None)))).suggestion
    assert suggestion.evidence.is_empty
    assert suggestion.text == " It"
    assert "retrieve" not in [stage for stage, _, _ in stages.asked]
    assert ENTRY.text not in "".join(part.text for part in generator.prompts[0])


def test_nothing_relevant_is_empty_evidence_and_still_a_suggestion() -> None:
    writing, _ = pipeline(ScriptedStream([" It"]), ScriptedStages(finds=False))
    events = list(writing.write(request()))
    assert [type(event) for event in events[:4]] == [Retrieved, Ranked, Summarized, Synthesized]
    suggestion = finished(events).suggestion
    assert suggestion.evidence.is_empty
    assert suggestion.evidence.summary.text == ""
    assert suggestion.evidence.keywords == ()
    assert suggestion.text == " It"


def test_an_empty_draft_is_not_searched_for() -> None:
    stages = ScriptedStages()
    evidence = EvidenceStages(stages, stages, stages, stages, RetrievalSettings())
    assert evidence.evidence(Request(WriterId(1), VOICE, "", " \n ")).is_empty
    assert "retrieve" not in [stage for stage, _, _ in stages.asked]


def test_every_stage_gets_the_same_query_and_voice() -> None:
    stages = ScriptedStages()
    EvidenceStages(stages, stages, stages, stages, RetrievalSettings()).evidence(request())
    assert [stage for stage, _, _ in stages.asked] == ["retrieve", "rank", "summarize", "synthesize"]
    assert {(query, voice) for _, query, voice in stages.asked} == {("The lock\nWe walked to the lock.", VOICE)}


def test_the_immediate_context_is_the_title_and_the_end_of_the_draft() -> None:
    long = "word " * 100 + "sluice gate"
    context = immediate_context(request(long), 20)
    assert context == "The lock\nword sluice gate"


def test_the_immediate_context_begins_at_a_word_unless_there_is_none() -> None:
    assert immediate_context(request("abcdef ghi"), 6) == "The lock\nghi"
    assert immediate_context(request("abcdefghi"), 6) == "The lock\ndefghi"
    assert immediate_context(request("abc def"), 7) == "The lock\nabc def"


def test_a_clock_keeps_stages_and_marks() -> None:
    clock = Clock()
    assert clock.time("retrieve", lambda: 5) == 5
    clock.mark("total")
    assert clock["retrieve"] <= clock["total"]


def test_empty_pieces_are_no_first_word() -> None:
    class Slow(ScriptedStream):
        def _run(self, pieces: Sequence[str], failure: Exception | None) -> Iterator[str]:
            yield ""
            time.sleep(0.05)  # still reading
            yield from super()._run(pieces, failure)

    writing, _ = pipeline(Slow(["It", " held."]))
    suggestion = finished(list(writing.write(request()))).suggestion
    assert suggestion.text == "It held."
    assert suggestion.timings_ms["first_token"] > 50
