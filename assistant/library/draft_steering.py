"""What the writer changed of the evidence of a draft: kept with it, gone with it."""

import json
from collections.abc import Collection
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.errors import NotFoundError
from assistant.library.database import Database
from assistant.library.drafts import own_draft
from assistant.library.schema import DocumentRow
from assistant.library.text import storable
from assistant.types import DocumentId, DraftId, Steering, VoiceId, WriterId


class DraftSteering:
    """Belongs to the library; every method sees one writer's drafts and documents alone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, writer: WriterId, draft: DraftId) -> Steering:
        """What steers a draft's evidence, without documents that its voice does not have any more.

        :raises NotFoundError: if the writer has no such draft.
        """
        with self._database.reading() as session:
            row = own_draft(session, writer, draft)
            if row.steering is None:
                return Steering()
            steering = _from_json(row.steering)
            return _among(steering, _of_voice(session, writer, row.voice_id, steering.documents))

    def keep(self, writer: WriterId, draft: DraftId, steering: Steering) -> Steering:
        """Remember it for a draft, without documents that its voice does not have any more; it makes no new revision.

        :raises NotFoundError: if the writer has no such draft, or a document is another writer's.
        """
        with self._database.writing() as session:
            row = own_draft(session, writer, draft)
            kept = _still(session, writer, row.voice_id, steering)
            row.steering = None if kept == Steering() else _to_json(kept)
            return kept

    def still(self, writer: WriterId, voice: VoiceId | None, steering: Steering) -> Steering:
        """The same without documents that the voice does not have any more: an open page may name one deleted since.

        :raises NotFoundError: naming a document of another writer.
        """
        if not steering.documents:
            return steering
        with self._database.reading() as session:
            return _still(session, writer, voice, steering)

    def check(self, writer: WriterId, voice: VoiceId | None, steering: Steering) -> None:
        """Refuse documents that are not of this voice of the writer.

        :raises NotFoundError: naming one of them.
        """
        if steering.documents:
            with self._database.reading() as session:
                _refuse_others(session, writer, voice, steering.documents)


def _still(session: Session, writer: WriterId, voice: int | None, steering: Steering) -> Steering:
    strange = select(DocumentRow.id).where(DocumentRow.writer_id != writer, DocumentRow.id.in_(steering.documents))
    _refuse(frozenset(DocumentId(number) for number in session.scalars(strange)))
    return _among(steering, _of_voice(session, writer, voice, steering.documents))


def _refuse_others(session: Session, writer: WriterId, voice: int | None, documents: frozenset[DocumentId]) -> None:
    _refuse(documents - _of_voice(session, writer, voice, documents))


def _refuse(others: frozenset[DocumentId]) -> None:
    if others:
        raise NotFoundError(
            f"there is no document {min(others)} in this voice: it was deleted, or belongs to another; choose one of "
            "the voice's documents"
        )


def _of_voice(
    session: Session, writer: WriterId, voice: int | None, documents: Collection[DocumentId]
) -> frozenset[DocumentId]:
    if voice is None or not documents:
        return frozenset()
    wanted = select(DocumentRow.id).where(
        DocumentRow.writer_id == writer, DocumentRow.voice_id == voice, DocumentRow.id.in_(documents)
    )
    return frozenset(DocumentId(number) for number in session.scalars(wanted))


def _among(steering: Steering, documents: frozenset[DocumentId]) -> Steering:
    def kept(named: tuple[DocumentId, ...]) -> tuple[DocumentId, ...]:
        return tuple(document for document in named if document in documents)

    return replace(steering, pinned=kept(steering.pinned), excluded=kept(steering.excluded), order=kept(steering.order))


def _to_json(steering: Steering) -> str:
    return storable(json.dumps(asdict(steering), ensure_ascii=False))


def _from_json(stored: str) -> Steering:
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in json.loads(stored).items()
    }
    return Steering(**values)
