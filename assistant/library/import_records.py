"""What is recorded of imports: which files, and what became of each. A killed import goes on from here."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from assistant.errors import NotFoundError
from assistant.library.catalogue import now, own_voice
from assistant.library.database import Database
from assistant.library.reports import FileReport, FileStatus, ImportId, ImportReport, ImportState
from assistant.library.schema import ImportFileRow, ImportRow
from assistant.library.sources import SourceFile
from assistant.types import DocumentId, VoiceId, WriterId

INTERRUPTED = "it was interrupted: import the same files again, what is there already is recognized"


@dataclass(frozen=True, slots=True)
class WaitingFile:
    """A file of an import that has not been dealt with."""

    row: int
    source: SourceFile


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of a file."""

    row: int
    status: Literal["imported", "present", "refused"]
    document: DocumentId | None = None
    snippets: int = 0
    reason: str = ""


class ImportRecords:
    """The imports of all writers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, writer: WriterId, voice: VoiceId, *, is_staged: bool) -> ImportId:
        """A new import, without files yet."""
        with self._database.writing() as session:
            own_voice(session, writer, voice)
            row = ImportRow(
                writer_id=writer, voice_id=voice, state="running", reason="", is_staged=is_staged, started_at=now()
            )
            session.add(row)
            session.flush()
            return ImportId(row.id)

    def add_files(
        self, job: ImportId, sources: Sequence[SourceFile], *, staging: Path | None
    ) -> tuple[WaitingFile, ...]:
        """Record what an import will read. Paths are kept only of files in the staging folder."""
        with self._database.writing() as session:
            writer = session.scalars(select(ImportRow.writer_id).where(ImportRow.id == job)).one()
            rows = [
                {
                    "writer_id": writer,
                    "import_id": job,
                    "position": position,
                    "name": source.name,
                    "size": source.size,
                    "staged_as": source.path.name if staging is not None and not source.refusal else "",
                    "member": source.member,
                    "status": "refused" if source.refusal else "waiting",
                    "reason": source.refusal,
                }
                for position, source in enumerate(sources)
            ]
            if rows:
                session.execute(insert(ImportFileRow), rows)
            ids = session.scalars(
                select(ImportFileRow.id).where(ImportFileRow.import_id == job).order_by(ImportFileRow.position)
            ).all()
        return tuple(WaitingFile(row, source) for row, source in zip(ids, sources, strict=True) if not source.refusal)

    def waiting(self, job: ImportId, staging: Path) -> tuple[WaitingFile, ...]:
        """The files that a staged import has not dealt with."""
        query = (
            select(ImportFileRow)
            .where(ImportFileRow.import_id == job, ImportFileRow.status == "waiting")
            .order_by(ImportFileRow.position)
        )
        with self._database.reading() as session:
            return tuple(
                WaitingFile(row.id, SourceFile(row.name, staging / row.staged_as, row.size, row.member))
                for row in session.scalars(query)
            )

    def record(self, session: Session, outcomes: Sequence[FileOutcome]) -> None:
        """Record what became of files, in the transaction that made it so."""
        for outcome in outcomes:
            session.execute(
                update(ImportFileRow)
                .where(ImportFileRow.id == outcome.row)
                .values(
                    status=outcome.status,
                    document_id=outcome.document,
                    snippets=outcome.snippets,
                    reason=outcome.reason,
                )
            )

    def finish(self, job: ImportId, state: ImportState, reason: str = "") -> None:
        """Record how an import ended."""
        with self._database.writing() as session:
            session.execute(
                update(ImportRow)
                .where(ImportRow.id == job, ImportRow.state == "running")
                .values(state=state, reason=reason)
            )

    def forget(self, job: ImportId) -> None:
        """Delete an import that could not start."""
        with self._database.writing() as session:
            session.execute(delete(ImportRow).where(ImportRow.id == job))

    def unfinished(self) -> tuple[tuple[ImportId, VoiceId], ...]:
        """Staged imports that a killed process left behind. Others are recorded as failed: their files may be gone."""
        with self._database.writing() as session:
            session.execute(
                update(ImportRow)
                .where(ImportRow.state == "running", ImportRow.is_staged.is_(False))
                .values(state="failed", reason=INTERRUPTED)
            )
            # Killed while its files were being copied: nothing is known of it, and whoever started it saw it fail.
            has_files = select(ImportFileRow.id).where(ImportFileRow.import_id == ImportRow.id).exists()
            session.execute(delete(ImportRow).where(ImportRow.state == "running", ~has_files))
            rows = session.execute(
                select(ImportRow.id, ImportRow.voice_id).where(ImportRow.state == "running").order_by(ImportRow.id)
            ).all()
        return tuple((ImportId(row[0]), VoiceId(row[1])) for row in rows)

    def report(self, writer: WriterId, job: ImportId) -> ImportReport:
        """How far an import of a writer is.

        :raises NotFoundError: if the writer has no such import.
        """
        with self._database.reading() as session:
            row = session.get(ImportRow, job)
            if row is None or row.writer_id != writer:
                raise NotFoundError(f"there is no import {job}: its voice was deleted, or it is another writer's")
            return _report(session, row)

    def list(self, writer: WriterId, voice: VoiceId) -> tuple[ImportReport, ...]:
        """The imports into a voice, running ones first, then the latest."""
        query = (
            select(ImportRow)
            .where(ImportRow.voice_id == voice)
            .order_by((ImportRow.state == "running").desc(), ImportRow.id.desc())
        )
        with self._database.reading() as session:
            own_voice(session, writer, voice)
            return tuple(_report(session, row) for row in session.scalars(query).all())


def _report(session: Session, row: ImportRow) -> ImportReport:
    query = (
        select(
            ImportFileRow.name,
            ImportFileRow.status,
            ImportFileRow.document_id,
            ImportFileRow.snippets,
            ImportFileRow.reason,
        )
        .where(ImportFileRow.import_id == row.id)
        .order_by(ImportFileRow.position)
    )
    files = tuple(
        FileReport(name, cast(FileStatus, status), int(document is not None), snippets, reason)
        for name, status, document, snippets, reason in session.execute(query)
    )
    return ImportReport(ImportId(row.id), VoiceId(row.voice_id), cast(ImportState, row.state), files, reason=row.reason)
