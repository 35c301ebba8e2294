"""The persona over HTTP: whether the model in use has a plug, how far drafts and voices go, a voice as a picture."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from assistant.assembly import Assistant
from assistant.library.demo_vectors import DEMO_VECTORS_FILE
from assistant.types import DraftId, VoiceId, WriterId
from assistant.ui.wire import Json, draft_json
from assistant.ui.writers import current_writer
from assistant.voice_pictures import Cloud, VoicePictures

Writer = Annotated[WriterId, Depends(current_writer)]


class VoiceStrength(BaseModel):
    """The body of a request that sets what a voice's drafts start with."""

    voice_strength: float = Field(ge=0, le=1)


class DraftStrength(BaseModel):
    """The body of a request that sets it for a draft; None: as the voice has it."""

    voice_strength: float | None = Field(ge=0, le=1)


def persona_routes(assistant: Assistant) -> APIRouter:
    """All routes of this module; a suggestion takes its own strength along, see ``suggest_routes``."""
    router = APIRouter(prefix="/api")
    library = assistant.library
    pictures = VoicePictures(library, assistant.encoder, file=assistant.settings.data_dir / DEMO_VECTORS_FILE)

    @router.get("/persona")
    def persona(writer: Writer) -> Json:
        """Whether the model in use has a plug; ``trouble`` says why the one that lies beside it is not used."""
        return {"has_plug": assistant.pipeline.personas is not None, "trouble": assistant.plug_trouble}

    @router.put("/library/voices/{voice}/voice-strength")
    def use_for_voice(writer: Writer, voice: VoiceId, body: VoiceStrength) -> Json:
        return {"voice_strength": library.set_voice_strength(writer, voice, body.voice_strength).voice_strength}

    @router.put("/drafts/{draft}/voice-strength")
    def use_for_draft(writer: Writer, draft: DraftId, body: DraftStrength) -> Json:
        """Apart from the text: it is a setting, no revision, and the last one counts."""
        return draft_json(library.set_voice_strength_in_draft(writer, draft, body.voice_strength))

    @router.get("/library/voices/{voice}/picture")
    def picture(writer: Writer, voice: VoiceId) -> Json:
        """The voice's documents and their mean in two dimensions, beside the demo writers.

        ``demos`` is null while these are being read: ask again.
        """
        found = pictures.picture(writer, voice)
        demos = None if found.demos is None else [_cloud_json(demo) for demo in found.demos]
        return {"voice": _cloud_json(found.voice), "demos": demos, "reach": found.reach}

    return router


def _cloud_json(cloud: Cloud) -> Json:
    documents = [
        {"id": each.document, "voice": each.voice, "title": each.title} | asdict(each.place) for each in cloud.documents
    ]
    middle = None if cloud.middle is None else asdict(cloud.middle)
    return {"name": cloud.name, "documents": documents, "total": cloud.total, "middle": middle}
