"""Where the stages read what a writer wrote before: all of it, or all but some documents."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from assistant.embedding import Vectors
from assistant.ranking import DocumentSource
from assistant.retrieval.bm25 import SnippetSource
from assistant.retrieval.dense import VectorIndex
from assistant.retrieval.per_voice import PerVoice
from assistant.synthesis import ImportedVectors
from assistant.types import Document, DocumentId, Snippet, SnippetId, VoiceId


class EvidenceSource(SnippetSource, VectorIndex, DocumentSource, ImportedVectors, Protocol):
    """What the stages ask of a library, or of an archive that stands in for one."""


class LeavingOut:
    """A source whose voices seem never to have held some documents.

    Stages over it need not know: what they count and compare, such as how rare BM25 takes a word to be, which snippets
    are nearest and which words are frequent, comes out as in a voice of the other documents alone.
    """

    def __init__(self, whole: EvidenceSource, documents: frozenset[DocumentId]) -> None:
        self._whole = whole
        self._documents = documents
        self._hidden = PerVoice(whole, lambda voice, _: self._snippets_left_out(voice))

    def voice_revision(self, voice: VoiceId) -> int:
        """A number that grows with every change of the voice."""
        return self._whole.voice_revision(voice)

    def voice_snippets(self, voice: VoiceId) -> tuple[Snippet, ...]:
        """All snippets of the other documents."""
        return tuple(s for s in self._whole.voice_snippets(voice) if s.document not in self._documents)

    def nearest(self, voice: VoiceId, vector: Vectors, limit: int) -> tuple[tuple[SnippetId, float], ...]:
        """The nearest snippets of the other documents and their cosine similarity, best first."""
        hidden = self._hidden.of(voice)
        found = self._whole.nearest(voice, vector, limit + len(hidden))
        return tuple(hit for hit in found if hit[0] not in hidden)[:limit]

    def snippets_by_id(self, voice: VoiceId, ids: Sequence[SnippetId]) -> tuple[Snippet, ...]:
        """Snippets that were found here, in the order of the ids."""
        return self._whole.snippets_by_id(voice, ids)

    def snippet_vectors(self, voice: VoiceId, ids: Sequence[SnippetId]) -> Vectors:
        """Unit vectors of snippets that were found here, in the order of the ids."""
        return self._whole.snippet_vectors(voice, ids)

    def documents_by_id(self, voice: VoiceId, ids: Sequence[DocumentId]) -> dict[DocumentId, Document]:
        """Those of the documents that the voice has and that are not left out."""
        return self._whole.documents_by_id(voice, [document for document in ids if document not in self._documents])

    def document_snippets(self, voice: VoiceId, document: DocumentId) -> tuple[Snippet, ...]:
        """A document's snippets in reading order; none of one that is left out."""
        return () if document in self._documents else self._whole.document_snippets(voice, document)

    def word_vectors(self, voice: VoiceId, words: Sequence[str]) -> dict[str, npt.NDArray[np.float32]]:
        """Vectors of those words that the voice has: what a word means hangs on no document."""
        return self._whole.word_vectors(voice, words)

    def _snippets_left_out(self, voice: VoiceId) -> frozenset[SnippetId]:
        snippets = (self._whole.document_snippets(voice, document) for document in self._documents)
        return frozenset(snippet.id for of_document in snippets for snippet in of_document)
