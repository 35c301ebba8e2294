"""What the Write page asks of the server, as JSON: drafts, and past documents at a passage."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from assistant.assembly import Assistant
from assistant.library.drafts import DraftConflictError
from assistant.library.library import Library
from assistant.library.origins import carried
from assistant.types import DocumentId, Draft, DraftId, MemoryUse, Origin, OriginSpan, Span, VoiceId, WriterId
from assistant.ui.limits import LONGEST_TEXT, LONGEST_TITLE, MOST_ORIGINS
from assistant.ui.offsets import to_characters
from assistant.ui.recalls import quotation
from assistant.ui.wire import Json, draft_json, draft_line_json
from assistant.ui.writers import current_writer

Writer = Annotated[WriterId, Depends(current_writer)]


class DraftContent(BaseModel):
    """The body of a request that makes a draft."""

    voice: VoiceId | None = None
    title: str = Field("", max_length=LONGEST_TITLE)
    text: str = Field("", max_length=LONGEST_TEXT)


class OriginRange(BaseModel):
    """UTF-16 units of a draft's text that an accepted suggestion put in."""

    start: int = Field(ge=0)
    end: int = Field(ge=0)
    origin: Origin


class DraftChange(DraftContent):
    """The body of a request that saves one; ``revision`` is the one it was made from.

    ``origins`` is None where a program changes a text without a thought for them.
    """

    revision: int
    origins: list[OriginRange] | None = Field(None, max_length=MOST_ORIGINS)

    def onto(self, stored: Draft) -> Draft:
        """The stored draft with this content."""
        changed = replace(stored, voice=self.voice, title=self.title, text=self.text, revision=self.revision)
        if self.origins is None:
            return replace(changed, origins=carried(stored.origins, stored.text, self.text))
        places = to_characters(self.text, ((one.start, one.end) for one in self.origins))
        spans = tuple(
            OriginSpan(start, end, one.origin) for (start, end), one in zip(places, self.origins, strict=True)
        )
        return replace(changed, origins=spans)


class MemoryChoice(BaseModel):
    """How much of a voice's wording goes into suggestions, in a request."""

    strength: float = Field(ge=0, le=1)
    quotes_at_length: bool = False

    def use(self) -> MemoryUse:
        """The same as a value."""
        return MemoryUse(self.strength, self.quotes_at_length)


class DraftMemory(BaseModel):
    """The body of a request that sets it for a draft; None: as the voice has it."""

    memory_use: MemoryChoice | None


def write_routes(assistant: Assistant) -> APIRouter:
    """All routes of the Write page but the suggestions."""
    router = APIRouter(prefix="/api")
    _add_drafts(router, assistant.library)
    _add_passages(router, assistant.library)
    return router


def _add_drafts(router: APIRouter, library: Library) -> None:
    @router.get("/drafts")
    def drafts(
        writer: Writer,
        search: str = "",
        limit: Annotated[int | None, Query(ge=1)] = None,
        offset: Annotated[int, Query(ge=0)] = 0,
    ) -> Json:
        found = library.drafts(writer, search=search, limit=limit, offset=offset)
        total = library.count_drafts(writer, search=search)
        return {"writer": writer, "drafts": [draft_line_json(info) for info in found], "total": total}

    @router.post("/drafts")
    def create(writer: Writer, content: DraftContent) -> Json:
        return draft_json(library.create_draft(writer, content.voice, content.title, content.text))

    @router.get("/drafts/{draft}")
    def read(writer: Writer, draft: DraftId) -> Json:
        return draft_json(library.draft(writer, draft))

    @router.put("/drafts/{draft}", response_model=None)
    def save(writer: Writer, draft: DraftId, change: DraftChange) -> Json | JSONResponse:
        return _save(library, writer, draft, change)

    @router.put("/drafts/{draft}/memory")
    def use_memory(writer: Writer, draft: DraftId, body: DraftMemory) -> Json:
        """Apart from the text: it is a setting, no revision, and the last one counts."""
        use = body.memory_use.use() if body.memory_use is not None else None
        return draft_json(library.use_memory_in_draft(writer, draft, use))

    @router.delete("/drafts/{draft}")
    def delete(writer: Writer, draft: DraftId) -> Json:
        library.draft_care.delete(writer, draft)
        return {}


def _save(library: Library, writer: WriterId, draft: DraftId, change: DraftChange) -> Json | JSONResponse:
    try:
        saved = library.save_draft(writer, change.onto(library.draft(writer, draft)))
    except DraftConflictError as conflict:
        return JSONResponse({"error": str(conflict), "found": draft_json(conflict.found)}, status_code=409)
    return {"revision": saved.revision, "updated_at": saved.updated_at.isoformat()}


def _add_passages(router: APIRouter, library: Library) -> None:
    @router.get("/documents/{document}/passage")
    def passage(writer: Writer, document: DocumentId, start: int, end: int) -> Json:
        """A document in three parts: cut here, since the browser counts characters differently."""
        found = library.document(writer, document)
        before, marked, after = _cut(found.text, Span(start, end))
        date = found.written_on.isoformat() if found.written_on else None
        return {"title": found.title, "date": date, "before": before, "passage": marked, "after": after}

    @router.get("/documents/{document}/sentence")
    def sentence(writer: Writer, document: DocumentId, start: int, end: int) -> Json:
        """The sentence around a word, and where it stands."""
        found = library.document(writer, document)
        quoted = quotation(found.text, Span(start, end))
        return {
            "document": document,
            "title": found.title,
            "date": found.written_on.isoformat() if found.written_on else None,
            "before": quoted.before,
            "word": quoted.word,
            "after": quoted.after,
            "start": quoted.span.start,
            "end": quoted.span.end,
        }


def _cut(text: str, span: Span) -> tuple[str, str, str]:
    return text[: span.start], text[span.start : span.end], text[span.end :]
