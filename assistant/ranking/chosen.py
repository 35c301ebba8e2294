"""Documents that the writer chose, each quoted where it comes closest to the draft."""

from collections.abc import Sequence
from typing import Protocol

from assistant.embedding import Vectors
from assistant.ranking.entries import DocumentSource, Winner, entries_within
from assistant.settings import RankingSettings
from assistant.types import DocumentId, RankedEntry, SnippetId, VoiceId


class ChosenSource(DocumentSource, Protocol):
    """Where the documents and the vectors of their snippets come from."""

    def snippet_vectors(self, voice: VoiceId, ids: Sequence[SnippetId]) -> Vectors:
        """Unit vectors in the order of the ids."""
        ...


class QueryEncoder(Protocol):
    """Turns the draft into a unit vector."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Rows of unit length."""
        ...


class ClosestPassages:
    """Quotes a document around the snippet whose vector lies closest to the draft's; the score is their cosine."""

    def __init__(self, source: ChosenSource, encoder: QueryEncoder, settings: RankingSettings) -> None:
        self._source = source
        self._encoder = encoder
        self._settings = settings

    def quote(self, query: str, documents: Sequence[DocumentId], *, voice: VoiceId) -> tuple[RankedEntry, ...]:
        """One entry per document that the voice has, in their order, none of them crowded out by another."""
        draft, budget = self._encoder.encode([query])[0], self._settings.budget_characters
        winners = [winner for document in documents if (winner := self._closest(draft, document, voice)) is not None]
        return entries_within(
            winners,
            self._source,
            voice=voice,
            budget=budget,
            passage=min(self._settings.passage_characters, budget // max(1, len(winners))),
        )

    def _closest(self, draft: Vectors, document: DocumentId, voice: VoiceId) -> Winner | None:
        snippets = self._source.document_snippets(voice, document)
        if not snippets:
            return None
        cosines = self._source.snippet_vectors(voice, [snippet.id for snippet in snippets]) @ draft
        best = int(cosines.argmax())
        return Winner(snippets[best], max(0.0, float(cosines[best])))
