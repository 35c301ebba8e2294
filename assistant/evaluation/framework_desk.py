"""Where the records of ``evaluate framework`` are made: evidence by the product's stages, texts many at a time.

All that is asked of the model for one author is put together first, and then continued and scored in batches
(``assistant.generation.batched``); a model that cannot be batched continues one prompt after the other.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from math import nan
from time import perf_counter

from assistant.embedding import Encoder
from assistant.errors import SettingsError
from assistant.evaluation.checkpoint import Subject
from assistant.evaluation.framework_tasks import FrameworkSettings, People, Task, Written
from assistant.evaluation.held_out import HeldOut, cut
from assistant.evaluation.likelihood import Language, bits_per_character
from assistant.evaluation.remembering import OneMemory, Rememberer, remembered_bits
from assistant.evaluation.row_names import ZERO_SHOT, checkpoint_of
from assistant.evaluation.rows import Row
from assistant.evaluation.typing_simulation import Typed, stops, typed_with
from assistant.evaluation.zero_shot import ZeroShot
from assistant.generation.batched import Continued, Wanted, can_batch, continue_all
from assistant.generation.local import LocalGenerator
from assistant.memory.search import VoiceMemory
from assistant.pipeline import Clock, Pipeline
from assistant.training.archive import ARCHIVE_VOICE, Archive, WordVectors, build_archive
from assistant.training.corpus import Record
from assistant.training.examples import Author
from assistant.types import Request, Sampling, WriterId

# Tokens asked for per word offered while typing: long words take several.
_TOKENS_PER_WORD = 3


@dataclass(frozen=True, slots=True)
class OneProcess:
    """What records are made with, by the process that asks for them."""

    subject: Subject
    """The checkpoint that rows share."""
    encoder: Encoder
    zero_shot: ZeroShot | None = None
    """The model of the row ``LLMZeroShot``."""
    checkpoints: Mapping[str, Subject] = field(default_factory=dict)
    """Those of rows that have one of their own, by name."""


@dataclass(frozen=True, slots=True)
class Errand:
    """The records of one author that are to be made; ``number`` is the author's among the measured."""

    number: int
    tasks: tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class _Order:
    """A prompt with the time its evidence took, in milliseconds by stage, and how many characters of entries it has."""

    wanted: Wanted
    clock: Clock
    evidence_characters: int

    @property
    def identity(self) -> object:
        """Equal for prompts to which a model says the same; what is recalled is never the same."""
        wanted = self.wanted
        if wanted.recollection is not None:
            return id(self)
        return wanted.prompt, wanted.sampling, wanted.follows


@dataclass(frozen=True, slots=True)
class _Job:
    """A record on its way: what is asked of the model for it, and which of the answers are there."""

    task: Task
    draft: HeldOut
    orders: list[_Order]
    ready: dict[int, Continued] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Pasts:
    """What an author and their neighbour wrote, and memories of their first documents, by checkpoint and how many."""

    own: Archive
    other: Archive
    own_memories: dict[tuple[str, int], OneMemory]
    other_memories: dict[tuple[str, int], OneMemory]


class Desk:
    """The models, the encoder, and the archives at hand."""

    def __init__(self, people: People, by: OneProcess, settings: FrameworkSettings) -> None:
        """Sit down.

        :raises SettingsError: if a row wants a model that is not there.
        """
        if by.zero_shot is None and ZERO_SHOT in settings.rows:
            raise SettingsError(f"the row {ZERO_SHOT} wants an instruction-tuned model: give --zero-shot-model FOLDER")
        self._zero_shot = by.zero_shot
        self._people = people
        self._subjects = {"": by.subject, **by.checkpoints}
        self._encoder = by.encoder
        self._settings = settings
        self._rows = {name: settings.row(name) for name in (*settings.rows, *settings.typing_rows)}
        self._words = WordVectors(by.encoder)
        self._archives: dict[str, Archive] = {}
        self._rememberers = {name: Rememberer(subject.generator) for name, subject in self._subjects.items()}

    def make(self, errand: Errand) -> Iterator[tuple[Task, Written | Typed]]:
        """Make an author's records; each is yielded as soon as it is made."""
        author, neighbour = self._people.measured[errand.number], self._people.neighbours[errand.number]
        pasts = self._open(author, neighbour, errand.tasks)
        records = author.records
        jobs = [self._job(task, records[task.document], pasts) for task in errand.tasks]
        for job in (job for job in jobs if not job.orders):  # documents without a word to be typed
            yield job.task, self._record(job)
        for generator, of_it in self._by_model(jobs):
            yield from self._finished(of_it, generator)

    def _by_model(self, jobs: Sequence[_Job]) -> Iterator[tuple[LocalGenerator, list[_Job]]]:
        """Every model with what it is asked."""
        found: dict[str, list[_Job]] = {}
        for job in jobs:
            found.setdefault(ZERO_SHOT if job.task.row == ZERO_SHOT else checkpoint_of(job.task.row), []).append(job)
        for name, of_it in found.items():
            if name == ZERO_SHOT and self._zero_shot is not None:
                yield self._zero_shot.generator, of_it
            else:
                yield self._subjects[name].generator, of_it

    def _finished(self, jobs: Sequence[_Job], generator: LocalGenerator) -> Iterator[tuple[Task, Written | Typed]]:
        """The records of some jobs, each as soon as the model has answered all that is asked for it.

        Rows that ask the very same, as they do where nothing of the past bears on a draft, are answered once.
        """
        asking: dict[object, list[tuple[_Job, int]]] = {}
        wanted: list[Wanted] = []
        for job in jobs:
            for place, order in enumerate(job.orders):
                if order.identity not in asking:
                    wanted.append(order.wanted)
                asking.setdefault(order.identity, []).append((job, place))
        owners = list(asking.values())
        for number, continued in self._continue(wanted, generator):
            for job, place in owners[number]:
                job.ready[place] = continued
                if len(job.ready) == len(job.orders):
                    yield job.task, self._record(job)

    # ---- what is asked of the model ----

    def _open(self, author: Author, neighbour: Author, tasks: Sequence[Task]) -> _Pasts:
        """Encode an author's documents and a neighbour's, the latter being the next author more often than not."""
        kept = {name: archive for name, archive in self._archives.items() if name in (author.name, neighbour.name)}
        for person in (author, neighbour):
            if person.name not in kept:
                kept[person.name] = build_archive(person.records, self._encoder, self._words)
        self._archives = kept
        own, other = kept[author.name], kept[neighbour.name]
        remembering = [(self._rows[task.row], task.document) for task in tasks if self._rows[task.row].has_memory]
        sizes = {(row.checkpoint, size) for row, size in remembering if row.past != "other"}
        foreign = {(row.checkpoint, len(other.documents)) for row, _ in remembering if row.past == "other"}
        return _Pasts(own, other, self._memories(own, sizes), self._memories(other, foreign))

    def _memories(self, archive: Archive, wanted: set[tuple[str, int]]) -> dict[tuple[str, int], OneMemory]:
        """Memories of the first so many documents; the largest first, from whose keys the others are made."""
        return {
            (checkpoint, size): self._rememberers[checkpoint].memory_of(archive.documents[:size])
            for checkpoint, size in sorted(wanted, reverse=True)
        }

    def _job(self, task: Task, record: Record, pasts: _Pasts) -> _Job:
        row = self._rows[task.row]
        draft = cut(record, continuation_characters=self._settings.continuation_characters)
        pipeline = self._pipeline(task, row, pasts)
        if task.kind == "written":
            request = self._request(row, draft.title, draft.before, tokens=self._settings.tokens)
            other = self._zero_shot if task.row == ZERO_SHOT else None
            return _Job(task, draft, [_order(pipeline, request, other, follows=draft.continuation)])
        tokens = _TOKENS_PER_WORD * self._settings.offered_words
        texts = stops(draft.before, draft.continuation, words=self._settings.typing_words)
        requests = [self._request(row, draft.title, text, tokens=tokens) for text in texts]
        return _Job(task, draft, [_order(pipeline, request, None, follows="") for request in requests])

    def _pipeline(self, task: Task, row: Row, pasts: _Pasts) -> Pipeline:
        archive, memories, size = pasts.own, pasts.own_memories, task.document
        if row.past == "other":
            archive, memories, size = pasts.other, pasts.other_memories, len(pasts.other.documents)
        seed = f"{self._settings.seed}:{task.author}:{task.document}"
        stages = row.stages(archive.before(size), self._encoder, author=task.author, seed=seed)
        memory = memories[row.checkpoint, size] if row.has_memory else None
        subject = self._subjects[row.checkpoint]
        return Pipeline(stages, subject.generator, subject.template, memory=memory)

    def _request(self, row: Row, title: str, before: str, *, tokens: int) -> Request:
        sampling = Sampling(tokens, self._settings.temperature, seed=self._settings.seed)
        voice = None if row.past == "none" else ARCHIVE_VOICE
        return Request(WriterId(0), voice, title, before, sampling=sampling)

    # ---- what the model says ----

    def _continue(self, wanted: Sequence[Wanted], generator: LocalGenerator) -> Iterator[tuple[int, Continued]]:
        if self._settings.batch > 1 and can_batch(generator):
            yield from continue_all(generator, wanted, rows=self._settings.batch)
            return
        for number, each in enumerate(wanted):
            yield number, _continue_one(each, generator)

    def _record(self, job: _Job) -> Written | Typed:
        """A record of what was continued."""
        if job.task.kind == "typed":
            texts = [_offered(job.ready[place]) for place in range(len(job.orders))]
            return typed_with(job.draft.continuation, texts, longest=self._settings.offered_words)
        (order,), continued = job.orders, job.ready[0]
        return Written(
            text=continued.text,
            finish=continued.finish,
            bits=continued.bits,
            milliseconds=sum(order.clock.milliseconds.values()) + continued.milliseconds,
            evidence_characters=order.evidence_characters,
            summary_milliseconds=order.clock["summarize"],
            keywords_milliseconds=order.clock["synthesize"],
        )


def _continue_one(wanted: Wanted, generator: LocalGenerator) -> Continued:
    started = perf_counter()
    with closing(generator.stream(wanted.prompt, wanted.sampling, wanted.recollection)) as stream:
        text = "".join(stream)
    milliseconds = (perf_counter() - started) * 1000
    bits = _bits(wanted, generator) if wanted.follows else nan
    return Continued(text, stream.finish, bits, milliseconds)


def _bits(wanted: Wanted, generator: LocalGenerator) -> float:
    if wanted.recollection is not None and isinstance(wanted.recollection.memory, VoiceMemory):
        return remembered_bits(generator, wanted.prompt, wanted.follows, OneMemory(wanted.recollection.memory))
    return bits_per_character(Language(generator.model, generator.tokenizer), wanted.prompt, wanted.follows)


def _order(pipeline: Pipeline, request: Request, zero_shot: ZeroShot | None, *, follows: str) -> _Order:
    """What is asked of the model, or of a model that was not trained for it."""
    clock = Clock()
    evidence = pipeline.stages.evidence(request, clock)
    if zero_shot is None:
        prompt = pipeline.prompt(request, evidence)
        # Rows without a memory are the paper's, which nothing keeps from copying.
        recollection = pipeline.recollection(request, evidence) if pipeline.memory is not None else None
    else:
        prompt, recollection = zero_shot.prompt(evidence, title=request.title, before=request.before), None
    characters = sum(len(entry.text) for entry in evidence.entries)
    return _Order(Wanted(prompt, request.sampling, recollection, follows), clock, characters)


def _offered(continued: Continued) -> str:
    """The text, without its last word if the length may have cut it."""
    if continued.finish == "stop":
        return continued.text
    words = continued.text.rstrip().split(" ")
    return " ".join(words[:-1])
