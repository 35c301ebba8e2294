"""Whole documents in order: by words, by vectors, by date, read again when the voice changes."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pytest

from assistant.embedding import Vectors
from assistant.ranking import DocumentOrder
from assistant.retrieval.documents import DenseDocuments, RecentDocuments, SparseDocuments
from assistant.types import Document, DocumentId, Snippet, SnippetId, Span, VoiceId
from tests.hashing_encoder import HashingEncoder

VOICE = VoiceId(1)
ENCODER = HashingEncoder()


class Shelf:
    """Documents given as lists of snippets."""

    def __init__(self, *documents: Sequence[str], dates: Sequence[date | None] = ()) -> None:
        self.revision = 0
        self.documents = {
            DocumentId(i): Document(DocumentId(i), VOICE, "", written_on, "".join(texts))
            for i, (texts, written_on) in enumerate(zip(documents, dates or [None] * len(documents), strict=True))
        }
        self.snippets = [
            Snippet(SnippetId(100 * i + position), DocumentId(i), position, Span(0, len(text)), text)
            for i, texts in enumerate(documents)
            for position, text in enumerate(texts)
        ]

    def voice_revision(self, voice: VoiceId) -> int:
        return self.revision

    def voice_snippets(self, voice: VoiceId) -> tuple[Snippet, ...]:
        return tuple(self.snippets)

    def documents_by_id(self, voice: VoiceId, ids: Sequence[DocumentId]) -> dict[DocumentId, Document]:
        return {i: self.documents[i] for i in ids}

    def snippet_vectors(self, voice: VoiceId, ids: Sequence[SnippetId]) -> Vectors:
        texts = {snippet.id: snippet.text for snippet in self.snippets}
        return ENCODER.encode([texts[i] for i in ids])


SHELF = Shelf(
    ["The barley came late. ", "Rain fell on the field."],
    ["The sluice gate stuck. ", "The keeper fetched a hammer."],
    ["The gate of the garden. ", "Roses and more roses."],
)


def test_words_of_different_snippets_of_a_document_count_together() -> None:
    ordered = SparseDocuments(SHELF).best_documents("sluice gate hammer", voice=VOICE, limit=9)
    assert [document for document, _ in ordered] == [1, 2]
    assert ordered[0][1] > ordered[1][1] > 0


def test_documents_score_by_the_formula_of_the_reference() -> None:
    fast = SparseDocuments(SHELF).best_documents("sluice hammer", voice=VOICE, limit=9)
    reference = SparseDocuments(SHELF, scorer="rank_bm25").best_documents("sluice hammer", voice=VOICE, limit=9)
    assert [document for document, _ in fast] == [document for document, _ in reference] == [1]


def test_a_documents_vector_is_the_mean_of_its_snippets() -> None:
    query = "The sluice gate stuck"
    ordered = DenseDocuments(SHELF, ENCODER).best_documents(query, voice=VOICE, limit=2)
    mean = ENCODER.encode([snippet.text for snippet in SHELF.snippets[2:4]]).mean(axis=0)
    expected = float(mean / np.linalg.norm(mean) @ ENCODER.encode([query])[0])
    assert ordered[0][0] == 1
    assert ordered[0][1] == pytest.approx(expected, rel=1e-5)
    assert len(ordered) == 2


def test_the_latest_comes_first_and_what_has_no_date_last() -> None:
    dates = [date(2004, 1, 1), None, date(2006, 1, 1), date(2005, 1, 1), None]
    shelf = Shelf(*[["Text."]] * 5, dates=dates)
    ordered = RecentDocuments(shelf).best_documents("anything", voice=VOICE, limit=9)
    assert ordered == [(2, 1.0), (3, 1 / 2), (0, 1 / 3), (4, 1 / 4), (1, 1 / 5)]
    assert len(RecentDocuments(shelf).best_documents("", voice=VOICE, limit=2)) == 2


def test_a_changed_voice_is_read_again() -> None:
    shelf = Shelf(["The gate."], ["The weir."])
    orders: list[DocumentOrder] = [SparseDocuments(shelf), DenseDocuments(shelf, ENCODER), RecentDocuments(shelf)]
    before = [order.best_documents("weir", voice=VOICE, limit=9) for order in orders]
    shelf.snippets = [snippet for snippet in shelf.snippets if snippet.document == 0]
    assert [order.best_documents("weir", voice=VOICE, limit=9) for order in orders] == before
    shelf.revision += 1
    assert [order.best_documents("weir", voice=VOICE, limit=9) for order in orders] == [[], [(0, 0.0)], [(0, 1.0)]]


@pytest.mark.parametrize(
    "order", [SparseDocuments(Shelf()), DenseDocuments(Shelf(), ENCODER), RecentDocuments(Shelf())]
)
def test_an_empty_voice_has_no_documents(order: DocumentOrder) -> None:
    assert list(order.best_documents("gate", voice=VOICE, limit=9)) == []
