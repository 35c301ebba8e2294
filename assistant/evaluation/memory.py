"""``evaluate memory``: how much better the words to come are foreseen with the writer's documents at hand.

Every author's latest documents are the drafts, cut after the immediate context of arXiv 2308.07968, section 4.1; the
documents before them are what is remembered. Bits per character are those of the very mixture that suggestions are
drawn from. Authors are the units: documents of one hand are not independent.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.embedding import Encoder
from assistant.errors import CorpusError
from assistant.evaluation.checkpoint import Subject
from assistant.evaluation.held_out import MINIMUM_CHARACTERS, HeldOut, authors_on, cut
from assistant.evaluation.journal import Journal, measured_once
from assistant.evaluation.likelihood import in_bits
from assistant.evaluation.memory_rows import MANY, ROWS, USUAL, MemoryRow
from assistant.evaluation.memory_writing import Desk, Writings
from assistant.evidence_methods import evidence_stages
from assistant.memory.foresight import ReadText, foresee
from assistant.memory.keys import DocumentKeys
from assistant.memory.search import VoiceMemory
from assistant.prompts import build_prompt
from assistant.settings import Settings
from assistant.training.archive import ARCHIVE_VOICE, WordVectors, build_archive
from assistant.training.corpus import Record, Split
from assistant.training.examples import Author, ExampleSettings
from assistant.types import DocumentId, Evidence, Request, WriterId

_EVERYONE = 4
"""Other writers whose documents stand beside the author's own in everyone's memory."""
_CONTINUATION_CHARACTERS = 1200
_FEWEST_EARLIER = 5


@dataclass(frozen=True, slots=True)
class MemorySettings:
    """What is measured, and on how much."""

    authors: int = 20
    documents: int = 3
    """Drafts per author: the latest documents."""
    most: int = 200
    """Earlier documents of an author, at most."""
    writings: int = 1
    """Drafts per author that are also written on from and typed through, with a memory and without."""
    split: Split | None = "test"
    """Side of the author split to take; None takes everyone, for corpora no checkpoint was trained on."""
    seed: int = 0


Json = dict[str, Any]


def measure_authors(
    path: Path,
    journal: Journal | None,
    subject: Subject,
    encoder: Encoder,
    settings: MemorySettings,
    *,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[Json]:
    """One record for every author: ``{author, earlier, bits: {row: mean}, writings: {row: {...}}}``.

    :param journal: has the authors that are done already, and gets the others; None: begin anew, keep nothing.
    :param on_progress: called with authors done and authors in all.
    :raises CorpusError: if there are fewer than two authors.
    """
    authors = find_authors(path, settings)
    library = _Library(subject, authors, settings)

    def measure(number: int) -> Json:
        return _measure(number, library, subject, encoder, settings)

    return measured_once([author.name for author in authors], measure, journal, on_progress)


def find_authors(path: Path, settings: MemorySettings) -> list[Author]:
    """The authors to measure: every other one with 50 earlier documents or more, as far as there are such.

    :raises CorpusError: if there are fewer than two.
    """
    examples = ExampleSettings(
        documents=settings.most + settings.documents,
        minimum_documents=_FEWEST_EARLIER + settings.documents,
        minimum_characters=MINIMUM_CHARACTERS,
        maximum_characters=3000,
        seed=settings.seed,
    )
    found = authors_on(settings.split, path, examples)
    prolific = [author for author in found if len(author.records) >= MANY + settings.documents]
    chosen = prolific[: settings.authors // 2]
    names = {author.name for author in chosen}
    rest = [author for author in found if author.name not in names]
    return chosen + rest[: settings.authors - len(chosen)]


class _Library:
    """The authors' records and keys, made when they are first asked for; few authors' are kept."""

    def __init__(self, subject: Subject, authors: Sequence[Author], settings: MemorySettings) -> None:
        self._subject = subject
        self._authors = authors
        self._drafts = settings.documents
        self._keys: dict[tuple[str, int], DocumentKeys] = {}

    def drafts(self, number: int) -> tuple[Record, ...]:
        """The documents that an author is writing."""
        return self._authors[number].records[-self._drafts :]

    def earlier(self, number: int) -> tuple[Record, ...]:
        """The documents before those, oldest first."""
        return self._authors[number].records[: -self._drafts]

    def author(self, number: int) -> str:
        return self._authors[number].name

    def keys(self, number: int, latest: int | None) -> list[DocumentKeys]:
        """The keys of the latest earlier documents of an author."""
        number %= len(self._authors)
        records = self.earlier(number)
        first = 0 if latest is None else max(0, len(records) - latest)
        return [self._document(number, i, records[i]) for i in range(first, len(records))]

    def memory(self, row: MemoryRow, number: int) -> VoiceMemory | None:
        """What a row remembers; None for nothing."""
        if row.whose == "nobody":
            return None
        numbers = {"own": [number], "other": [number + 1], "everyone": range(number, number + 1 + _EVERYONE)}[row.whose]
        keys = [each for one in numbers for each in self.keys(one, row.documents)]
        return VoiceMemory(self._subject.generator.memory.model, [(DocumentId(i), each) for i, each in enumerate(keys)])

    def forget_before(self, number: int) -> None:
        """Let go of what is not needed any more."""
        known = {self.author(i % len(self._authors)) for i in range(number, number + 1 + _EVERYONE)}
        self._keys = {key: value for key, value in self._keys.items() if key[0] in known}

    def _document(self, number: int, place: int, record: Record) -> DocumentKeys:
        key = (self.author(number), place)
        if key not in self._keys:
            made = self._subject.generator.keys_of(record.title, record.text)
            if made is None:
                raise CorpusError(
                    "an encoder-decoder cannot recall: expected a causal model; choose another with --model"
                )
            self._keys[key] = made
        return self._keys[key]


def _measure(number: int, library: _Library, subject: Subject, encoder: Encoder, settings: MemorySettings) -> Json:
    library.forget_before(number)
    earlier = library.earlier(number)
    rows = [row for row in ROWS if row.whose != "own" or len(earlier) >= _needed(row)]
    memories = {row.name: library.memory(row, number) for row in rows}
    drafts = [cut(record, continuation_characters=_CONTINUATION_CHARACTERS) for record in library.drafts(number)]
    evidence = list(_evidence(earlier[-USUAL:], drafts, encoder))
    bits: dict[str, list[float]] = {row.name: [] for row in rows}
    for draft, found in zip(drafts, evidence, strict=True):
        read = {has: _read(subject, draft, found if has else Evidence()) for has in (False, True)}
        for row in rows:
            bits[row.name].append(_bits(row, read[row.has_prompt], memories[row.name], subject, draft))
    desk = Desk(subject, memories["own memory"], [record.text for record in earlier[-USUAL:]], seed=settings.seed)
    writings = Writings() if not settings.writings else desk.write_all(drafts[: settings.writings])
    means = {name: sum(values) / len(values) for name, values in bits.items()}
    return {"author": library.author(number), "earlier": len(earlier), "bits": means, "writings": writings.as_json()}


def _needed(row: MemoryRow) -> int:
    """Earlier documents that an author has at least to be measured in a row."""
    if row.documents is None:
        return MANY
    return 1 if row.documents == USUAL and row.name != "own memory, 20 documents" else row.documents


def _read(subject: Subject, draft: HeldOut, evidence: Evidence) -> ReadText:
    prompt = build_prompt(subject.template, evidence, title=draft.title, before=draft.before)
    return subject.generator.read(prompt, draft.continuation)


def _bits(row: MemoryRow, read: ReadText, memory: VoiceMemory | None, subject: Subject, draft: HeldOut) -> float:
    foreseen = foresee(subject.generator.memory.gate, read, memory) if row.has_cache else read.foreseen
    return in_bits(-float(foreseen.sum()), draft.continuation)


def _evidence(earlier: Sequence[Record], drafts: Sequence[HeldOut], encoder: Encoder) -> Iterator[Evidence]:
    archive = build_archive(earlier, encoder, WordVectors(encoder))
    stages = evidence_stages(archive.before(len(earlier)), encoder, Settings())
    for draft in drafts:
        yield stages.evidence(Request(WriterId(0), ARCHIVE_VOICE, draft.title, draft.before))
