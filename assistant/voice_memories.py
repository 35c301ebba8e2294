"""The memory of every voice for the model in use: keys are made for the library, and read back into one snapshot.

The library keeps keys without knowing what is in them, and the memory searches them without knowing where they lie;
this is what brings the two together.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Protocol

from assistant.errors import MemoryKeysError, ModelError
from assistant.generation.local import LocalGenerator
from assistant.memory.keys import DocumentKeys
from assistant.memory.search import VoiceMemory
from assistant.types import Document, DocumentId, VoiceId

WHY_NONE = "the model in use cannot recall your wording; others on the page Models can"
"""Of encoder-decoders: their decoder begins anew with every draft."""
# Drafts that leave documents out and are written on at once; each has a memory of its own, which shares the keys.
_MOST_PARTIAL = 4


class KeptKeys(Protocol):
    """What a library keeps."""

    def key_versions(self, voice: VoiceId) -> dict[DocumentId, int]:
        """The documents of a voice that have keys; the number changes whenever the keys do."""
        ...

    def keys(self, voice: VoiceId, document: DocumentId) -> bytes | None:
        """The keys of a document."""
        ...

    def content_hashes(self, voice: VoiceId) -> dict[DocumentId, str]:
        """The SHA-256 of every text of a voice."""
        ...


@dataclass(frozen=True, slots=True)
class GeneratorKeys:
    """Makes keys with a generator, and knows its own. See ``assistant.library.learning.KeyMaker``."""

    generator: LocalGenerator

    def make(self, document: Document, rest: Callable[[], None]) -> bytes:
        """The keys of a document, as the content of a file."""
        keys = self.generator.keys_of(document.title, document.text, rest)
        if keys is None:
            raise ModelError(WHY_NONE)
        return keys.to_bytes()

    def accepts(self, data: bytes, content_hash: str) -> bool:
        """Whether these are whole keys of this generator, of a text with this SHA-256."""
        return _read(data, self.generator.memory.model, content_hash) is not None


@dataclass(slots=True)
class _Held:
    """A voice's keys as they were when last asked for; ``read`` has None where a file was of no use.

    ``partial`` are memories without some documents, last asked for last.
    """

    versions: dict[DocumentId, int] = field(default_factory=dict)
    read: dict[DocumentId, DocumentKeys | None] = field(default_factory=dict)
    memory: VoiceMemory | None = None
    partial: OrderedDict[frozenset[DocumentId], VoiceMemory] = field(default_factory=OrderedDict)

    def without(self, documents: frozenset[DocumentId]) -> VoiceMemory | None:
        """The memory as if it had never held these documents; None where it holds no other."""
        if self.memory is None or not documents:
            return self.memory
        if documents not in self.partial:
            self.partial[documents] = self.memory.without(documents)
        self.partial.move_to_end(documents)
        while len(self.partial) > _MOST_PARTIAL:
            self.partial.popitem(last=False)
        return self.partial[documents] if self.partial[documents].documents else None


class VoiceMemories:
    """The memory of each voice, of the documents that have keys; read once, and then only what has changed.

    Documents that were deleted are gone from the next memory on. See ``assistant.stages.MemorySource``.
    """

    def __init__(self, kept: KeptKeys, model: str) -> None:
        self._kept = kept
        self._model = model
        self._held: dict[VoiceId, _Held] = {}
        self._lock = threading.Lock()

    def memory(self, *, voice: VoiceId, without: Collection[DocumentId] = ()) -> VoiceMemory | None:
        """The memory of a voice, as far as its wording is learned; None where nothing is.

        :param without: documents that it shall be as if it had never held.
        """
        with self._lock:
            versions = self._kept.key_versions(voice)
            held = self._held.setdefault(voice, _Held())
            if versions != held.versions:
                self._forget_deleted()
                held = self._held[voice] = self._renew(voice, versions, held)
            return held.without(frozenset(without).intersection(versions))

    def _renew(self, voice: VoiceId, versions: dict[DocumentId, int], old: _Held) -> _Held:
        contents = self._kept.content_hashes(voice)
        new = _Held(versions)
        for document, version in sorted(versions.items()):
            if document not in contents:
                continue  # deleted a moment ago
            if old.versions.get(document) == version:
                new.read[document] = old.read[document]
            else:
                data = self._kept.keys(voice, document)
                new.read[document] = None if data is None else _read(data, self._model, contents[document])
        usable = [(document, keys) for document, keys in new.read.items() if keys is not None]
        new.memory = VoiceMemory(self._model, usable) if usable else None
        return new

    def _forget_deleted(self) -> None:
        """Let go of voices that have no keys any more: they were deleted."""
        for voice in [voice for voice in self._held if not self._kept.key_versions(voice)]:
            del self._held[voice]


def _read(data: bytes, model: str, content_hash: str) -> DocumentKeys | None:
    try:
        return DocumentKeys.from_bytes(data, model=model, content=content_hash)
    except MemoryKeysError:
        return None
