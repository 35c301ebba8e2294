"""The five stages of a suggestion, in order, as one stream of events. Start reading here.

Retrieve, rank, summarize, synthesize, generate: "Teach LLMs to Personalize" (arXiv 2308.07968), section 3.
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import asdict, dataclass, field
from time import perf_counter
from typing import TypeVar

from assistant.events import Event, Finished, Ranked, Retrieved, Summarized, Synthesized, TextDelta
from assistant.prompts import Prompt, PromptTemplate, build_prompt
from assistant.settings import RetrievalSettings
from assistant.stages import MemorySource, Ranker, Recollection, Retriever, Summarizer, Synthesizer, TextGenerator
from assistant.types import Evidence, Hit, Request, Suggestion

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class EvidenceStages:
    """The first four stages: from a draft to the evidence for its next words. Training runs these very stages."""

    retriever: Retriever
    ranker: Ranker
    summarizer: Summarizer
    synthesizer: Synthesizer
    settings: RetrievalSettings

    def gather(self, request: Request, clock: "Clock") -> Generator[Event, None, Evidence]:
        """Run the stages in turn, reporting each result as it becomes known; returns them together."""
        query, voice = immediate_context(request, self.settings.query_characters), request.voice

        hits = clock.time("retrieve", lambda: self._retrieve(query, request))
        yield Retrieved(hits, clock["retrieve"])

        entries = clock.time("rank", lambda: self.ranker.rank(query, hits, voice=voice))
        yield Ranked(entries, clock["rank"])

        summary = clock.time("summarize", lambda: self.summarizer.summarize(query, entries, voice=voice))
        yield Summarized(summary, clock["summarize"])

        keywords = clock.time("synthesize", lambda: self.synthesizer.synthesize(query, entries, voice=voice))
        yield Synthesized(keywords, clock["synthesize"])

        return Evidence(entries, summary, keywords)

    def evidence(self, request: Request) -> Evidence:
        """The evidence for a request, without the reports on the way."""
        stages = self.gather(request, Clock())
        while True:
            try:
                next(stages)
            except StopIteration as done:
                evidence: Evidence = done.value
                return evidence

    def _retrieve(self, query: str, request: Request) -> tuple[Hit, ...]:
        if request.voice is None or not query:
            return ()
        return self.retriever.retrieve(query, voice=request.voice, limit=self.settings.candidates)


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

    def write(self, request: Request) -> Generator[Event, None, None]:
        """One suggestion: evidence first, then text as it comes. Closing the stream stops the model."""
        with self.undisturbed():
            yield from self._write(request)

    def _write(self, request: Request) -> Generator[Event, None, None]:
        clock = Clock()
        evidence = yield from self.stages.gather(request, clock)

        pieces: list[str] = []
        prompt, recollection = self.prompt(request, evidence), self.recollection(request)
        with closing(self.generator.stream(prompt, request.sampling, recollection)) as stream:
            for piece in stream:
                if piece and not any(pieces):  # pieces are empty while the model still reads
                    clock.mark("first_token")
                pieces.append(piece)
                yield TextDelta(piece, stream.confidence)
        clock.mark("total")
        signature = self.generator.signature | asdict(request.sampling) | dict(self.settings) | _memory(recollection)
        text = "".join(pieces)
        yield Finished(Suggestion(text, evidence, stream.finish, clock.milliseconds, signature, stream.recalls))

    def prompt(self, request: Request, evidence: Evidence) -> Prompt:
        """The exact model input for a request with this evidence."""
        return build_prompt(self.template, evidence, title=request.title, before=request.before)

    def recollection(self, request: Request) -> Recollection | None:
        """The memory of the request's voice, if there is one and the writer wants it used."""
        if self.memory is None or request.voice is None or request.memory_strength == 0:
            return None
        memory = self.memory.memory(voice=request.voice)
        return None if memory is None else Recollection(memory, request.memory_strength, request.longest_copy)


def _memory(recollection: Recollection | None) -> dict[str, object]:
    """What the signature says of the memory: how much there was, and how it could be used."""
    if recollection is None:
        return {}
    used = {"strength": recollection.strength, "longest_copy": recollection.longest_copy}
    return {"memory": {"tokens": len(recollection.memory), **used}}


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
