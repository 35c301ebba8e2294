"""Causal attention for training on CPUs: query block by query block, each against the keys it may see.

torch's fused attention reaches a tenth of a CPU's matrix speed in bfloat16, forward and backward. Plain matrix products
over blocks of queries skip nearly half of the square, keep their softmax in cache and run at full speed: over windows
of 512 tokens they take well under half of the time. Nothing is approximated. Where several documents share a window and
are to be kept apart, a block begins at the first key that any of its queries may see.
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
    """Shapes: query (rows, group, length, width), key and value (rows, length, width), starts (rows, length) or None.

    A row is one key-value head of one example; the ``group`` query heads that share it are multiplied together.
    """

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor, scaling: float, starts: Tensor | None) -> Tensor:
        output = torch.empty_like(query)
        probabilities = []
        ctx.blocks = _blocks(query.shape[2], starts)
        for first, start, end in ctx.blocks:
            seen = (_rows(query, start, end) * scaling) @ key[:, first:end].transpose(1, 2)
            scores = _heads(seen, query)
            scores[..., start - first : end - first].add_(_future(end - start, query))
            if starts is not None:
                _hide_other_documents(scores, starts[:, start:end], first)
            probability = seen.softmax(dim=-1)
            output[:, :, start:end] = _heads(probability @ value[:, first:end], query)
            probabilities.append(probability)
        ctx.save_for_backward(query, key, value, *probabilities)
        ctx.scaling = scaling
        return output

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:
        (output_grad,) = gradients
        query, key, value, *probabilities = ctx.saved_tensors
        query_grad = torch.empty_like(query)
        key_grad, value_grad = torch.zeros_like(key), torch.zeros_like(value)
        for (first, start, end), probability in zip(ctx.blocks, probabilities, strict=True):
            block_grad = _rows(output_grad, start, end)
            value_grad[:, first:end] += probability.transpose(1, 2) @ block_grad
            seen_grad = torch.ops.aten._softmax_backward_data(
                block_grad @ value[:, first:end].transpose(1, 2), probability, -1, probability.dtype
            )
            query_grad[:, :, start:end] = _heads(seen_grad @ key[:, first:end], query)
            key_grad[:, first:end] += seen_grad.transpose(1, 2) @ _rows(query, start, end)
        return query_grad.mul_(ctx.scaling), key_grad.mul_(ctx.scaling), value_grad, None, None


def _blocks(length: int, starts: Tensor | None) -> list[tuple[int, int, int]]:
    """Blocks of queries, each as (first key that any of them may see, first query, end of the queries)."""
    borders = [(start, min(start + _BLOCK, length)) for start in range(0, length, _BLOCK)]
    if starts is None:
        return [(0, start, end) for start, end in borders]
    return [(int(starts[:, start:end].min()), start, end) for start, end in borders]


def _hide_other_documents(scores: Tensor, starts: Tensor, first: int) -> None:
    """Hide, in a block of (rows, group, block, keys from ``first`` on), the keys before each query's document."""
    if int(starts.max()) > first:
        keys = torch.arange(first, first + scores.shape[-1], device=scores.device)
        scores.masked_fill_((keys < starts[..., None])[:, None], float("-inf"))


def _rows(tensor: Tensor, start: int, end: int) -> Tensor:
    """One block of all heads of a group under each other, (rows, group * block, width)."""
    return tensor[:, :, start:end].flatten(1, 2)


def _heads(block: Tensor, query: Tensor) -> Tensor:
    """A block taken apart into the heads of a group again, (rows, group, block, ...)."""
    return block.view(*query.shape[:2], -1, block.shape[2])


def _future(size: int, like: Tensor) -> Tensor:
    """What hides, inside the block on the diagonal, the keys that come after a query."""
    return torch.full((size, size), float("-inf"), dtype=like.dtype, device=like.device).triu(1)


def causal_attention(
    query: Tensor, key: Tensor, value: Tensor, *, scaling: float, starts: Tensor | None = None
) -> Tensor:
    """Exact causal attention.

    :param query: (batch, heads, length, width).
    :param key: (batch, key-value heads, length, width), as ``value``; each serves heads / key-value heads of the query.
    :param scaling: what the products are multiplied with before the softmax.
    :param starts: (batch, length): where the document of each token begins; a token sees nothing before that.
    :returns: (batch, heads, length, width).
    """
    kv_heads = key.shape[1]
    grouped = query.reshape(-1, query.shape[1] // kv_heads, *query.shape[2:])
    of_rows = None if starts is None else starts.repeat_interleave(kv_heads, dim=0)
    output: Tensor = _CausalBlocks.apply(  # type: ignore[no-untyped-call]
        grouped, key.flatten(0, 1), value.flatten(0, 1), scaling, of_rows
    )
    return output.reshape(query.shape)


def document_starts(ids: Tensor, separator: int) -> Tensor:
    """Where the document of each token begins, (batch, length); a document ends with the separator.

    :param ids: (batch, length).
    """
    positions = torch.arange(ids.shape[1], device=ids.device)
    begins = torch.zeros_like(ids)
    begins[:, 1:] = torch.where(ids[:, :-1] == separator, positions[1:], 0)
    return begins.cummax(dim=1).values


def attends_causally(model: PreTrainedModel) -> bool:
    """Whether a model is known to use plain causal attention: no sliding windows, no soft caps, no encoder."""
    return bool(model.config.model_type == "llama")


def use_causal_blocks(model: PreTrainedModel) -> None:
    """Let a causal model attend by blocks; call it with ``document_starts`` where documents are kept apart.

    Only for right-padded batches: there is no other mask.
    """
    model.set_attn_implementation(_NAME)


def attend_by_blocks_on_cpu(model: PreTrainedModel) -> None:
    """Let a model on a processor attend by blocks, if it can; GPUs have faster kernels of their own."""
    if model.device.type == "cpu" and attends_causally(model):
        use_causal_blocks(model)


def attends_by_blocks(model: PreTrainedModel) -> bool:
    """Whether ``use_causal_blocks`` was called on a model."""
    return bool(model.config._attn_implementation == _NAME)


def _attend(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, scaling: float, **options: Any
) -> tuple[Tensor, None]:
    starts = options.get("document_starts")
    return causal_attention(query, key, value, scaling=scaling, starts=starts).transpose(1, 2), None


ALL_ATTENTION_FUNCTIONS.register(_NAME, _attend)
