"""Models spread over processes (FSDP): split for training, gathered for saving, the same on GPUs and on CPUs.

accelerate turns FSDP on by its configuration file (``fsdp.yaml`` beside this module), but only where there are GPUs;
the sharding itself is torch's ``fully_shard``, so that two CPU processes run what many GPUs run.
"""

import os

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor
from transformers import PreTrainedModel


def prepare(objective: nn.Module, model: PreTrainedModel, accelerator: Accelerator) -> nn.Module:
    """Ready an objective and the model inside for the processes that were launched: alone, replicated or sharded."""
    if accelerator.num_processes == 1 or not _wants_shards():
        prepared: nn.Module = accelerator.prepare(objective)
        return prepared
    # Gradients of many processes are added up in full precision.
    policy = MixedPrecisionPolicy(reduce_dtype=torch.float32)
    layers = set(model._no_split_modules or ())
    for module in list(model.modules()):
        if type(module).__name__ in layers:
            fully_shard(module, mp_policy=policy)
    fully_shard(objective, mp_policy=policy)
    return objective


def gathered(tensor: Tensor) -> Tensor:
    """The whole of a tensor that may be in shards; all processes must ask at the same time."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def own_numbers(tensor: Tensor) -> int:
    """How many numbers of a tensor this process holds."""
    return (tensor.to_local() if isinstance(tensor, DTensor) else tensor).numel()


def split_like(whole: Tensor, pattern: Tensor) -> Tensor:
    """The own part of a tensor that every process has whole, cut as another one of its shape is."""
    if not isinstance(pattern, DTensor) or whole.shape != pattern.shape:
        return whole
    mesh = pattern.device_mesh
    return distribute_tensor(whole.to(mesh.device_type), mesh, pattern.placements, src_data_rank=None)


def whole_weights(model: PreTrainedModel) -> dict[str, Tensor]:
    """A model's state by name, gathered; tied weights stay tied. All processes must ask at the same time."""
    by_identity: dict[int, Tensor] = {}
    named = model.state_dict(keep_vars=True)
    for tensor in named.values():
        if id(tensor) not in by_identity:
            by_identity[id(tensor)] = gathered(tensor.detach())
    return {name: by_identity[id(tensor)] for name, tensor in named.items()}


def _wants_shards() -> bool:
    return os.environ.get("ACCELERATE_USE_FSDP", "").lower() == "true"
