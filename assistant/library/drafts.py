"""Drafts: saved often, never overwritten by a save that did not know of the last one; found again by their words."""

import unicodedata
from datetime import UTC, datetime

import regex
from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from assistant.errors import LibraryError, NotFoundError
from assistant.library.catalogue import now, owe_cleaning, own_voice
from assistant.library.database import Database
from assistant.library.looks import look
from assistant.library.origins import from_json, tidy, to_json
from assistant.library.schema import DraftRow, VoiceRow
from assistant.library.text import storable
from assistant.library.versions import keep_if_due
from assistant.types import (
    DeletedDraft,
    Draft,
    DraftId,
    DraftInfo,
    MemoryUse,
    VoiceId,
    WriterId,
    checked_voice_strength,
)

_OPENING_CHARACTERS = 120
_FOLDED_AT_ONCE = 200
_MARKS = regex.compile(r"\p{M}+")


class DraftConflictError(LibraryError):
    """A save was based on an older revision. ``found`` is what is stored; neither text is lost."""

    def __init__(self, found: Draft) -> None:
        super().__init__(f"this draft was changed elsewhere (revision {found.revision}): merge the two texts")
        self.found = found


class Drafts:
    """The drafts of all writers. What was deleted and is not erased yet is as good as gone, but for ``put_back``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(
        self, writer: WriterId, *, search: str = "", limit: int | None = None, offset: int = 0
    ) -> tuple[DraftInfo, ...]:
        """A writer's drafts, last edited first; ``search`` finds those with all its words in title or text."""
        query = (
            select(DraftRow.id, DraftRow.title, func.substr(DraftRow.text, 1, _OPENING_CHARACTERS), DraftRow.updated_at)
            .where(DraftRow.writer_id == writer, DraftRow.deleted_at.is_(None), *self._holding(writer, search))
            .order_by(DraftRow.updated_at.desc(), DraftRow.id.desc())
            .limit(limit)
            .offset(offset)
        )
        with self._database.reading() as session:
            rows = session.execute(query).all()
        return tuple(DraftInfo(DraftId(row[0]), row[1], row[2], row[3].replace(tzinfo=UTC)) for row in rows)

    def count(self, writer: WriterId, *, search: str = "") -> int:
        """How many drafts ``list`` without a limit gives."""
        query = select(func.count(DraftRow.id)).where(
            DraftRow.writer_id == writer, DraftRow.deleted_at.is_(None), *self._holding(writer, search)
        )
        with self._database.reading() as session:
            return session.execute(query).scalar_one()

    def get(self, writer: WriterId, draft: DraftId) -> Draft:
        """One draft of a writer.

        :raises NotFoundError: if the writer has no such draft.
        """
        with self._database.reading() as session:
            return to_draft(own_draft(session, writer, draft))

    def create(self, writer: WriterId, voice: VoiceId | None, title: str, text: str) -> Draft:
        """A new draft, at revision 1."""
        with self._database.writing() as session:
            if voice is not None:
                own_voice(session, writer, voice)
            text = storable(text)
            row = DraftRow(
                writer_id=writer,
                voice_id=voice,
                title=storable(title),
                text=text,
                revision=1,
                updated_at=now(),
                origins="[]",
                changed_characters=len(text),
                version_kept_at=now(),
            )
            session.add(row)
            session.flush()
            return to_draft(row)

    def save(self, writer: WriterId, draft: Draft) -> Draft:
        """Store what the writer writes of a draft that was based on ``draft.revision``; the result has the next one.

        :raises DraftConflictError: if another save came first.
        """
        with self._database.writing() as session:
            row = own_draft(session, writer, draft.id)
            if row.revision != draft.revision:
                raise DraftConflictError(to_draft(row))
            return overwrite(session, row, draft)

    def use_memory(self, writer: WriterId, draft: DraftId, use: MemoryUse | None) -> None:
        """Record how much of the voice's wording a draft wants; None: as the voice has it. It makes no new revision."""
        strength, quotes = (use.strength, use.quotes_at_length) if use is not None else (None, None)
        with self._database.writing() as session:
            row = own_draft(session, writer, draft)
            row.memory_strength, row.quotes_at_length = strength, quotes

    def set_voice_strength(self, writer: WriterId, draft: DraftId, strength: float | None) -> None:
        """Record how far a draft goes towards its voice's persona; None: as the voice has it. No new revision either.

        :raises SettingsError: if the strength is out of its bounds.
        """
        with self._database.writing() as session:
            own_draft(session, writer, draft).voice_strength = (
                None if strength is None else checked_voice_strength(strength)
            )

    def delete(self, writer: WriterId, draft: DraftId) -> None:
        """Take a draft away; until it is erased it can be put back."""
        with self._database.writing() as session:
            row = own_draft(session, writer, draft)
            look(session, row)
            row.deleted_at = now()

    def deleted(self, writer: WriterId) -> tuple[DeletedDraft, ...]:
        """What can be put back, last deleted first."""
        opening = func.substr(DraftRow.text, 1, _OPENING_CHARACTERS)
        query = (
            select(DraftRow.id, DraftRow.title, opening, DraftRow.deleted_at)
            .where(DraftRow.writer_id == writer, DraftRow.deleted_at.is_not(None))
            .order_by(DraftRow.deleted_at.desc(), DraftRow.id.desc())
        )
        with self._database.reading() as session:
            rows = session.execute(query).all()
        return tuple(DeletedDraft(DraftId(row[0]), row[1], row[2], _aware(row[3])) for row in rows)

    def put_back(self, writer: WriterId, draft: DraftId) -> Draft:
        """Undo a deletion.

        :raises NotFoundError: if the draft is erased.
        """
        with self._database.writing() as session:
            row = session.get(DraftRow, draft)
            if row is None or row.writer_id != writer:
                raise NotFoundError(f"draft {draft} cannot be put back: it was erased for good")
            row.deleted_at = None
            return to_draft(row)

    def erase(self, writer: WriterId, draft: DraftId) -> None:
        """Erase a draft and its versions, deleted before or not; the caller cleans the disk.

        :raises NotFoundError: if the writer has no such draft.
        """
        with self._database.writing() as session:
            row = session.get(DraftRow, draft)
            if row is None or row.writer_id != writer:
                raise _no_draft(draft)
            if row.deleted_at is None:
                look(session, row)
            session.execute(delete(DraftRow).where(DraftRow.id == draft))
            owe_cleaning(session)

    def erase_deleted_before(self, moment: datetime) -> bool:
        """Erase what was deleted before this moment; whether there was anything, so that the disk is to be cleaned."""
        is_due = DraftRow.deleted_at < moment
        with self._database.reading() as session:
            if session.execute(select(DraftRow.id).where(is_due).limit(1)).first() is None:
                return False
        with self._database.writing() as session:
            session.execute(delete(DraftRow).where(is_due))
            owe_cleaning(session)
        return True

    def joined(self, writer: WriterId, draft: DraftId, content_hash: str) -> str | None:
        """Record that a draft's text became a document; the result is the hash it became one under before, if any."""
        with self._database.writing() as session:
            row = own_draft(session, writer, draft)
            before, row.joined_hash = row.joined_hash, content_hash
            return before

    def _holding(self, writer: WriterId, search: str) -> tuple[ColumnElement[bool], ...]:
        words = folded(search).split()
        if words:
            self._fold_new(writer)
        return tuple(func.instr(DraftRow.folded, word) > 0 for word in words)

    def _fold_new(self, writer: WriterId) -> None:
        """Prepare what was saved since the last search: here, so that no save has to wait for it."""
        row = DraftRow
        query = select(row.id, row.title, row.text).where(row.writer_id == writer, row.folded.is_(None))
        with self._database.reading() as session:
            if session.execute(query.limit(1)).first() is None:
                return
        is_done = False
        while not is_done:  # a part at a time, so that saves come in between
            with self._database.writing() as session:
                found = session.execute(query.limit(_FOLDED_AT_ONCE)).all()
                if found:
                    contents = [{"id": number, "folded": folded(f"{title}\n{text}")} for number, title, text in found]
                    session.execute(update(row), contents)
                is_done = len(found) < _FOLDED_AT_ONCE


def folded(text: str) -> str:
    """The text as a search sees it: without upper case, accents and other marks."""
    if text.isascii():
        return text.lower()
    return str(_MARKS.sub("", unicodedata.normalize("NFKD", text).casefold()))


def own_draft(session: Session, writer: WriterId, draft: DraftId) -> DraftRow:
    """The row of a writer's draft.

    :raises NotFoundError: if there is none, or it was deleted.
    """
    row = session.get(DraftRow, draft)
    if row is None or row.writer_id != writer or row.deleted_at is not None:
        raise _no_draft(draft)
    return row


def overwrite(session: Session, row: DraftRow, draft: Draft) -> Draft:
    """Store a draft's new content as the next revision; a version of the old one is kept if that is due."""
    text = storable(draft.text)
    look(session, row)
    keep_if_due(session, row, text)
    if draft.voice is None or session.get(VoiceRow, draft.voice) is None:
        row.voice_id = None  # deleted in another window meanwhile: no reason to refuse the text
    else:
        row.voice_id = own_voice(session, WriterId(row.writer_id), draft.voice).id
    row.title, row.text = storable(draft.title), text
    row.origins = to_json(tidy(draft.origins, len(text)))
    row.folded = None
    row.revision += 1
    row.updated_at = now()
    session.flush()
    return to_draft(row)


def to_draft(row: DraftRow) -> Draft:
    """The row as a value."""
    return Draft(
        id=DraftId(row.id),
        writer=WriterId(row.writer_id),
        voice=VoiceId(row.voice_id) if row.voice_id is not None else None,
        title=row.title,
        text=row.text,
        revision=row.revision,
        updated_at=_aware(row.updated_at),
        memory_use=None if row.memory_strength is None else MemoryUse(row.memory_strength, bool(row.quotes_at_length)),
        origins=from_json(row.origins),
        voice_strength=row.voice_strength,
    )


def _no_draft(draft: DraftId) -> NotFoundError:
    return NotFoundError(f"there is no draft {draft}: it was deleted, or is another writer's; choose one from the list")


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)
