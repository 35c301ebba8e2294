"""An archive's documents as a memory, for the rows of the framework that have one."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from assistant.errors import ModelError
from assistant.evaluation.likelihood import in_bits
from assistant.generation.local import LocalGenerator
from assistant.memory.foresight import foresee
from assistant.memory.keys import DocumentKeys
from assistant.memory.search import VoiceMemory
from assistant.prompts import Prompt
from assistant.types import Document, DocumentId, VoiceId


@dataclass(frozen=True, slots=True)
class OneMemory:
    """The same memory whoever asks. See ``assistant.stages.MemorySource``."""

    held: VoiceMemory

    def memory(self, *, voice: VoiceId, without: Collection[DocumentId] = ()) -> VoiceMemory:
        """What is remembered."""
        return self.held.without(without)


class Rememberer:
    """Makes memories of documents; the keys of each are made once."""

    def __init__(self, generator: LocalGenerator) -> None:
        self._generator = generator
        self._keys: dict[tuple[str, str], DocumentKeys] = {}

    def memory_of(self, documents: Sequence[Document]) -> OneMemory:
        """A memory of all these documents; what others had is let go.

        :raises ModelError: if this kind of model cannot recall.
        """
        self._keys = {_name(each): self._keys.get(_name(each)) or self._made(each) for each in documents}
        keys = [(each.id, self._keys[_name(each)]) for each in documents]
        return OneMemory(VoiceMemory(self._generator.memory.model, keys))

    def _made(self, document: Document) -> DocumentKeys:
        keys = self._generator.keys_of(document.title, document.text)
        if keys is None:
            raise ModelError("an encoder-decoder cannot recall: expected a causal model, or rows without Memory")
        return keys


def remembered_bits(generator: LocalGenerator, prompt: Prompt, continuation: str, source: OneMemory) -> float:
    """Bits per character of a continuation under the mixture that suggestions are drawn from."""
    foreseen = foresee(generator.memory.gate, generator.read(prompt, continuation), source.held)
    return in_bits(-float(foreseen.sum()), continuation)


def _name(document: Document) -> tuple[str, str]:
    return document.title, document.text
