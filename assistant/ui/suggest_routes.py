"""``POST /api/suggest``: a suggestion as lines of JSON, one per event, as each becomes known.

The page ends a suggestion by closing the connection.
"""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from assistant.assembly import Assistant
from assistant.errors import OwnhandError
from assistant.events import Event, Finished, TextDelta
from assistant.pipeline import immediate_context
from assistant.settings import GenerationSettings
from assistant.types import LONGEST_COPY, Document, DocumentId, Request, Sampling, VoiceId, WriterId
from assistant.ui.limits import LONGEST_TEXT, LONGEST_TITLE
from assistant.ui.problems import UNEXPECTED
from assistant.ui.steering_choice import SteeringChoice
from assistant.ui.threads import in_thread
from assistant.ui.wire import Json, event_json
from assistant.ui.writers import current_writer

_log = logging.getLogger(__name__)

Length = Literal["short", "sentences", "paragraph"]

# Tokens of a length, as multiples of the setting: a token of the shipped model is about four characters.
_LENGTHS: dict[Length, float] = {"short": 1 / 3, "sentences": 1, "paragraph": 3}

# The model writes one suggestion at a time; the others wait. More than this and it is better to say so.
_WAITING = 8
_BUSY = "Too many suggestions are being written at once: try again in a moment"


class Ask(BaseModel):
    """The body of a request: the draft at the cursor, and how much to write."""

    voice: VoiceId | None = None
    title: str = Field("", max_length=LONGEST_TITLE)
    before: str = Field("", max_length=LONGEST_TEXT)
    after: str = Field("", max_length=LONGEST_TEXT)
    length: Length = "sentences"
    seed: int = Field(0, ge=0, lt=2**31)
    memory_strength: float = Field(1.0, ge=0, le=1)
    longest_copy: int | None = Field(LONGEST_COPY, ge=1)
    steering: SteeringChoice = SteeringChoice()


def suggest_routes(assistant: Assistant) -> APIRouter:
    """The one route of this module."""
    router = APIRouter()
    places = asyncio.Semaphore(_WAITING)

    @router.post("/api/suggest")
    async def suggest(ask: Ask, writer: Annotated[WriterId, Depends(current_writer)]) -> StreamingResponse:
        request = await asyncio.to_thread(admitted, assistant, writer, ask)
        return StreamingResponse(_lines(assistant, request, places), media_type="application/x-ndjson")

    return router


def sampling_for(length: Length, seed: int, settings: GenerationSettings) -> Sampling:
    """How to draw a suggestion of this length."""
    tokens = round(settings.max_tokens * _LENGTHS[length])
    return replace(Sampling(temperature=settings.temperature, top_p=settings.top_p), max_tokens=tokens, seed=seed)


def admitted(assistant: Assistant, writer: WriterId, ask: Ask) -> Request:
    """What is asked, as a value.

    :raises NotFoundError: if the voice or a document is not this writer's, or the document not this voice's.
    :raises SettingsError: if the steering contradicts itself.
    """
    request = _request(ask, writer, assistant.settings.generation)
    if ask.voice is not None:
        assistant.library.voice(writer, ask.voice)
    assistant.library.draft_steering.check(writer, ask.voice, request.steering)
    return request


def _request(ask: Ask, writer: WriterId, settings: GenerationSettings) -> Request:
    sampling = sampling_for(ask.length, ask.seed, settings)
    return Request(
        writer,
        ask.voice,
        title=ask.title,
        before=ask.before,
        after=ask.after,
        sampling=sampling,
        memory_strength=ask.memory_strength,
        longest_copy=ask.longest_copy,
        steering=ask.steering.steering(),
    )


async def _lines(assistant: Assistant, request: Request, places: asyncio.Semaphore) -> AsyncGenerator[str, None]:
    if places.locked():
        yield _line({"event": "error", "message": _BUSY})
        return
    context = immediate_context(request, assistant.settings.retrieval.query_characters)
    async with places, aclosing(in_thread(assistant.pipeline.write(request))) as events:
        try:
            async for event in events:
                if event != TextDelta(""):  # the model is still reading: nothing to show yet
                    recalled = await asyncio.to_thread(_recalled, assistant, request, event)
                    yield _line(event_json(event, context, recalled))
        except OwnhandError as error:
            yield _line({"event": "error", "message": str(error)})
        except Exception:  # noqa: BLE001 - a stream that just ends would leave the page without a word
            _log.exception("A suggestion failed")
            yield _line({"event": "error", "message": UNEXPECTED})


def _recalled(assistant: Assistant, request: Request, event: Event) -> dict[DocumentId, Document]:
    return assistant.recalled_documents(request, event.suggestion) if isinstance(event, Finished) else {}


def _line(data: Json) -> str:
    return json.dumps(data, ensure_ascii=False) + "\n"
