"""Versions: what a draft said earlier, kept by itself when it is worth it, thinned with age.

A version is kept of what is about to be overwritten: when much was written or time passed since the last one, before
a large change at once (a paste, a deletion), before an earlier version comes back, and of both sides where two tabs
changed the same words. The writer keeps one by hand, with a name; such a one is never thinned.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from assistant.errors import LibraryError, NotFoundError
from assistant.library.catalogue import now, owe_cleaning
from assistant.library.database import Database
from assistant.library.origins import from_json
from assistant.library.schema import DraftRow, DraftVersionRow
from assistant.library.text import storable
from assistant.types import DraftId, Version, VersionId, VersionInfo, VersionReason, WriterId

_LARGE_DELETION = 200
_LARGE_INSERTION = 1_000
"""Characters that one save takes out or puts in: more than a person types between two saves."""
_MANY_CHANGES = 2_000
"""Characters changed since the last version: about a page."""
_LONG_AGO = timedelta(minutes=10)
_LONGEST_NAME = 80

_STEPS = (
    (timedelta(hours=1), timedelta(0)),
    (timedelta(days=1), timedelta(hours=1)),
    (timedelta(days=30), timedelta(days=1)),
    (timedelta.max, timedelta(days=7)),
)
"""Up to which age one version stays of which stretch of time: all of the last hour, then one an hour, a day, a week."""
_EPOCH = datetime(2000, 1, 3)  # a Monday: weeks begin as people count them


class Versions:
    """The versions of all drafts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, writer: WriterId, draft: DraftId) -> tuple[VersionInfo, ...]:
        """The versions of a draft, latest first."""
        row = DraftVersionRow
        query = (
            select(row.id, row.written_at, row.reason, row.name, row.words)
            .where(row.draft_id == draft, row.writer_id == writer)
            .order_by(row.written_at.desc(), row.id.desc())
        )
        with self._database.reading() as session:
            return tuple(_info(*found) for found in session.execute(query))

    def get(self, writer: WriterId, draft: DraftId, version: VersionId) -> Version:
        """One version of a draft.

        :raises NotFoundError: if the draft has none of this number.
        """
        with self._database.reading() as session:
            row = session.get(DraftVersionRow, version)
            if row is None or row.writer_id != writer or row.draft_id != draft:
                raise NotFoundError(f"there is no version {version} of this draft: it was thinned out or deleted")
            info = _info(row.id, row.written_at, row.reason, row.name, row.words)
            return Version(info, draft, row.title, row.text, from_json(row.origins))

    def keep_by_name(self, writer: WriterId, draft: DraftId, name: str) -> VersionInfo:
        """Keep what a draft says now, for good.

        :raises LibraryError: if the name is empty or longer than 80 characters.
        :raises NotFoundError: if the writer has no such draft.
        """
        name = " ".join(storable(name).split())
        if not 0 < len(name) <= _LONGEST_NAME:
            raise LibraryError(f"a version's name has {len(name)} characters: expected 1 to {_LONGEST_NAME}")
        with self._database.writing() as session:
            row = session.get(DraftRow, draft)
            if row is None or row.writer_id != writer or row.deleted_at is not None:
                raise NotFoundError(f"there is no draft {draft}: it was deleted; choose one from the list")
            kept = keep(session, row, VersionReason.NAMED, name=name)
            return _info(kept.id, kept.written_at, kept.reason, kept.name, kept.words)

    def delete(self, writer: WriterId, draft: DraftId, version: VersionId) -> None:
        """Delete a version; the caller cleans the disk."""
        self.get(writer, draft, version)
        with self._database.writing() as session:
            session.execute(delete(DraftVersionRow).where(DraftVersionRow.id == version))
            owe_cleaning(session)


def keep(session: Session, row: DraftRow, reason: VersionReason, *, name: str = "") -> DraftVersionRow:
    """Keep what a draft's row says as a version, and thin out older ones."""
    kept = DraftVersionRow(
        writer_id=row.writer_id,
        draft_id=row.id,
        written_at=row.updated_at,
        reason=reason,
        name=name,
        words=len(row.text.split()),
        title=row.title,
        text=row.text,
        origins=row.origins,
    )
    session.add(kept)
    row.changed_characters, row.version_kept_at = 0, now()
    session.flush()
    _thin(session, row.id)
    return kept


def keep_if_due(session: Session, row: DraftRow, new_text: str) -> None:
    """Before a save: keep what it overwrites if that is worth it, and count what it changes."""
    removed, added = edit_size(row.text, new_text)
    reason = _reason_to_keep(row, removed, added)
    if reason is not None:
        keep(session, row, reason)
    row.changed_characters += max(removed, added)


def keep_if_new(session: Session, row: DraftRow, reason: VersionReason) -> None:
    """Keep what a draft says unless the latest version says the same."""
    version = DraftVersionRow
    latest = session.execute(
        select(version.title, version.text)
        .where(version.draft_id == row.id)
        .order_by(version.written_at.desc(), version.id.desc())
        .limit(1)
    ).first()
    has_text = bool(row.text.strip())
    is_new = has_text if latest is None else latest.title != row.title or (has_text and latest.text != row.text)
    if is_new:
        keep(session, row, reason)


def edit_size(old: str, new: str) -> tuple[int, int]:
    """Characters taken out and put in between what the two texts begin and end with alike."""
    head = _alike(old, new)
    tail = _alike_at_end(old, new, min(len(old), len(new)) - head)
    return len(old) - head - tail, len(new) - head - tail


def surplus(kept: Iterable[tuple[VersionId, datetime]], moment: datetime) -> frozenset[VersionId]:
    """Those of the versions that are thinned out at this moment: of each stretch of time the latest stays."""
    latest: set[tuple[timedelta, int]] = set()
    result = set()
    for version, written_at in sorted(kept, key=lambda one: (one[1], one[0]), reverse=True):
        stretch = next(step for limit, step in _STEPS if moment - written_at < limit)
        if not stretch:
            continue
        place = (stretch, (written_at - _EPOCH) // stretch)
        if place in latest:
            result.add(version)
        latest.add(place)
    return frozenset(result)


def _reason_to_keep(row: DraftRow, removed: int, added: int) -> VersionReason | None:
    if not row.changed_characters or not row.text.strip() or not (removed or added):
        return None
    if removed >= _LARGE_DELETION or added >= _LARGE_INSERTION:
        return VersionReason.LARGE_CHANGE
    if row.changed_characters >= _MANY_CHANGES:
        return VersionReason.CHANGES
    if row.version_kept_at is None or now() - row.version_kept_at >= _LONG_AGO:
        return VersionReason.TIME
    return None


def _thin(session: Session, draft: int) -> None:
    found = session.execute(
        select(DraftVersionRow.id, DraftVersionRow.written_at).where(
            DraftVersionRow.draft_id == draft, DraftVersionRow.reason != VersionReason.NAMED
        )
    )
    gone = surplus(((VersionId(row[0]), row[1]) for row in found), now())
    if gone:
        session.execute(delete(DraftVersionRow).where(DraftVersionRow.id.in_(gone)))
        owe_cleaning(session)


def _alike(old: str, new: str) -> int:
    """How many characters are the same from the start on; halving is much faster than looking at each."""
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _alike_at_end(old: str, new: str, most: int) -> int:
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if old[len(old) - middle : len(old) - low] == new[len(new) - middle : len(new) - low]:
            low = middle
        else:
            high = middle - 1
    return low


def _info(number: int, written_at: datetime, reason: str, name: str, words: int) -> VersionInfo:
    return VersionInfo(VersionId(number), written_at.replace(tzinfo=UTC), VersionReason(reason), name, words)
