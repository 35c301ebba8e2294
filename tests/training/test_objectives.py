"""The sliced loss against torch's own: the same sums and the same gradients."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from assistant.training.objectives import NextTokenObjective, weighted_cross_entropy
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
