"""What the Library page asks of the server, as JSON: voices, documents, uploads, imports, examples.

``shell.py`` includes the router in the application, before Gradio is mounted. Every route names the writer of the
request to the library, which refuses what is not theirs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from assistant.assembly import Assistant
from assistant.errors import LibraryError, NotFoundError
from assistant.library.archives import LARGEST_ZIP_BYTES
from assistant.library.demos import DemoCorpus, demo_corpora
from assistant.library.library import Library
from assistant.library.page_folders import UPLOADS_FOLDER
from assistant.library.readers import LARGEST_FILE_BYTES, READERS
from assistant.library.reports import ImportId, ImportReport
from assistant.types import Document, DocumentId, DocumentInfo, Snippet, Voice, VoiceId, WriterId
from assistant.ui.uploads import Uploads
from assistant.ui.wire import Json, memory_use_json
from assistant.ui.write_routes import MemoryChoice
from assistant.ui.writers import current_writer

Writer = Annotated[WriterId, Depends(current_writer)]

_PREFIX = "/api/library"
_MOST_EXAMPLE_VOICES = 99
"""Voices loaded from one example; the name of each further one carries a number."""


class VoiceName(BaseModel):
    """The body of a request that names a voice."""

    name: str


def library_routes(assistant: Assistant) -> APIRouter:
    """All routes of the Library page."""
    router = APIRouter(prefix=_PREFIX)
    uploads = Uploads(assistant.settings.data_dir / UPLOADS_FOLDER, largest=largest)
    uploads.clear()
    _add_voices(router, assistant.library)
    _add_documents(router, assistant.library)
    _add_uploads(router, assistant.library, uploads)
    _add_imports(router, assistant.library)
    _add_examples(router, assistant.library)
    return router


def largest(name: str) -> int:
    """Bytes that a file of this name may have."""
    return LARGEST_ZIP_BYTES if name.lower().endswith(".zip") else LARGEST_FILE_BYTES


def _add_voices(router: APIRouter, library: Library) -> None:
    @router.get("/voices")
    def voices(writer: Writer) -> Json:
        return {"voices": [_voice(voice, library) for voice in library.voices(writer)]}

    @router.post("/voices")
    def create(writer: Writer, body: VoiceName) -> Json:
        return _voice(library.create_voice(writer, body.name), library)

    @router.patch("/voices/{voice}")
    def rename(writer: Writer, voice: VoiceId, body: VoiceName) -> Json:
        return _voice(library.rename_voice(writer, voice, body.name), library)

    @router.put("/voices/{voice}/memory")
    def use_memory(writer: Writer, voice: VoiceId, body: MemoryChoice) -> Json:
        return _voice(library.use_memory(writer, voice, body.use()), library)

    @router.delete("/voices/{voice}")
    def delete(writer: Writer, voice: VoiceId) -> Json:
        library.delete_voice(writer, voice)
        return {}


def _add_documents(router: APIRouter, library: Library) -> None:
    @router.get("/voices/{voice}/documents")
    def documents(writer: Writer, voice: VoiceId, search: str = "", limit: int = 1000, offset: int = 0) -> Json:
        found = library.documents(writer, voice, search=search, limit=limit, offset=offset)
        return {"documents": [_document_line(info) for info in found]}

    @router.get("/documents/{document}")
    def document(writer: Writer, document: DocumentId) -> Json:
        return _document(library.document(writer, document), library.snippets(writer, document))

    @router.delete("/documents/{document}")
    def delete(writer: Writer, document: DocumentId) -> Json:
        library.delete_document(writer, document)
        return {}


def _add_uploads(router: APIRouter, library: Library, uploads: Uploads) -> None:
    @router.post("/voices/{voice}/uploads")
    def begin(writer: Writer, voice: VoiceId) -> Json:
        library.voice(writer, voice)
        return {"upload": uploads.begin(writer)}

    @router.put("/uploads/{token}")
    async def receive(request: Request, writer: Writer, token: str, name: str) -> Json:
        await uploads.receive(writer, token, name, request.stream())
        return {}

    @router.delete("/uploads/{token}")
    def discard(writer: Writer, token: str) -> Json:
        uploads.discard(writer, token)
        return {}

    @router.post("/voices/{voice}/uploads/{token}/import")
    def start(writer: Writer, voice: VoiceId, token: str) -> Json:
        try:
            paths = sorted(uploads.folder(writer, token).iterdir())
            return _report(library.import_report(writer, library.start_import(writer, voice, paths)))
        finally:
            uploads.discard(writer, token)


def _add_imports(router: APIRouter, library: Library) -> None:
    @router.get("/voices/{voice}/imports")
    def imports(writer: Writer, voice: VoiceId) -> Json:
        return {"imports": [_report(report) for report in library.imports(writer, voice)]}

    @router.get("/imports/{job}")
    def report(writer: Writer, job: ImportId) -> Json:
        """Numbers only: a page asks for them several times a second."""
        return _report(library.import_report(writer, job))

    @router.get("/imports/{job}/files")
    def files(writer: Writer, job: ImportId) -> Json:
        found = library.import_report(writer, job)
        return _report(found) | {"files": [asdict(file) for file in found.files]}

    @router.delete("/imports/{job}")
    def cancel(writer: Writer, job: ImportId) -> Json:
        library.cancel_import(writer, job)
        return _report(library.import_report(writer, job))


def _add_examples(router: APIRouter, library: Library) -> None:
    @router.get("/examples")
    def examples() -> Json:
        return {"examples": [_example(corpus) for corpus in demo_corpora()]}

    @router.post("/examples/{slug}")
    def load(writer: Writer, slug: str) -> Json:
        """Import an example into a new voice named after it."""
        corpus = next((corpus for corpus in demo_corpora() if corpus.slug == slug), None)
        if corpus is None:
            raise NotFoundError(f"There is no example named {slug}: reload the page to see those there are")
        voice = library.create_voice(writer, free_name(corpus.name, library.voices(writer)))
        library.start_import(writer, voice.id, [corpus.folder])
        return _voice(voice, library)

    @router.get("/limits")
    def limits() -> Json:
        return {"suffixes": [*READERS, ".zip"], "largest_file": LARGEST_FILE_BYTES, "largest_zip": LARGEST_ZIP_BYTES}


def free_name(name: str, voices: Sequence[Voice]) -> str:
    """The name itself, or with the first number that no voice has yet."""
    taken = {voice.name.casefold() for voice in voices}
    names = (name if number == 1 else f"{name} {number}" for number in range(1, _MOST_EXAMPLE_VOICES + 1))
    for free in names:
        if free.casefold() not in taken:
            return free
    raise LibraryError(f"There are {_MOST_EXAMPLE_VOICES} voices named {name}: delete some of them first")


def _voice(voice: Voice, library: Library) -> Json:
    return {
        "id": voice.id,
        "name": voice.name,
        "documents": voice.documents,
        "snippets": voice.snippets,
        "importing": library.is_importing(voice),
        "memory_use": memory_use_json(voice.memory_use),
        "voice_strength": voice.voice_strength,
        "learning": asdict(library.learning(voice)),
    }


def _document_line(info: DocumentInfo) -> Json:
    return {
        "id": info.id,
        "title": info.title,
        "written_on": info.written_on and info.written_on.isoformat(),
        "origin": info.origin,
        "characters": info.characters,
        "snippets": info.snippets,
    }


def _document(document: Document, snippets: Sequence[Snippet]) -> Json:
    return {
        "id": document.id,
        "title": document.title,
        "written_on": document.written_on and document.written_on.isoformat(),
        "origin": document.origin,
        "characters": len(document.text),
        "pieces": list(_pieces(document.text, snippets)),
    }


def _pieces(text: str, snippets: Sequence[Snippet]) -> Iterator[Json]:
    """The text cut at its snippets. Offsets stay here: Python counts characters, JavaScript UTF-16 units."""
    position = 0
    for snippet in snippets:
        if position < snippet.span.start:
            yield {"text": text[position : snippet.span.start], "snippet": False}
        yield {"text": text[snippet.span.start : snippet.span.end], "snippet": True}
        position = snippet.span.end
    if position < len(text):
        yield {"text": text[position:], "snippet": False}


def _report(report: ImportReport) -> Json:
    return {
        "id": report.id,
        "voice": report.voice,
        "state": report.state,
        "reason": report.reason,
        "files_total": report.files_total,
        "files_done": report.files_done,
        "documents": report.documents,
        "snippets": report.snippets,
        "seconds_left": report.seconds_left,
    }


def _example(corpus: DemoCorpus) -> Json:
    return {
        "slug": corpus.slug,
        "name": corpus.name,
        "writer": corpus.writer,
        "description": corpus.description,
    }
