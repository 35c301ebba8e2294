"""Controls: evidence that a better ranking has to beat.

Without a random own document one cannot say that it is retrieval that helps and not just any text of that hand; without
another writer's, that it is the hand and not just any text (lessons of LaMP and "Teach LLMs to Personalize").
"""

import random
from collections.abc import Sequence
from typing import Protocol

from assistant.stages import Ranker
from assistant.types import DocumentId, Hit, RankedEntry, Snippet, VoiceId


class SnippetSource(Protocol):
    """Where the snippets of a voice come from."""

    def voice_snippets(self, voice: VoiceId) -> tuple[Snippet, ...]:
        """All of them."""
        ...


class RandomOrder:
    """Documents in an order that does not depend on the query; the same for the same seed."""

    def __init__(self, source: SnippetSource, *, seed: str) -> None:
        self._source = source
        self._seed = seed

    def best_documents(self, query: str, *, voice: VoiceId, limit: int) -> Sequence[tuple[DocumentId, float]]:
        """Documents and scores that fall from 1 by rank."""
        documents = list(dict.fromkeys(snippet.document for snippet in self._source.voice_snippets(voice)))
        random.Random(self._seed).shuffle(documents)
        return [(document, 1 / rank) for rank, document in enumerate(documents[:limit], start=1)]


class WorstFirst:
    """The same entries in the opposite order: says whether it matters which stands next to the draft."""

    def __init__(self, ranker: Ranker) -> None:
        self._ranker = ranker

    def rank(
        self, query: str, hits: Sequence[Hit], *, voice: VoiceId | None, pinned: Sequence[RankedEntry] = ()
    ) -> tuple[RankedEntry, ...]:
        """Another ranker's entries, its best last."""
        return self._ranker.rank(query, hits, voice=voice, pinned=pinned)[::-1]
