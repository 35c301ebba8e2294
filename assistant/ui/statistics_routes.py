"""Statistics over HTTP: what became of a suggestion, told by the page, and all of it added up for its writer."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from assistant.assembly import Assistant
from assistant.library.statistics import PHASES, Outcome, OutcomeId, StatisticsReport, Timings
from assistant.types import VoiceId, WriterId
from assistant.ui.wire import Json
from assistant.ui.writers import current_writer

Writer = Annotated[WriterId, Depends(current_writer)]
Milliseconds = Annotated[float, Field(ge=0, le=3_600_000)]

_LONGEST_NAME = 200
_MOST_WORDS = 10_000


class ToldOutcome(BaseModel):
    """The body of a request that counts a suggestion."""

    voice: VoiceId | None = None
    model: str = Field(max_length=_LONGEST_NAME)
    words: int = Field(ge=1, le=_MOST_WORDS)
    accepted_words: int = Field(ge=0, le=_MOST_WORDS)
    dismissed: bool
    timings: dict[str, Milliseconds] = {}

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


class KeptWords(BaseModel):
    """The body of a request that tells what stood five minutes later."""

    words: int = Field(ge=0, le=_MOST_WORDS)


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
        return {"id": statistics.record(writer, told.outcome())}

    @router.put("/suggestions/{outcome}/kept")
    def record_kept(writer: Writer, outcome: OutcomeId, body: KeptWords) -> Json:
        statistics.record_kept(writer, outcome, body.words)
        return {}

    return router


def _report_json(report: StatisticsReport) -> Json:
    return asdict(report)
