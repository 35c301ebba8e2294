"""What an import adds to the catalogue: documents with their snippets, and the words that are new to a voice.

The importer has checked that the voice is the writer's. It stores within a transaction of its own, so that what it
records of a file and the file's document come together or not at all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from assistant.embedding import Vectors
from assistant.library.catalogue import content_hash, no_voice, now, parts_of, touch
from assistant.library.database import Database
from assistant.library.schema import DocumentRow, SnippetRow, VoiceRow, WordRow
from assistant.library.vectors import from_bytes, to_bytes
from assistant.types import DocumentId, NewDocument, SnippetId, Span, VoiceId, WriterId


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """A document ready to be stored: ``vectors`` are those of its snippets, (snippets, dimensions)."""

    new: NewDocument
    origin: str
    spans: tuple[Span, ...]
    words: tuple[str, ...]
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """What storing a document gave it."""

    id: DocumentId
    snippets: tuple[SnippetId, ...]


class Intake:
    """Takes in documents and words."""

    def __init__(self, database: Database, dimensions: int) -> None:
        self._database = database
        self._dimensions = dimensions

    def missing_words(self, voice: VoiceId, words: Iterable[str]) -> list[str]:
        """Those of the words that the voice has no vector for yet, in their order."""
        distinct = list(dict.fromkeys(words))
        known: set[str] = set()
        with self._database.reading() as session:
            for part in parts_of(distinct):
                query = select(WordRow.word).where(WordRow.voice_id == voice, WordRow.word.in_(part))
                known |= set(session.scalars(query))
        return [word for word in distinct if word not in known]

    def words_of_other_voices(self, voice: VoiceId, words: Sequence[str]) -> dict[str, Vectors]:
        """Vectors of those words that other voices of the same writer have: they need not be made a second time.

        Where two have one, the older voice's counts, so that an import that was killed finds it again.
        """
        found: dict[str, bytes] = {}
        with self._database.reading() as session:
            owner = select(VoiceRow.writer_id).where(VoiceRow.id == voice).scalar_subquery()
            others = select(VoiceRow.id).where(VoiceRow.writer_id == owner, VoiceRow.id != voice)
            for part in parts_of(words):
                query = (
                    select(WordRow.word, WordRow.vector)
                    .where(WordRow.voice_id.in_(others), WordRow.word.in_(part))
                    .order_by(WordRow.voice_id.desc())
                )
                found |= {row[0]: row[1] for row in session.execute(query)}
        vectors = from_bytes(list(found.values()), self._dimensions)
        return dict(zip(found, vectors, strict=True))

    def store_document(self, session: Session, voice: VoiceId, prepared: PreparedDocument) -> StoredDocument:
        """Store a document with its snippets, within the importer's transaction; its new words are stored already."""
        writer = _writer_of(session, voice)
        text = prepared.new.text
        row = DocumentRow(
            writer_id=writer,
            voice_id=voice,
            title=prepared.new.title,
            written_on=prepared.new.written_on,
            origin=prepared.origin,
            content_hash=content_hash(text),
            characters=len(text),
            snippet_count=len(prepared.spans),
            created_at=now(),
            text=text,
            words="\n".join(prepared.words),
        )
        session.add(row)
        session.flush()
        snippets = [
            {
                "writer_id": writer,
                "voice_id": voice,
                "document_id": row.id,
                "position": position,
                "start": span.start,
                "end": span.end,
                "text": text[span.start : span.end],
                "vector": to_bytes(vector),
            }
            for position, (span, vector) in enumerate(zip(prepared.spans, prepared.vectors, strict=True))
        ]
        session.execute(insert(SnippetRow), snippets)
        for part in parts_of(prepared.words):
            session.execute(
                update(WordRow)
                .where(WordRow.voice_id == voice, WordRow.word.in_(part))
                .values(documents=WordRow.documents + 1)
            )
        touch(session, voice)
        ids = session.scalars(
            select(SnippetRow.id).where(SnippetRow.document_id == row.id).order_by(SnippetRow.position)
        )
        return StoredDocument(DocumentId(row.id), tuple(SnippetId(snippet) for snippet in ids))

    def store_words(self, session: Session, voice: VoiceId, vectors: dict[str, Vectors]) -> None:
        """Store words that are new to a voice, within the importer's transaction."""
        writer = _writer_of(session, voice)
        if vectors:
            session.execute(
                insert(WordRow),
                [
                    {"voice_id": voice, "word": word, "writer_id": writer, "documents": 0, "vector": to_bytes(vector)}
                    for word, vector in vectors.items()
                ],
            )


def _writer_of(session: Session, voice: VoiceId) -> WriterId:
    writer = session.scalars(select(VoiceRow.writer_id).where(VoiceRow.id == voice)).one_or_none()
    if writer is None:
        raise no_voice(voice)
    return WriterId(writer)
