"""``GET /api/rewrite``: whether the model in use may rewrite; ``POST``: a rewrite as lines of JSON as it is written.

The page ends a rewrite by closing the connection.
"""

import asyncio
import json
import logging
import shlex
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from assistant.assembly import Assistant
from assistant.errors import OwnhandError
from assistant.rewriting.rewriter import (
    LONGEST_SELECTION,
    RewriteDelta,
    RewriteEvent,
    RewriteFinished,
    RewriteRequest,
    rewrite_json,
)
from assistant.types import RewriteKind, VoiceId, WriterId
from assistant.ui.limits import LONGEST_TEXT, LONGEST_TITLE
from assistant.ui.problems import UNEXPECTED
from assistant.ui.steering_choice import SteeringChoice
from assistant.ui.threads import in_thread
from assistant.ui.wire import Json, voice_score_json
from assistant.ui.writers import current_writer

_log = logging.getLogger(__name__)

Writer = Annotated[WriterId, Depends(current_writer)]


class RewriteAsk(BaseModel):
    """The body of a request: what is selected, and what shall become of it."""

    kind: RewriteKind
    selection: str = Field(max_length=LONGEST_TEXT)
    voice: VoiceId | None = None
    title: str = Field("", max_length=LONGEST_TITLE)
    seed: int = Field(0, ge=0, lt=2**31)
    steering: SteeringChoice = SteeringChoice()


def rewrite_routes(assistant: Assistant) -> APIRouter:
    """The routes of this module."""
    router = APIRouter()
    place = asyncio.Lock()

    @router.get("/api/rewrite", dependencies=[Depends(current_writer)])
    def offered() -> Json:
        """What the check says of the model in use, and how it is made."""
        record, model = assistant.rewriting_record, assistant.model
        return {
            "model": Path(model).name,
            "is_checked": record is not None,
            "kinds": [] if record is None else list(record.passed),
            "longest": LONGEST_SELECTION,
            "check": f"python -m assistant evaluate rewriting --model {shlex.quote(model)}",
        }

    @router.post("/api/rewrite")
    async def rewrite(ask: RewriteAsk, writer: Writer) -> StreamingResponse:
        request = await asyncio.to_thread(_admitted, assistant, writer, ask)
        return StreamingResponse(_lines(assistant, request, place), media_type="application/x-ndjson")

    return router


def _admitted(assistant: Assistant, writer: WriterId, ask: RewriteAsk) -> RewriteRequest:
    """What is asked, as a value.

    :raises OwnhandError: if the model has not passed the check for it, the voice is not this writer's, or the selection
        is empty or too long.
    """
    assistant.check_rewriting(ask.kind)
    if ask.voice is not None:
        assistant.library.voice(writer, ask.voice)
    steering = assistant.library.draft_steering.still(writer, ask.voice, ask.steering.steering())
    return RewriteRequest(writer, ask.voice, ask.selection, ask.kind, title=ask.title, seed=ask.seed, steering=steering)


async def _lines(assistant: Assistant, request: RewriteRequest, place: asyncio.Lock) -> AsyncGenerator[str, None]:
    """One rewrite at a time, as a model writes one text at a time."""
    async with place, aclosing(in_thread(assistant.rewrite(request))) as events:
        try:
            async for event in events:
                if isinstance(event, RewriteDelta) and not event.text:  # the model is still reading
                    continue
                yield _line(await asyncio.to_thread(_event_json, assistant, request, event))
        except OwnhandError as error:
            yield _line({"event": "error", "message": str(error)})
        except Exception:  # noqa: BLE001 - a stream that just ends would leave the page without a word
            _log.exception("A rewrite failed")
            yield _line({"event": "error", "message": UNEXPECTED})


def _event_json(assistant: Assistant, request: RewriteRequest, event: RewriteEvent) -> Json:
    match event:
        case RewriteDelta(text):
            return {"event": "text", "text": text}
        case RewriteFinished(rewrite):
            score = assistant.voice_scores.score(request.voice, rewrite.text)
            return {"event": "finished"} | rewrite_json(rewrite) | {"voice_score": voice_score_json(score)}


def _line(data: Json) -> str:
    return json.dumps(data, ensure_ascii=False) + "\n"
