"""The training objectives: cross-entropy with a weight per token, for causal and for encoder-decoder models.

A small model with 8,192 tokens spends a quarter of its time moving logits through memory. Here the last projection, the
softmax and both gradients are done slice by slice while a slice is in cache, and tokens of weight 0 (padding, evidence
that is not to be learnt) are never projected at all. Encoder-decoders predict a few hundred target tokens after a long
source, and scale their last hidden states each in its own way: they give their logits themselves.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel

from assistant.training.attention import attends_by_blocks, document_starts

# Rows of logits held at once: 256 x 8,192 float32 values are 8 MB, which two cores keep in their cache.
_ROWS = 256
# A GPU wants large matrices and has the memory for them.
_ROWS_ON_GPU = 8192


class _WeightedCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, head: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
        """Sum of weighted losses; gradients are computed on the way and kept."""
        hidden_grad = torch.empty_like(hidden)
        head_is_trained = ctx.needs_input_grad[1]
        head_grad = torch.zeros(head.shape if head_is_trained else (0,), dtype=torch.float32, device=head.device)
        total = torch.zeros((), device=hidden.device)
        for rows in _slices(hidden):
            part = hidden[rows]
            target, weight = targets[rows, None], weights[rows, None]
            logits, log_sums = _logits(part, head)
            total += ((log_sums - logits.gather(1, target)) * weight).sum()
            grad = logits.sub_(log_sums).exp_()
            grad.scatter_add_(1, target, torch.full_like(weight, -1.0))
            grad = grad.mul_(weight).to(hidden.dtype)
            torch.mm(grad, head, out=hidden_grad[rows])
            if head_is_trained:
                head_grad += grad.T @ part
        ctx.save_for_backward(hidden_grad, head_grad)
        ctx.head_dtype = head.dtype
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor | None, None, None]:
        """Scale what the forward pass kept."""
        (gradient,) = gradients
        hidden_grad, head_grad = ctx.saved_tensors
        of_head = (head_grad * gradient).to(ctx.head_dtype) if ctx.needs_input_grad[1] else None
        return hidden_grad * gradient.to(hidden_grad.dtype), of_head, None, None


def _slices(hidden: Tensor) -> Iterator[slice]:
    rows = _ROWS if hidden.device.type == "cpu" else _ROWS_ON_GPU
    return (slice(start, start + rows) for start in range(0, len(hidden), rows))


def _logits(hidden: Tensor, head: Tensor) -> tuple[Tensor, Tensor]:
    """Logits of some rows, (rows, vocabulary), and the logarithms of their sums, (rows, 1), in float32."""
    logits = (hidden @ head.T).float()
    return logits, logits.logsumexp(dim=-1, keepdim=True)


def weighted_cross_entropy(hidden: Tensor, head: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Sum over tokens of weight times cross-entropy, in nats.

    :param hidden: final hidden states, (tokens, width).
    :param head: output embeddings, (vocabulary, width).
    :param targets: the ids to predict, (tokens,).
    :param weights: float weight per token, (tokens,); rows of weight 0 cost nothing.
    """
    kept = weights.nonzero().squeeze(1)
    hidden, targets, weights = hidden[kept], targets[kept], weights[kept]
    if torch.is_grad_enabled():
        loss: Tensor = _WeightedCrossEntropy.apply(hidden, head, targets, weights)  # type: ignore[no-untyped-call]
        return loss
    total = torch.zeros((), device=hidden.device)
    for rows in _slices(hidden):
        logits, log_sums = _logits(hidden[rows], head)
        total += ((log_sums - logits.gather(1, targets[rows, None])) * weights[rows, None]).sum()
    return total


class NextTokenObjective(nn.Module):
    """A causal language model with its loss, as one module, so that gradients are synchronized like any other.

    :param separator: id of the token that ends a document; tokens then attend to their own document alone. None lets
        the documents of a window see each other.
    """

    def __init__(self, model: PreTrainedModel, separator: int | None = None) -> None:
        super().__init__()
        self.model = model
        self._separator = separator

    def forward(self, ids: Tensor, weights: Tensor) -> Tensor:
        """Weighted sum of next-token losses in nats; ids and weights are (batch, length), right-padded."""
        # Padding stands at the right and carries no weight, so causal attention needs no mask for it.
        read = ids[:, :-1]
        hidden = self.model.base_model(input_ids=read, use_cache=False, **self._apart(read)).last_hidden_state
        head = self.model.get_output_embeddings().weight
        return weighted_cross_entropy(hidden.flatten(0, 1), head, ids[:, 1:].flatten(), weights[:, 1:].flatten())

    def _apart(self, ids: Tensor) -> dict[str, Tensor]:
        """What keeps documents apart: positions that begin anew (transformers), or the starts (our attention)."""
        if self._separator is None:
            return {}
        starts = document_starts(ids, self._separator)
        positions = torch.arange(ids.shape[1], device=ids.device) - starts
        return {"position_ids": positions} | ({"document_starts": starts} if attends_by_blocks(self.model) else {})


class SourceTargetObjective(nn.Module):
    """An encoder-decoder with its loss, as one module: it reads a source and writes a target."""

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self.model = model
        self._start = model.config.decoder_start_token_id

    def forward(self, source: Tensor, source_mask: Tensor, target: Tensor, weights: Tensor) -> Tensor:
        """Weighted sum of the target's losses in nats; all (batch, length), right-padded."""
        # The decoder reads what it is to write, one token late.
        written = torch.cat([torch.full_like(target[:, :1], self._start), target[:, :-1]], dim=1)
        logits = self.model(
            input_ids=source, attention_mask=source_mask, decoder_input_ids=written, use_cache=False
        ).logits
        kept = weights.flatten().nonzero().squeeze(1)
        losses = functional.cross_entropy(logits.flatten(0, 1)[kept].float(), target.flatten()[kept], reduction="none")
        return (losses * weights.flatten()[kept]).sum()
