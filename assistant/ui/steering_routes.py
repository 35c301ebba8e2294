"""Steering over HTTP: what a draft remembers of it, and the exact model input that comes of it."""

from typing import Annotated

from fastapi import APIRouter, Depends

from assistant.assembly import Assistant
from assistant.library.library import Library
from assistant.settings import WRITTEN
from assistant.types import DocumentId, DraftId, Steering, WriterId
from assistant.ui.steering_choice import SteeringChoice, steering_json
from assistant.ui.suggest_routes import Ask, admitted
from assistant.ui.wire import Json
from assistant.ui.writers import current_writer

Writer = Annotated[WriterId, Depends(current_writer)]


def steering_routes(assistant: Assistant) -> APIRouter:
    """All routes of steering; a suggestion takes its own along, see ``suggest_routes``."""
    router = APIRouter(prefix="/api")
    library = assistant.library
    lacking = [name for name in WRITTEN if not assistant.settings.can_write(name)]  # no model is named that writes it

    @router.get("/drafts/{draft}/steering")
    def steering(writer: Writer, draft: DraftId) -> Json:
        return _told(library, writer, library.draft_steering.get(writer, draft)) | {"lacking": lacking}

    @router.put("/drafts/{draft}/steering")
    def keep(writer: Writer, draft: DraftId, choice: SteeringChoice) -> Json:
        kept = library.draft_steering.keep(writer, draft, choice.steering())
        return _told(library, writer, kept) | {"lacking": lacking}

    @router.post("/prompt")
    def prompt(writer: Writer, ask: Ask) -> Json:
        """The exact model input: markers and texts in order; joined, their texts are what the model reads.

        ``persona`` is what stands before them: vectors, which have no letters.
        """
        request = admitted(assistant, writer, ask)
        pipeline = assistant.pipeline
        parts = pipeline.prompt(request, pipeline.stages.evidence(request))
        persona = pipeline.persona(request)
        return {
            "persona": None if persona is None else persona.signature,
            "parts": [{"text": part.text, "marker": part.is_marker} for part in parts],
        }

    return router


def _told(library: Library, writer: WriterId, steering: Steering) -> Json:
    """The steering, and the titles of documents that may stand nowhere else on the page: those left out."""
    return {"steering": steering_json(steering), "titles": _titles(library, writer, steering.excluded)}


def _titles(library: Library, writer: WriterId, documents: tuple[DocumentId, ...]) -> dict[str, str]:
    return {str(document): library.document(writer, document).title for document in documents}
