"""Statistics over HTTP: what became of suggestions and rewrites, told by the page, and added up for their writer."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from assistant.assembly import Assistant
from assistant.library.looks import Taken
from assistant.library.rewrite_outcomes import RewriteOutcome
from assistant.library.statistics import PHASES, Outcome, StatisticsReport, Timings
from assistant.types import DraftId, RewriteKind, VoiceId, WriterId
from assistant.ui.limits import LONGEST_TEXT
from assistant.ui.wire import Json
from assistant.ui.writers import current_writer

Writer = Annotated[WriterId, Depends(current_writer)]
Milliseconds = Annotated[float, Field(ge=0, le=3_600_000)]

_LONGEST_NAME = 200
_MOST_WORDS = 10_000
_MOST_CHANGES = 10_000


class ToldOutcome(BaseModel):
    """The body of a request that counts a suggestion; ``taken`` is what was accepted of it, into which draft."""

    voice: VoiceId | None = None
    model: str = Field(max_length=_LONGEST_NAME)
    words: int = Field(ge=1, le=_MOST_WORDS)
    accepted_words: int = Field(ge=0, le=_MOST_WORDS)
    dismissed: bool
    timings: dict[str, Milliseconds] = {}
    draft: DraftId | None = None
    taken: str = Field("", max_length=LONGEST_TEXT)

    def outcome(self) -> Outcome:
        """The same as a value; phases that the statistics do not know are left out."""
        known = {phase: self.timings[phase] for phase in PHASES if phase in self.timings}
        return Outcome(
            self.voice,
            self.model,
            self.words,
            self.accepted_words,
            is_dismissed=self.dismissed,
            timings=Timings(**known),
        )

    def words_taken(self) -> Taken | None:
        """What is to be looked for later."""
        return None if self.draft is None else Taken(self.draft, self.taken)


class ToldRewrite(BaseModel):
    """The body of a request that counts a rewrite."""

    voice: VoiceId | None = None
    model: str = Field(max_length=_LONGEST_NAME)
    kind: RewriteKind
    changes: int = Field(ge=1, le=_MOST_CHANGES)
    accepted_changes: int = Field(ge=0, le=_MOST_CHANGES)
    dismissed: bool

    def outcome(self) -> RewriteOutcome:
        """The same as a value."""
        return RewriteOutcome(
            self.voice, self.model, self.kind, self.changes, self.accepted_changes, is_dismissed=self.dismissed
        )


class Switch(BaseModel):
    """The body of a request that switches counting on or off."""

    kept: bool


def statistics_routes(assistant: Assistant) -> APIRouter:
    """All routes of the Statistics page, and those by which the Write page counts."""
    router = APIRouter(prefix="/api/statistics")
    statistics = assistant.library.statistics

    @router.get("")
    def report(writer: Writer) -> Json:
        return _report_json(statistics.report(writer))

    @router.put("")
    def switch(writer: Writer, body: Switch) -> Json:
        statistics.keep(writer, is_kept=body.kept)
        return _report_json(statistics.report(writer))

    @router.delete("")
    def delete(writer: Writer) -> Json:
        statistics.delete(writer)
        return _report_json(statistics.report(writer))

    @router.post("/suggestions")
    def record(writer: Writer, told: ToldOutcome) -> Json:
        """``id`` is null if the writer does not want suggestions counted."""
        return {"id": statistics.record(writer, told.outcome(), told.words_taken())}

    @router.post("/rewrites")
    def record_rewrite(writer: Writer, told: ToldRewrite) -> Json:
        """``id`` is null if the writer does not want rewrites counted."""
        return {"id": statistics.record_rewrite(writer, told.outcome())}

    return router


def _report_json(report: StatisticsReport) -> Json:
    return asdict(report)
