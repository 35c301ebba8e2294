"""From a folder to a model in memory: what is read, what is refused, and why.

Only safetensors weights are read, and no code that comes with a model is run.
"""

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors import SafetensorError, safe_open
from transformers import AutoConfig, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
)

from assistant.errors import ModelError
from assistant.generation.machine import free_memory, gigabytes, memory_for
from assistant.generation.packing import PackedMatrix, is_packed, packed_numbers
from assistant.generation.pretrained import Pretrained, load_pretrained
from assistant.generation.vocabulary import Vocabulary, read_vocabulary
from assistant.prompts import PAPER_TEMPLATE, PLAIN_TEMPLATE, TEMPLATE_FILE, PromptTemplate
from assistant.signature import file_hash

# One file or several; some repositories hold the same weights a second time under another name.
_WEIGHTS = ("model.safetensors", "model-*-of-*.safetensors", "*.safetensors")
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl", "*.msgpack", "*.h5")
_EXPECTED = "expected config.json, model.safetensors and a tokenizer; restore the folder or choose another model"


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """A model in memory with all that belongs to it."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    template: PromptTemplate
    vocabulary_size: int
    ends: tuple[int, ...]
    """Ids by which the model, beside its tokenizer, ends a text."""
    signature: dict[str, object]
    """What identifies the weights."""
    packed: Mapping[str, PackedMatrix] = field(default_factory=dict)
    """Its matrices as its file holds them, if they are packed."""

    def vocabulary(self) -> Vocabulary:
        """The tokenizer's ids as bytes, as far as the model knows them."""
        return read_vocabulary(self.tokenizer, size=self.vocabulary_size, ends=self.ends)


def is_language_model(config: Mapping[str, Any]) -> bool:
    """Whether a model with this ``config.json`` is one that writes text and that transformers knows by itself."""
    kind, architectures = config.get("model_type"), config.get("architectures") or []
    known: set[str] = set()
    for table in (MODEL_FOR_CAUSAL_LM_MAPPING_NAMES, MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES):
        names = table.get(kind, ())
        known.update([names] if isinstance(names, str) else names)
    return any(name in known for name in architectures)


def count_parameters(folder: Path) -> int:
    """Numbers in the weights of a model's folder, read from the headers of its files.

    :raises ModelError: if they cannot be read.
    """
    return _parameters(folder, _weight_files(folder))


def load_language_model(folder: Path) -> LanguageModel:
    """Load whatever model the folder holds, to the processor or to a GPU with room for it.

    :raises ModelError: see ``load_generator``.
    """
    if not folder.is_dir():
        raise ModelError(
            f"no checkpoint at {folder}: expected a folder with config.json, model.safetensors and a tokenizer; "
            "give --model a folder, or the name of a model on this machine"
        )
    weights = _weight_files(folder)
    device = _device_for(folder.name, _parameters(folder, weights))
    loaded, tokenizer = _load(folder)
    model = loaded.model
    size = model.get_input_embeddings().num_embeddings
    if len(tokenizer) > size:
        raise ModelError(
            f"{folder}: the tokenizer has {len(tokenizer)} tokens, the model {size}: they do not belong together; "
            "restore the folder or choose another model"
        )
    return LanguageModel(
        model.to(device).eval(),
        tokenizer,
        _template(folder, model, tokenizer),
        size,
        _ends(model),
        _signature(weights),
        loaded.packed,
    )


def _weight_files(folder: Path) -> list[Path]:
    """The safetensors files; a folder that has pickles in their place is refused with the reason."""
    found = (sorted(folder.glob(pattern)) for pattern in _WEIGHTS)
    weights = next((paths for paths in found if paths), [])
    pickles = sorted(path.name for pattern in _PICKLES for path in folder.glob(pattern))
    if pickles and not weights:
        raise ModelError(
            f"{folder} holds its weights in {pickles[0]}, a format that can carry programs and is not read: "
            "expected model.safetensors; choose a model that has one, or convert this one"
        )
    return weights


def _parameters(folder: Path, weights: list[Path]) -> int:
    """Numbers in the weights, from their headers alone."""
    try:
        return sum(_numbers(path) for path in weights)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"cannot load a language model from {folder} ({_first_line(error)}): {_EXPECTED}") from error


def _numbers(path: Path) -> int:
    if is_packed(path):
        return packed_numbers(_shapes(path))
    return sum(math.prod(shape) for _, shape in _shapes(path))


def _shapes(path: Path) -> Iterator[tuple[str, list[int]]]:
    with safe_open(path, framework="pt") as tensors:
        for name in tensors.keys():  # noqa: SIM118 - no mapping, it only has this method
            yield name, tensors.get_slice(name).get_shape()


def _device_for(name: str, parameters: int) -> str:
    """The GPU if the model has room there, else the processor.

    :raises ModelError: if the model has room nowhere.
    """
    needed = memory_for(parameters)
    if torch.cuda.is_available() and torch.cuda.mem_get_info()[0] > needed:
        return "cuda"
    if (free := free_memory()) < needed:
        raise ModelError(
            f"{name} needs about {gigabytes(needed)} of memory, {gigabytes(free)} are free: "
            "close other programs, or choose a smaller model"
        )
    return "cpu"


def _load(folder: Path) -> tuple[Pretrained, PreTrainedTokenizerBase]:
    transformers.utils.logging.disable_progress_bar()
    try:
        # Left to itself, transformers asks on the terminal whether to run a model's own code.
        given: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        config = AutoConfig.from_pretrained(folder, **given)
        _check_kind(folder, config.to_dict())
        loaded = load_pretrained(folder, config, dtype=torch.bfloat16, **given)
        tokenizer = AutoTokenizer.from_pretrained(folder, **given)
    except (OSError, ValueError, RuntimeError, LookupError, TypeError, AttributeError, SafetensorError) as error:
        raise ModelError(f"cannot load a language model from {folder} ({_first_line(error)}): {_EXPECTED}") from error
    if loaded.absent:
        raise ModelError(
            f"{folder} lacks {len(loaded.absent)} weights, {loaded.absent[0]} among them: restore the folder"
        )
    if not tokenizer.is_fast:
        raise ModelError(f"{folder}: its tokenizer has no tokenizer.json, which is expected; choose another model")
    return loaded, tokenizer


def _check_kind(folder: Path, config: dict[str, Any]) -> None:
    """Refuse what transformers would load, as something that it is not; folders that do not say what they are may."""
    if config.get("architectures") and not is_language_model(config):
        raise ModelError(
            f"{folder} is not a language model but a {config['architectures'][0]}: "
            "expected a causal or encoder-decoder text model; choose another"
        )


def _template(folder: Path, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> PromptTemplate:
    default = PAPER_TEMPLATE if model.config.is_encoder_decoder else PLAIN_TEMPLATE
    template = PromptTemplate.load(folder, default=default)
    if lacking := sorted(template.markers - set(tokenizer.get_vocab())):
        raise ModelError(
            f"{folder}: {TEMPLATE_FILE} needs the marker {lacking[0]}, which the tokenizer lacks: they do not belong "
            "together; restore the folder or choose another model"
        )
    return template


def _ends(model: PreTrainedModel) -> tuple[int, ...]:
    """The end tokens that its generation settings name: one, several, or none."""
    named = model.generation_config.eos_token_id
    return tuple(named) if isinstance(named, list) else () if named is None else (int(named),)


def _signature(weights: list[Path]) -> dict[str, object]:
    hashes = [file_hash(path) for path in weights]
    return {
        "model": weights[0].parent.name,
        "weights_sha256": hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
