"""Imports: files are read, cut into snippets, embedded and stored, group by group, in a thread of their own.

A group of documents is one transaction, so a kill at any moment leaves whole documents and the record of which files
are done; what the index then lacks is made good when the library opens (``assistant.library.upkeep``). Groups are
formed greedily from the first file not yet dealt with: an import that was killed and goes on forms the groups that an
undisturbed one would have formed, embeds the same batches, and so ends with the same vectors to the bit. Imports in
other threads take turns with it, group by group.
"""

import logging
import queue
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic

import numpy as np

from assistant.embedding import Encoder, Vectors
from assistant.errors import OwnhandError, UnreadableError
from assistant.keyword_candidates import candidate_words
from assistant.library.catalogue import Catalogue, content_hash
from assistant.library.database import Database
from assistant.library.import_records import FileOutcome, ImportRecords, WaitingFile
from assistant.library.index import VectorIndex
from assistant.library.intake import Intake, PreparedDocument
from assistant.library.key_files import KeyFiles
from assistant.library.readers import read_document
from assistant.library.reports import ImportId, ImportReport, ImportState
from assistant.library.snippets import snippet_spans
from assistant.library.sources import SourceReader, list_sources, stage
from assistant.library.upkeep import Upkeep
from assistant.library.vectors import stored_form
from assistant.types import NewDocument, SnippetId, Span, VoiceId, WriterId

_log = logging.getLogger(__name__)

STAGING_FOLDER = "staging"

_GROUP_SNIPPETS = 192
"""A group is stored when it has this many snippets: about a second of embedding, enough to fill batches."""
_GROUP_FILES = 64
"""...or this many files, so that a folder of refused ones shows progress."""
_SNIPPETS_AT_ONCE = 192
_WORDS_AT_ONCE = 1_024
"""Texts embedded between two looks at whether the import was cancelled: about a second's work either way."""


class _StoppedError(Exception):
    """The import was cancelled, or the library is closing."""


@dataclass(slots=True)
class _Progress:
    """How fast an import is. ``stop`` ends it, ``is_cancelled`` says whether for good; ``ended`` is set at its end."""

    bytes_total: int
    bytes_done: int = 0
    started: float = field(default_factory=monotonic)
    stop: threading.Event = field(default_factory=threading.Event)
    is_cancelled: bool = False
    is_begun: bool = False
    ended: threading.Event = field(default_factory=threading.Event)

    def seconds_left(self) -> float | None:
        """An estimate once something is done."""
        if not self.bytes_done:
            return None
        return (monotonic() - self.started) / self.bytes_done * max(self.bytes_total - self.bytes_done, 0)


@dataclass(frozen=True, slots=True)
class _ReadFile:
    """A file that became a document, cut into snippets, not yet embedded."""

    file: WaitingFile
    new: NewDocument
    spans: tuple[Span, ...]
    words: tuple[str, ...]


@dataclass(slots=True)
class _Group:
    """Files that will be stored together, and what is known of those that give no document."""

    documents: list[_ReadFile] = field(default_factory=list)
    outcomes: list[FileOutcome] = field(default_factory=list)
    hashes: set[str] = field(default_factory=set)
    size: int = 0

    @property
    def is_full(self) -> bool:
        snippets = sum(len(document.spans) for document in self.documents)
        return snippets >= _GROUP_SNIPPETS or len(self.documents) + len(self.outcomes) >= _GROUP_FILES


@dataclass(frozen=True, slots=True)
class LibraryParts:
    """The concrete parts an import works on."""

    database: Database
    catalogue: Catalogue
    intake: Intake
    records: ImportRecords
    index: VectorIndex
    keys: KeyFiles
    upkeep: Upkeep
    encoder: Encoder
    staging: Path
    changing: threading.RLock = field(default_factory=threading.RLock)
    """Held from a change of snippets in the catalogue until the index knows it."""


class _Turns:
    """One at a time, first come first served: a lock would mostly go to the thread that just gave it back."""

    def __init__(self) -> None:
        self._state = threading.Condition()
        self._line: list[object] = []

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until it is one's turn."""
        ticket = object()
        with self._state:
            self._line.append(ticket)
        try:
            with self._state:
                self._state.wait_for(lambda: self._line[0] is ticket)
            yield
        finally:
            with self._state:
                self._line.remove(ticket)
                self._state.notify_all()


class Importer:
    """Runs imports: those started in the background in a thread, one after the other, others in the caller's.

    :param ended: told whenever an import is over.
    """

    def __init__(self, parts: LibraryParts, ended: Callable[[], None]) -> None:
        self._parts = parts
        self._ended = ended
        self._turns = _Turns()
        self._beginning = threading.Lock()
        self._progress: dict[ImportId, _Progress] = {}
        self._failures: dict[ImportId, str] = {}
        self._waiting: queue.SimpleQueue[ImportId | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._jobs: dict[ImportId, tuple[VoiceId, tuple[WaitingFile, ...]]] = {}

    def start(self, writer: WriterId, voice: VoiceId, paths: Sequence[Path]) -> ImportId:
        """Copy the files into the data folder and import them in the background."""
        job = self._parts.records.create(writer, voice, is_staged=True)
        staging = self._parts.staging / str(job)
        try:
            files = self._parts.records.add_files(job, stage(list_sources(paths), staging), staging=staging)
        except OwnhandError:
            self._parts.records.forget(job)
            raise
        self._enqueue(job, voice, files)
        return job

    def run(
        self,
        writer: WriterId,
        voice: VoiceId,
        paths: Sequence[Path],
        *,
        on_progress: Callable[[ImportReport], None] | None = None,
    ) -> ImportReport:
        """Import files where they are, in the caller's thread."""
        job = self._parts.records.create(writer, voice, is_staged=False)
        files = self._parts.records.add_files(job, list_sources(paths), staging=None)
        self._prepare(job, voice, files)

        def report() -> None:
            if on_progress is not None:
                on_progress(self.report(writer, job))

        try:
            self._run(job, report)
        except KeyboardInterrupt:
            self._finish(job, "cancelled", "")
            raise
        if failure := self._failures.get(job):
            raise ImportFailedError(failure)
        return self.report(writer, job)

    def resume(self) -> None:
        """Go on with what a killed process left behind, in the background; remove staged files no import needs."""
        unfinished = self._parts.records.unfinished()
        names = {str(job) for job, _ in unfinished}
        if self._parts.staging.is_dir():
            for folder in self._parts.staging.iterdir():
                if folder.is_dir() and folder.name not in names:
                    shutil.rmtree(folder)
        for job, voice in unfinished:
            self._enqueue(job, voice, self._parts.records.waiting(job, self._parts.staging / str(job)))

    def cancel(self, writer: WriterId, job: ImportId) -> None:
        """Stop an import; what it has stored stays."""
        self._parts.records.report(writer, job)
        self._cancel(job)

    def cancel_voice(self, voice: VoiceId) -> None:
        """Stop the imports into a voice and wait until they have."""
        jobs = [self._cancel(job) for job, (target, _) in list(self._jobs.items()) if target == voice]
        for progress in jobs:
            if progress is not None:
                progress.ended.wait()

    def report(self, writer: WriterId, job: ImportId) -> ImportReport:
        """How far an import is."""
        return self._with_progress(self._parts.records.report(writer, job))

    def reports(self, writer: WriterId, voice: VoiceId) -> tuple[ImportReport, ...]:
        """The imports into a voice."""
        return tuple(map(self._with_progress, self._parts.records.list(writer, voice)))

    def is_running(self, voice: VoiceId) -> bool:
        """Whether an import into a voice runs or waits for its turn; answered from memory."""
        return any(target == voice and job not in self._failures for job, (target, _) in list(self._jobs.items()))

    def is_busy(self) -> bool:
        """Whether any import runs or waits; answered from memory."""
        return any(job not in self._failures for job in list(self._jobs))

    def close(self) -> None:
        """Stop at the next safe point; a background import goes on when the library is opened again."""
        for progress in list(self._progress.values()):
            progress.stop.set()
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join()

    def _with_progress(self, report: ImportReport) -> ImportReport:
        if report.state != "running":
            # Over means that no staged copy of a file is left either.
            return replace(report, state="running") if report.id in self._progress else report
        if failure := self._failures.get(report.id):
            return replace(report, state="failed", reason=failure)
        progress = self._progress.get(report.id)
        return replace(report, seconds_left=progress.seconds_left()) if progress is not None else report

    def _cancel(self, job: ImportId) -> _Progress | None:
        """Ask an import to stop; one that still waits is over at once."""
        progress = self._progress.get(job)
        if progress is not None:
            progress.is_cancelled = True
            progress.stop.set()
            if self._begin(progress):
                self._finish(job, "cancelled", "")
                progress.ended.set()
        return progress

    def _begin(self, progress: _Progress) -> bool:
        """Whether the import had not begun, and so is the caller's to run or to end."""
        with self._beginning:
            had_begun, progress.is_begun = progress.is_begun, True
        return not had_begun

    def _enqueue(self, job: ImportId, voice: VoiceId, files: tuple[WaitingFile, ...]) -> None:
        self._prepare(job, voice, files)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="import", daemon=True)
            self._thread.start()
        self._waiting.put(job)

    def _prepare(self, job: ImportId, voice: VoiceId, files: tuple[WaitingFile, ...]) -> None:
        self._jobs[job] = (voice, files)
        self._progress[job] = _Progress(sum(file.source.size for file in files))

    def _work(self) -> None:
        while (job := self._waiting.get()) is not None:
            self._run(job, lambda: None)

    def _run(self, job: ImportId, report: Callable[[], None]) -> None:
        """Run one import to an end that is recorded, whatever happens; nothing if it was cancelled before."""
        progress = self._progress.get(job)
        if progress is None or not self._begin(progress):
            return
        voice, files = self._jobs[job]
        state: ImportState = "done"
        reason = ""
        try:
            try:
                _Run(self._parts, voice, progress, self._turns, report).process(files)
            except _StoppedError:
                if not progress.is_cancelled:
                    return  # closing: the record still says "running", and the next opening goes on
                state = "cancelled"
            except OwnhandError as error:
                state, reason = "failed", str(error)
            # A thread that dies must not leave the page waiting: any bug becomes a failed import, with its traceback.
            except Exception as error:  # noqa: BLE001
                _log.exception("import %s failed", job)
                state, reason = "failed", f"unexpected {type(error).__name__}: {error}; please report it"
            self._finish(job, state, reason)
        finally:
            progress.ended.set()

    def _finish(self, job: ImportId, state: ImportState, reason: str) -> None:
        if reason:
            self._failures[job] = reason
        try:
            self._parts.records.finish(job, state, reason)
        except OwnhandError:
            _log.exception("the end of import %s could not be recorded", job)
            return
        shutil.rmtree(self._parts.staging / str(job), ignore_errors=True)
        self._progress.pop(job, None)
        self._jobs.pop(job, None)
        self._ended()


class ImportFailedError(OwnhandError):
    """An import in the caller's thread could not go on."""


class _Run:
    """One import, from its first waiting file to its last."""

    def __init__(
        self,
        parts: LibraryParts,
        voice: VoiceId,
        progress: _Progress,
        turns: _Turns,
        report: Callable[[], None],
    ) -> None:
        self._parts = parts
        self._voice = voice
        self._progress = progress
        self._turns = turns
        self._report = report

    def process(self, files: Sequence[WaitingFile]) -> None:
        """Group by group, between which another import may take its turn."""
        reader = SourceReader()
        done = 0
        try:
            while done < len(files):
                with self._turns.turn():
                    done += self._take_group(files[done:], reader)
            with self._parts.changing:
                self._parts.upkeep.mend(self._voice)
        finally:
            reader.close()

    def _take_group(self, files: Sequence[WaitingFile], reader: SourceReader) -> int:
        """Store the first files; how many they were."""
        group = _Group()
        taken = 0
        for file in files:
            self._stop_if_asked()
            self._read(file, reader, group)
            taken += 1
            if group.is_full:
                break
        self._store(group)
        return taken

    def _read(self, file: WaitingFile, reader: SourceReader, group: _Group) -> None:
        """Add a file to the group, as a document or as the reason why it is none."""
        group.size += file.source.size
        try:
            new = read_document(file.source.name, reader.read(file.source))
        except UnreadableError as error:
            group.outcomes.append(FileOutcome(file.row, "refused", reason=str(error)))
            return
        hash_ = content_hash(new.text)
        if hash_ in group.hashes or self._parts.catalogue.holds(self._voice, new.text):
            group.outcomes.append(FileOutcome(file.row, "present"))
            return
        group.hashes.add(hash_)
        group.documents.append(_ReadFile(file, new, snippet_spans(new.text), candidate_words(new.text)))

    def _store(self, group: _Group) -> None:
        prepared = self._embed_snippets(group.documents)
        words = self._embed_words(group.documents)
        ids: list[SnippetId] = []
        outcomes = list(group.outcomes)
        with self._parts.changing:
            was_current = self._voice not in self._parts.catalogue.voices_with_stale_index()
            with self._parts.database.writing() as session:
                self._parts.intake.store_words(session, self._voice, words)
                for document, ready in zip(group.documents, prepared, strict=True):
                    stored = self._parts.intake.store_document(session, self._voice, ready)
                    ids.extend(stored.snippets)
                    outcomes.append(FileOutcome(document.file.row, "imported", stored.id, len(stored.snippets)))
                self._parts.records.record(session, outcomes)
            if ids:
                vectors = np.concatenate([ready.vectors for ready in prepared])
                self._parts.upkeep.added(self._voice, ids, vectors, was_current=was_current)
        self._progress.bytes_done += group.size
        self._report()

    def _embed_snippets(self, documents: Sequence[_ReadFile]) -> list[PreparedDocument]:
        texts = [document.new.text[span.start : span.end] for document in documents for span in document.spans]
        vectors = self._encode(texts, at_once=_SNIPPETS_AT_ONCE)
        prepared = []
        start = 0
        for document in documents:
            end = start + len(document.spans)
            prepared.append(
                PreparedDocument(
                    document.new, document.file.source.name, document.spans, document.words, vectors[start:end]
                )
            )
            start = end
        return prepared

    def _embed_words(self, documents: Sequence[_ReadFile]) -> dict[str, Vectors]:
        words = self._parts.intake.missing_words(
            self._voice, (word for document in documents for word in document.words)
        )
        known = self._parts.intake.words_of_other_voices(self._voice, words)
        new = [word for word in words if word not in known]
        return known | dict(zip(new, self._encode(new, at_once=_WORDS_AT_ONCE), strict=True))

    def _encode(self, texts: Sequence[str], *, at_once: int) -> Vectors:
        """Vectors in the precision they are stored in."""
        parts = [np.zeros((0, self._parts.encoder.dimensions), dtype=np.float32)]
        for start in range(0, len(texts), at_once):
            self._stop_if_asked()
            parts.append(self._parts.encoder.encode(texts[start : start + at_once]))
        return stored_form(np.concatenate(parts))

    def _stop_if_asked(self) -> None:
        if self._progress.stop.is_set():
            raise _StoppedError
