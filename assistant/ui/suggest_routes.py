"""``POST /api/suggest``: a suggestion as lines of JSON, one per event, as each becomes known.

The page ends a suggestion by closing the connection. ``POST /api/suggest/warm`` comes while the writer types: it
gathers the evidence of the sentence and lets the model read up to the cursor, so that the suggestion after the pause
has little left to read.
"""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Generator
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
from assistant.sentence_evidence import SentenceEvidence
from assistant.settings import GenerationSettings
from assistant.types import LONGEST_COPY, DraftId, Request, Sampling, VoiceId, WriterId
from assistant.ui.limits import LONGEST_TEXT, LONGEST_TITLE
from assistant.ui.problems import UNEXPECTED
from assistant.ui.steering_choice import SteeringChoice
from assistant.ui.threads import in_thread
from assistant.ui.wire import Json, event_json, voice_score_json
from assistant.ui.writers import current_writer

_log = logging.getLogger(__name__)

Writer = Annotated[WriterId, Depends(current_writer)]
Length = Literal["short", "sentences", "paragraph"]

# Tokens of a length, as multiples of the setting: a token of the shipped model is about four characters.
_LENGTHS: dict[Length, float] = {"short": 1 / 3, "sentences": 1, "paragraph": 3}

# The model writes one suggestion at a time; the others wait. More than this and it is better to say so.
_WAITING = 8
_BUSY = "Too many suggestions are being written at once: try again in a moment"


class Ask(BaseModel):
    """The body of a request: the draft at the cursor, and how much to write."""

    voice: VoiceId | None = None
    draft: DraftId | None = None
    """Which one it is: what it became when it joined its voice is no evidence for it."""
    title: str = Field("", max_length=LONGEST_TITLE)
    before: str = Field("", max_length=LONGEST_TEXT)
    after: str = Field("", max_length=LONGEST_TEXT)
    length: Length = "sentences"
    seed: int = Field(0, ge=0, lt=2**31)
    memory_strength: float = Field(1.0, ge=0, le=1)
    longest_copy: int | None = Field(LONGEST_COPY, ge=1)
    voice_strength: float = Field(1.0, ge=0, le=1)
    reuse: bool = False
    """Whether evidence may serve that was gathered earlier in the same sentence."""
    steering: SteeringChoice = SteeringChoice()


def suggest_routes(assistant: Assistant) -> APIRouter:
    """The routes of this module."""
    router = APIRouter()
    desk = _Desk(assistant)

    @router.post("/api/suggest")
    async def suggest(ask: Ask, writer: Writer) -> StreamingResponse:
        request = await asyncio.to_thread(admitted, assistant, writer, ask)
        return StreamingResponse(_lines(desk, request, reuse=ask.reuse), media_type="application/x-ndjson")

    @router.post("/api/suggest/warm")
    async def warm(ask: Ask, writer: Writer) -> Json:
        """Whether the model has read the draft now; it has not if it is still reading for an earlier call."""
        request = await asyncio.to_thread(admitted, assistant, writer, ask)
        if desk.warming.locked():
            return {"is_warm": False}
        async with desk.warming, aclosing(in_thread(desk.write(request, reuse=True))) as events:
            async for event in events:
                if isinstance(event, TextDelta) and event.text:
                    break
        return {"is_warm": True}

    return router


class _Desk:
    """Where suggestions are written: the assistant, the sentences under way, and how many suggestions may wait."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        self.query_characters = assistant.settings.retrieval.query_characters
        self.places = asyncio.Semaphore(_WAITING)
        self.warming = asyncio.Lock()
        self._sentences = SentenceEvidence(assistant.library.voice_revision, self.query_characters)

    def write(self, request: Request, *, reuse: bool) -> Generator[Event, None, None]:
        """One suggestion by the model in use."""
        return self._sentences.write(self.assistant.pipeline, request, reuse=reuse)


def sampling_for(length: Length, seed: int, settings: GenerationSettings) -> Sampling:
    """How to draw a suggestion of this length."""
    tokens = round(settings.max_tokens * _LENGTHS[length])
    return replace(Sampling(temperature=settings.temperature, top_p=settings.top_p), max_tokens=tokens, seed=seed)


def admitted(assistant: Assistant, writer: WriterId, ask: Ask) -> Request:
    """What is asked, as a value; documents that the voice does not have any more steer nothing.

    :raises NotFoundError: if the voice or a document is not this writer's.
    :raises SettingsError: if the steering contradicts itself.
    """
    request, library = _request(ask, writer, assistant.settings.generation), assistant.library
    if ask.voice is not None:
        library.voice(writer, ask.voice)
    request = replace(request, steering=library.draft_steering.still(writer, ask.voice, request.steering))
    if ask.voice is None or ask.draft is None:
        return request
    return replace(request, joined=library.draft_files.joined_as(writer, ask.draft, ask.voice))


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
        voice_strength=ask.voice_strength,
        steering=ask.steering.steering(),
    )


async def _lines(desk: _Desk, request: Request, *, reuse: bool) -> AsyncGenerator[str, None]:
    if desk.places.locked():
        yield _line({"event": "error", "message": _BUSY})
        return
    context = immediate_context(request, desk.query_characters)
    async with desk.places, aclosing(in_thread(desk.write(request, reuse=reuse))) as events:
        try:
            async for event in events:
                if isinstance(event, TextDelta) and not event.text:  # the model is still reading: nothing to show yet
                    continue
                yield _line(await asyncio.to_thread(_told, desk.assistant, request, event, context))
        except OwnhandError as error:
            yield _line({"event": "error", "message": str(error)})
        except Exception:  # noqa: BLE001 - a stream that just ends would leave the page without a word
            _log.exception("A suggestion failed")
            yield _line({"event": "error", "message": UNEXPECTED})


def _told(assistant: Assistant, request: Request, event: Event, context: str) -> Json:
    if not isinstance(event, Finished):
        return event_json(event, context, {})
    score = assistant.voice_scores.score(request.voice, event.suggestion.text)
    recalled = assistant.recalled_documents(request, event.suggestion)
    return event_json(event, context, recalled) | {"voice_score": voice_score_json(score)}


def _line(data: Json) -> str:
    return json.dumps(data, ensure_ascii=False) + "\n"
