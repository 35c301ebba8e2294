"""What keeps drafts safe beyond saving them: versions, merging what two tabs wrote, deletion with a way back."""

from dataclasses import dataclass, replace
from datetime import timedelta

from assistant.library.catalogue import now
from assistant.library.database import Database
from assistant.library.drafts import DraftConflictError, Drafts, overwrite, own_draft, to_draft
from assistant.library.merging import Run, difference, merge
from assistant.library.origins import merged, to_json
from assistant.library.schema import DraftVersionRow
from assistant.library.text import storable
from assistant.library.upkeep import Upkeep
from assistant.library.versions import Versions, keep_if_new
from assistant.types import (
    DeletedDraft,
    Draft,
    DraftId,
    Span,
    Version,
    VersionId,
    VersionInfo,
    VersionReason,
    WriterId,
)

KEPT_AFTER_DELETION = timedelta(hours=24)
"""So long a deleted draft can be put back; then it is erased from every byte."""


@dataclass(frozen=True, slots=True)
class MergedDraft:
    """A draft after two sides' changes were put together; ``places`` of its text are those where both stand."""

    draft: Draft
    places: tuple[Span, ...]


class DraftCare:
    """Belongs to the library; every method sees one writer's drafts alone."""

    def __init__(self, database: Database, upkeep: Upkeep, drafts: Drafts) -> None:
        self._database = database
        self._upkeep = upkeep
        self._drafts = drafts
        self._versions = Versions(database)

    # Two sides of one draft

    def merge(self, writer: WriterId, mine: Draft, base: Draft | None) -> MergedDraft:
        """Put ``mine``, which was made from ``base``, together with what is stored by now, and store the result.

        Without a base nothing counts as deleted. Where both changed the same words, both stand in the text, and a
        version of either is kept.
        """
        with self._database.writing() as session:
            row = own_draft(session, writer, mine.id)
            stored = to_draft(row)
            together = merge(base.text if base is not None else None, stored.text, mine.text)
            origins = merged(together.pieces, stored.origins, mine.origins)
            title = _merged_title(base.title if base is not None else None, stored.title, mine.title)
            voice = stored.voice if base is not None and mine.voice == base.voice else mine.voice
            result = replace(stored, voice=voice, title=title, text=together.text, origins=origins)
            if result == stored:
                return MergedDraft(stored, together.places)
            if together.places:
                keep_if_new(session, row, VersionReason.MERGE)
                session.add(_version_of_mine(row.id, mine))
            return MergedDraft(overwrite(session, row, result), together.places)

    # Versions

    def versions(self, writer: WriterId, draft: DraftId) -> tuple[VersionInfo, ...]:
        """The versions of a draft, latest first."""
        self._drafts.get(writer, draft)
        return self._versions.list(writer, draft)

    def version(self, writer: WriterId, draft: DraftId, version: VersionId) -> Version:
        """One version.

        :raises NotFoundError: if the draft has none of this number.
        """
        return self._versions.get(writer, draft, version)

    def keep_version(self, writer: WriterId, draft: DraftId, name: str) -> VersionInfo:
        """Keep what a draft says now under a name.

        :raises LibraryError: if the name is empty or longer than 80 characters.
        """
        return self._versions.keep_by_name(writer, draft, name)

    def compare(self, writer: WriterId, draft: DraftId, version: VersionId) -> tuple[Run, ...]:
        """How a version became what the draft says now."""
        return difference(self.version(writer, draft, version).text, self._drafts.get(writer, draft).text)

    def restore(self, writer: WriterId, draft: DraftId, version: VersionId, revision: int) -> Draft:
        """Let a draft say again what a version says; what it says now is kept as a version.

        :raises DraftConflictError: if the draft is not at this revision any more.
        """
        earlier = self.version(writer, draft, version)
        with self._database.writing() as session:
            row = own_draft(session, writer, draft)
            stored = to_draft(row)
            if row.revision != revision:
                raise DraftConflictError(stored)
            keep_if_new(session, row, VersionReason.RESTORE)
            return overwrite(
                session, row, replace(stored, title=earlier.title, text=earlier.text, origins=earlier.origins)
            )

    def delete_version(self, writer: WriterId, draft: DraftId, version: VersionId) -> None:
        """Delete a version from every byte on disk."""
        self._versions.delete(writer, draft, version)
        self._upkeep.draft_deleted()

    # Deletion

    def delete(self, writer: WriterId, draft: DraftId) -> None:
        """Take a draft away. For a day it can be put back; then it is erased."""
        self._drafts.delete(writer, draft)

    def deleted(self, writer: WriterId) -> tuple[DeletedDraft, ...]:
        """What can be put back, last deleted first."""
        self.erase_expired()
        return self._drafts.deleted(writer)

    def put_back(self, writer: WriterId, draft: DraftId) -> Draft:
        """Undo a deletion.

        :raises NotFoundError: if the draft is erased.
        """
        return self._drafts.put_back(writer, draft)

    def erase_expired(self) -> None:
        """Erase every draft whose day after deletion is over. Costs next to nothing when there is none."""
        if self._drafts.erase_deleted_before(now() - KEPT_AFTER_DELETION):
            self._upkeep.draft_deleted()


def _merged_title(base: str | None, stored: str, mine: str) -> str:
    """The title that changed; both if both did."""
    if mine in (base, stored):
        return stored
    return mine if stored == base or not stored.strip() else f"{stored} / {mine}"


def _version_of_mine(draft: int, mine: Draft) -> DraftVersionRow:
    """What this side wrote, which never stood in the draft's row."""
    return DraftVersionRow(
        writer_id=mine.writer,
        draft_id=draft,
        written_at=now(),
        reason=VersionReason.MERGE,
        name="",
        words=len(mine.text.split()),
        title=mine.title,
        text=storable(mine.text),
        origins=to_json(mine.origins),
    )
