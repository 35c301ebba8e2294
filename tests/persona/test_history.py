"""A writer's items: what of them is encoded, how they grow, and what they give for a draft."""

from time import process_time

import numpy as np
import pytest
import torch

from assistant.embedding import Vectors
from assistant.persona.documents import text_vector
from assistant.persona.history import ItemDetails, history_of, item_vectors, opening
from assistant.persona.plug import HistoryFields, PersonaPlug, PlugSettings, Pooling
from assistant.retrieval.encoder import load_encoder
from tests.hashing_encoder import DIMENSIONS, HashingEncoder

ENCODER = HashingEncoder()
TEXTS = ("The sluice gate held.", "Barley came late.", "Das Café öffnet um acht.", "漢字とかな", "привет мир")


def plug(pooling: Pooling = "attention", *, width: int = 8) -> PersonaPlug:
    return PersonaPlug(PlugSettings(DIMENSIONS, width, pooling, persona_vectors=2), embedding_norm=1.5)


def unit_rows(count: int, width: int = DIMENSIONS) -> Vectors:
    rows = np.random.default_rng(0).standard_normal((count, width)).astype(np.float32)
    unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


# The opening


def test_the_opening_stays_put_while_the_writer_types() -> None:
    text = "".join(f"word{number} " for number in range(100))
    openings = [opening("A title", text[:length]) for length in range(len(text))]
    assert len(set(openings)) == 4
    assert openings[-1] == "A title\n" + text[:150].strip()
    assert openings[0] == "A title"


def test_a_draft_of_nothing_has_no_opening() -> None:
    assert opening("", "") == ""


# Items


def test_only_what_the_settings_name_is_encoded_beside_the_text() -> None:
    texts = list(ENCODER.encode(["the text"]))
    details = [ItemDetails(title="a title", label="comedy", rating="4")]
    plain = item_vectors(texts, details, HistoryFields(), ENCODER)
    assert np.allclose(plain, texts)
    found = item_vectors(texts, details, HistoryFields(titles=True, ratings=True), ENCODER)[0]
    expected = texts[0] + ENCODER.encode(["a title"])[0] + ENCODER.encode(["rated 4"])[0]
    assert np.allclose(found, expected / np.linalg.norm(expected), atol=1e-6)


def test_details_that_are_not_there_leave_the_text_as_it_is() -> None:
    texts = list(ENCODER.encode(["the text"]))
    everything = HistoryFields(titles=True, labels=True, ratings=True)
    assert np.allclose(item_vectors(texts, [ItemDetails()], everything, ENCODER), texts)


def test_no_items_are_no_rows() -> None:
    assert item_vectors([], [], HistoryFields(titles=True), ENCODER).shape == (0, DIMENSIONS)


def test_a_texts_vector_is_the_mean_of_its_snippets_made_one_long() -> None:
    assert text_vector(np.array([[1, 0], [0, 1]], np.float32)).tolist() == pytest.approx([0.5**0.5, 0.5**0.5])


# Histories


@pytest.mark.parametrize("pooling", ["attention", "mean"])
def test_a_history_that_grew_is_the_one_made_at_once(pooling: Pooling) -> None:
    made, vectors = plug(pooling), unit_rows(7)
    grown = history_of(made, vectors[:4])
    for row in vectors[4:]:
        grown = grown.with_items(made, row[None])
    at_once = history_of(made, vectors)
    assert grown.count == at_once.count == 7
    query = unit_rows(1)[0]
    assert torch.allclose(grown.persona(made, query), at_once.persona(made, query), atol=1e-6)


def test_a_served_persona_is_the_one_that_training_saw() -> None:
    made, vectors = plug(), unit_rows(5)
    query = ENCODER.encode([TEXTS[0]])
    trained = made(torch.tensor(query), torch.tensor(vectors)[None], torch.ones(1, 5, dtype=torch.bool))[0]
    served = made.prefix(history_of(made, vectors).persona(made, query[0]))
    assert torch.allclose(served, trained, atol=1e-6)


def test_under_mean_pooling_a_new_document_costs_the_same_however_many_there_are() -> None:
    made = plug("mean")
    history = history_of(made, unit_rows(500))
    assert history.items.numel() == history.projected.numel() == 0  # a sum and a number are all that is kept
    assert torch.allclose(history.persona(made, unit_rows(1)[0]), made.project(torch.tensor(unit_rows(500))).mean(0))


def test_one_item_is_the_persona_whatever_the_draft() -> None:
    made, vectors = plug(), unit_rows(1)
    history = history_of(made, vectors)
    expected = made.project(torch.tensor(vectors))[0]
    for query in unit_rows(3):
        assert torch.allclose(history.persona(made, query), expected, atol=1e-6)


def test_an_empty_draft_finds_all_items_alike() -> None:
    made, history = plug(), history_of(plug(), unit_rows(6))
    assert torch.allclose(history.persona(made, np.zeros(DIMENSIONS, np.float32)), history.mean(), atol=1e-6)


def test_items_in_any_language_give_a_persona() -> None:
    made = plug()
    history = history_of(made, ENCODER.encode(TEXTS))
    personas = [history.persona(made, ENCODER.encode([text])[0]) for text in TEXTS]
    assert all(bool(torch.isfinite(persona).all()) for persona in personas)
    assert not torch.allclose(personas[0], personas[1])


def test_the_real_encoder_tells_items_of_other_languages_apart() -> None:
    encoder = load_encoder()
    made = PersonaPlug(PlugSettings(encoder.dimensions, 8), embedding_norm=1.0)
    items = encoder.encode(TEXTS)
    history = history_of(made, items)
    personas = torch.stack([history.persona(made, item) for item in items])
    assert bool(torch.isfinite(personas).all())
    assert len({tuple(persona.flatten().tolist()) for persona in personas}) == len(TEXTS)


def test_five_thousand_items_of_the_shipped_widths_take_less_than_ten_milliseconds() -> None:
    settings = PlugSettings(encoder_width=384, model_width=576, persona_vectors=2)
    made = PersonaPlug(settings, embedding_norm=1.0)
    history = history_of(made, unit_rows(5_000, 384))
    seconds = []
    for query in unit_rows(20, 384):  # a busy machine may be slow now and then
        started = process_time()
        prefix = made.prefix(history.persona(made, query))
        seconds.append(process_time() - started)
        assert prefix.shape == (3, 576)
    assert min(seconds) < 0.01


def test_ten_thousand_items_cost_a_matrix_product() -> None:
    made = plug(width=64)
    history = history_of(made, unit_rows(10_000))
    queries = unit_rows(5)
    history.persona(made, queries[0])
    started = process_time()
    for query in queries:
        assert bool(torch.isfinite(history.persona(made, query)).all())
    assert (process_time() - started) / len(queries) < 0.25  # some milliseconds; the bound is for a slow machine
