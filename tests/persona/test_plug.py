"""The plug's arithmetic, against values worked out by hand."""

import math

import pytest
import torch
from torch import nn

from assistant.errors import SettingsError
from assistant.persona.plug import PersonaPlug, PlugSettings, Pooling, embedding_norm
from tests.small_models import small_model

WIDTH = 3
QUERY = torch.tensor([1.0, 0.0])
ITEMS = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])
EVERY = torch.ones(1, 3, dtype=torch.bool)


def plug(
    pooling: Pooling = "attention", *, temperature: float = 1.0, vectors: int = 1, norm: float = 1.0
) -> PersonaPlug:
    settings = PlugSettings(2, WIDTH, pooling, temperature=temperature, persona_vectors=vectors)
    return PersonaPlug(settings, embedding_norm=norm)


def gelu(x: float) -> float:
    return x * 0.5 * (1 + math.erf(x / math.sqrt(2)))


def with_simple_projector(made: PersonaPlug) -> PersonaPlug:
    """Projects (a, b) to (gelu(a), 2 gelu(b), gelu(a + b) + 1)."""
    assert made.projector is not None
    with torch.no_grad():
        made.projector.inner.weight.copy_(torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]))
        made.projector.outer.weight.copy_(torch.diag(torch.tensor([1.0, 2.0, 1.0])))
        made.projector.outer.bias.copy_(torch.tensor([0.0, 0.0, 1.0]))
    return made


# Parity with the paper: cosines, temperature 1, two layers with GELU, projected items added up by their weights.


def test_the_papers_weights_are_those_worked_out_by_hand() -> None:
    exponentials = [math.exp(1.0), math.exp(0.0), math.exp(0.6)]
    expected = [each / sum(exponentials) for each in exponentials]
    assert plug().weights(QUERY, ITEMS).tolist() == pytest.approx(expected, rel=1e-6)


def test_the_papers_persona_is_the_one_worked_out_by_hand() -> None:
    made = with_simple_projector(plug())
    exponentials = [math.exp(1.0), math.exp(0.0), math.exp(0.6)]
    weights = [each / sum(exponentials) for each in exponentials]
    projected = [[gelu(a), 2 * gelu(b), gelu(a + b) + 1] for a, b in ITEMS.tolist()]
    expected = [sum(w * row[i] for w, row in zip(weights, projected, strict=True)) for i in range(WIDTH)]
    read = made(QUERY[None], ITEMS[None], EVERY)
    assert read.shape == (1, 2, WIDTH)
    assert read[0, 0].tolist() == pytest.approx(made.instruction[0].tolist())
    assert read[0, 1].tolist() == pytest.approx(expected, rel=1e-6)


def test_both_parts_are_scaled_by_the_models_embedding_norm() -> None:
    read = plug(norm=1.0)(QUERY[None], ITEMS[None], EVERY)
    assert torch.allclose(plug(norm=539.9738)(QUERY[None], ITEMS[None], EVERY), read * 539.9738)


def test_a_query_counts_by_its_direction_alone() -> None:
    assert torch.allclose(plug().weights(7 * QUERY, ITEMS), plug().weights(QUERY, ITEMS))


# Weights


def test_a_low_temperature_leaves_the_nearest_item() -> None:
    assert bool(plug(temperature=0.01).weights(QUERY, ITEMS)[0] > 0.999)


def test_mean_pooling_weighs_all_items_alike_whatever_the_draft() -> None:
    assert plug("mean").weights(QUERY, ITEMS).tolist() == pytest.approx([1 / 3] * 3)


def test_the_nearest_items_alone_can_be_let_count() -> None:
    weights = plug().weights(QUERY, ITEMS, top=2)
    assert weights[1] == 0
    assert float(weights.detach().sum()) == pytest.approx(1)
    assert torch.equal(plug().weights(QUERY, ITEMS, top=9), plug().weights(QUERY, ITEMS))


def test_padding_has_no_say() -> None:
    made = with_simple_projector(plug())
    alone = made(QUERY[None], ITEMS[None, :2], EVERY[:, :2])
    padded = made(QUERY[None], ITEMS[None], torch.tensor([[True, True, False]]))
    assert torch.allclose(padded, alone)


def test_a_writer_without_a_history_among_others_has_a_persona_of_nothing() -> None:
    made = with_simple_projector(plug())
    present = torch.tensor([[True, True, True], [False, False, False]])
    read = made(QUERY.expand(2, -1), ITEMS.expand(2, -1, -1), present)
    assert read[1, 1].tolist() == [0.0] * WIDTH
    assert torch.allclose(read[:1], made(QUERY[None], ITEMS[None], EVERY))
    read.square().sum().backward()
    assert all(bool(torch.isfinite(each.grad).all()) for each in made.parameters() if each.grad is not None)


def test_attention_begins_as_plain_similarity_and_learns() -> None:
    made = plug()
    assert made.input_encoder is not None
    assert torch.equal(made.input_encoder.weight, torch.eye(2))
    made(QUERY[None], ITEMS[None], EVERY)[:, 1].square().sum().backward()
    assert made.input_encoder.weight.grad is not None
    assert bool(made.input_encoder.weight.grad.any())


# What is read


def test_several_vectors_may_carry_a_writer() -> None:
    assert plug(vectors=4)(QUERY[None], ITEMS[None], EVERY).shape == (1, 5, WIDTH)


def test_the_control_reads_as_many_vectors_and_no_history() -> None:
    control = plug("none", vectors=4)
    assert not control.reads_history
    read = control(QUERY[None], ITEMS[None], EVERY)
    assert read.shape == (1, 5, WIDTH)
    assert torch.equal(control(-QUERY[None], ITEMS[None] + 1, EVERY), read)
    assert torch.equal(control.prefix(None), read[0])


def test_what_all_items_have_in_common_is_not_projected() -> None:
    made = with_simple_projector(plug())
    made.measure_items(ITEMS)
    differences = ITEMS - ITEMS.mean(0)
    spread = float(differences.square().mean().sqrt())
    projected = [[gelu(a), 2 * gelu(b), gelu(a + b) + 1] for a, b in (differences / spread).tolist()]
    assert made.project(ITEMS).tolist() == [[pytest.approx(each, rel=1e-5)] for each in projected]
    shifted = with_simple_projector(plug())
    shifted.measure_items(5 + ITEMS)
    torch.testing.assert_close(shifted.project(5 + ITEMS), made.project(ITEMS), rtol=1e-4, atol=1e-5)


def test_items_that_are_all_the_same_are_projected_to_numbers() -> None:
    made = plug()
    made.measure_items(ITEMS[:1].expand(4, -1))
    assert bool(torch.isfinite(made.project(ITEMS)).all())


def test_items_of_length_one_leave_with_about_the_length_of_an_embedding() -> None:
    torch.manual_seed(1)
    settings = PlugSettings(encoder_width=384, model_width=576, persona_vectors=2)
    made = PersonaPlug(settings, embedding_norm=1.0)
    items = nn.functional.normalize(torch.randn(50, 384), dim=1)
    made.measure_items(items)
    lengths = made.project(items).norm(dim=-1)
    assert lengths.shape == (50, 2)
    assert 0.2 < float(lengths.detach().mean()) < 3
    assert float(made.instruction.detach().norm(dim=1).mean()) == pytest.approx(1)


def test_strength_scales_what_sets_a_writer_apart_from_the_average() -> None:
    made = plug(norm=2.0)
    made.average_writer.copy_(torch.tensor([[1.0, 1.0, 1.0]]))
    persona = torch.tensor([[3.0, 1.0, -1.0]])
    assert made.prefix(persona)[1].tolist() == [6.0, 2.0, -2.0]
    assert made.prefix(persona, strength=0.5)[1].tolist() == [4.0, 2.0, 0.0]
    assert torch.equal(made.prefix(persona, strength=0.5)[0], made.prefix(persona)[0])


def test_the_same_seed_begins_alike_and_leaves_other_random_numbers_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first, second = plug(), plug()
    assert torch.equal(torch.rand(3), expected)
    assert torch.equal(first.instruction, second.instruction)


def test_the_embedding_norm_is_measured() -> None:
    model = small_model()
    lengths = model.get_input_embeddings().weight.detach().float().norm(dim=1)
    assert embedding_norm(model) == pytest.approx(float(lengths.mean()))
    with torch.no_grad():
        model.get_input_embeddings().weight.mul_(2)
    assert embedding_norm(model) == pytest.approx(2 * embedding_norm(small_model()), rel=1e-3)


@pytest.mark.parametrize("wrong", [{"temperature": 0.0}, {"persona_vectors": 0}, {"instruction_vectors": 0}])
def test_impossible_forms_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(SettingsError, match="expected"):
        PlugSettings(2, 3, **wrong)  # type: ignore[arg-type]
