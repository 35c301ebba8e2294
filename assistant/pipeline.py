"""The five stages of a suggestion, in order, as one stream of events. Start reading here.

Retrieve, rank, summarize, synthesize, generate: "Teach LLMs to Personalize" (arXiv 2308.07968), section 3.
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import asdict, dataclass, field, replace
from time import perf_counter
from typing import TypeVar

from assistant.errors import SettingsError
from assistant.events import Event, Finished, Ranked, Retrieved, Summarized, Synthesized, TextDelta
from assistant.joining import Joint
from assistant.prompts import Chat, Prompt, PromptTemplate, build_prompt
from assistant.settings import RankingName, RetrievalSettings, SummaryName, SynthesisName
from assistant.stages import (
    MemorySource,
    Persona,
    PersonaSource,
    Quoter,
    Ranker,
    Recollection,
    Retriever,
    Summarizer,
    Synthesizer,
    TextGenerator,
    TokenMemory,
)
from assistant.steering import edited_summary, steered_entries, steered_keywords
from assistant.types import DocumentId, Evidence, Hit, Keyword, RankedEntry, Request, Steering, Suggestion, Summary

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Choices:
    """What stages that a writer may steer have beside those that Ownhand would run."""

    quoter: Quoter
    ranking: Callable[[RankingName], tuple[Retriever, Ranker]]
    summarizer: Callable[[SummaryName], Summarizer]
    synthesizer: Callable[[SynthesisName], Synthesizer]
    leaving_out: Callable[[frozenset[DocumentId]], "EvidenceStages"]
    """All stages and choices anew, as if voices had never held some documents."""


@dataclass(frozen=True, slots=True)
class EvidenceStages:
    """The first four stages: from a draft to the evidence for its next words. Training runs these very stages."""

    retriever: Retriever
    ranker: Ranker
    summarizer: Summarizer
    synthesizer: Synthesizer
    settings: RetrievalSettings
    choices: Choices | None = None
    """None: these stages cannot be steered, as in training."""

    def gather(self, request: Request, clock: "Clock") -> Generator[Event, None, Evidence]:
        """Run the stages in turn, reporting each result as it becomes known and the writer steered it."""
        query, chosen = immediate_context(request, self.settings.query_characters), self._as_chosen(request)

        hits = clock.time("retrieve", lambda: chosen._retrieve(query, request))
        yield Retrieved(hits, clock["retrieve"])

        entries = clock.time("rank", lambda: chosen._rank(query, hits, request))
        yield Ranked(entries, clock["rank"])

        summary = clock.time("summarize", lambda: chosen._summarize(query, entries, request))
        yield Summarized(summary, clock["summarize"])

        keywords = clock.time("synthesize", lambda: chosen._synthesize(query, entries, request))
        yield Synthesized(keywords, clock["synthesize"])

        return Evidence(entries, summary, keywords)

    def evidence(self, request: Request, clock: "Clock | None" = None) -> Evidence:
        """The evidence for a request, without the reports on the way; a clock keeps how long each stage took."""
        stages = self.gather(request, clock or Clock())
        while True:
            try:
                next(stages)
            except StopIteration as done:
                evidence: Evidence = done.value
                return evidence

    def _as_chosen(self, request: Request) -> "EvidenceStages":
        """The same stages without what is left out, with the ranking, the summary and the words the writer chose."""
        chosen, steering = self, request.steering
        if request.left_out:
            chosen = self._choices.leaving_out(request.left_out)
        if steering.ranking is not None:
            retriever, ranker = chosen._choices.ranking(steering.ranking)
            chosen = replace(chosen, retriever=retriever, ranker=ranker)
        if steering.summary_by is not None:
            chosen = replace(chosen, summarizer=chosen._choices.summarizer(steering.summary_by))
        if steering.keywords_by is not None:
            chosen = replace(chosen, synthesizer=chosen._choices.synthesizer(steering.keywords_by))
        return chosen

    @property
    def _choices(self) -> Choices:
        if self.choices is None:
            raise SettingsError(
                "evidence is steered that cannot be: expected a request without steering that leaves no document out"
            )
        return self.choices

    def _retrieve(self, query: str, request: Request) -> tuple[Hit, ...]:
        if request.voice is None or not query:
            return ()
        return self.retriever.retrieve(query, voice=request.voice, limit=self.settings.candidates)

    def _rank(self, query: str, hits: tuple[Hit, ...], request: Request) -> tuple[RankedEntry, ...]:
        steering, voice = request.steering, request.voice
        if voice is None or not steering.documents:
            return self.ranker.rank(query, hits, voice=voice)
        pinned = self._choices.quoter.quote(query, steering.pinned, voice=voice) if steering.pinned else ()
        ranked = self.ranker.rank(query, hits, voice=voice, pinned=pinned)
        return steered_entries(ranked, pinned, steering.order)

    def _summarize(self, query: str, entries: tuple[RankedEntry, ...], request: Request) -> Summary:
        if request.steering.summary is not None:
            return edited_summary(request.steering.summary)
        return self.summarizer.summarize(query, entries, voice=request.voice)

    def _synthesize(self, query: str, entries: tuple[RankedEntry, ...], request: Request) -> tuple[Keyword, ...]:
        found = self.synthesizer.synthesize(query, entries, voice=request.voice)
        return steered_keywords(found, request.steering)


@dataclass(frozen=True, slots=True)
class FoundEvidence:
    """Evidence that was gathered for the same draft when its end, the cursor, was ``characters_earlier``."""

    evidence: Evidence
    characters_earlier: int = 0

    def report(self) -> Generator[Event, None, Evidence]:
        """The evidence as the stages would report it; it took no time."""
        yield Ranked(self.evidence.entries, 0.0)
        yield Summarized(self.evidence.summary, 0.0)
        yield Synthesized(self.evidence.keywords, 0.0)
        return self.evidence


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The stages a request passes through; each is replaced by passing another."""

    stages: EvidenceStages
    generator: TextGenerator
    template: PromptTemplate
    settings: Mapping[str, object] = field(default_factory=dict)
    """The settings behind the evidence, for the signature of a suggestion."""
    memory: MemorySource | None = None
    """What the generator may recall of each voice, word by word; None: nothing."""
    undisturbed: Callable[[], AbstractContextManager[None]] = nullcontext
    """Held while a suggestion is written: work in the background rests."""
    personas: PersonaSource | None = None
    """What the generator reads first to know each voice; None: nothing."""
    chat: Chat | None = None
    """How the generator is told what to do; None: it was not taught to follow instructions."""

    def write(self, request: Request, found: FoundEvidence | None = None) -> Generator[Event, None, None]:
        """One suggestion: evidence first, then text as it comes. Closing the stream stops the model.

        :param found: evidence to write from, found a little earlier; the signature says so. None: it is gathered anew.
        """
        with self.undisturbed():
            yield from self._write(request, found)

    def _write(self, request: Request, found: FoundEvidence | None) -> Generator[Event, None, None]:
        clock = Clock()
        evidence = yield from self.stages.gather(request, clock) if found is None else found.report()

        pieces: list[str] = []
        joint = Joint(request.before, request.after)
        prompt, recollection = self.prompt(request, evidence), self.recollection(request, evidence)
        persona = self._timed_persona(request, clock)
        with closing(self.generator.stream(prompt, request.sampling, recollection, persona)) as stream:
            for piece in joint.through(stream):
                if piece and not any(pieces):  # pieces are empty while the model still reads
                    clock.mark("first_token")
                pieces.append(piece)
                yield TextDelta(piece, stream.confidence)
        clock.mark("total")
        signature = self.generator.signature | asdict(request.sampling) | dict(self.settings) | _recalled(recollection)
        signature |= _steered(request.steering) | _reused(found) | ({"persona": persona.signature} if persona else {})
        text = "".join(pieces)
        finish = "stop" if joint.is_met else stream.finish
        recalls = tuple(recall for recall in stream.recalls if recall.span.end <= len(text))
        yield Finished(Suggestion(text, evidence, finish, clock.milliseconds, signature, recalls))

    def prompt(self, request: Request, evidence: Evidence) -> Prompt:
        """The exact model input for a request with this evidence."""
        return build_prompt(self.template, evidence, title=request.title, before=request.before)

    def recollection(self, request: Request, evidence: Evidence) -> Recollection:
        """The memory of the request's voice, if there is one that the writer wants used, and what the prompt shows."""
        shown = tuple(entry.text for entry in evidence.entries)
        return Recollection(self._remembered(request), request.memory_strength, request.longest_copy, shown)

    def _remembered(self, request: Request) -> TokenMemory | None:
        if self.memory is None or request.voice is None or request.memory_strength == 0:
            return None
        return self.memory.memory(voice=request.voice, without=request.left_out)

    def persona(self, request: Request) -> Persona | None:
        """The persona of the request's voice, if there is one and the writer wants it used."""
        return self.personas.persona(request) if self.personas is not None and _wants_persona(request) else None

    def _timed_persona(self, request: Request, clock: "Clock") -> Persona | None:
        if self.personas is None or not _wants_persona(request):
            return None
        return clock.time("persona", lambda: self.persona(request))


def _wants_persona(request: Request) -> bool:
    return request.voice is not None and request.voice_strength > 0


def _recalled(recollection: Recollection) -> dict[str, object]:
    """What the signature says of the memory: how much there was, and how it could be used."""
    used: dict[str, object] = {"longest_copy": recollection.longest_copy}
    if recollection.memory is not None:
        used["memory"] = {"tokens": len(recollection.memory), "strength": recollection.strength}
    return used


def _steered(steering: Steering) -> dict[str, object]:
    """What the signature says of the writer's choices: those that were made."""
    made = {name: value for name, value in asdict(steering).items() if value not in ((), None)}
    return {"steering": made} if made else {}


def _reused(found: FoundEvidence | None) -> dict[str, object]:
    """What the signature says of evidence that was found earlier: that it was, and what for."""
    return {} if found is None else {"evidence": {"reused": True, "characters_earlier": found.characters_earlier}}


def immediate_context(request: Request, characters: int) -> str:
    """What the draft says at the cursor: the title and the last ``characters`` before the cursor, from a word on."""
    tail = request.before[-characters:]
    if len(request.before) > characters and " " in tail:
        tail = tail[tail.index(" ") + 1 :]
    return f"{request.title}\n{tail}".strip()


class Clock:
    """Milliseconds per stage, and marks since the start."""

    def __init__(self) -> None:
        self._start = perf_counter()
        self.milliseconds: dict[str, float] = {}

    def __getitem__(self, stage: str) -> float:
        return self.milliseconds[stage]

    def time(self, stage: str, work: Callable[[], _Result]) -> _Result:
        """Do a stage's work and keep how long it took."""
        started = perf_counter()
        result = work()
        self.milliseconds[stage] = (perf_counter() - started) * 1000
        return result

    def mark(self, name: str) -> None:
        """Keep the time since the start."""
        self.milliseconds[name] = (perf_counter() - self._start) * 1000
