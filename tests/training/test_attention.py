"""Attention by blocks against torch's own: the same values and the same gradients, for every length and grouping."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from assistant.training.attention import attends_causally, causal_attention, document_starts, use_causal_blocks
from tests.small_models import small_model


def tensors(length: int, heads: int, key_value_heads: int) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(length)

    def make(count: int) -> Tensor:
        # Transposed, as the projections of a model hand them over.
        made = torch.randn(2, length, count, 16, generator=generator, dtype=torch.float64)
        return made.transpose(1, 2).requires_grad_()

    return make(heads), make(key_value_heads), make(key_value_heads)


@pytest.mark.parametrize("length", [1, 63, 64, 65, 200])
@pytest.mark.parametrize(("heads", "key_value_heads"), [(4, 4), (6, 2), (3, 1)])
def test_values_and_gradients_are_torchs(length: int, heads: int, key_value_heads: int) -> None:
    inputs = tensors(length, heads, key_value_heads)
    ours = causal_attention(*inputs, scaling=0.3)
    theirs = functional.scaled_dot_product_attention(*inputs, is_causal=True, scale=0.3, enable_gqa=True)
    torch.testing.assert_close(ours, theirs)
    pull = torch.randn(ours.shape, dtype=ours.dtype, generator=torch.Generator().manual_seed(1))
    for gradient, expected in zip(
        torch.autograd.grad(ours, inputs, pull), torch.autograd.grad(theirs, inputs, pull), strict=True
    ):
        torch.testing.assert_close(gradient, expected)


def test_a_model_computes_the_same_with_it() -> None:
    model = small_model().double()
    ids = torch.randint(0, model.config.vocab_size, (2, 150), generator=torch.Generator().manual_seed(0))
    expected = model(ids).logits
    assert attends_causally(model)
    use_causal_blocks(model)
    torch.testing.assert_close(model(ids).logits, expected)


def test_documents_begin_after_the_separator() -> None:
    ids = torch.tensor([[7, 7, 0, 7, 7, 7, 0, 7], [0, 0, 7, 7, 7, 7, 7, 7]])
    assert document_starts(ids, separator=0).tolist() == [[0, 0, 0, 3, 3, 3, 3, 7], [0, 1, 2, 2, 2, 2, 2, 2]]


@pytest.mark.parametrize("length", [1, 64, 65, 200])
@pytest.mark.parametrize(("heads", "key_value_heads"), [(4, 4), (6, 2)])
def test_documents_kept_apart_are_those_of_a_mask(length: int, heads: int, key_value_heads: int) -> None:
    inputs = tensors(length, heads, key_value_heads)
    generator = torch.Generator().manual_seed(length)
    # Of the two examples one has short documents, the other long ones: their borders fall into different blocks.
    ids = torch.stack([(torch.rand(length, generator=generator) > share).long() for share in (0.2, 0.01)])
    starts = document_starts(ids, separator=0)
    positions = torch.arange(length)
    mask = (positions[None, :] <= positions[:, None]) & (positions[None, None, :] >= starts[:, :, None])
    ours = causal_attention(*inputs, scaling=0.3, starts=starts)
    theirs = functional.scaled_dot_product_attention(*inputs, attn_mask=mask[:, None], scale=0.3, enable_gqa=True)
    torch.testing.assert_close(ours, theirs)
    pull = torch.randn(ours.shape, dtype=ours.dtype, generator=generator)
    for gradient, expected in zip(
        torch.autograd.grad(ours, inputs, pull), torch.autograd.grad(theirs, inputs, pull), strict=True
    ):
        torch.testing.assert_close(gradient, expected)
