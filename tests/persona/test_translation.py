"""A projector that begins as a translation of words says of a document what a word of its meaning would say."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from assistant.errors import SettingsError
from assistant.persona.plug import PersonaPlug, PlugSettings
from assistant.persona.translation import FEWEST_WORDS, WordPairs, begin_as_translation

ENCODER, MODEL, WORDS = 12, 48, 2 * FEWEST_WORDS


def two_spaces() -> tuple[WordPairs, Tensor, Tensor]:
    """Words whose embeddings hang together with their vectors by a matrix, items, and that matrix."""
    chance = torch.Generator().manual_seed(0)
    matrix = torch.randn(ENCODER, MODEL, generator=chance)
    vectors = functional.normalize(torch.randn(WORDS, ENCODER, generator=chance) + 1, dim=1)
    noise = 0.1 * torch.randn(WORDS, MODEL, generator=chance)
    items = functional.normalize(torch.randn(40, ENCODER, generator=chance) + 2, dim=1)
    return WordPairs(vectors, vectors @ matrix + noise + 3), items, matrix


def translating(items: Tensor, words: WordPairs, *, vectors: int = 2) -> PersonaPlug:
    plug = PersonaPlug(PlugSettings(ENCODER, MODEL, persona_vectors=vectors), embedding_norm=1.0)
    plug.measure_items(items)
    begin_as_translation(plug, words, items)
    return plug


def test_items_are_projected_to_where_words_of_their_meaning_stand() -> None:
    words, items, matrix = two_spaces()
    projected = translating(items, words).project(items).detach()
    wanted = (items - items.mean(0)) @ matrix
    for vector in range(2):
        agreement = functional.cosine_similarity(projected[:, vector], wanted, dim=1)
        assert float(agreement.mean()) > 0.9
    others = functional.cosine_similarity(projected[:, 0], wanted.roll(1, dims=0), dim=1)
    assert float(others.mean()) < 0.3


def test_items_come_to_nothing_in_the_mean_and_each_to_the_length_of_an_embedding() -> None:
    words, items, _ = two_spaces()
    projected = translating(items, words).project(items).detach()
    assert torch.allclose(projected.mean(0), torch.zeros(2, MODEL), atol=1e-4)
    assert projected.norm(dim=-1).mean(0).tolist() == pytest.approx([1.0, 1.0], rel=1e-4)


def test_every_persona_vector_is_fitted_to_other_words() -> None:
    words, items, matrix = two_spaces()
    half = WORDS // 2
    rare = words.embeddings.clone()
    rare[half:] = -words.vectors[half:] @ matrix  # the rarer half means the opposite
    projected = translating(items, WordPairs(words.vectors, rare)).project(items).detach()
    agreement = functional.cosine_similarity(projected[:, 0], projected[:, 1], dim=1)
    assert float(agreement.mean()) < -0.8


@pytest.mark.parametrize(("vectors", "embeddings"), [(FEWEST_WORDS - 1, FEWEST_WORDS - 1), (WORDS, WORDS - 1)])
def test_too_few_words_or_words_without_a_partner_are_refused(vectors: int, embeddings: int) -> None:
    with pytest.raises(SettingsError, match=f"{vectors} words of the encoder and {embeddings} of the language model"):
        WordPairs(torch.ones(vectors, ENCODER), torch.ones(embeddings, MODEL))
