"""Documents as wholes, in order for a query: by words, by vectors, by date.

The paper's document-level rankings (arXiv 2308.07968, section 3.2). Each order keeps what it read of a voice until the
voice changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Protocol

import numpy as np
import numpy.typing as npt

from assistant.embedding import Encoder, Vectors
from assistant.keyword_candidates import content_words
from assistant.retrieval.bm25 import SCORERS, Scorer, ScorerName, SnippetSource
from assistant.retrieval.per_voice import PerVoice
from assistant.types import Document, DocumentId, SnippetId, VoiceId

Ordered = Sequence[tuple[DocumentId, float]]


class DatedSource(SnippetSource, Protocol):
    """Snippets, and the documents they belong to."""

    def documents_by_id(self, voice: VoiceId, ids: Sequence[DocumentId]) -> dict[DocumentId, Document]:
        """The documents of a voice."""
        ...


class VectorSource(SnippetSource, Protocol):
    """Snippets and their vectors."""

    def snippet_vectors(self, voice: VoiceId, ids: Sequence[SnippetId]) -> Vectors:
        """Unit vectors in the order of the ids."""
        ...


class SparseDocuments:
    """RankDocBM25: documents that share words with the query, by BM25 over whole documents."""

    def __init__(self, source: SnippetSource, *, scorer: ScorerName = "bm25s") -> None:
        self._scorer = SCORERS[scorer]
        self._kept = PerVoice(source, lambda voice, _: self._read(source, voice))

    def best_documents(self, query: str, *, voice: VoiceId, limit: int) -> Ordered:
        index = self._kept.of(voice)
        if index.scorer is None:
            return ()
        scores = index.scorer.scores(content_words(query))
        return [found for found in _best(index.documents, scores, limit) if found[1] > 0]

    def _read(self, source: SnippetSource, voice: VoiceId) -> "_WordIndex":
        texts = _texts(source, voice)
        tokenized = [content_words(text) for text in texts.values()]
        return _WordIndex(tuple(texts), self._scorer(tokenized) if tokenized else None)


class DenseDocuments:
    """RankDocDense: documents by cosine similarity; a document's vector is the mean of its snippets'.

    The paper encodes the whole document, of which an encoder reads the first few hundred words only; the mean needs no
    further encoding and hears all of it.
    """

    def __init__(self, source: VectorSource, encoder: Encoder) -> None:
        self._encoder = encoder
        self._kept = PerVoice(source, lambda voice, _: _mean_vectors(source, voice))

    def best_documents(self, query: str, *, voice: VoiceId, limit: int) -> Ordered:
        index = self._kept.of(voice)
        if not index.documents:
            return ()
        return _best(index.documents, index.vectors @ self._encoder.encode([query])[0], limit)


class RecentDocuments:
    """RecentDoc: the latest first, whatever the query; those without a date come last, the latest import first."""

    def __init__(self, source: DatedSource) -> None:
        self._kept = PerVoice(source, lambda voice, _: _latest_first(source, voice))

    def best_documents(self, query: str, *, voice: VoiceId, limit: int) -> Ordered:
        """Documents and scores that fall from 1 by rank."""
        return [(document, 1 / rank) for rank, document in enumerate(self._kept.of(voice)[:limit], start=1)]


@dataclass(frozen=True, slots=True)
class _WordIndex:
    documents: tuple[DocumentId, ...]
    scorer: Scorer | None


@dataclass(frozen=True, slots=True)
class _VectorIndex:
    documents: tuple[DocumentId, ...]
    vectors: Vectors  # (documents, dimensions)


def _texts(source: SnippetSource, voice: VoiceId) -> dict[DocumentId, str]:
    """Every document's text, put together from its snippets, which follow each other without gap."""
    ordered = sorted(source.voice_snippets(voice), key=lambda snippet: (snippet.document, snippet.position))
    return {
        document: "".join(snippet.text for snippet in snippets)
        for document, snippets in groupby(ordered, key=lambda snippet: snippet.document)
    }


def _mean_vectors(source: VectorSource, voice: VoiceId) -> _VectorIndex:
    rows: dict[DocumentId, list[SnippetId]] = {}
    for snippet in source.voice_snippets(voice):
        rows.setdefault(snippet.document, []).append(snippet.id)
    means = [source.snippet_vectors(voice, ids).mean(axis=0) for ids in rows.values()]
    unit = [mean / max(float(np.linalg.norm(mean)), 1e-12) for mean in means]
    return _VectorIndex(tuple(rows), np.asarray(unit, dtype=np.float32))


def _latest_first(source: DatedSource, voice: VoiceId) -> list[DocumentId]:
    ids = list(dict.fromkeys(snippet.document for snippet in source.voice_snippets(voice)))
    documents = source.documents_by_id(voice, ids).values()
    ordered = sorted(documents, key=lambda document: (document.written_on or date.min, document.id), reverse=True)
    return [document.id for document in ordered]


def _best(
    documents: Sequence[DocumentId], scores: npt.NDArray[np.float32], limit: int
) -> list[tuple[DocumentId, float]]:
    order = np.argsort(-scores, kind="stable")[:limit]
    return [(documents[i], float(scores[i])) for i in order]
