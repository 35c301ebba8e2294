"""What became of rewrites, in numbers: shown, taken change by change, dismissed. No text is in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NewType

from assistant.errors import LibraryError
from assistant.library.schema import RewriteOutcomeRow
from assistant.types import RewriteKind, VoiceId

RewriteOutcomeId = NewType("RewriteOutcomeId", int)


@dataclass(frozen=True, slots=True)
class RewriteOutcome:
    """What became of one rewrite that was shown.

    :raises LibraryError: if the numbers cannot be.
    """

    voice: VoiceId | None
    model: str
    kind: RewriteKind
    changes: int
    """Places at which it differed from what was selected."""
    accepted_changes: int
    is_dismissed: bool
    """It was put away; not: another one was asked for."""

    def __post_init__(self) -> None:
        if not 0 <= self.accepted_changes <= self.changes:
            raise LibraryError(
                f"{self.changes} changes shown, {self.accepted_changes} accepted: expected at most as many accepted as "
                "shown"
            )


@dataclass(frozen=True, slots=True)
class RewriteSumming:
    """Outcomes of rewrites added up; ``name`` is that of the kind, voice or model, "" for all."""

    name: str
    shown: int
    accepted: int
    """Rewrites of which at least a change was taken."""
    changes: int
    accepted_changes: int
    dismissed: int


@dataclass(frozen=True, slots=True)
class RewriteReport:
    """All that is known of one writer's rewrites."""

    all: RewriteSumming
    by_kind: tuple[RewriteSumming, ...]
    by_voice: tuple[RewriteSumming, ...]
    by_model: tuple[RewriteSumming, ...]


def sum_rewrites(name: str, outcomes: Sequence[RewriteOutcome]) -> RewriteSumming:
    """Add some outcomes up."""
    return RewriteSumming(
        name=name,
        shown=len(outcomes),
        accepted=sum(one.accepted_changes > 0 for one in outcomes),
        changes=sum(one.changes for one in outcomes),
        accepted_changes=sum(one.accepted_changes for one in outcomes),
        dismissed=sum(one.is_dismissed for one in outcomes),
    )


def rewrite_outcome(row: RewriteOutcomeRow) -> RewriteOutcome:
    """A row as a value."""
    return RewriteOutcome(
        voice=VoiceId(row.voice_id) if row.voice_id is not None else None,
        model=row.model,
        kind=RewriteKind(row.kind),
        changes=row.changes,
        accepted_changes=row.accepted_changes,
        is_dismissed=row.is_dismissed,
    )
