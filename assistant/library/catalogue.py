"""The truth, in SQL: writers, voices, documents, snippets, words.

Each public method is one transaction. Those that take a writer check that what they touch is theirs; those that do not
serve retrieval, whose callers have checked already. What an import adds is in ``intake``.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Row, Select, delete, func, select, update
from sqlalchemy.orm import Session

from assistant.embedding import Vectors
from assistant.errors import LibraryError, NotFoundError
from assistant.library.database import Database
from assistant.library.schema import DocumentRow, FactRow, SnippetRow, VoiceRow, WordRow, WriterRow
from assistant.library.text import storable
from assistant.library.vectors import from_bytes
from assistant.types import (
    Document,
    DocumentId,
    DocumentInfo,
    MemoryUse,
    Snippet,
    SnippetId,
    Span,
    Voice,
    VoiceId,
    WriterId,
    checked_voice_strength,
)

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_Item = TypeVar("_Item")

LOCAL_WRITER = "local"
LONGEST_VOICE_NAME = 80
_CLEANING_DUE = "cleaning_due"
_PARAMETERS_AT_ONCE = 10_000  # SQLite takes 32,766

_SNIPPET_COLUMNS = (
    SnippetRow.id,
    SnippetRow.document_id,
    SnippetRow.position,
    SnippetRow.start,
    SnippetRow.end,
    SnippetRow.text,
)


@dataclass(frozen=True, slots=True)
class Content:
    """What identifies a document's text, and how long it is."""

    hash: str
    characters: int


def content_hash(text: str) -> str:
    """What makes two documents the same: their text."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


class Catalogue:
    """Voices and documents of all writers."""

    def __init__(self, database: Database, dimensions: int) -> None:
        self._database = database
        self._dimensions = dimensions

    # Writers

    def writer(self, name: str) -> WriterId:
        """The writer of this name, created on first use."""
        named = select(WriterRow.id).where(WriterRow.name == name)
        with self._database.reading() as session:
            found = session.scalar(named)
        if found is None:
            with self._database.writing() as session:  # another thread may have come first
                found = session.scalar(named)
                if found is None:
                    row = WriterRow(name=name, created_at=now())
                    session.add(row)
                    session.flush()
                    found = row.id
        return WriterId(found)

    # Facts

    def fact(self, name: str) -> str | None:
        """A recorded fact about the library."""
        with self._database.reading() as session:
            return session.scalar(select(FactRow.value).where(FactRow.name == name))

    def record_fact(self, name: str, value: str) -> None:
        """Record a fact about the library."""
        with self._database.writing() as session:
            session.merge(FactRow(name=name, value=value))

    # Voices

    def voices(self, writer: WriterId) -> tuple[Voice, ...]:
        """A writer's voices, by name."""
        with self._database.reading() as session:
            rows = session.execute(_voices().where(VoiceRow.writer_id == writer)).all()
        return tuple(sorted(map(_voice, rows), key=lambda voice: voice.name.casefold()))

    def voice(self, writer: WriterId, voice: VoiceId) -> Voice:
        """One voice of a writer.

        :raises NotFoundError: if the writer has no such voice.
        """
        with self._database.reading() as session:
            row = session.execute(_voices().where(VoiceRow.id == voice, VoiceRow.writer_id == writer)).one_or_none()
        if row is None:
            raise no_voice(voice)
        return _voice(row)

    def find_voice(self, writer: WriterId, name: str) -> Voice | None:
        """A writer's voice of this name; upper and lower case are alike."""
        wanted = _tidy_name(name).casefold()
        return next((voice for voice in self.voices(writer) if voice.name.casefold() == wanted), None)

    def create_voice(self, writer: WriterId, name: str) -> Voice:
        """A new, empty voice.

        :raises LibraryError: if the name is empty, too long or taken.
        """
        with self._database.writing() as session:
            name = _free_name(session, writer, name)
            row = VoiceRow(writer_id=writer, name=name, revision=0, index_is_current=True, created_at=now())
            session.add(row)
            session.flush()
            return Voice(VoiceId(row.id), writer, name)

    def rename_voice(self, writer: WriterId, voice: VoiceId, name: str) -> None:
        """Give a voice another name.

        :raises LibraryError: if the name is empty, too long or taken.
        """
        with self._database.writing() as session:
            row = own_voice(session, writer, voice)
            row.name = _free_name(session, writer, name, but=voice)

    def use_memory(self, writer: WriterId, voice: VoiceId, use: MemoryUse) -> None:
        """Record how much of a voice's wording its drafts start with."""
        with self._database.writing() as session:
            row = own_voice(session, writer, voice)
            row.memory_strength, row.quotes_at_length = use.strength, use.quotes_at_length

    def set_voice_strength(self, writer: WriterId, voice: VoiceId, strength: float) -> None:
        """Record how far the drafts of a voice go towards its persona at first."""
        with self._database.writing() as session:
            own_voice(session, writer, voice).voice_strength = checked_voice_strength(strength)

    def delete_voice(self, writer: WriterId, voice: VoiceId) -> None:
        """Delete a voice with its documents; drafts stay, without a voice."""
        with self._database.writing() as session:
            own_voice(session, writer, voice)
            session.execute(delete(VoiceRow).where(VoiceRow.id == voice))
            owe_cleaning(session)

    def voice_revision(self, voice: VoiceId) -> int:
        """A number that grows with every change to the voice's documents."""
        with self._database.reading() as session:
            revision = session.scalar(select(VoiceRow.revision).where(VoiceRow.id == voice))
        if revision is None:
            raise no_voice(voice)
        return revision

    # Documents

    def documents(
        self, writer: WriterId, voice: VoiceId, *, search: str, limit: int, offset: int
    ) -> tuple[DocumentInfo, ...]:
        """A page of a voice's documents, newest first, undated last."""
        query = (
            select(
                DocumentRow.id,
                DocumentRow.voice_id,
                DocumentRow.title,
                DocumentRow.written_on,
                DocumentRow.origin,
                DocumentRow.characters,
                DocumentRow.snippet_count,
            )
            .where(DocumentRow.voice_id == voice)
            .order_by(DocumentRow.written_on.desc().nulls_last(), DocumentRow.id.desc())
            .limit(limit)
            .offset(offset)
        )
        if needle := storable(search).strip().casefold():
            query = query.where(func.contains(DocumentRow.title + "\n" + DocumentRow.text, needle))
        with self._database.reading() as session:
            own_voice(session, writer, voice)
            rows = session.execute(query).all()
        return tuple(
            DocumentInfo(DocumentId(row[0]), VoiceId(row[1]), row[2], row[3], row[4], row[5], row[6]) for row in rows
        )

    def document(self, writer: WriterId, document: DocumentId) -> Document:
        """One document of a writer.

        :raises NotFoundError: if the writer has no such document.
        """
        with self._database.reading() as session:
            return _document(_own_document(session, writer, document))

    def snippets(self, writer: WriterId, document: DocumentId) -> tuple[Snippet, ...]:
        """A document's snippets in reading order."""
        with self._database.reading() as session:
            _own_document(session, writer, document)
            return _snippets(session, SnippetRow.document_id == document)

    def delete_documents(self, writer: WriterId, documents: Sequence[DocumentId]) -> set[VoiceId]:
        """Delete documents with all that came of them; returns the voices whose index is no longer current."""
        with self._database.writing() as session:
            rows = [_own_document(session, writer, document) for document in documents]
            for row in rows:
                _forget_words(session, VoiceId(row.voice_id), row.words.split("\n") if row.words else [])
                session.execute(delete(DocumentRow).where(DocumentRow.id == row.id))
            voices = {VoiceId(row.voice_id) for row in rows}
            for voice in voices:
                touch(session, voice)
            owe_cleaning(session)
        return voices

    def holds(self, voice: VoiceId, text: str) -> bool:
        """Whether a voice has a document of this very text."""
        with self._database.reading() as session:
            query = select(DocumentRow.id).where(
                DocumentRow.voice_id == voice, DocumentRow.content_hash == content_hash(text)
            )
            return session.scalar(query) is not None

    # Retrieval

    def voice_snippets(self, voice: VoiceId) -> tuple[Snippet, ...]:
        """All snippets of a voice, in the order they came."""
        with self._database.reading() as session:
            return _snippets(session, SnippetRow.voice_id == voice)

    def snippets_by_id(self, voice: VoiceId, ids: Sequence[SnippetId]) -> tuple[Snippet, ...]:
        """Snippets of a voice, in the order of the ids.

        :raises NotFoundError: if the voice lacks one.
        """
        with self._database.reading() as session:
            found = {
                snippet.id: snippet
                for part in parts_of(ids)
                for snippet in _snippets(session, SnippetRow.voice_id == voice, SnippetRow.id.in_(part))
            }
        return tuple(_in_order(found, ids))

    def snippet_vectors(self, voice: VoiceId, ids: Sequence[SnippetId]) -> Vectors:
        """Vectors of a voice's snippets, (ids, dimensions), in the order of the ids.

        :raises NotFoundError: if the voice lacks one.
        """
        found: dict[SnippetId, bytes] = {}
        with self._database.reading() as session:
            for part in parts_of(ids):
                query = select(SnippetRow.id, SnippetRow.vector).where(
                    SnippetRow.voice_id == voice, SnippetRow.id.in_(part)
                )
                found |= {SnippetId(row[0]): row[1] for row in session.execute(query)}
        return from_bytes(_in_order(found, ids), self._dimensions)

    def voice_vectors(self, voice: VoiceId) -> tuple[list[SnippetId], Vectors]:
        """All snippet ids of a voice and their vectors, in the order they came."""
        query = select(SnippetRow.id, SnippetRow.vector).where(SnippetRow.voice_id == voice).order_by(SnippetRow.id)
        with self._database.reading() as session:
            rows = session.execute(query).all()
        return [SnippetId(row[0]) for row in rows], from_bytes([row[1] for row in rows], self._dimensions)

    def documents_by_id(self, voice: VoiceId, ids: Iterable[DocumentId]) -> dict[DocumentId, Document]:
        """Those of the documents that the voice has."""
        found: dict[DocumentId, Document] = {}
        with self._database.reading() as session:
            for part in parts_of(list(ids)):
                query = select(DocumentRow).where(DocumentRow.voice_id == voice, DocumentRow.id.in_(part))
                found |= {DocumentId(row.id): _document(row) for row in session.scalars(query)}
        return found

    def documents_saying(self, voice: VoiceId, phrase: str, *, most: int) -> int:
        """In how many documents of a voice a phrase stands, whatever its case; counting ends at ``most``."""
        query = (
            select(DocumentRow.id)
            .where(DocumentRow.voice_id == voice, func.contains(DocumentRow.text, phrase.casefold()))
            .limit(most)
        )
        with self._database.reading() as session:
            return len(session.execute(query).all())

    def contents(self, voice: VoiceId) -> dict[DocumentId, Content]:
        """All documents of a voice without their texts, in the order they came."""
        query = (
            select(DocumentRow.id, DocumentRow.content_hash, DocumentRow.characters)
            .where(DocumentRow.voice_id == voice)
            .order_by(DocumentRow.id)
        )
        with self._database.reading() as session:
            return {DocumentId(row[0]): Content(row[1], row[2]) for row in session.execute(query)}

    def document_snippets(self, voice: VoiceId, document: DocumentId) -> tuple[Snippet, ...]:
        """A document's snippets in reading order; empty if the voice has no such document."""
        with self._database.reading() as session:
            return _snippets(session, SnippetRow.voice_id == voice, SnippetRow.document_id == document)

    def word_vectors(self, voice: VoiceId, words: Sequence[str]) -> dict[str, Vectors]:
        """Vectors of those words that the voice has."""
        found: dict[str, bytes] = {}
        with self._database.reading() as session:
            for part in parts_of(words):
                query = select(WordRow.word, WordRow.vector).where(WordRow.voice_id == voice, WordRow.word.in_(part))
                found |= {row[0]: row[1] for row in session.execute(query)}
        vectors = from_bytes(list(found.values()), self._dimensions)
        return dict(zip(found, vectors, strict=True))

    # What is owed to index and disk

    def voices_with_stale_index(self) -> set[VoiceId]:
        """The voices whose changes the index may not know."""
        with self._database.reading() as session:
            return {
                VoiceId(voice)
                for voice in session.scalars(select(VoiceRow.id).where(VoiceRow.index_is_current.is_(False)))
            }

    def index_became_current(self, voice: VoiceId) -> None:
        """Record that the index knows all of a voice."""
        with self._database.writing() as session:
            session.execute(update(VoiceRow).where(VoiceRow.id == voice).values(index_is_current=True))

    def cleaning_is_due(self) -> bool:
        """Whether something was deleted whose traces may still be on disk."""
        return self.fact(_CLEANING_DUE) is not None

    def cleaned(self) -> None:
        """Record that no traces are left."""
        with self._database.writing() as session:
            session.execute(delete(FactRow).where(FactRow.name == _CLEANING_DUE))

    def snippet_counts(self) -> dict[VoiceId, int]:
        """Snippets per voice."""
        query = select(VoiceRow.id, func.count(SnippetRow.id)).outerjoin(SnippetRow).group_by(VoiceRow.id)
        with self._database.reading() as session:
            return {VoiceId(row[0]): row[1] for row in session.execute(query)}


def now() -> datetime:
    """The time, in UTC without saying so: SQLite keeps no zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def no_voice(voice: VoiceId) -> NotFoundError:
    """What to say where a voice is looked for in vain."""
    return NotFoundError(f"there is no voice {voice}: it was deleted, or is another writer's; choose one from the list")


def _voices() -> Select[int, int, str, int, int | None, float, bool, float]:
    counts = (
        select(
            DocumentRow.voice_id, func.count().label("documents"), func.sum(DocumentRow.snippet_count).label("snippets")
        )
        .group_by(DocumentRow.voice_id)
        .subquery()
    )
    return select(
        VoiceRow.id,
        VoiceRow.writer_id,
        VoiceRow.name,
        counts.c.documents,
        counts.c.snippets,
        VoiceRow.memory_strength,
        VoiceRow.quotes_at_length,
        VoiceRow.voice_strength,
    ).outerjoin(counts, counts.c.voice_id == VoiceRow.id)


def _voice(row: Row[int, int, str, int, int | None, float, bool, float]) -> Voice:
    id_, writer, name, documents, snippets, memory, quotes, strength = row
    use = MemoryUse(memory, quotes)
    return Voice(VoiceId(id_), WriterId(writer), name, documents or 0, snippets or 0, use, strength)


def own_voice(session: Session, writer: WriterId, voice: VoiceId) -> VoiceRow:
    """A voice, if it is this writer's.

    :raises NotFoundError: if it is not, or there is none.
    """
    row = session.get(VoiceRow, voice)
    if row is None or row.writer_id != writer:
        raise no_voice(voice)
    return row


def _own_document(session: Session, writer: WriterId, document: DocumentId) -> DocumentRow:
    row = session.get(DocumentRow, document)
    if row is None or row.writer_id != writer:
        raise NotFoundError(
            f"there is no document {document}: it was deleted, or is another writer's; choose one from the list"
        )
    return row


def _free_name(session: Session, writer: WriterId, name: str, *, but: VoiceId | None = None) -> str:
    """A voice's name, tidied, if the writer has no other voice of that name in any case."""
    name = _tidy_name(name)
    if not name:
        raise LibraryError("a voice needs a name: type one, such as Work mail")
    if len(name) > LONGEST_VOICE_NAME:
        raise LibraryError(f"the name has {len(name)} characters: expected at most {LONGEST_VOICE_NAME}")
    taken = session.execute(select(VoiceRow.id, VoiceRow.name).where(VoiceRow.writer_id == writer))
    if any(other != but and other_name.casefold() == name.casefold() for other, other_name in taken):
        raise LibraryError(f"there is a voice named {name} already: choose another name")
    return name


def _tidy_name(name: str) -> str:
    return " ".join("".join(character if character.isprintable() else " " for character in name).split())


def _document(row: DocumentRow) -> Document:
    return Document(DocumentId(row.id), VoiceId(row.voice_id), row.title, row.written_on, row.text, row.origin)


def _snippets(session: Session, *conditions: Any) -> tuple[Snippet, ...]:
    rows = session.execute(select(*_SNIPPET_COLUMNS).where(*conditions).order_by(SnippetRow.id))
    return tuple(
        Snippet(SnippetId(id_), DocumentId(document), position, Span(start, end), text)
        for id_, document, position, start, end, text in rows
    )


def owe_cleaning(session: Session) -> None:
    """Record, with a deletion, that the disk has to be cleaned of it."""
    session.merge(FactRow(name=_CLEANING_DUE, value="yes"))


def touch(session: Session, voice: VoiceId) -> None:
    """A voice's documents changed."""
    session.execute(
        update(VoiceRow).where(VoiceRow.id == voice).values(revision=VoiceRow.revision + 1, index_is_current=False)
    )


def _forget_words(session: Session, voice: VoiceId, words: Sequence[str]) -> None:
    """Take a document's words back; those of no other document go, with their vectors."""
    for part in parts_of(words):
        own = (WordRow.voice_id == voice, WordRow.word.in_(part))
        session.execute(update(WordRow).where(*own).values(documents=WordRow.documents - 1))
        session.execute(delete(WordRow).where(*own, WordRow.documents <= 0))


def _in_order(found: Mapping[_Key, _Value], ids: Sequence[_Key]) -> list[_Value]:
    try:
        return [found[id_] for id_ in ids]
    except KeyError as error:
        raise NotFoundError(f"the voice has no snippet {error.args[0]}: it was deleted; search again") from error


def parts_of(items: Sequence[_Item]) -> Iterable[Sequence[_Item]]:
    """The items, as many at once as a query takes."""
    for start in range(0, len(items), _PARAMETERS_AT_ONCE):
        yield items[start : start + _PARAMETERS_AT_ONCE]
