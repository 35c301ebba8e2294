"""Drafts: saved often, never overwritten by a save that did not know of the last one."""

from datetime import UTC

from sqlalchemy import delete, func, select, update

from assistant.errors import LibraryError, NotFoundError
from assistant.library.catalogue import now, owe_cleaning, own_voice
from assistant.library.database import Database
from assistant.library.schema import DraftRow, VoiceRow
from assistant.library.text import storable
from assistant.types import Draft, DraftId, DraftInfo, MemoryUse, VoiceId, WriterId

_OPENING_CHARACTERS = 120


class DraftConflictError(LibraryError):
    """A save was based on an older revision. ``found`` is what is stored; neither text is lost."""

    def __init__(self, found: Draft) -> None:
        super().__init__(
            f"this draft was changed elsewhere (revision {found.revision}): keep one of the two texts, or both"
        )
        self.found = found


class Drafts:
    """The drafts of all writers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, writer: WriterId) -> tuple[DraftInfo, ...]:
        """A writer's drafts, last edited first."""
        query = (
            select(DraftRow.id, DraftRow.title, func.substr(DraftRow.text, 1, _OPENING_CHARACTERS), DraftRow.updated_at)
            .where(DraftRow.writer_id == writer)
            .order_by(DraftRow.updated_at.desc(), DraftRow.id.desc())
        )
        with self._database.reading() as session:
            rows = session.execute(query).all()
        return tuple(DraftInfo(DraftId(row[0]), row[1], row[2], row[3].replace(tzinfo=UTC)) for row in rows)

    def get(self, writer: WriterId, draft: DraftId) -> Draft:
        """One draft of a writer.

        :raises NotFoundError: if the writer has no such draft.
        """
        with self._database.reading() as session:
            row = session.get(DraftRow, draft)
            if row is None or row.writer_id != writer:
                raise _no_draft(draft)
            return _draft(row)

    def create(self, writer: WriterId, voice: VoiceId | None, title: str, text: str) -> Draft:
        """A new draft, at revision 1."""
        with self._database.writing() as session:
            if voice is not None:
                own_voice(session, writer, voice)
            row = DraftRow(
                writer_id=writer,
                voice_id=voice,
                title=storable(title),
                text=storable(text),
                revision=1,
                updated_at=now(),
            )
            session.add(row)
            session.flush()
            return _draft(row)

    def save(self, writer: WriterId, draft: Draft) -> Draft:
        """Store title, text and voice of a draft that was based on ``draft.revision``; the result has the next one.

        :raises DraftConflictError: if another save came first.
        """
        with self._database.writing() as session:
            row = session.get(DraftRow, draft.id)
            if row is None or row.writer_id != writer:
                raise _no_draft(draft.id)
            if row.revision != draft.revision:
                raise DraftConflictError(_draft(row))
            voice = draft.voice
            if voice is not None and session.get(VoiceRow, voice) is None:
                voice = None  # deleted in another window meanwhile: no reason to refuse the text
            elif voice is not None:
                own_voice(session, writer, voice)
            session.execute(
                update(DraftRow)
                .where(DraftRow.id == draft.id)
                .values(
                    voice_id=voice,
                    title=storable(draft.title),
                    text=storable(draft.text),
                    revision=draft.revision + 1,
                    updated_at=now(),
                )
            )
            session.refresh(row)
            return _draft(row)

    def use_memory(self, writer: WriterId, draft: DraftId, use: MemoryUse | None) -> None:
        """Record how much of the voice's wording a draft wants; None: as the voice has it. It makes no new revision."""
        self.get(writer, draft)
        strength, quotes = (use.strength, use.quotes_at_length) if use is not None else (None, None)
        with self._database.writing() as session:
            session.execute(
                update(DraftRow)
                .where(DraftRow.id == draft, DraftRow.writer_id == writer)
                .values(memory_strength=strength, quotes_at_length=quotes)
            )

    def delete(self, writer: WriterId, draft: DraftId) -> None:
        """Delete a draft."""
        self.get(writer, draft)
        with self._database.writing() as session:
            session.execute(delete(DraftRow).where(DraftRow.id == draft, DraftRow.writer_id == writer))
            owe_cleaning(session)


def _no_draft(draft: DraftId) -> NotFoundError:
    return NotFoundError(f"there is no draft {draft}: it was deleted, or is another writer's; choose one from the list")


def _draft(row: DraftRow) -> Draft:
    return Draft(
        id=DraftId(row.id),
        writer=WriterId(row.writer_id),
        voice=VoiceId(row.voice_id) if row.voice_id is not None else None,
        title=row.title,
        text=row.text,
        revision=row.revision,
        updated_at=row.updated_at.replace(tzinfo=UTC),
        memory_use=None if row.memory_strength is None else MemoryUse(row.memory_strength, bool(row.quotes_at_length)),
    )
