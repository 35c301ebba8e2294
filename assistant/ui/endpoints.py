"""The named endpoints for programs (``gradio_client``, plain HTTP): ``/suggest`` and ``/voices``.

They give what ``python -m assistant write --json`` gives.
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import replace
from typing import assert_never

import gradio as gr
from pydantic import ValidationError

from assistant.assembly import Assistant
from assistant.errors import OwnhandError, SettingsError
from assistant.events import Event, Finished, Ranked, Retrieved, Summarized, Synthesized, TextDelta
from assistant.suggestion_json import suggestion_json
from assistant.types import (
    Document,
    DocumentId,
    Evidence,
    MemoryUse,
    Request,
    Steering,
    Suggestion,
    voice_strength_for,
)
from assistant.ui.steering_choice import SteeringChoice
from assistant.ui.suggest_routes import sampling_for
from assistant.ui.writers import current_writer

_MODEL_QUEUE = "model"
_FILLED_IN = gr.Request()  # Gradio puts the request in by its type; after a default it needs one too


def add_endpoints(assistant: Assistant) -> None:
    """Add the endpoints to the Blocks being built."""

    def suggest(  # noqa: PLR0913 - what programs may name in a call
        title: str,
        before: str,
        voice: str = "",
        memory_strength: float | None = None,
        steering: dict[str, object] | None = None,
        voice_strength: float | None = None,
        request: gr.Request = _FILLED_IN,
    ) -> Generator[dict[str, object], None, None]:
        """Continue a draft in a voice, named as in the library ("" for none); every answer replaces the one before.

        memory_strength: how much of the voice's wording, 0 to 1; by default what the voice's drafts start with.
        steering: what to change of the evidence: pinned, excluded, order (document numbers), added_words,
        removed_words, summary, ranking, summary_by, keywords_by.
        voice_strength: how far to go towards the voice's persona, where the model has a plug, 0 to 1; by default what
        the voice's drafts start with.
        """
        try:
            writer = current_writer(request.request)
            sampling = sampling_for("sentences", 0, assistant.settings.generation)
            chosen = assistant.library.voice_named(writer, voice) if voice else None
            use = chosen.memory_use if chosen else MemoryUse()
            if memory_strength is not None:
                use = replace(use, strength=memory_strength)
            ask = Request(
                writer,
                chosen.id if chosen else None,
                title=title,
                before=before,
                sampling=sampling,
                memory_strength=use.strength,
                longest_copy=use.longest_copy,
                voice_strength=voice_strength_for(chosen, voice_strength),
                steering=steering_of(steering),
            )
            assistant.library.draft_steering.check(writer, ask.voice, ask.steering)
            with closing(assistant.pipeline.write(ask)) as events:
                yield from answers(events, lambda suggestion: assistant.recalled_documents(ask, suggestion))
        except OwnhandError as error:
            raise gr.Error(str(error), print_exception=False) from error

    def voices(request: gr.Request) -> list[dict[str, object]]:
        """The writer's voices with their sizes."""
        writer = current_writer(request.request)
        return [
            {"name": voice.name, "documents": voice.documents, "snippets": voice.snippets}
            for voice in assistant.library.voices(writer)
        ]

    gr.api(suggest, api_name="suggest", concurrency_id=_MODEL_QUEUE, concurrency_limit=2)
    gr.api(voices, api_name="voices")


def steering_of(choices: dict[str, object] | None) -> Steering:
    """The steering that a program sent as JSON; None is none.

    :raises SettingsError: if it is none, or contradicts itself.
    """
    try:
        return SteeringChoice.model_validate(choices or {}).steering()
    except ValidationError as error:
        fault = error.errors()[0]
        raise SettingsError(f"steering: {'.'.join(map(str, fault['loc']))}: {fault['msg']}") from error


def answers(
    events: Generator[Event, None, None], recalled: Callable[[Suggestion], Mapping[DocumentId, Document]]
) -> Generator[dict[str, object], None, None]:
    """Fold the events into ever more complete answers; ``finish`` is "cancelled" until the last.

    :param recalled: finds the documents that words of a suggestion leaned on.
    """
    evidence, text = Evidence(), ""
    for event in events:
        match event:
            case Retrieved():
                continue
            case Ranked(entries):
                evidence = replace(evidence, entries=entries)
            case Summarized(summary):
                evidence = replace(evidence, summary=summary)
            case Synthesized(keywords):
                evidence = replace(evidence, keywords=keywords)
            case TextDelta(piece):
                text += piece
            case Finished(suggestion):
                yield suggestion_json(suggestion, recalled(suggestion))
                return
            case _:
                assert_never(event)
        yield suggestion_json(Suggestion(text, evidence, finish="cancelled"), {})
