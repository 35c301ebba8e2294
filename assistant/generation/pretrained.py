"""Weights into a model of transformers, be they as transformers saves them or packed (``packing``)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor
from transformers import (
    MODEL_FOR_CAUSAL_LM_MAPPING,
    MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    GenerationConfig,
    PreTrainedConfig,
    PreTrainedModel,
)

from assistant.generation.packing import PackedMatrix, is_packed, load_packed

_PACKED_FILE = "model.safetensors"


@dataclass(frozen=True, slots=True)
class Pretrained:
    """A model, and what its files say beside."""

    model: PreTrainedModel
    absent: tuple[str, ...]
    """Names of weights that they lack: transformers leaves those random."""
    packed: Mapping[str, PackedMatrix] = field(default_factory=dict)
    """Its matrices by name as they are stored, if they are packed."""


def load_pretrained(
    name: str | Path, config: PreTrainedConfig, *, dtype: torch.dtype | Literal["auto"] = "auto", **given: Any
) -> Pretrained:
    """Load a causal or encoder-decoder model.

    :param dtype: what it computes in; ``auto``: what its config says.
    :param given: what else ``from_pretrained`` is told.
    :raises OSError: and whatever else transformers raises where there is no such model.
    """
    weights = Path(name) / _PACKED_FILE
    if weights.is_file() and is_packed(weights):
        stored = load_packed(weights)
        model, report = _unpacked(weights.parent, stored, config, dtype)
        packed = {name: weight for name, weight in stored.items() if isinstance(weight, PackedMatrix)}
        return Pretrained(model, _absent(report), packed)
    kind = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
    model, report = kind.from_pretrained(
        name, config=config, dtype=dtype, use_safetensors=True, output_loading_info=True, **given
    )
    return Pretrained(model, _absent(report))


def _absent(report: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(sorted(report["missing_keys"]))


def _unpacked(
    folder: Path,
    stored: Mapping[str, Tensor | PackedMatrix],
    config: PreTrainedConfig,
    dtype: torch.dtype | Literal["auto"],
) -> tuple[PreTrainedModel, dict[str, Any]]:
    wanted = (config.dtype or torch.float32) if dtype == "auto" else dtype
    weights = {
        name: (weight.whole() if isinstance(weight, PackedMatrix) else weight).to(wanted)
        for name, weight in stored.items()
    }
    table = MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING if config.is_encoder_decoder else MODEL_FOR_CAUSAL_LM_MAPPING
    model, report = table[type(config)].from_pretrained(
        None,
        config=config,
        state_dict=weights,
        dtype=wanted,
        output_loading_info=True,
    )
    if (folder / "generation_config.json").is_file():
        model.generation_config = GenerationConfig.from_pretrained(folder, local_files_only=True)
    return model, report
