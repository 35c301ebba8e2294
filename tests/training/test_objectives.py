"""The sliced loss against torch's own: the same sums and the same gradients; objectives against the models' losses."""

from itertools import chain
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from assistant.training.attention import use_causal_blocks
from assistant.training.batches import next_token_batch, source_target_batch
from assistant.training.objectives import NextTokenObjective, SourceTargetObjective, weighted_cross_entropy
from assistant.training.shards import ShardWriter, load_sources
from tests.generation.architectures import FAMILIES
from tests.small_models import small_model


def example(tokens: int, *, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(tokens)
    hidden = torch.randn(tokens, 16, generator=generator, dtype=dtype)
    head = torch.randn(50, 16, generator=generator, dtype=dtype)
    targets = torch.randint(0, 50, (tokens,), generator=generator)
    weights = torch.rand(tokens, generator=generator)
    weights[::3] = 0
    return hidden.requires_grad_(), head.requires_grad_(), targets, weights


def reference(hidden: Tensor, head: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    losses = functional.cross_entropy((hidden @ head.T).double(), targets, reduction="none")
    return (losses * weights.double()).sum()


@pytest.mark.parametrize("tokens", [1, 5, 256, 257, 600])
def test_the_loss_and_both_gradients_are_torchs(tokens: int) -> None:
    hidden, head, targets, weights = example(tokens)
    ours = weighted_cross_entropy(hidden, head, targets, weights)
    gradients = torch.autograd.grad(ours, [hidden, head])
    theirs = reference(hidden, head, targets, weights)
    expected = torch.autograd.grad(theirs, [hidden, head])
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-5)
    for gradient, wanted in zip(gradients, expected, strict=True):
        torch.testing.assert_close(gradient, wanted, rtol=1e-4, atol=1e-5)


def test_gradients_are_those_of_double_precision() -> None:
    hidden, head, targets, weights = example(300)
    gradients = torch.autograd.grad(weighted_cross_entropy(hidden, head, targets, weights), [hidden, head])
    doubles = [tensor.detach().double().requires_grad_() for tensor in (hidden, head)]
    expected = torch.autograd.grad(reference(doubles[0], doubles[1], targets, weights), doubles)
    for gradient, wanted in zip(gradients, expected, strict=True):
        torch.testing.assert_close(gradient.double(), wanted, rtol=1e-4, atol=1e-5)


def test_a_scaled_loss_has_scaled_gradients() -> None:
    hidden, head, targets, weights = example(40)
    whole = torch.autograd.grad(weighted_cross_entropy(hidden, head, targets, weights), [hidden, head])
    third = torch.autograd.grad(weighted_cross_entropy(hidden, head, targets, weights) / 3, [hidden, head])
    for gradient, scaled in zip(whole, third, strict=True):
        torch.testing.assert_close(gradient / 3, scaled)


def test_a_token_of_weight_0_pulls_at_nothing() -> None:
    hidden, head, targets, weights = example(30)
    (gradient,) = torch.autograd.grad(weighted_cross_entropy(hidden, head, targets, weights), [hidden])
    assert (gradient[weights == 0] == 0).all()
    assert (gradient[weights > 0] != 0).any(dim=1).all()


def test_nothing_to_learn_is_a_loss_of_0() -> None:
    hidden, head, targets, _ = example(10)
    loss = weighted_cross_entropy(hidden, head, targets, torch.zeros(10))
    gradients = torch.autograd.grad(loss, [hidden, head])
    assert loss.item() == 0
    assert all((gradient == 0).all() for gradient in gradients)


def test_in_bfloat16_the_gradients_keep_their_type_and_direction() -> None:
    hidden, head, targets, weights = example(300, dtype=torch.bfloat16)
    gradients = torch.autograd.grad(weighted_cross_entropy(hidden, head, targets, weights), [hidden, head])
    expected = torch.autograd.grad(reference(hidden, head, targets, weights), [hidden, head])
    for gradient, wanted in zip(gradients, expected, strict=True):
        assert gradient.dtype == torch.bfloat16
        assert functional.cosine_similarity(gradient.flatten().float(), wanted.flatten().float(), dim=0) > 0.99


def test_the_objective_is_the_models_next_token_loss() -> None:
    model = small_model().float()
    ids = torch.randint(0, 500, (3, 20), generator=torch.Generator().manual_seed(0))
    ours = NextTokenObjective(model)(ids, torch.ones(3, 20))
    theirs = model(input_ids=ids, labels=ids).loss * 3 * 19
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-4)


def test_padding_changes_neither_loss_nor_gradients() -> None:
    model = small_model().float()
    objective = NextTokenObjective(model)
    ids = torch.randint(0, 500, (2, 12), generator=torch.Generator().manual_seed(0))
    weights = torch.ones(2, 12)
    weights[1, 8:] = 0

    def gradients(ids: Tensor, weights: Tensor) -> list[Tensor]:
        model.zero_grad()
        objective(ids, weights).backward()
        return [parameter.grad.clone() for parameter in model.parameters() if parameter.grad is not None]

    plain = gradients(ids, weights)
    padded = gradients(functional.pad(ids, (0, 9)), functional.pad(weights, (0, 9)))
    for left, right in zip(plain, padded, strict=True):
        torch.testing.assert_close(left, right, rtol=1e-3, atol=1e-4)


def test_without_gradients_the_loss_is_the_same() -> None:
    hidden, head, targets, weights = example(300)
    expected = weighted_cross_entropy(hidden, head, targets, weights)
    with torch.no_grad():
        assert weighted_cross_entropy(hidden, head, targets, weights).item() == expected.item()


def test_a_frozen_head_gets_no_gradient_and_changes_no_other() -> None:
    hidden, head, targets, weights = example(300)
    (expected,) = torch.autograd.grad(weighted_cross_entropy(hidden, head, targets, weights), [hidden])
    loss = weighted_cross_entropy(hidden, head.detach(), targets, weights)
    (gradient,) = torch.autograd.grad(loss, [hidden])
    assert torch.equal(gradient, expected)


# Documents kept apart

SEPARATOR = 0
# The documents of two windows; the last of a window may be cut off.
WINDOWS = [
    [[5, 17, 40, 200, 33, SEPARATOR], [8, SEPARATOR], [90, 91, 92, 93, 94, 95, 96, 97, 98, SEPARATOR], [7] * 70],
    [[*range(15, 84), SEPARATOR], [7, 8, SEPARATOR], [9, SEPARATOR], [*range(300, 314)]],
]


def loss_of(model: nn.Module, objective: nn.Module, shards: Path, rows: list[list[int]]) -> tuple[float, float]:
    """Summed loss and summed weight of some examples in one batch."""
    writer = ShardWriter(shards / "one", weighted=False)
    for row in rows:
        writer.add(row)
    writer.close()
    batch = next_token_batch(load_sources(shards), [(0, number) for number in range(len(rows))], SEPARATOR)
    model.zero_grad()
    loss = objective(*batch.inputs)
    loss.backward()
    return loss.item(), batch.weight


@pytest.mark.parametrize("by_blocks", [True, False])
def test_a_packed_window_costs_what_its_documents_cost_alone(tmp_path: Path, by_blocks: bool) -> None:
    model = small_model().float()
    if by_blocks:
        use_causal_blocks(model)
    objective = NextTokenObjective(model, separator=SEPARATOR)
    windows = [list(chain(*documents)) for documents in WINDOWS]
    alone = [document for documents in WINDOWS for document in documents]
    packed, packed_weight = loss_of(model, objective, tmp_path / "packed", windows)
    gradient = model.model.embed_tokens.weight.grad.clone()
    apart, apart_weight = loss_of(model, NextTokenObjective(model), tmp_path / "apart", alone)
    assert packed_weight == apart_weight
    assert packed == pytest.approx(apart, rel=1e-5)
    torch.testing.assert_close(gradient, model.model.embed_tokens.weight.grad, rtol=1e-3, atol=1e-4)
    together, _ = loss_of(model, NextTokenObjective(model), tmp_path / "together", windows)
    assert together != pytest.approx(apart, rel=1e-3)


# Encoder-decoders


@pytest.mark.parametrize("family", ["t5", "flan-t5"])
def test_the_loss_of_an_encoder_decoder_is_its_own(tmp_path: Path, family: str) -> None:
    model = FAMILIES[family].model(400)
    writer = ShardWriter(tmp_path / "pairs", weighted=True)
    generator = np.random.default_rng(0)
    pairs = [[generator.integers(3, 400, length).tolist() for length in lengths] for lengths in ((9, 4), (70, 6))]
    for read, written in pairs:
        writer.add_pair(read, written, [10] * len(written))
    writer.close()
    batch = source_target_batch(load_sources(tmp_path), [(0, 0), (0, 1)])
    ours = SourceTargetObjective(model)(*batch.inputs)
    theirs = [
        model(input_ids=torch.tensor([read]), labels=torch.tensor([written])).loss * len(written)
        for read, written in pairs
    ]
    assert batch.weight == 10
    assert ours.item() == pytest.approx(sum(loss.item() for loss in theirs), rel=1e-4)


def test_what_a_target_token_weighs_counts() -> None:
    model = FAMILIES["t5"].model(400)
    source, target = torch.tensor([[5, 6, 7]]), torch.tensor([[9, 10, 11]])
    objective = SourceTargetObjective(model)

    def loss(*weights: float) -> float:
        value: float = objective(source, torch.ones_like(source), target, torch.tensor([weights])).item()
        return value

    assert loss(0, 2, 0) == pytest.approx(2 * loss(0, 1, 0))
    assert loss(1, 1, 1) == pytest.approx(loss(1, 0, 0) + loss(0, 1, 0) + loss(0, 0, 1), rel=1e-5)
