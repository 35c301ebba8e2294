"""Drafts that come from files, and drafts that are finished and become documents of their voice."""

import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sqlalchemy import select

from assistant.errors import LibraryError
from assistant.library.catalogue import content_hash
from assistant.library.drafts import Drafts
from assistant.library.file_names import safe_stem
from assistant.library.importing import Importer, LibraryParts
from assistant.library.readers import read_document
from assistant.library.reports import FileReport
from assistant.library.schema import DocumentRow, DraftRow
from assistant.library.text import clean_text, storable
from assistant.types import DocumentId, Draft, DraftId, VoiceId, WriterId


@dataclass(frozen=True, slots=True)
class Joined:
    """How a draft joined its voice: whether the voice did not have this text, and whether an earlier state gave way."""

    snippets: int
    is_new: bool
    has_replaced: bool


class DraftFiles:
    """Belongs to the library; every method sees one writer's drafts alone."""

    def __init__(self, parts: LibraryParts, drafts: Drafts, importer: Importer) -> None:
        self._parts = parts
        self._drafts = drafts
        self._importer = importer

    def read(self, writer: WriterId, voice: VoiceId | None, name: str, data: bytes) -> Draft:
        """A new draft with what a file says, read as the library reads it.

        :raises UnreadableError: with the reason, if it cannot be read.
        """
        found = read_document(PurePosixPath(storable(name)).name, data)
        return self._drafts.create(writer, voice, found.title, found.text)

    def join(self, writer: WriterId, draft: DraftId) -> Joined:
        """Make a draft a document of its voice by an ordinary import; an earlier state of it that joined gives way.

        :raises LibraryError: if the draft has no voice or no text, or the text cannot be imported.
        """
        found = self._drafts.get(writer, draft)
        text = clean_text(found.text)
        if found.voice is None:
            raise LibraryError("the draft has no voice: choose the one that it should join")
        if not text:
            raise LibraryError("the draft has no text yet: write some, then add it to its voice")
        file = self._import(writer, found.voice, found, text)
        before = self._drafts.joined(writer, draft, content_hash(text))
        has_replaced = before not in (None, content_hash(text)) and self._forget(writer, found.voice, str(before))
        return Joined(file.snippets, is_new=file.status == "imported", has_replaced=has_replaced)

    def joined_as(self, writer: WriterId, draft: DraftId, voice: VoiceId) -> DocumentId | None:
        """The document of a voice that a draft became when it joined; None if it did not, or the document is gone."""
        query = (
            select(DocumentRow.id)
            .join(DraftRow, DraftRow.joined_hash == DocumentRow.content_hash)
            .where(DraftRow.id == draft, DraftRow.writer_id == writer)
            .where(DocumentRow.voice_id == voice, DocumentRow.writer_id == writer)
        )
        with self._parts.database.reading() as session:
            found = session.execute(query).scalar()
        return None if found is None else DocumentId(found)

    def _import(self, writer: WriterId, voice: VoiceId, draft: Draft, text: str) -> FileReport:
        self._parts.staging.mkdir(parents=True, exist_ok=True)
        # A folder there that a kill leaves behind is removed at the next opening.
        with tempfile.TemporaryDirectory(dir=self._parts.staging) as folder:
            path = Path(folder) / f"{safe_stem(draft.title)}.md"
            path.write_text(_as_markdown(draft, text), encoding="utf-8")
            (file,) = self._importer.run(writer, voice, [path]).files
        if file.status not in ("imported", "present"):
            raise LibraryError(f"the draft cannot join its voice: {file.reason or 'the import was stopped, try again'}")
        return file

    def _forget(self, writer: WriterId, voice: VoiceId, content: str) -> bool:
        """Delete the voice's document with this content hash; whether there was one."""
        query = select(DocumentRow.id).where(DocumentRow.voice_id == voice, DocumentRow.content_hash == content)
        with self._parts.database.reading() as session:
            found = [DocumentId(number) for number in session.execute(query).scalars()]
        if found:
            with self._parts.changing:
                self._parts.upkeep.deleted(self._parts.catalogue.delete_documents(writer, found))
        return bool(found)


def _as_markdown(draft: Draft, text: str) -> str:
    """With the title in the front matter, where no sign in it means anything."""
    import frontmatter

    post = frontmatter.Post(text, title=draft.title.strip() or "Untitled", date=draft.updated_at.date())
    return str(frontmatter.dumps(post))
