"""The training objective: next-token cross-entropy with a weight per token, computed without the full logits.

A small model with 8,192 tokens spends a quarter of its time moving logits through memory. Here the last projection, the
softmax and both gradients are done slice by slice while a slice is in cache, and tokens of weight 0 (padding, evidence
that is not to be learnt) are never projected at all.
"""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

# Rows of logits held at once: 256 x 8,192 float32 values are 8 MB, which two cores keep in their cache.
_ROWS = 256
# A GPU wants large matrices and has the memory for them.
_ROWS_ON_GPU = 8192


class _WeightedCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, head: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
        """Sum of weighted losses; gradients are computed on the way and kept."""
        rows = _ROWS if hidden.device.type == "cpu" else _ROWS_ON_GPU
        hidden_grad = torch.empty_like(hidden)
        head_grad = torch.zeros(head.shape, dtype=torch.float32, device=head.device)
        total = torch.zeros((), device=hidden.device)
        for start in range(0, len(hidden), rows):
            part = hidden[start : start + rows]
            logits = (part @ head.T).float()
            log_sums = logits.logsumexp(dim=-1, keepdim=True)
            target = targets[start : start + rows, None]
            weight = weights[start : start + rows, None]
            total += ((log_sums - logits.gather(1, target)) * weight).sum()
            grad = logits.sub_(log_sums).exp_()
            grad.scatter_add_(1, target, torch.full_like(weight, -1.0))
            grad = grad.mul_(weight).to(hidden.dtype)
            torch.mm(grad, head, out=hidden_grad[start : start + rows])
            head_grad += grad.T @ part
        ctx.save_for_backward(hidden_grad, head_grad)
        ctx.head_dtype = head.dtype
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None, None]:
        """Scale what the forward pass kept."""
        (gradient,) = gradients
        hidden_grad, head_grad = ctx.saved_tensors
        return hidden_grad * gradient.to(hidden_grad.dtype), (head_grad * gradient).to(ctx.head_dtype), None, None


def weighted_cross_entropy(hidden: Tensor, head: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Sum over tokens of weight times cross-entropy, in nats.

    :param hidden: final hidden states, (tokens, width).
    :param head: output embeddings, (vocabulary, width).
    :param targets: the ids to predict, (tokens,).
    :param weights: float weight per token, (tokens,); rows of weight 0 cost nothing.
    """
    kept = weights.nonzero().squeeze(1)
    loss: Tensor = _WeightedCrossEntropy.apply(hidden[kept], head, targets[kept], weights[kept])  # type: ignore[no-untyped-call]
    return loss


class NextTokenObjective(nn.Module):
    """A causal language model with its loss, as one module, so that gradients are synchronized like any other."""

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor, weights: Tensor) -> Tensor:
        """Weighted sum of next-token losses in nats; ids and weights are (batch, length), right-padded."""
        # Padding stands at the right and carries no weight, so causal attention needs no mask for it.
        hidden = self.model.base_model(input_ids=ids[:, :-1], use_cache=False).last_hidden_state
        head = self.model.get_output_embeddings().weight
        return weighted_cross_entropy(hidden.flatten(0, 1), head, ids[:, 1:].flatten(), weights[:, 1:].flatten())
