"""``evaluate framework``: every row of the table writes on from the same held-out documents.

A row is a way of using the writer's past (``assistant.evaluation.rows``); all rows share one checkpoint, one prompt
format and one way of decoding, so that what differs is the evidence. Every text goes through the product's own
pipeline, over an archive of what its author had written before. Each record is kept as soon as it is made
(``assistant.evaluation.journal``); a killed evaluation goes on, and asking for more authors, documents or rows adds to
what is there.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from assistant.assembly import helper_signature
from assistant.embedding import Encoder
from assistant.errors import CorpusError
from assistant.evaluation.checkpoint import Subject
from assistant.evaluation.held_out import CONTEXT_CHARACTERS, MINIMUM_CHARACTERS, HeldOut, chosen_documents, cut
from assistant.evaluation.journal import Journal
from assistant.evaluation.likelihood import bits_per_character
from assistant.evaluation.remembering import OneMemory, Rememberer, remembered_bits
from assistant.evaluation.rows import ROWS, TYPING_ROWS, Row, row_named
from assistant.evaluation.typing_simulation import Typed, type_through
from assistant.events import Finished
from assistant.pipeline import Pipeline
from assistant.prompts import Prompt
from assistant.settings import HelperSettings, Settings
from assistant.training.archive import ARCHIVE_VOICE, Archive, WordVectors, build_archive
from assistant.training.corpus import Record, Split, author_split
from assistant.training.examples import Author, ExampleSettings, authors_of
from assistant.types import Request, Sampling, Suggestion, WriterId

# The paper keeps users with five examples, each of which has two earlier documents, and at most fifty of an author.
_MINIMUM_DOCUMENTS = 7
_MAXIMUM_DOCUMENTS = 52
# Tokens asked for per word offered while typing: long words take several.
_TOKENS_PER_WORD = 3

Kind = Literal["written", "typed"]


@dataclass(frozen=True, slots=True)
class FrameworkSettings:
    """What is measured, and on how much."""

    rows: tuple[str, ...] = ROWS
    authors: int = 60
    documents: int = 10
    """Documents per author, at most."""
    typing_documents: int = 1
    """Of these, documents that are also typed through."""
    typing_rows: tuple[str, ...] = TYPING_ROWS
    split: Split | None = "test"
    """Side of the author split to take; None takes everyone, for corpora no checkpoint was trained on."""
    tokens: int = 120
    temperature: float = 0.0
    """0 is greedy."""
    continuation_characters: int = 450
    """Characters of the document after its start that count as the reference: about what ``tokens`` can spell."""
    typing_words: int = 40
    """Words of a document that are typed."""
    offered_words: int = 5
    """Words of an offer that count."""
    seed: int = 0
    helpers: HelperSettings = field(default_factory=HelperSettings)
    """The models behind written summaries and keywords, and the scorers behind the selected ones."""


@dataclass(frozen=True, slots=True)
class Written:
    """What one row wrote for one document."""

    text: str
    finish: str
    bits: float
    """Bits per character of what the writer really went on to write."""
    milliseconds: float
    evidence_characters: int


@dataclass(frozen=True, slots=True)
class People:
    """Whom the evaluation knows: those who are measured, and everybody else of the corpus."""

    measured: tuple[Author, ...]
    neighbours: tuple[Author, ...]
    """For each of the measured, the other writer whose past is borrowed."""
    others: tuple[Author, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """One record to be made."""

    kind: Kind
    row: str
    author: str
    document: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """All records of an evaluation, and whom they are about."""

    people: People
    written: dict[Task, Written]
    typed: dict[Task, Typed]


def run_framework(
    path: Path,
    journal: Journal,
    subject: Subject,
    encoder: Encoder,
    settings: FrameworkSettings,
    *,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Outcome:
    """Make the records that are missing, and return all that were asked for.

    :param journal: opened with the ``record_signature`` of these settings.
    :param on_progress: called with records made and records in all.
    :raises CorpusError: if there are fewer than two authors.
    :raises SettingsError: if a row's name is unknown.
    """
    rows = {name: row_named(name, settings.helpers) for name in dict.fromkeys((*settings.rows, *settings.typing_rows))}
    people = find_people(path, settings)
    tasks = list(_tasks(people, settings))
    known = {_task(record) for record in journal.records()}
    done = len(known.intersection(tasks))
    on_progress(done, len(tasks))
    desk = _Desk(subject, encoder, settings)
    for author, neighbour in zip(people.measured, people.neighbours, strict=True):
        missing = [task for task in tasks if task.author == author.name and task not in known]
        if not missing:
            continue
        past = desk.open(author, neighbour)
        for task in missing:
            journal.append(asdict(task) | asdict(desk.measure(task, rows[task.row], past)))
            done += 1
            on_progress(done, len(tasks))
    return _outcome(people, journal, set(tasks))


def record_signature(signature: dict[str, Any], settings: FrameworkSettings) -> dict[str, Any]:
    """What a single record depends on; how many there are, and of which rows, is left out.

    :param signature: model, data and encoder.
    """
    free = ("rows", "authors", "documents", "typing_documents", "typing_rows", "helpers")
    fixed = {name: value for name, value in asdict(settings).items() if name not in free}
    return signature | {
        "settings": fixed,
        "context_characters": CONTEXT_CHARACTERS,
        "stages": Settings().signature(),
        "helpers": helper_signature(Settings(helpers=settings.helpers)),
    }


def find_people(path: Path, settings: FrameworkSettings) -> People:
    """Divide the authors of a corpus.

    :raises CorpusError: if fewer than two can be measured.
    """
    examples = ExampleSettings(
        documents=_MAXIMUM_DOCUMENTS,
        minimum_documents=_MINIMUM_DOCUMENTS,
        minimum_characters=MINIMUM_CHARACTERS,
        seed=settings.seed,
    )
    everyone = authors_of(path, examples, split=None)
    side = [author for author in everyone if settings.split in (None, author_split(author.name))]
    if len(side) < 2:
        raise CorpusError(
            f"{path.name} has {len(side)} authors with {_MINIMUM_DOCUMENTS} documents of {MINIMUM_CHARACTERS} "
            f"characters on the {settings.split or 'whole'} side of the split: expected at least 2; try --split all"
        )
    measured = side[: settings.authors]
    names = {author.name for author in measured}
    return People(
        measured=tuple(measured),
        neighbours=tuple(side[(number + 1) % len(side)] for number in range(len(measured))),
        others=tuple(author for author in everyone if author.name not in names),
    )


def _tasks(people: People, settings: FrameworkSettings) -> Iterator[Task]:
    """Document by document, so that what is there after a kill can be compared."""
    for author in people.measured:
        documents = chosen_documents(author.name, len(author.records), most=settings.documents, seed=settings.seed)
        for number, document in enumerate(documents):
            yield from (Task("written", row, author.name, document) for row in settings.rows)
            if number < settings.typing_documents:
                typing_rows = [row for row in settings.typing_rows if row in settings.rows]
                yield from (Task("typed", row, author.name, document) for row in typing_rows)


@dataclass(frozen=True, slots=True)
class _Pasts:
    """What an author and their neighbour wrote."""

    records: Sequence[Record]
    own: Archive
    other: Archive


class _Desk:
    """Where records are made: the model, the encoder, and the archives at hand."""

    def __init__(self, subject: Subject, encoder: Encoder, settings: FrameworkSettings) -> None:
        self._subject = subject
        self._encoder = encoder
        self._settings = settings
        self._words = WordVectors(encoder)
        self._archives: dict[str, Archive] = {}
        self._rememberer = Rememberer(subject.generator)

    def open(self, author: Author, neighbour: Author) -> _Pasts:
        """Encode an author's documents and a neighbour's, the latter being the next author more often than not."""
        kept = {name: archive for name, archive in self._archives.items() if name in (author.name, neighbour.name)}
        for person in (author, neighbour):
            if person.name not in kept:
                kept[person.name] = build_archive(person.records, self._encoder, self._words)
        self._archives = kept
        return _Pasts(author.records, kept[author.name], kept[neighbour.name])

    def measure(self, task: Task, row: Row, pasts: _Pasts) -> Written | Typed:
        """Make one record."""
        draft = cut(pasts.records[task.document], continuation_characters=self._settings.continuation_characters)
        pipeline = self._pipeline(task, row, pasts)
        if task.kind == "typed":
            return self._typed(pipeline, row, draft)
        return self._written(pipeline, row, draft)

    def _pipeline(self, task: Task, row: Row, pasts: _Pasts) -> Pipeline:
        archive, size = pasts.own, task.document
        if row.past == "other":
            archive, size = pasts.other, len(pasts.other.documents)
        seed = f"{self._settings.seed}:{task.author}:{task.document}"
        stages = row.stages(archive.before(size), self._encoder, seed=seed)
        memory = self._rememberer.memory_of(archive.documents[:size]) if row.has_memory else None
        return Pipeline(stages, self._subject.generator, self._subject.template, memory=memory)

    def _written(self, pipeline: Pipeline, row: Row, draft: HeldOut) -> Written:
        request = self._request(row, draft.title, draft.before, tokens=self._settings.tokens)
        suggestion = _suggestion(pipeline, request)
        prompt = pipeline.prompt(request, suggestion.evidence)
        return Written(
            text=suggestion.text,
            finish=suggestion.finish,
            bits=self._bits(pipeline, prompt, draft.continuation),
            milliseconds=suggestion.timings_ms["total"],
            evidence_characters=sum(len(entry.text) for entry in suggestion.evidence.entries),
        )

    def _bits(self, pipeline: Pipeline, prompt: Prompt, continuation: str) -> float:
        if isinstance(pipeline.memory, OneMemory):
            return remembered_bits(self._subject.generator, prompt, continuation, pipeline.memory)
        return bits_per_character(self._subject.language, prompt, continuation)

    def _typed(self, pipeline: Pipeline, row: Row, draft: HeldOut) -> Typed:
        longest = self._settings.offered_words

        def suggest(before: str) -> str:
            request = self._request(row, draft.title, before, tokens=_TOKENS_PER_WORD * longest)
            suggestion = _suggestion(pipeline, request)
            return suggestion.text if suggestion.finish == "stop" else _whole_words(suggestion.text)

        return type_through(
            draft.before, draft.continuation, suggest, words=self._settings.typing_words, longest=longest
        )

    def _request(self, row: Row, title: str, before: str, *, tokens: int) -> Request:
        sampling = Sampling(tokens, self._settings.temperature, seed=self._settings.seed)
        voice = None if row.past == "none" else ARCHIVE_VOICE
        return Request(WriterId(0), voice, title, before, sampling=sampling)


def _suggestion(pipeline: Pipeline, request: Request) -> Suggestion:
    *_, last = pipeline.write(request)
    assert isinstance(last, Finished)  # the pipeline's contract: Finished is the last event
    return last.suggestion


def _whole_words(text: str) -> str:
    """The text without its last word, which the length may have cut."""
    words = text.rstrip().split(" ")
    return " ".join(words[:-1])


def _task(record: dict[str, Any]) -> Task:
    return Task(record["kind"], record["row"], record["author"], record["document"])


def _outcome(people: People, journal: Journal, wanted: set[Task]) -> Outcome:
    written: dict[Task, Written] = {}
    typed: dict[Task, Typed] = {}
    for record in journal.records():
        task = _task(record)
        if task not in wanted:
            continue
        values = {name: value for name, value in record.items() if name not in asdict(task)}
        if task.kind == "written":
            written[task] = Written(**values)
        else:
            typed[task] = Typed(**values | {name: tuple(values[name]) for name in ("matches", "chances")})
    return Outcome(people, written, typed)
