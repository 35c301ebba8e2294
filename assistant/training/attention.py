"""Causal attention for training on CPUs: query block by query block, each against the keys it may see.

torch's fused attention reaches a tenth of a CPU's matrix speed in bfloat16, forward and backward. Plain matrix products
over blocks of queries skip nearly half of the square, keep their softmax in cache and run at full speed: over windows
of 512 tokens they take well under half of the time. Nothing is approximated.
"""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

_NAME = "ownhand_causal_blocks"
# Queries of one block: smaller ones skip more of the square, larger ones make better matrix products.
_BLOCK = 64


class _CausalBlocks(torch.autograd.Function):
    """Shapes: query (rows, group, length, width), key and value (rows, length, width).

    A row is one key-value head of one example; the ``group`` query heads that share it are multiplied together.
    """

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor, scaling: float) -> Tensor:
        output = torch.empty_like(query)
        probabilities = []
        for start, end in _blocks(query.shape[2]):
            seen = (_rows(query, start, end) * scaling) @ key[:, :end].transpose(1, 2)
            _heads(seen, query)[..., start:end].add_(_future(end - start, query))
            probability = seen.softmax(dim=-1)
            output[:, :, start:end] = _heads(probability @ value[:, :end], query)
            probabilities.append(probability)
        ctx.save_for_backward(query, key, value, *probabilities)
        ctx.scaling = scaling
        return output

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        (output_grad,) = gradients
        query, key, value, *probabilities = ctx.saved_tensors
        query_grad = torch.empty_like(query)
        key_grad, value_grad = torch.zeros_like(key), torch.zeros_like(value)
        for (start, end), probability in zip(_blocks(query.shape[2]), probabilities, strict=True):
            block_grad = _rows(output_grad, start, end)
            value_grad[:, :end] += probability.transpose(1, 2) @ block_grad
            seen_grad = torch.ops.aten._softmax_backward_data(
                block_grad @ value[:, :end].transpose(1, 2), probability, -1, probability.dtype
            )
            query_grad[:, :, start:end] = _heads(seen_grad @ key[:, :end], query)
            key_grad[:, :end] += seen_grad.transpose(1, 2) @ _rows(query, start, end)
        return query_grad.mul_(ctx.scaling), key_grad.mul_(ctx.scaling), value_grad, None


def _blocks(length: int) -> list[tuple[int, int]]:
    return [(start, min(start + _BLOCK, length)) for start in range(0, length, _BLOCK)]


def _rows(tensor: Tensor, start: int, end: int) -> Tensor:
    """One block of all heads of a group under each other, (rows, group * block, width)."""
    return tensor[:, :, start:end].flatten(1, 2)


def _heads(block: Tensor, query: Tensor) -> Tensor:
    """A block taken apart into the heads of a group again, (rows, group, block, ...)."""
    return block.view(*query.shape[:2], -1, block.shape[2])


def _future(size: int, like: Tensor) -> Tensor:
    """What hides, inside the block on the diagonal, the keys that come after a query."""
    return torch.full((size, size), float("-inf"), dtype=like.dtype, device=like.device).triu(1)


def causal_attention(query: Tensor, key: Tensor, value: Tensor, *, scaling: float) -> Tensor:
    """Exact causal attention.

    :param query: (batch, heads, length, width).
    :param key: (batch, key-value heads, length, width), as ``value``; each serves heads / key-value heads of the query.
    :param scaling: what the products are multiplied with before the softmax.
    :returns: (batch, heads, length, width).
    """
    kv_heads = key.shape[1]
    grouped = query.reshape(-1, query.shape[1] // kv_heads, *query.shape[2:])
    output: Tensor = _CausalBlocks.apply(grouped, key.flatten(0, 1), value.flatten(0, 1), scaling)  # type: ignore[no-untyped-call]
    return output.reshape(query.shape)


def attends_causally(model: PreTrainedModel) -> bool:
    """Whether a model is known to use plain causal attention: no sliding windows, no soft caps, no encoder."""
    return bool(model.config.model_type == "llama")


def use_causal_blocks(model: PreTrainedModel) -> None:
    """Let a causal model attend by blocks. Only for right-padded batches: there is no other mask."""
    model.set_attn_implementation(_NAME)


def _attend(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, scaling: float, **_: Any
) -> tuple[Tensor, None]:
    return causal_attention(query, key, value, scaling=scaling).transpose(1, 2), None


ALL_ATTENTION_FUNCTIONS.register(_NAME, _attend)
