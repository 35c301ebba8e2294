"""Draft care over HTTP: versions, merging, deletion with a way back, files, joining a voice, origins of words."""

import asyncio
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from assistant.assembly import Assistant
from assistant.errors import LibraryError
from assistant.library.draft_care import KEPT_AFTER_DELETION
from assistant.library.drafts import DraftConflictError
from assistant.library.exporting import Exported, ExportFormat, export
from assistant.library.library import Library
from assistant.library.origins import count_words, disclosure
from assistant.library.readers import LARGEST_FILE_BYTES, READERS, too_large
from assistant.types import DraftId, VersionId, VersionInfo, VoiceId, WriterId
from assistant.ui.limits import LONGEST_TITLE
from assistant.ui.offsets import to_units
from assistant.ui.wire import Json, draft_json
from assistant.ui.write_routes import DraftChange, DraftContent
from assistant.ui.writers import current_writer

Writer = Annotated[WriterId, Depends(current_writer)]


class MergeAsk(BaseModel):
    """The body of a request to merge: what the page shows, and what it was made from, if the page still knows."""

    base: DraftContent | None
    mine: DraftChange


class VersionName(BaseModel):
    """The body of a request that keeps a version."""

    name: str = Field(max_length=LONGEST_TITLE)


class AtRevision(BaseModel):
    """The body of a request that holds for one revision of a draft."""

    revision: int


def draft_routes(assistant: Assistant) -> APIRouter:
    """All routes of drafts but reading, saving and listing them."""
    router = APIRouter(prefix="/api")
    _add_merging(router, assistant.library)
    _add_versions(router, assistant.library)
    _add_deleted(router, assistant.library)
    _add_files(router, assistant.library)
    return router


def _add_merging(router: APIRouter, library: Library) -> None:
    @router.post("/drafts/{draft}/merge")
    def merge(writer: Writer, draft: DraftId, ask: MergeAsk) -> Json:
        stored = library.draft(writer, draft)
        base = None
        if ask.base is not None:
            base = replace(stored, voice=ask.base.voice, title=ask.base.title, text=ask.base.text)
        merged = library.draft_care.merge(writer, ask.mine.onto(stored), base)
        places = to_units(merged.draft.text, merged.places)
        return {"draft": draft_json(merged.draft), "places": [{"start": start, "end": end} for start, end in places]}


def _add_versions(router: APIRouter, library: Library) -> None:
    care = library.draft_care

    @router.get("/drafts/{draft}/versions")
    def versions(writer: Writer, draft: DraftId) -> Json:
        return {"versions": [_version_line(info) for info in care.versions(writer, draft)]}

    @router.post("/drafts/{draft}/versions")
    def keep(writer: Writer, draft: DraftId, body: VersionName) -> Json:
        return _version_line(care.keep_version(writer, draft, body.name))

    @router.get("/drafts/{draft}/versions/{version}/difference")
    def difference(writer: Writer, draft: DraftId, version: VersionId) -> Json:
        """How the version became what is stored now."""
        return {
            "title": care.version(writer, draft, version).title,
            "runs": [asdict(run) for run in care.compare(writer, draft, version)],
        }

    @router.post("/drafts/{draft}/versions/{version}/restore", response_model=None)
    def restore(writer: Writer, draft: DraftId, version: VersionId, body: AtRevision) -> Json | JSONResponse:
        try:
            return draft_json(care.restore(writer, draft, version, body.revision))
        except DraftConflictError as conflict:
            return JSONResponse({"error": str(conflict), "found": draft_json(conflict.found)}, status_code=409)

    @router.delete("/drafts/{draft}/versions/{version}")
    def delete(writer: Writer, draft: DraftId, version: VersionId) -> Json:
        care.delete_version(writer, draft, version)
        return {}


def _add_deleted(router: APIRouter, library: Library) -> None:
    care = library.draft_care

    @router.get("/deleted-drafts")
    def deleted(writer: Writer) -> Json:
        return {
            "hours": KEPT_AFTER_DELETION // timedelta(hours=1),
            "drafts": [
                {
                    "id": line.id,
                    "title": line.title,
                    "opening": line.opening,
                    "deleted_at": line.deleted_at.isoformat(),
                }
                for line in care.deleted(writer)
            ],
        }

    @router.post("/deleted-drafts/{draft}/put-back")
    def put_back(writer: Writer, draft: DraftId) -> Json:
        return draft_json(care.put_back(writer, draft))

    @router.delete("/deleted-drafts/{draft}")
    def erase(writer: Writer, draft: DraftId) -> Json:
        library.erase_draft(writer, draft)
        return {}


def _add_files(router: APIRouter, library: Library) -> None:
    @router.get("/drafts/{draft}/words")
    def words(writer: Writer, draft: DraftId) -> Json:
        """Whose words the draft's are."""
        found = library.draft(writer, draft)
        counts = count_words(found.text, found.origins)
        return {**asdict(counts), "total": counts.total, "disclosure": disclosure(found.text, found.origins)}

    @router.get("/drafts/{draft}/export")
    def download(writer: Writer, draft: DraftId, form: ExportFormat, *, disclose: bool = False) -> Response:
        found = library.draft(writer, draft)
        note = disclosure(found.text, found.origins) if disclose else ""
        return _attachment(export(found.title, found.text, form, note=note))

    @router.post("/draft-files")
    async def read_file(request: Request, writer: Writer, name: str, voice: VoiceId | None = None) -> Json:
        """A new draft from a file, whose bytes are the body."""
        data = bytearray()
        async for chunk in request.stream():
            data += chunk
            if len(data) > LARGEST_FILE_BYTES:
                raise LibraryError(too_large(len(data)))
        return draft_json(await asyncio.to_thread(library.draft_files.read, writer, voice, name, bytes(data)))

    @router.get("/draft-files")
    def readable() -> Json:
        return {"suffixes": list(READERS)}

    @router.post("/drafts/{draft}/join")
    def join(writer: Writer, draft: DraftId) -> Json:
        return asdict(library.draft_files.join(writer, draft))


def _version_line(info: VersionInfo) -> Json:
    return {
        "id": info.id,
        "written_at": info.written_at.isoformat(),
        "reason": info.reason,
        "name": info.name,
        "words": info.words,
    }


def _attachment(file: Exported) -> Response:
    """A file to be saved under its name (RFC 6266, RFC 8187); what it cannot show is told beside it."""
    plain = file.name.encode("ascii", "ignore").decode().strip()
    fallback = plain if plain.rpartition(".")[0].strip() else f"draft.{file.name.rpartition('.')[2]}"
    headers = {
        "content-disposition": f"attachment; filename=\"{fallback}\"; filename*=UTF-8''{quote(file.name, safe='')}",
        "x-not-shown": quote(file.not_shown),
    }
    return Response(file.data, media_type=file.media_type, headers=headers)
