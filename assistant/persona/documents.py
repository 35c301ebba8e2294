"""Documents as vectors: of each the mean of its snippets', which the library has. Needs numpy alone."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np

from assistant.embedding import Vectors
from assistant.types import DocumentId, Snippet, SnippetId, VoiceId

# Of more documents than this, all snippets of the voice are asked for at once.
_FEW = 16


class SnippetVectors(Protocol):
    """Has the snippets of voices, and their vectors."""

    def voice_snippets(self, voice: VoiceId) -> tuple[Snippet, ...]:
        """All snippets of a voice."""
        ...

    def document_snippets(self, voice: VoiceId, document: DocumentId) -> tuple[Snippet, ...]:
        """A document's snippets; empty if the voice has no such document."""
        ...

    def snippet_vectors(self, voice: VoiceId, ids: Sequence[SnippetId]) -> Vectors:
        """Vectors of snippets, in the order of the ids."""
        ...


def document_vectors(
    kept: SnippetVectors, voice: VoiceId, documents: Sequence[DocumentId]
) -> tuple[list[DocumentId], list[Vectors]]:
    """Those of the documents that have a snippet, and their vectors. A few are read without reading the whole voice."""
    snippets = dict[DocumentId, list[SnippetId]]((document, []) for document in documents)
    for snippet in _snippets(kept, voice, documents):
        if snippet.document in snippets:
            snippets[snippet.document].append(snippet.id)
    wanted = {document: ids for document, ids in snippets.items() if ids}
    if not wanted:
        return [], []
    found = kept.snippet_vectors(voice, [snippet for ids in wanted.values() for snippet in ids])
    borders = np.cumsum([len(ids) for ids in wanted.values()])[:-1]
    return list(wanted), [text_vector(own) for own in np.split(found, borders)]


def _snippets(kept: SnippetVectors, voice: VoiceId, documents: Sequence[DocumentId]) -> Iterable[Snippet]:
    """Snippets of the documents, and of others if the documents are many."""
    if len(documents) > _FEW:
        return kept.voice_snippets(voice)
    return [snippet for document in documents for snippet in kept.document_snippets(voice, document)]


def text_vector(snippets: Vectors) -> Vectors:
    """The vector of a document's text, (width,): the mean of its snippets', made one long."""
    return unit(snippets.mean(axis=0))


def unit(vector: Vectors) -> Vectors:
    """The vector, made one long."""
    made: Vectors = (vector / max(float(np.linalg.norm(vector)), 1e-12)).astype(np.float32)
    return made
