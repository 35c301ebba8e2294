"""What became of suggestions, in numbers: shown, taken, kept, dismissed, and how long each phase took.

No text is in them, not even a draft's number; they never leave the data folder, and the writer may switch them off or
delete them.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import NewType

from sqlalchemy import delete, select, update

from assistant.errors import LibraryError, NotFoundError
from assistant.library.catalogue import now, owe_cleaning
from assistant.library.database import Database
from assistant.library.schema import SuggestionOutcomeRow, VoiceRow, WriterRow
from assistant.types import VoiceId, WriterId

OutcomeId = NewType("OutcomeId", int)

MOST_OUTCOMES = 20_000
"""Of one writer; the oldest go. That is some months of busy writing."""


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds by phase; None where a phase did not run."""

    retrieve: float | None = None
    rank: float | None = None
    summarize: float | None = None
    synthesize: float | None = None
    first_token: float | None = None
    total: float | None = None


PHASES = tuple(field.name for field in fields(Timings))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one suggestion that was shown. ``kept_words`` stood five minutes later; None: nobody looked.

    :raises LibraryError: if the numbers cannot be.
    """

    voice: VoiceId | None
    model: str
    words: int
    accepted_words: int
    is_dismissed: bool
    timings: Timings = Timings()
    kept_words: int | None = None

    def __post_init__(self) -> None:
        kept = self.kept_words if self.kept_words is not None else 0
        if not 0 <= kept <= self.accepted_words <= self.words:
            raise LibraryError(
                f"{self.words} words shown, {self.accepted_words} accepted, {kept} kept: expected each to be at most "
                "the one before"
            )


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Of one phase: half of the suggestions took at most ``p50``, nineteen in twenty at most ``p95``."""

    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class Summing:
    """Outcomes added up; ``name`` is that of the voice or model, "" for all."""

    name: str
    shown: int
    accepted: int
    """Suggestions of which at least a word was taken."""
    accepted_words: int
    dismissed: int
    looked_after: int
    """Words accepted of suggestions that were looked after five minutes later."""
    kept_words: int
    """Of those, the words that still stood."""
    phases: dict[str, Percentiles]


@dataclass(frozen=True, slots=True)
class StatisticsReport:
    """All that is known of one writer's suggestions."""

    is_kept: bool
    """Whether further ones are counted."""
    all: Summing
    by_voice: tuple[Summing, ...]
    by_model: tuple[Summing, ...]


class Statistics:
    """Belongs to the library; every method sees one writer's numbers alone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, writer: WriterId, *, is_kept: bool) -> None:
        """Switch counting on or off; what is there stays until it is deleted."""
        with self._database.writing() as session:
            session.execute(update(WriterRow).where(WriterRow.id == writer).values(keeps_statistics=is_kept))

    def record(self, writer: WriterId, outcome: Outcome) -> OutcomeId | None:
        """Count a suggestion; None if the writer does not want that. A voice that is not theirs counts as none."""
        with self._database.writing() as session:
            if not session.get_one(WriterRow, writer).keeps_statistics:
                return None
            voice = session.get(VoiceRow, outcome.voice) if outcome.voice is not None else None
            row = SuggestionOutcomeRow(
                writer_id=writer,
                voice_id=voice.id if voice is not None and voice.writer_id == writer else None,
                model=outcome.model,
                ended_at=now(),
                words=outcome.words,
                accepted_words=outcome.accepted_words,
                kept_words=outcome.kept_words,
                is_dismissed=outcome.is_dismissed,
                timings=_timings_to_json(outcome.timings),
            )
            session.add(row)
            session.flush()
            oldest = (
                select(SuggestionOutcomeRow.id)
                .where(SuggestionOutcomeRow.writer_id == writer)
                .order_by(SuggestionOutcomeRow.id.desc())
                .offset(MOST_OUTCOMES)
            )
            session.execute(delete(SuggestionOutcomeRow).where(SuggestionOutcomeRow.id.in_(oldest)))
            return OutcomeId(row.id)

    def record_kept(self, writer: WriterId, outcome: OutcomeId, words: int) -> None:
        """Add how many accepted words stood five minutes later.

        :raises NotFoundError: if the writer has no such number, perhaps because it was deleted meanwhile.
        :raises LibraryError: if more words were kept than accepted.
        """
        with self._database.writing() as session:
            row = session.get(SuggestionOutcomeRow, outcome)
            if row is None or row.writer_id != writer:
                raise NotFoundError(f"there is no suggestion {outcome} in the statistics: they were deleted")
            if not 0 <= words <= row.accepted_words:
                raise LibraryError(f"{words} words kept: expected 0 to {row.accepted_words}, which were accepted")
            row.kept_words = words

    def delete(self, writer: WriterId) -> None:
        """Delete all numbers of a writer."""
        with self._database.writing() as session:
            session.execute(delete(SuggestionOutcomeRow).where(SuggestionOutcomeRow.writer_id == writer))
            owe_cleaning(session)

    def report(self, writer: WriterId) -> StatisticsReport:
        """Everything, by voice and by model."""
        query = (
            select(SuggestionOutcomeRow, VoiceRow.name)
            .outerjoin(VoiceRow, SuggestionOutcomeRow.voice_id == VoiceRow.id)
            .where(SuggestionOutcomeRow.writer_id == writer)
        )
        with self._database.reading() as session:
            is_kept = session.get_one(WriterRow, writer).keeps_statistics
            found = [_Counted(_outcome(row), voice or "") for row, voice in session.execute(query)]
        return StatisticsReport(
            is_kept,
            _sum("", found),
            _grouped(found, lambda one: one.voice),
            _grouped(found, lambda one: one.outcome.model),
        )


@dataclass(frozen=True, slots=True)
class _Counted:
    """An outcome and the name of its voice."""

    outcome: Outcome
    voice: str


def _grouped(found: Sequence[_Counted], name: Callable[[_Counted], str]) -> tuple[Summing, ...]:
    """Sums by name, those with the most suggestions first."""
    groups: dict[str, list[_Counted]] = {}
    for one in found:
        groups.setdefault(name(one), []).append(one)
    return tuple(_sum(key, groups[key]) for key in sorted(groups, key=lambda key: (-len(groups[key]), key)))


def _sum(name: str, found: Sequence[_Counted]) -> Summing:
    outcomes = [one.outcome for one in found]
    looked_after = [one for one in outcomes if one.kept_words is not None]
    return Summing(
        name=name,
        shown=len(outcomes),
        accepted=sum(one.accepted_words > 0 for one in outcomes),
        accepted_words=sum(one.accepted_words for one in outcomes),
        dismissed=sum(one.is_dismissed for one in outcomes),
        looked_after=sum(one.accepted_words for one in looked_after),
        kept_words=sum(one.kept_words or 0 for one in looked_after),
        phases=_phases([one.timings for one in outcomes]),
    )


def _phases(timings: Sequence[Timings]) -> dict[str, Percentiles]:
    found: dict[str, Percentiles] = {}
    for phase in PHASES:
        values = sorted(value for one in timings if (value := getattr(one, phase)) is not None)
        if values:
            found[phase] = Percentiles(_percentile(values, 0.5), _percentile(values, 0.95))
    return found


def _percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all does not exceed."""
    place = max(0, -int(-share * len(ordered) // 1) - 1)
    return ordered[place]


def _outcome(row: SuggestionOutcomeRow) -> Outcome:
    return Outcome(
        voice=VoiceId(row.voice_id) if row.voice_id is not None else None,
        model=row.model,
        words=row.words,
        accepted_words=row.accepted_words,
        is_dismissed=row.is_dismissed,
        timings=Timings(**json.loads(row.timings)),
        kept_words=row.kept_words,
    )


def _timings_to_json(timings: Timings) -> str:
    known = {phase: round(value, 1) for phase in PHASES if (value := getattr(timings, phase)) is not None}
    return json.dumps(known)
