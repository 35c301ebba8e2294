"""The persona of every voice for the model in use: the library's vectors, read by a plug that lies beside the weights.

The library keeps vectors without knowing what a persona is, the plug reads vectors without knowing where they lie, and
the generator reads what comes of it without knowing either; this is what brings the three together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np

from assistant.embedding import Encoder, PersonaPrefix, Vectors
from assistant.generation.local import LocalGenerator
from assistant.persona.documents import SnippetVectors, document_vectors
from assistant.persona.history import History, ItemDetails, history_of, item_vectors, opening
from assistant.persona.plug import PersonaPlug, embedding_norm
from assistant.persona.saving import Side, Sides, has_plug, load_plug, model_side, plug_hash
from assistant.retrieval.encoder import weights_of
from assistant.retrieval.per_voice import PerVoice, Revisions
from assistant.types import Document, DocumentId, Request, VoiceId

# Openings whose vectors are kept, in memory only: encoding one costs as much as everything else about a persona.
_OPENINGS_KEPT = 16


class KeptVectors(Revisions, SnippetVectors, Protocol):
    """What a library keeps."""

    def content_hashes(self, voice: VoiceId) -> dict[DocumentId, str]:
        """The SHA-256 of every text of a voice."""
        ...

    def documents_by_id(self, voice: VoiceId, ids: Sequence[DocumentId]) -> Mapping[DocumentId, Document]:
        """Those of the documents that the voice has."""
        ...


@dataclass(frozen=True, slots=True)
class _Held:
    """A voice's history, and the documents that are in it with the SHA-256 of their texts.

    ``partial`` is the last history that was made without some of them.
    """

    history: History
    contents: dict[DocumentId, str] = field(default_factory=dict)
    partial: dict[frozenset[DocumentId], History] = field(default_factory=dict)


class VoicePersonas:
    """Personas of voices, each document of which is read once. See ``assistant.stages.PersonaSource``.

    :param model: what identifies the weights of the language model.
    :param plug_sha256: what identifies the plug.
    """

    def __init__(self, plug: PersonaPlug, encoder: Encoder, kept: KeptVectors, *, model: str, plug_sha256: str) -> None:
        self._plug = plug
        self._encoder = encoder
        self._opening_vector = lru_cache(maxsize=_OPENINGS_KEPT)(self._encoded)
        self._kept = kept
        self._model = model
        self._plug_sha256 = plug_sha256
        self._held = PerVoice[_Held](kept, self._renewed)

    def persona(self, request: Request) -> PersonaPrefix | None:
        """The persona of the request's voice for the opening of its draft; None for a voice without documents."""
        if request.voice is None or request.voice_strength == 0:
            return None
        plug, history = self._plug, self._history(request.voice, request.left_out)
        if not history.count:
            return None
        persona = history.persona(plug, self._query(request)) if plug.reads_history else None
        vectors = plug.prefix(persona, strength=request.voice_strength).numpy()
        used = {"plug_sha256": self._plug_sha256, "documents": history.count, "strength": request.voice_strength}
        return PersonaPrefix(self._model, vectors, used | {"vectors": len(vectors)})

    def _history(self, voice: VoiceId, left_out: frozenset[DocumentId]) -> History:
        """The history of a voice without some documents: made anew, so that no sum keeps a trace of them."""
        held = self._held.of(voice)
        left_out = left_out.intersection(held.contents)
        if not left_out:
            return held.history
        partial = held.partial.get(left_out)
        if partial is None:
            partial = history_of(self._plug, self._vectors(voice, sorted(held.contents.keys() - left_out)))
            held.partial.clear()
            held.partial[left_out] = partial
        return partial

    def _query(self, request: Request) -> Vectors:
        """The vector of the draft's opening; a draft of nothing finds all documents alike."""
        text = opening(request.title, request.before)
        if not text or self._plug.settings.pooling != "attention":
            return np.zeros(self._encoder.dimensions, np.float32)
        return self._opening_vector(text)

    def _encoded(self, text: str) -> Vectors:
        vector: Vectors = self._encoder.encode([text])[0]
        return vector

    def _renewed(self, voice: VoiceId, old: _Held | None) -> _Held:
        """The history as it is now, the new documents added; after a deletion anew, so that no sum keeps a trace."""
        contents = self._kept.content_hashes(voice)
        if old is None or any(contents.get(document) != known for document, known in old.contents.items()):
            old = _Held(History.empty(self._plug))
        new = sorted(contents.keys() - old.contents.keys())
        return _Held(old.history.with_items(self._plug, self._vectors(voice, new)), contents)

    def _vectors(self, voice: VoiceId, documents: Sequence[DocumentId]) -> Vectors:
        """Vectors of documents as history items, (documents, dimensions); those without a snippet are left out."""
        found, texts = document_vectors(self._kept, voice, documents)
        fields = self._plug.settings.fields
        titles = self._titles(voice, found) if fields.titles else dict[DocumentId, str]()
        details = [ItemDetails(title=titles.get(document, "")) for document in found]
        return item_vectors(texts, details, fields, self._encoder)

    def _titles(self, voice: VoiceId, documents: Sequence[DocumentId]) -> dict[DocumentId, str]:
        return {document: each.title for document, each in self._kept.documents_by_id(voice, documents).items()}


def load_personas(folder: Path, generator: LocalGenerator, encoder: Encoder, kept: KeptVectors) -> VoicePersonas | None:
    """What makes personas for a model, if a plug lies in its folder.

    :raises ModelError: if the plug is damaged, or was made for another language model or encoder.
    """
    if not has_plug(folder):
        return None
    sides = plug_sides(generator, encoder)
    plug = load_plug(folder, sides, embedding_norm=embedding_norm(generator.model))
    return VoicePersonas(plug, encoder, kept, model=sides.model.weights_sha256, plug_sha256=plug_hash(folder))


def plug_sides(generator: LocalGenerator, encoder: Encoder) -> Sides:
    """What a plug stands between."""
    return Sides(encoder_side(encoder), model_side(generator.model, generator.signature))


def encoder_side(encoder: Encoder) -> Side:
    """What identifies an encoder to a plug."""
    return Side(encoder.name, weights_of(encoder.name), encoder.dimensions)
