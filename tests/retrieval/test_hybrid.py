"""Dense retrieval and the fusion of both, over a real library: scores one can compare, voices apart."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from assistant.library.library import Library
from assistant.retrieval.bm25 import SparseRetriever
from assistant.retrieval.dense import DenseRetriever
from assistant.retrieval.hybrid import HybridRetriever
from assistant.settings import RetrievalSettings
from assistant.types import Hit, Snippet, Source, VoiceId, WriterId
from tests.hashing_encoder import HashingEncoder

CANAL = [
    "The sluice gate stuck again in the morning, and the keeper went to fetch the man with the hammer from town.",
    "Barley came late that year. It rained in August and the harvest stood in the field until the first frost.",
    "My grandmother kept a kettle on the stove all day, and whoever came in was given tea before they said a word.",
]
OFFICE = [
    "Please send the rota for Thursday before noon, because the sluice gate crew is two people short again.",
    "The quarterly figures are attached. Costs of the canal office rose, mostly for hammers, which we have to explain.",
]


@dataclass(frozen=True)
class Shelf:
    """A library of two voices, and how it is searched."""

    library: Library
    encoder: HashingEncoder
    canal: VoiceId
    office: VoiceId

    def hybrid(self, **settings: float) -> HybridRetriever:
        return HybridRetriever(
            SparseRetriever(self.library),
            DenseRetriever(self.library, self.encoder),
            index=self.library,
            encoder=self.encoder,
            settings=RetrievalSettings(**settings),  # type: ignore[arg-type]
        )


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    folder = tmp_path_factory.mktemp("shelf")
    encoder = HashingEncoder()
    library = Library.open(folder / "data", encoder)
    writer = library.local_writer()
    canal = _fill(library, writer, folder / "canal", CANAL)
    office = _fill(library, writer, folder / "office", OFFICE)
    yield Shelf(library, encoder, canal, office)
    library.close()


def _fill(library: Library, writer: WriterId, folder: Path, texts: list[str]) -> VoiceId:
    folder.mkdir()
    for number, text in enumerate(texts):
        (folder / f"{number}.txt").write_text(text)
    voice = library.create_voice(writer, folder.name).id
    library.import_now(writer, voice, [folder])
    return voice


def test_dense_hits_are_the_nearest_snippets_best_first(shelf: Shelf) -> None:
    hits = DenseRetriever(shelf.library, shelf.encoder).retrieve(CANAL[1], voice=shelf.canal, limit=3)
    assert hits[0].snippet.text == CANAL[1]
    assert hits[0].score == pytest.approx(1, abs=2e-3)  # vectors are stored in half precision
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert {hit.source for hit in hits} == {Source.DENSE}


def test_a_retriever_finds_nothing_in_another_voice(shelf: Shelf) -> None:
    query = "The sluice gate, the canal and the hammer"
    for retriever in (
        SparseRetriever(shelf.library),
        DenseRetriever(shelf.library, shelf.encoder),
        shelf.hybrid(),
    ):
        for voice, own in [(shelf.canal, CANAL), (shelf.office, OFFICE)]:
            hits = retriever.retrieve(query, voice=voice, limit=50)
            assert hits
            assert {hit.snippet.text for hit in hits} <= set(own)


def test_scores_lie_between_0_and_1_best_first(shelf: Shelf) -> None:
    for dense_share in (0.0, 0.6, 1.0):
        retriever = shelf.hybrid(dense_share=dense_share)
        for query in [*CANAL, *OFFICE, "gate " * 200, "zzz", "gate"]:
            scores = [hit.score for hit in retriever.retrieve(query, voice=shelf.canal, limit=50)]
            assert scores == sorted(scores, reverse=True)
            assert all(0 <= score <= 1 for score in scores)


def test_a_snippet_asked_for_in_its_own_words_scores_high(shelf: Shelf) -> None:
    best = shelf.hybrid().retrieve(CANAL[0], voice=shelf.canal, limit=5)[0]
    assert best.snippet.text == CANAL[0]
    assert best.score > 0.7
    assert best.source == Source.FUSED


def test_what_does_not_bear_on_the_draft_is_found_last_and_scores_low(shelf: Shelf) -> None:
    related = shelf.hybrid().retrieve(CANAL[0], voice=shelf.canal, limit=50)
    assert len(related) == len(CANAL)
    unrelated = shelf.hybrid().retrieve("Xylophone quartets", voice=shelf.canal, limit=50)
    assert len(unrelated) == len(CANAL)
    assert max(hit.score for hit in unrelated) < 0.16 < related[0].score


def test_the_shares_of_both_retrievers_add_up(shelf: Shelf) -> None:
    query = "sluice gate keeper"
    fused, sparse, dense = (
        {hit.snippet.id: hit.score for hit in retriever.retrieve(query, voice=shelf.canal, limit=50)}
        for retriever in (shelf.hybrid(dense_share=share) for share in (0.6, 0.0, 1.0))
    )
    assert fused == pytest.approx({i: 0.6 * dense[i] + 0.4 * sparse[i] for i in fused})


@dataclass(frozen=True)
class Finds:
    """A retriever that finds one snippet."""

    snippet: Snippet
    score: float

    def retrieve(self, query: str, *, voice: VoiceId, limit: int) -> tuple[Hit, ...]:
        return (Hit(self.snippet, self.score, Source.BM25),)


def test_what_only_one_retriever_finds_is_scored_by_both(shelf: Shelf) -> None:
    by_words, by_meaning = shelf.library.voice_snippets(shelf.canal)[:2]
    retriever = HybridRetriever(
        cast(SparseRetriever, Finds(by_words, 1.5)),
        cast(DenseRetriever, Finds(by_meaning, 0.5)),
        index=shelf.library,
        encoder=shelf.encoder,
        settings=RetrievalSettings(dense_share=0.6),
    )
    found = {hit.snippet: hit.score for hit in retriever.retrieve(CANAL[0], voice=shelf.canal, limit=5)}
    # More than all of the words is all of them, and the snippet's own text has cosine 1.
    assert found == {by_words: pytest.approx(0.6 * 1 + 0.4 * 1, abs=1e-3), by_meaning: pytest.approx(0.6 * 0.5)}


def test_at_most_the_limit_is_returned(shelf: Shelf) -> None:
    assert len(shelf.hybrid().retrieve("the gate and the stove", voice=shelf.canal, limit=2)) == 2


def test_an_empty_voice_has_nothing_to_find(shelf: Shelf) -> None:
    voice = shelf.library.create_voice(shelf.library.local_writer(), "empty").id
    assert shelf.hybrid().retrieve("gate", voice=voice, limit=5) == ()


def test_a_new_document_is_found_at_once(shelf: Shelf, tmp_path: Path) -> None:
    writer = shelf.library.local_writer()
    retriever = shelf.hybrid()
    voice = shelf.library.create_voice(writer, "growing").id
    assert retriever.retrieve("The xylophone player", voice=voice, limit=5) == ()
    (tmp_path / "new.txt").write_text("The xylophone player came to the weir and stayed for a week, to our delight.")
    shelf.library.import_now(writer, voice, [tmp_path])
    (found,) = retriever.retrieve("The xylophone player", voice=voice, limit=5)
    shelf.library.delete_document(writer, found.snippet.document)
    assert retriever.retrieve("The xylophone player", voice=voice, limit=5) == ()


def test_the_cosine_of_the_index_is_the_cosine_of_the_stored_vectors(shelf: Shelf) -> None:
    vector = shelf.encoder.encode(["sluice gate keeper"])[0]
    nearest = shelf.library.nearest(shelf.canal, vector, 10)
    stored = shelf.library.snippet_vectors(shelf.canal, [snippet for snippet, _ in nearest])
    assert np.array([similarity for _, similarity in nearest]) == pytest.approx(stored @ vector, abs=1e-3)
