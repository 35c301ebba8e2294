"""An author's earlier documents in memory, as the library would hold them: the same stages run over both.

Training and evaluation ask "what did this author have when this document was written?" thousands of times; an archive
encodes every document once and answers with views that end before a given document.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import numpy as np
import numpy.typing as npt

from assistant.embedding import Encoder, Vectors
from assistant.evidence_methods import evidence_stages
from assistant.keyword_candidates import candidate_words
from assistant.library.snippets import snippet_spans
from assistant.pipeline import immediate_context
from assistant.ranking import BestSnippetRanker
from assistant.retrieval.bm25 import SparseRetriever
from assistant.settings import Settings
from assistant.training.corpus import Record
from assistant.types import Document, DocumentId, Evidence, Request, Snippet, SnippetId, VoiceId

ARCHIVE_VOICE = VoiceId(0)


class WordVectors:
    """Vectors of words, each encoded once however many authors use it."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._known: dict[str, npt.NDArray[np.float32]] = {}

    def learn(self, words: Sequence[str]) -> None:
        """Encode the words that are new."""
        new = [word for word in dict.fromkeys(words) if word not in self._known]
        self._known.update(zip(new, self._encoder.encode(new), strict=True))

    def lookup(self, words: Sequence[str]) -> dict[str, npt.NDArray[np.float32]]:
        """Vectors of those words that have been learnt."""
        return {word: self._known[word] for word in words if word in self._known}


@dataclass(frozen=True, slots=True)
class Archive:
    """All documents of one author in order, cut and encoded; ``document_vectors[i]`` belong to document i."""

    documents: tuple[Document, ...]
    snippets: tuple[tuple[Snippet, ...], ...]
    document_vectors: tuple[Vectors, ...]
    words: WordVectors | None

    def before(self, index: int) -> "ArchiveView":
        """The author's past when document ``index`` was begun."""
        return ArchiveView(self, index)


def build_archive(records: Sequence[Record], encoder: Encoder, words: WordVectors | None) -> Archive:
    """Cut and encode an author's documents, oldest first.

    :param words: learns their words too; None: nobody is going to ask for keywords.
    """
    documents, snippets = _cut(records)
    vectors = encoder.encode([snippet.text for own in snippets for snippet in own])
    if words is not None:
        words.learn([word for document in documents for word in candidate_words(document.text)])
    borders = np.cumsum([len(own) for own in snippets])[:-1]
    return Archive(documents, snippets, tuple(np.split(vectors, borders)), words)


def build_plain_archive(records: Sequence[Record]) -> Archive:
    """Cut an author's documents, oldest first, without encoding them."""
    documents, snippets = _cut(records)
    return Archive(documents, snippets, tuple(np.zeros((len(own), 0), np.float32) for own in snippets), None)


def _cut(records: Sequence[Record]) -> tuple[tuple[Document, ...], tuple[tuple[Snippet, ...], ...]]:
    documents = tuple(
        Document(DocumentId(i), ARCHIVE_VOICE, record.title, _date(record.date), record.text)
        for i, record in enumerate(records)
    )
    snippets: list[tuple[Snippet, ...]] = []
    count = 0
    for document in documents:
        own = tuple(
            Snippet(SnippetId(count + i), document.id, i, span, document.text[span.start : span.end])
            for i, span in enumerate(snippet_spans(document.text))
        )
        count += len(own)
        snippets.append(own)
    return documents, tuple(snippets)


class ArchiveView:
    """The first documents of an archive, with what retrieval, ranking, summary and keywords ask of a library."""

    def __init__(self, archive: Archive, size: int) -> None:
        self._archive = archive
        self._size = size
        self._snippets = tuple(snippet for own in archive.snippets[:size] for snippet in own)
        self._vectors = np.concatenate([*archive.document_vectors[:size], np.zeros((0, _width(archive)), np.float32)])

    def voice_revision(self, voice: VoiceId) -> int:
        """A view never changes."""
        return 0

    def voice_snippets(self, voice: VoiceId) -> tuple[Snippet, ...]:
        """All snippets, in order; their ids are their positions."""
        return self._snippets

    def nearest(self, voice: VoiceId, vector: Vectors, limit: int) -> tuple[tuple[SnippetId, float], ...]:
        """Snippets and cosine similarities, best first."""
        similarities = self._vectors @ vector
        best = np.argsort(-similarities, kind="stable")[:limit]
        return tuple((SnippetId(int(i)), float(similarities[i])) for i in best)

    def snippets_by_id(self, voice: VoiceId, ids: Sequence[SnippetId]) -> tuple[Snippet, ...]:
        """Snippets in the order of the ids."""
        return tuple(self._snippets[i] for i in ids)

    def snippet_vectors(self, voice: VoiceId, ids: Sequence[SnippetId]) -> Vectors:
        """Unit vectors in the order of the ids."""
        return self._vectors[list(ids)]

    def documents_by_id(self, voice: VoiceId, ids: Sequence[DocumentId]) -> dict[DocumentId, Document]:
        """Documents of the view."""
        return {i: self._archive.documents[i] for i in ids}

    def document_snippets(self, voice: VoiceId, document: DocumentId) -> tuple[Snippet, ...]:
        """A document's snippets in reading order."""
        return self._archive.snippets[document]

    def word_vectors(self, voice: VoiceId, words: Sequence[str]) -> dict[str, npt.NDArray[np.float32]]:
        """Vectors of words."""
        return self._archive.words.lookup(words) if self._archive.words is not None else {}


class Past(Protocol):
    """An author's documents, asked what evidence they hold for a draft."""

    @property
    def size(self) -> int:
        """How many documents there are."""
        ...

    def evidence(self, request: Request, *, before: int) -> Evidence:
        """The evidence for a request from the documents before number ``before``, oldest first."""
        ...


class StagedPast:
    """A past asked through the serving stages: all that a writer would see."""

    def __init__(self, archive: Archive, encoder: Encoder, settings: Settings) -> None:
        self._archive = archive
        self._encoder = encoder
        self._settings = settings

    @property
    def size(self) -> int:
        return len(self._archive.documents)

    def evidence(self, request: Request, *, before: int) -> Evidence:
        return evidence_stages(self._archive.before(before), self._encoder, self._settings).evidence(request)


class MixedPast:
    """A past asked now one way, now another, drawn by lot: the same evidence in all its formats."""

    def __init__(self, pasts: Sequence[Past], *, seed: str) -> None:
        self._pasts = pasts
        self._random = random.Random(seed)

    @property
    def size(self) -> int:
        return self._pasts[0].size

    def evidence(self, request: Request, *, before: int) -> Evidence:
        return self._random.choice(self._pasts).evidence(request, before=before)


class NoPast:
    """Nothing that was written before: for a model that is trained without history."""

    size = 0

    def evidence(self, request: Request, *, before: int) -> Evidence:
        return Evidence()


class WordMatchedPast:
    """A past asked by shared words alone: entries, no summary, no keywords.

    Encoding a document takes a hundred times as long, so this is how tens of thousands of examples can be afforded.
    """

    def __init__(self, archive: Archive, settings: Settings) -> None:
        view = archive.before(len(archive.documents))
        self._size = len(archive.documents)
        self._snippets = len(view.voice_snippets(ARCHIVE_VOICE))
        # One index for all documents of the author: the later ones have a say in how rare a word is, nothing more.
        self._retriever = SparseRetriever(view)
        self._ranker = BestSnippetRanker(view, settings.ranking)
        self._settings = settings.retrieval

    @property
    def size(self) -> int:
        return self._size

    def evidence(self, request: Request, *, before: int) -> Evidence:
        query = immediate_context(request, self._settings.query_characters)
        hits = self._retriever.retrieve(query, voice=ARCHIVE_VOICE, limit=self._snippets)
        earlier = [hit for hit in hits if hit.snippet.document < before][: self._settings.candidates]
        return Evidence(self._ranker.rank(query, earlier, voice=ARCHIVE_VOICE))


def _width(archive: Archive) -> int:
    return int(archive.document_vectors[0].shape[1])


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
