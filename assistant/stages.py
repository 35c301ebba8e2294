"""The verbs: what each stage of a suggestion must be able to do, declared on the side that calls it.

A new implementation is a class with one method, passed in by ``assistant.assembly``. There is no registry and no base
class. ``voice`` is None for a draft that has no voice yet: there is then no evidence to work on.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from assistant.prompts import Prompt
from assistant.types import (
    DocumentId,
    Finish,
    Hit,
    Keyword,
    RankedEntry,
    Recall,
    Request,
    Sampling,
    Summary,
    VoiceId,
)


class Retriever(Protocol):
    """Finds snippets of a voice that bear on a query."""

    def retrieve(self, query: str, *, voice: VoiceId, limit: int) -> tuple[Hit, ...]:
        """At most ``limit`` hits of this voice alone, best first."""
        ...


class Ranker(Protocol):
    """Turns hits into ranked entries."""

    def rank(
        self, query: str, hits: Sequence[Hit], *, voice: VoiceId | None, pinned: Sequence[RankedEntry] = ()
    ) -> tuple[RankedEntry, ...]:
        """Entries, best first, cut at the evidence budget.

        :param pinned: entries that stand already: their documents are not ranked, and they take their room first.
        """
        ...


class Quoter(Protocol):
    """Quotes documents that the writer chose."""

    def quote(self, query: str, documents: Sequence[DocumentId], *, voice: VoiceId) -> tuple[RankedEntry, ...]:
        """An entry for each of these documents that the voice has, in their order."""
        ...


class Summarizer(Protocol):
    """Condenses the ranked entries."""

    def summarize(self, query: str, entries: Sequence[RankedEntry], *, voice: VoiceId | None) -> Summary:
        """Sentences that occur in the entries, chosen for the query or for their own sake."""
        ...


class Synthesizer(Protocol):
    """Chooses the important words."""

    def synthesize(self, query: str, entries: Sequence[RankedEntry], *, voice: VoiceId | None) -> tuple[Keyword, ...]:
        """Words that occur in the entries, or often in the voice, most important first."""
        ...


class TokenMemory(Protocol):
    """What a writer wrote, token by token, as one generator remembers it: an unchanging snapshot of a voice's keys.

    Only the generator that made the keys can read it; to everyone else it is a thing to hand on.
    """

    @property
    def model(self) -> str:
        """The weight hash of the generator that made the keys."""
        ...

    def __len__(self) -> int:
        """How many tokens it holds."""
        ...


class MemorySource(Protocol):
    """Has the memory of every voice."""

    def memory(self, *, voice: VoiceId, without: Collection[DocumentId] = ()) -> TokenMemory | None:
        """The memory of this voice alone, as far as it is ready, as if it had never held some documents; None: none."""
        ...


@dataclass(frozen=True, slots=True)
class Recollection:
    """What of the writer's past is at hand, and how it may be used.

    ``memory`` counts for ``strength``, from 0 (not at all) to 1 (as much as was fitted); None: nothing is remembered.
    ``longest_copy`` is how many consecutive words may come from one document, be it of the memory or one of the
    passages ``shown`` in the prompt; None: no limit.
    """

    memory: TokenMemory | None
    strength: float = 1.0
    longest_copy: int | None = 8
    shown: tuple[str, ...] = ()


class Persona(Protocol):
    """What a writer is like, as vectors that one generator reads before a prompt.

    Only the generator that they were made for can read them; to everyone else it is a thing to hand on.
    """

    @property
    def model(self) -> str:
        """The weight hash of the generator that it was made for."""
        ...

    @property
    def signature(self) -> dict[str, object]:
        """What it was made of: plug, documents, strength."""
        ...


class PersonaSource(Protocol):
    """Has the persona of every voice."""

    def persona(self, request: Request) -> Persona | None:
        """The persona of the request's voice for its draft; None if there is nothing to go by, or none is wanted."""
        ...


class TextStream(Protocol):
    """Text as it is generated. Closing it stops the model; an error inside generation is raised to the reader."""

    @property
    def finish(self) -> Finish:
        """Why the text ended; ``cancelled`` until it has."""
        ...

    @property
    def recalls(self) -> tuple[Recall, ...]:
        """How far each word that has come so far leaned on the writer's past; empty without a memory."""
        ...

    @property
    def confidence(self) -> float | None:
        """How sure the model was of the text so far: the mean log-probability of its tokens; None if it does not say.

        It is what a ghost that nobody asked for is judged by.
        """
        ...

    def __iter__(self) -> Iterator[str]:
        """Pieces of text in order; empty ones while a long prompt is read, so that closing need not wait for it."""
        ...

    def close(self) -> None:
        """Stop generating."""
        ...


@runtime_checkable
class Scorer(Protocol):
    """A language model that can say how likely a text is."""

    def scores(self, prompts: Sequence[Prompt], text: str, persona: Persona | None = None) -> Iterator[float | None]:
        """The log-likelihood of a text after each prompt, in nats, in their order; the persona is read before each.

        None comes in between while long prompts are read, so that closing need not wait for them. Prompts that begin
        alike, put next to each other, are read the faster.
        """
        ...


class TextGenerator(Protocol):
    """A language model that continues a prompt."""

    @property
    def signature(self) -> dict[str, object]:
        """What identifies the model: name, weight hash, library versions."""
        ...

    def stream(
        self,
        prompt: Prompt,
        sampling: Sampling,
        recollection: Recollection | None = None,
        persona: Persona | None = None,
    ) -> TextStream:
        """Start generating, with the writer's past at hand or without; nothing runs before a piece is asked for."""
        ...
