"""What a run starts from: a checkpoint folder, an earlier run, or a model of the hub, by name."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from transformers import AutoConfig, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from assistant.errors import ModelError, TrainingError
from assistant.generation.loading import is_language_model
from assistant.generation.pretrained import load_pretrained
from assistant.signature import file_hash
from assistant.training.adapters import base_of, is_adapter, merged
from assistant.training.checkpoints import current_model
from assistant.training.tokenizer import vocabulary_fingerprint

_LOADING_ERRORS = (OSError, ValueError, RuntimeError, LookupError, TypeError, AttributeError, SafetensorError)


@dataclass(frozen=True, slots=True)
class Start:
    """Weights to start from, and what identifies them in the recipe of a run."""

    model: PreTrainedModel
    identity: str


def load_start(name: str, *, allow_download: bool = False) -> Start:
    """Load a causal or encoder-decoder model, whole or as an adapter over another one.

    :param name: a checkpoint folder, the folder of a run (its best weights, else its latest), or a name on the hub.
    :raises ModelError: if it is not there, needs a licence, is damaged, or is not a language model.
    :raises TrainingError: if it is the folder of a run that has not saved.
    """
    folder = model_folder(name)
    if folder is None:
        return _load(name, local_files_only=not allow_download)
    if is_adapter(folder):
        base = load_start(base_of(folder), allow_download=allow_download)
        return Start(merged(base.model, folder), f"{base.identity}+{_weights_hash(folder)}")
    return _load(str(folder), local_files_only=True)


def model_folder(name: str) -> Path | None:
    """The folder with the weights that a name stands for; None for names of the hub.

    :raises TrainingError: if it is a path, but no model is there.
    """
    path = Path(name).expanduser()
    if (path / "config.json").is_file() or is_adapter(path):
        return path.resolve()
    if path.is_dir() or path.is_absolute() or name.startswith((".", "~")):
        return current_model(path)
    return None


def check_tokenizer(tokenizer: PreTrainedTokenizerBase, model: PreTrainedModel, *, shards: str | None) -> None:
    """Refuse a tokenizer that is not the one of the model, or of the shards.

    :param shards: fingerprint of the tokenizer that prepared them, where it is known.
    :raises TrainingError: saying which do not belong together.
    """
    fingerprint = vocabulary_fingerprint(tokenizer)
    if shards is not None and shards != fingerprint:
        raise TrainingError(
            "the shards were prepared with another tokenizer: give --tokenizer that one, or run `train prepare` again"
        )
    size = model.get_input_embeddings().num_embeddings
    if len(tokenizer) > size:
        raise TrainingError(
            f"the tokenizer has {len(tokenizer)} tokens, the model {size}: they do not belong together; "
            "give --tokenizer the model's own"
        )
    own = _tokenizer_of(model.config.name_or_path)
    if own is not None and vocabulary_fingerprint(own) != fingerprint:
        raise TrainingError(
            f"{model.config.name_or_path} has another tokenizer than --tokenizer: give the model's own, "
            "and prepare the shards with it"
        )


def _load(name: str, *, local_files_only: bool) -> Start:
    given: dict[str, Any] = {"local_files_only": local_files_only, "trust_remote_code": False}
    try:
        config = AutoConfig.from_pretrained(name, **given)
        if not is_language_model(config.to_dict()):
            raise ModelError(
                f"{name} is not a language model ({', '.join(config.architectures or [config.model_type])}): "
                "expected one that writes text, causal or encoder-decoder; choose another"
            )
        loaded = load_pretrained(name, config, **given)
    except _LOADING_ERRORS as error:
        raise ModelError(_reason(name, error)) from error
    if loaded.absent:
        raise ModelError(f"{name} lacks {len(loaded.absent)} weights, {loaded.absent[0]} among them: restore it")
    folder = Path(name)
    identity = _weights_hash(folder) if folder.is_dir() else f"{name}@{config._commit_hash}"
    return Start(loaded.model, identity)


def _reason(name: str, error: BaseException) -> str:
    """Why a model could not be had, and what to do."""
    kinds = _kinds(error)
    if "GatedRepoError" in kinds:
        return (
            f"{name} is given to those alone who accept its licence: do so at its page on the hub and log in there "
            "(`hf auth login`), or choose another model"
        )
    if "RepositoryNotFoundError" in kinds:
        return f"there is no model {name}: expected a folder or a name on the hub; check the spelling"
    if "LocalEntryNotFoundError" in kinds:
        return (
            f"the model {name} is not on this machine: expected a folder or the name of a model that was downloaded; "
            "add --allow-download to fetch it from the hub, or check the spelling"
        )
    first_line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return f"cannot load a language model from {name} ({first_line}): restore it or choose another model"


def _kinds(error: BaseException) -> set[str]:
    """Names of the classes of an error and of those it came from: transformers wraps what the hub's client raises."""
    names: set[str] = set()
    cause: BaseException | None = error
    while cause is not None:
        names.update(kind.__name__ for kind in type(cause).__mro__)
        cause = cause.__cause__ or cause.__context__
    return names


def _weights_hash(folder: Path) -> str:
    """Of the model's weights, or the adapter's, alone: a plug or anything else beside them makes it no other model."""
    pattern = "adapter_model*.safetensors" if is_adapter(folder) else "model*.safetensors"
    hashes = [file_hash(path) for path in sorted(folder.glob(pattern))]
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()


def _tokenizer_of(name: str) -> PreTrainedTokenizerBase | None:
    """The tokenizer that lies beside a model's weights; None where there is none."""
    folder = Path(name)
    if not name or (folder.is_dir() and not (folder / "tokenizer.json").is_file()):
        return None
    try:
        return AutoTokenizer.from_pretrained(name, local_files_only=True, trust_remote_code=False)
    except _LOADING_ERRORS:
        return None
