"""Muon or AdamW for the matrices, AdamW for the rest, on float32 master copies of lower-precision weights.

The model computes in bfloat16; updates smaller than its rounding would be lost, hence the master copies. A model that
is to be packed into four bits a weight can compute with those from the start: the gradients at the rounded weights step
the masters (a straight-through estimator), and what rounding costs is learnt away.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from assistant.generation.packing import can_pack, rounded
from assistant.training.muon import StackedMuon
from assistant.training.sharding import gathered, own_numbers, split_like

MatrixOptimizer = Literal["muon", "adamw"]

# What transformers calls the last projection, to the vocabulary.
_HEADS = {"lm_head", "embed_out"}


@dataclass(frozen=True, slots=True)
class Rates:
    """Peak learning rates: ``matrix`` of the matrices inside the network, ``other`` of embeddings and norms (AdamW).

    Muon learns faster from scratch; weights that AdamW has trained heal faster with AdamW, and a step of it is cheaper.
    """

    matrix: float = 0.02
    other: float = 0.003
    matrix_optimizer: MatrixOptimizer = "muon"


class MasterOptimizer:
    """Steps float32 master weights of the trained parameters of a model and copies them back.

    Works on whole parameters and on shards of them alike (see ``sharding``): torch's optimizers know both.

    :param quantized: the model gets its matrices as a packed file would hold them (``packing``).
    """

    def __init__(self, model: nn.Module, rates: Rates, *, quantized: bool = False) -> None:
        self._parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
        self._masters = {name: p.detach().float().clone() for name, p in self._parameters.items()}
        matrices = _matrix_names(model) & set(self._masters)
        make_matrices, matrix_moments = (_muon, 1) if rates.matrix_optimizer == "muon" else (_adamw, 2)
        kinds = ((rates.matrix, make_matrices, True, matrix_moments), (rates.other, _adamw, False, 2))
        self._groups = [
            _Group(number, peak, make(chosen), moments * sum(map(own_numbers, chosen)))
            for number, (peak, make, of_matrices, moments) in enumerate(kinds)
            if (chosen := [master for name, master in self._masters.items() if (name in matrices) == of_matrices])
        ]
        self._quantized = quantized
        self._copy_back()

    def step(self, *, rate_factor: float, clip_norm: float = 1.0) -> float:
        """Apply the gradients the model holds, then drop them; returns their norm before clipping.

        :param rate_factor: share of the peak learning rates to use, in 0 to 1.
        """
        for name, parameter in self._parameters.items():
            if parameter.grad is not None:
                self._masters[name].grad = parameter.grad.float()
                parameter.grad = None
        norm = nn.utils.clip_grad_norm_(self._masters.values(), clip_norm)
        for group in self._groups:
            for settings in group.optimizer.param_groups:
                settings["lr"] = group.peak * rate_factor
            group.optimizer.step()
            group.optimizer.zero_grad()
        self._copy_back()
        return float(gathered(norm))

    @property
    def trained_numbers(self) -> int:
        """How many numbers this process trains."""
        return sum(map(own_numbers, self._masters.values()))

    @property
    def moment_numbers(self) -> int:
        """How many numbers this process keeps of past gradients, once it has made an update."""
        return sum(group.moments for group in self._groups)

    def state(self) -> dict[str, Tensor]:
        """Master weights and moments as flat named tensors, ready for safetensors."""
        tensors = {f"master.{name}": tensor for name, tensor in self._masters.items()}
        for group in self._groups:
            for index, values in group.optimizer.state_dict()["state"].items():
                for key, value in values.items():
                    tensors[f"moment.{group.number}.{index}.{key}"] = torch.as_tensor(value)
        return {name: gathered(tensor).contiguous() for name, tensor in tensors.items()}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Take back what ``state`` gave."""
        with torch.no_grad():
            for name, master in self._masters.items():
                master.copy_(split_like(tensors[f"master.{name}"], master))
        self._copy_back()
        for group in self._groups:
            saved = group.optimizer.state_dict()
            masters = [master for settings in group.optimizer.param_groups for master in settings["params"]]
            moments = _moments(tensors.items(), prefix=f"moment.{group.number}.")
            saved["state"] = {
                index: {key: split_like(value, masters[index]) for key, value in values.items()}
                for index, values in moments.items()
            }
            group.optimizer.load_state_dict(saved)

    @torch.no_grad()
    def _copy_back(self) -> None:
        for name, parameter in self._parameters.items():
            master = self._masters[name]
            parameter.copy_(rounded(master) if self._quantized and can_pack(master) else master)


@dataclass(frozen=True, slots=True)
class _Group:
    """One optimizer with its peak rate; it keeps ``moments`` numbers, which are saved under its ``number``."""

    number: int
    peak: float
    optimizer: torch.optim.Optimizer
    moments: int


def _muon(matrices: list[Tensor]) -> torch.optim.Optimizer:
    return StackedMuon(matrices, momentum=0.95, weight_decay=0.01)


def _adamw(others: list[Tensor]) -> torch.optim.Optimizer:
    return torch.optim.AdamW(others, betas=(0.9, 0.95), weight_decay=0.0)


def _matrix_names(model: nn.Module) -> set[str]:
    """Names of the weights that Muon is for: matrices inside the network, not embeddings, heads or adapters.

    Muon gives every direction of an update the same length; the two factors of an adapter are no directions.
    """
    heads = {f"{name}.weight" for name, _ in model.named_modules() if name.split(".")[-1] in _HEADS}
    embeddings = {f"{name}.weight" for name, module in model.named_modules() if isinstance(module, nn.Embedding)}
    return {
        name
        for name, parameter in model.named_parameters()
        if parameter.ndim == 2 and name not in embeddings | heads and "lora_" not in name
    }


def _moments(items: Iterable[tuple[str, Tensor]], *, prefix: str) -> dict[int, dict[str, Tensor]]:
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in items:
        if name.startswith(prefix):
            index, key = name.removeprefix(prefix).split(".", 1)
            state.setdefault(int(index), {})[key] = tensor
    return state
