"""What became of suggestions and rewrites, in numbers: shown, taken, kept, dismissed, and how long each phase took.

No text is in them, not even a draft's number; they never leave the data folder, and the writer may switch them off or
delete them. How many of the words that were taken still stood five minutes later, ``assistant.library.looks`` finds
out from the saved draft, whether a page is open or not.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import NewType, TypeVar

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from assistant.errors import LibraryError
from assistant.library.catalogue import now, owe_cleaning
from assistant.library.database import Database
from assistant.library.looks import Taken, drafts_due, look, look_later
from assistant.library.rewrite_outcomes import (
    RewriteOutcome,
    RewriteOutcomeId,
    RewriteReport,
    rewrite_outcome,
    sum_rewrites,
)
from assistant.library.schema import RewriteOutcomeRow, SuggestionOutcomeRow, VoiceRow, WriterRow
from assistant.types import VoiceId, WriterId

OutcomeId = NewType("OutcomeId", int)

MOST_OUTCOMES = 20_000
"""Of one writer and sort; the oldest go. That is some months of busy writing."""

_One = TypeVar("_One")
_Sum = TypeVar("_Sum")


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds by phase; None where a phase did not run."""

    retrieve: float | None = None
    rank: float | None = None
    summarize: float | None = None
    synthesize: float | None = None
    persona: float | None = None
    first_token: float | None = None
    total: float | None = None


PHASES = tuple(field.name for field in fields(Timings))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one suggestion that was shown.

    ``kept_words`` stood five minutes later; None: that is not known, or not known yet.

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
    """All that is known of one writer's suggestions and rewrites."""

    is_kept: bool
    """Whether further ones are counted."""
    all: Summing
    by_voice: tuple[Summing, ...]
    by_model: tuple[Summing, ...]
    rewrites: RewriteReport


class Statistics:
    """Belongs to the library; every method sees one writer's numbers alone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, writer: WriterId, *, is_kept: bool) -> None:
        """Switch counting on or off; what is there stays until it is deleted."""
        with self._database.writing() as session:
            session.execute(update(WriterRow).where(WriterRow.id == writer).values(keeps_statistics=is_kept))

    def record(self, writer: WriterId, outcome: Outcome, taken: Taken | None = None) -> OutcomeId | None:
        """Count a suggestion; None if the writer does not want that. A voice that is not theirs counts as none.

        :param taken: the words that were accepted, to be looked for in five minutes; their text is not kept.
        """
        with self._database.writing() as session:
            if not session.get_one(WriterRow, writer).keeps_statistics:
                return None
            row = SuggestionOutcomeRow(
                writer_id=writer,
                voice_id=_own_voice(session, writer, outcome.voice),
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
            if taken is not None and outcome.accepted_words:
                look_later(session, row, taken)
            _forget_oldest(session, SuggestionOutcomeRow, writer)
            return OutcomeId(row.id)

    def record_rewrite(self, writer: WriterId, outcome: RewriteOutcome) -> RewriteOutcomeId | None:
        """Count a rewrite, as a suggestion is counted."""
        with self._database.writing() as session:
            if not session.get_one(WriterRow, writer).keeps_statistics:
                return None
            row = RewriteOutcomeRow(
                writer_id=writer,
                voice_id=_own_voice(session, writer, outcome.voice),
                model=outcome.model,
                ended_at=now(),
                kind=outcome.kind,
                changes=outcome.changes,
                accepted_changes=outcome.accepted_changes,
                is_dismissed=outcome.is_dismissed,
            )
            session.add(row)
            session.flush()
            _forget_oldest(session, RewriteOutcomeRow, writer)
            return RewriteOutcomeId(row.id)

    def delete(self, writer: WriterId) -> None:
        """Delete all numbers of a writer."""
        with self._database.writing() as session:
            session.execute(delete(SuggestionOutcomeRow).where(SuggestionOutcomeRow.writer_id == writer))
            session.execute(delete(RewriteOutcomeRow).where(RewriteOutcomeRow.writer_id == writer))
            owe_cleaning(session)

    def report(self, writer: WriterId) -> StatisticsReport:
        """Everything, by voice and by model."""
        self._look(writer)
        with self._database.reading() as session:
            is_kept = session.get_one(WriterRow, writer).keeps_statistics
            voices = {
                VoiceId(row.id): row.name
                for row in session.scalars(select(VoiceRow).where(VoiceRow.writer_id == writer))
            }
            shown = [
                _outcome(row)
                for row in session.scalars(select(SuggestionOutcomeRow).where(SuggestionOutcomeRow.writer_id == writer))
            ]
            rewritten = [
                rewrite_outcome(row)
                for row in session.scalars(select(RewriteOutcomeRow).where(RewriteOutcomeRow.writer_id == writer))
            ]
        return StatisticsReport(
            is_kept,
            _sum("", shown),
            _grouped(shown, lambda one: _voice_name(voices, one.voice), _sum),
            _grouped(shown, lambda one: one.model, _sum),
            _report_rewrites(rewritten, voices),
        )

    def _look(self, writer: WriterId) -> None:
        """Find out what was kept in drafts that were not saved since: they say what they said five minutes after."""
        with self._database.reading() as session:
            if session.scalars(drafts_due(writer).limit(1)).first() is None:
                return
        with self._database.writing() as session:
            for draft in session.scalars(drafts_due(writer)).all():
                look(session, draft)


def _own_voice(session: Session, writer: WriterId, voice: VoiceId | None) -> int | None:
    """The voice, if it is one of the writer's."""
    row = session.get(VoiceRow, voice) if voice is not None else None
    return row.id if row is not None and row.writer_id == writer else None


def _forget_oldest(
    session: Session, kind: type[SuggestionOutcomeRow] | type[RewriteOutcomeRow], writer: WriterId
) -> None:
    oldest = select(kind.id).where(kind.writer_id == writer).order_by(kind.id.desc()).offset(MOST_OUTCOMES)
    session.execute(delete(kind).where(kind.id.in_(oldest)))


def _voice_name(voices: Mapping[VoiceId, str], voice: VoiceId | None) -> str:
    return "" if voice is None else voices.get(voice, "")


def _report_rewrites(found: Sequence[RewriteOutcome], voices: Mapping[VoiceId, str]) -> RewriteReport:
    return RewriteReport(
        sum_rewrites("", found),
        _grouped(found, lambda one: one.kind, sum_rewrites),
        _grouped(found, lambda one: _voice_name(voices, one.voice), sum_rewrites),
        _grouped(found, lambda one: one.model, sum_rewrites),
    )


def _grouped(
    found: Sequence[_One], name: Callable[[_One], str], add_up: Callable[[str, Sequence[_One]], _Sum]
) -> tuple[_Sum, ...]:
    """Sums by name, those of the most outcomes first."""
    groups: dict[str, list[_One]] = {}
    for one in found:
        groups.setdefault(name(one), []).append(one)
    return tuple(add_up(key, groups[key]) for key in sorted(groups, key=lambda key: (-len(groups[key]), key)))


def _sum(name: str, outcomes: Sequence[Outcome]) -> Summing:
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
