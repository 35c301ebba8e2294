"""Muon for the matrices, AdamW for the rest, both on float32 master copies of lower-precision weights.

Muon is torch's own (https://kellerjordan.github.io/posts/muon): momentum, then an orthogonalized update. The model
computes in bfloat16; updates smaller than its rounding would be lost, hence the master copies.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Rates:
    """Peak learning rates: ``matrix`` for Muon, ``other`` for AdamW (embeddings, norms)."""

    matrix: float = 0.02
    other: float = 0.003


class MasterOptimizer:
    """Steps float32 master weights from the gradients of a model and copies them back."""

    def __init__(self, model: nn.Module, rates: Rates) -> None:
        self._parameters = dict(model.named_parameters())
        self._masters = {name: p.detach().float().clone() for name, p in self._parameters.items()}
        matrices = [self._masters[name] for name in self._parameters if _is_matrix(name, self._masters[name])]
        others = [self._masters[name] for name in self._parameters if not _is_matrix(name, self._masters[name])]
        self._optimizers: tuple[torch.optim.Optimizer, ...] = (
            torch.optim.Muon(matrices, lr=rates.matrix, momentum=0.95, weight_decay=0.01),
            torch.optim.AdamW(others, lr=rates.other, betas=(0.9, 0.95), weight_decay=0.0),
        )
        self._peaks = (rates.matrix, rates.other)

    def step(self, *, rate_factor: float, clip_norm: float = 1.0) -> float:
        """Apply the gradients the model holds, then drop them; returns their norm before clipping.

        :param rate_factor: share of the peak learning rates to use, in 0 to 1.
        """
        for name, parameter in self._parameters.items():
            if parameter.grad is not None:
                self._masters[name].grad = parameter.grad.float()
                parameter.grad = None
        norm = nn.utils.clip_grad_norm_(self._masters.values(), clip_norm)
        for optimizer, peak in zip(self._optimizers, self._peaks, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = peak * rate_factor
            optimizer.step()
            optimizer.zero_grad()
        with torch.no_grad():
            for name, parameter in self._parameters.items():
                parameter.copy_(self._masters[name])
        return float(norm)

    def state(self) -> dict[str, Tensor]:
        """Master weights and moments as flat named tensors, ready for safetensors."""
        tensors = {f"master.{name}": tensor for name, tensor in self._masters.items()}
        for number, optimizer in enumerate(self._optimizers):
            for index, values in optimizer.state_dict()["state"].items():
                for key, value in values.items():
                    tensors[f"moment.{number}.{index}.{key}"] = torch.as_tensor(value)
        return {name: tensor.contiguous() for name, tensor in tensors.items()}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Take back what ``state`` gave."""
        with torch.no_grad():
            for name, master in self._masters.items():
                master.copy_(tensors[f"master.{name}"])
                self._parameters[name].copy_(master)
        for number, optimizer in enumerate(self._optimizers):
            saved = optimizer.state_dict()
            saved["state"] = _moments(tensors.items(), prefix=f"moment.{number}.")
            optimizer.load_state_dict(saved)


def _is_matrix(name: str, tensor: Tensor) -> bool:
    return tensor.ndim == 2 and "embed" not in name and "lm_head" not in name


def _moments(items: Iterable[tuple[str, Tensor]], *, prefix: str) -> dict[int, dict[str, Tensor]]:
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in items:
        if name.startswith(prefix):
            index, key = name.removeprefix(prefix).split(".", 1)
            state.setdefault(int(index), {})[key] = tensor
    return state
