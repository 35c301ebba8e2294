"""Whether the words that were taken from a suggestion still stand in the draft five minutes later.

Nobody need watch: until the draft is saved again its row says what stood at that moment. So the words are looked for
just before the first save after it, before the draft is deleted, or when the statistics are read, whichever comes
first. Until then a row of the draft's holds what to look for: no text, but keyed fingerprints of every three words in
a row. What a draft says whose page is offline counts from its next save on. Of a draft that was deleted before the
five minutes were over nothing is known; put back, it counts as if it had never been away.
"""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from assistant.library.catalogue import now
from assistant.library.schema import DraftRow, LookRow, SuggestionOutcomeRow
from assistant.library.text import storable
from assistant.types import DraftId, WriterId

LOOK_AFTER = timedelta(minutes=5)
_SHORTEST_RUN = 3
"""Words in a row that are looked for; fewer stand in any text."""
_FINGERPRINT_BYTES = 8
_KEY_BYTES = 16


@dataclass(frozen=True, slots=True)
class Taken:
    """Words of a suggestion that the writer took into a draft."""

    draft: DraftId
    text: str


def look_later(session: Session, outcome: SuggestionOutcomeRow, taken: Taken) -> None:
    """Have it known in five minutes how many of these words were kept; not if the writer has no such draft."""
    draft, words = session.get(DraftRow, taken.draft), storable(taken.text).split()
    if draft is None or draft.writer_id != outcome.writer_id or draft.deleted_at is not None or not words:
        return
    length, key = min(_SHORTEST_RUN, len(words)), secrets.token_bytes(_KEY_BYTES)
    session.add(
        LookRow(
            outcome_id=outcome.id,
            writer_id=outcome.writer_id,
            draft_id=draft.id,
            due_at=outcome.ended_at + LOOK_AFTER,
            run_words=length,
            key=key,
            runs=b"".join(_fingerprints(words, length, key)),
        )
    )


def look(session: Session, draft: DraftRow) -> None:
    """Look for the words whose time has come in what a draft's row says; to be called before that changes."""
    due = session.scalars(select(LookRow).where(LookRow.draft_id == draft.id, LookRow.due_at <= now())).all()
    if not due:
        return
    standing = draft.text.split()
    for row in due:
        outcome = session.get_one(SuggestionOutcomeRow, row.outcome_id)
        outcome.kept_words = min(_kept_words(row, standing), outcome.accepted_words)
    session.execute(delete(LookRow).where(LookRow.outcome_id.in_([row.outcome_id for row in due])))


def drafts_due(writer: WriterId) -> Select[DraftRow]:
    """A writer's drafts in which words are to be looked for now; not those that were deleted."""
    due = select(LookRow.draft_id).where(LookRow.writer_id == writer, LookRow.due_at <= now())
    return select(DraftRow).where(DraftRow.id.in_(due), DraftRow.deleted_at.is_(None))


def _kept_words(row: LookRow, standing: Sequence[str]) -> int:
    """How many of the words stand in a text, in runs as long as those that are looked for."""
    there = set(_fingerprints(standing, row.run_words, row.key))
    runs = [row.runs[start : start + _FINGERPRINT_BYTES] for start in range(0, len(row.runs), _FINGERPRINT_BYTES)]
    kept = {start + offset for start, run in enumerate(runs) if run in there for offset in range(row.run_words)}
    return len(kept)


def _fingerprints(words: Sequence[str], length: int, key: bytes) -> Iterator[bytes]:
    for start in range(len(words) - length + 1):
        run = " ".join(words[start : start + length])
        yield blake2b(run.encode("utf-8"), digest_size=_FINGERPRINT_BYTES, key=key).digest()
