"""LoRA by peft: a small pair of matrices beside every frozen one, trained in place of it (arXiv 2106.09685).

An adapter is saved as peft has it, and names its base: ``adapter_model.safetensors`` and ``adapter_config.json``.
"""

import json
import shutil
from pathlib import Path

import torch
from transformers import PreTrainedModel

from assistant.errors import ModelError, TrainingError

_CONFIG = "adapter_config.json"
_WEIGHTS = "adapter_model.safetensors"
# What the pair of matrices is multiplied with, over its rank: peft's usual choice, so that rates keep their meaning.
_ALPHA_PER_RANK = 2


def add_adapter(model: PreTrainedModel, *, rank: int, seed: int) -> None:
    """Freeze a model and put a trainable adapter beside each of its matrices, embeddings and head left out.

    :raises TrainingError: if the rank is not positive, or peft is not installed.
    """
    if rank <= 0:
        raise TrainingError(f"--lora-rank {rank}: expected a number above 0, for example 16")
    try:
        from peft import LoraConfig
    except ImportError as error:
        raise TrainingError("adapters need the package peft: install it, or leave out --lora-rank") from error
    torch.manual_seed(seed)
    # Dropout would draw random numbers, and a resumed run could not be an exact one.
    config = LoraConfig(r=rank, lora_alpha=_ALPHA_PER_RANK * rank, lora_dropout=0.0, target_modules="all-linear")
    model.add_adapter(config)


def is_adapter(folder: Path) -> bool:
    """Whether a folder holds an adapter."""
    return (folder / _CONFIG).is_file()


def base_of(folder: Path) -> str:
    """Name or path of the model that an adapter belongs to.

    :raises ModelError: if it does not say.
    """
    try:
        name = json.loads((folder / _CONFIG).read_text(encoding="utf-8"))["base_model_name_or_path"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder / _CONFIG} is damaged ({error}): restore it") from error
    if not name:
        raise ModelError(f"{folder / _CONFIG} does not name its base model: add base_model_name_or_path")
    return str(name)


def merged(base: PreTrainedModel, folder: Path) -> PreTrainedModel:
    """A model with an adapter added into its weights; computed in float32, returned in the type it came in.

    :raises ModelError: if the adapter does not fit the model.
    """
    from peft import PeftModel

    dtype = base.dtype
    try:
        model: PreTrainedModel = PeftModel.from_pretrained(base.float(), folder).merge_and_unload().to(dtype)
    except (RuntimeError, ValueError, OSError, KeyError) as error:
        raise ModelError(f"the adapter {folder} does not fit {base_of(folder)} ({error}): restore both") from error
    return model


def copy_adapter(folder: Path, target: Path) -> None:
    """Write an adapter into a checkpoint folder, without its base."""
    target.mkdir(parents=True, exist_ok=True)
    for name in (_CONFIG, _WEIGHTS):
        shutil.copyfile(folder / name, target / name)
