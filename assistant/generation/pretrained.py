"""Weights into a model of transformers, be they as transformers saves them or packed (``packing``)."""

from pathlib import Path
from typing import Any, Literal

import torch
from transformers import (
    MODEL_FOR_CAUSAL_LM_MAPPING,
    MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    GenerationConfig,
    PreTrainedConfig,
    PreTrainedModel,
)

from assistant.generation.packing import is_packed, load_packed

_PACKED_FILE = "model.safetensors"


def load_pretrained(
    name: str | Path, config: PreTrainedConfig, *, dtype: torch.dtype | Literal["auto"] = "auto", **given: Any
) -> tuple[PreTrainedModel, list[str]]:
    """A causal or encoder-decoder model, and the names of weights that it lacks: transformers leaves those random.

    :param dtype: what it computes in; ``auto``: what its config says.
    :param given: what else ``from_pretrained`` is told.
    :raises OSError: and whatever else transformers raises where there is no such model.
    """
    weights = Path(name) / _PACKED_FILE
    if weights.is_file() and is_packed(weights):
        model, report = _unpacked(Path(name), config, dtype)
    else:
        kind = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
        model, report = kind.from_pretrained(
            name, config=config, dtype=dtype, use_safetensors=True, output_loading_info=True, **given
        )
    return model, sorted(report["missing_keys"])


def _unpacked(
    folder: Path, config: PreTrainedConfig, dtype: torch.dtype | Literal["auto"]
) -> tuple[PreTrainedModel, dict[str, Any]]:
    table = MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING if config.is_encoder_decoder else MODEL_FOR_CAUSAL_LM_MAPPING
    wanted = (config.dtype or torch.float32) if dtype == "auto" else dtype
    model, report = table[type(config)].from_pretrained(
        None,
        config=config,
        state_dict=load_packed(folder / _PACKED_FILE, wanted),
        dtype=wanted,
        output_loading_info=True,
    )
    if (folder / "generation_config.json").is_file():
        model.generation_config = GenerationConfig.from_pretrained(folder, local_files_only=True)
    return model, report
