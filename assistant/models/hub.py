"""What the hub says of a model, and its files as streams of bytes.

The only place that reaches out to another machine, and only when the writer asked for it. What is sent is the name of
the model and of its files; a token, if this machine has one, only for models whose licence has to be accepted.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

import httpx2
from huggingface_hub import HfApi, constants, get_session, get_token, hf_hub_url
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)
from huggingface_hub.hf_api import ModelInfo, RepoSibling
from huggingface_hub.utils import build_hf_headers, hf_raise_for_status  # type: ignore[attr-defined] # documented

from assistant.errors import ModelError
from assistant.models.store import is_hub_name

_PATIENCE_SECONDS = 20
_CHUNK_BYTES = 256 * 1024
_LARGEST_CONFIG_BYTES = 10_000_000

# What of a repository is fetched beside its weights: settings, tokenizer, our prompt template, the licence.
_WANTED = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "spiece.model",
    "tokenizer.model",
    "prompt.json",
    "known_words.txt",
    "memory.json",
    "LICENSE*",
)
_WHOLE, _INDEX, _SHARDS = "model.safetensors", "model.safetensors.index.json", "model-*-of-*.safetensors"
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl", "*.msgpack", "*.h5")


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a model: its size, and the hash that its bytes must have (of large ones SHA-256, else git's)."""

    name: str
    bytes: int
    sha256: str | None
    git_hash: str | None


@dataclass(frozen=True, slots=True)
class RemoteModel:
    """A model on the hub at one revision, with the files worth fetching."""

    name: str
    revision: str
    licence: str
    parameters: int
    files: tuple[RemoteFile, ...]
    needs_token: bool

    @property
    def bytes(self) -> int:
        """The size of the whole download."""
        return sum(file.bytes for file in self.files)


class Hub:
    """The hub at an address (default: the public one, or what ``HF_ENDPOINT`` names).

    :param is_language_model: tells from a ``config.json`` whether the model is one we can use.
    """

    def __init__(self, is_language_model: Callable[[dict[str, Any]], bool], *, endpoint: str | None = None) -> None:
        self._is_language_model = is_language_model
        self._endpoint = endpoint or constants.ENDPOINT
        constants.HF_HUB_DISABLE_TELEMETRY = True  # else every request says what runs on this machine

    def look_up(self, name: str) -> RemoteModel:
        """Ask what a model consists of.

        :raises ModelError: if there is none of this name, its licence must be accepted first, it is no language model
            that we can use, or the hub does not answer.
        """
        if not is_hub_name(name):
            raise ModelError(f"{name!r} is no name of a model: expected owner/model, as in HuggingFaceTB/SmolLM2-135M")
        with _explained(name, self._endpoint):
            info = HfApi(self._endpoint).model_info(name, files_metadata=True, token=False, timeout=_PATIENCE_SECONDS)
        needs_token = bool(info.gated)
        if needs_token and get_token() is None:
            raise _licence_error(name, self._endpoint)
        files = _files(name, info.siblings or ())
        model = RemoteModel(
            name, str(info.sha), _licence(info), _parameters(info, files), files, needs_token=needs_token
        )
        if not self._is_language_model(self._config(model)):
            raise ModelError(
                f"{name} is not a language model that can be used here: expected a causal or encoder-decoder text "
                "model that needs no code of its own; choose another"
            )
        return model

    @contextmanager
    def stream(self, model: RemoteModel, file: RemoteFile, *, start: int = 0) -> Iterator[Iterator[bytes]]:
        """The bytes of a file from an offset on, in pieces.

        :raises ModelError: if the hub refuses; ``httpx2.TransportError`` if the connection fails or breaks off.
        """
        url = hf_hub_url(model.name, file.name, revision=model.revision, endpoint=self._endpoint)
        headers = build_hf_headers(token=model.needs_token, headers={"accept-encoding": "identity"})
        if start:
            headers["range"] = f"bytes={start}-"
        with get_session().stream("GET", url, headers=headers, timeout=_PATIENCE_SECONDS) as response:
            with _explained(model.name, self._endpoint):
                hf_raise_for_status(response)
            yield _from(start, response)

    def _config(self, model: RemoteModel) -> dict[str, Any]:
        file = next(file for file in model.files if file.name == "config.json")
        if file.bytes > _LARGEST_CONFIG_BYTES:
            raise ModelError(
                f"{model.name}: config.json has {file.bytes} bytes, expected a few thousand; choose another"
            )
        try:
            with _explained(model.name, self._endpoint), self.stream(model, file) as pieces:
                config = json.loads(b"".join(pieces))
        except ValueError as error:
            raise ModelError(f"{model.name}: config.json cannot be read ({error}); choose another model") from error
        return config if isinstance(config, dict) else {}


def _from(start: int, response: httpx2.Response) -> Iterator[bytes]:
    """The answer's bytes; a server that sends all of a file when asked for its end has the beginning dropped."""
    skip = start if response.status_code == httpx2.codes.OK else 0
    for piece in response.iter_bytes(_CHUNK_BYTES):
        if skip >= len(piece):
            skip -= len(piece)
            continue
        yield piece[skip:]
        skip = 0


def _files(name: str, siblings: "list[RepoSibling] | tuple[RepoSibling, ...]") -> tuple[RemoteFile, ...]:
    """The files worth fetching; those in folders of the repository are other forms of the same model.

    :raises ModelError: if there are no weights that we read.
    """
    at_top = {sibling.rfilename: sibling for sibling in siblings if "/" not in sibling.rfilename}
    if _WHOLE in at_top:
        weights = [_WHOLE]
    else:
        weights = [file for file in at_top if fnmatch(file, _SHARDS)]
        weights = [_INDEX, *weights] if weights and _INDEX in at_top else []
    if not weights:
        raise ModelError(_without_weights(name, at_top))
    if "config.json" not in at_top:
        raise ModelError(f"{name} is not a language model: it has no config.json; choose another")
    wanted = [file for file in at_top if any(fnmatch(file, pattern) for pattern in _WANTED)]
    return tuple(_remote_file(at_top[file]) for file in (*sorted(wanted), *sorted(weights)))


def _without_weights(name: str, files: "dict[str, RepoSibling]") -> str:
    pickle = next((file for file in files if any(fnmatch(file, pattern) for pattern in _PICKLES)), None)
    if pickle is not None:
        return (
            f"{name} has its weights only as {pickle}, a format that can carry programs and is not read: "
            "expected model.safetensors; choose a model that has one"
        )
    return f"{name} is not a language model that can be used here: it has no model.safetensors; choose another"


def _remote_file(sibling: RepoSibling) -> RemoteFile:
    sha256 = sibling.lfs.sha256 if sibling.lfs else None
    return RemoteFile(sibling.rfilename, sibling.size or 0, sha256, sibling.blob_id)


def _parameters(info: ModelInfo, files: tuple[RemoteFile, ...]) -> int:
    """As the hub counts them; else as many as the weights hold at two bytes each."""
    if info.safetensors is not None:
        return int(info.safetensors.total)
    return sum(file.bytes for file in files if file.name.endswith(".safetensors")) // 2


def _licence(info: ModelInfo) -> str:
    """The licence's name; the hub keeps it in the model card's header and in a tag."""
    tag = next((tag.removeprefix("license:") for tag in info.tags or () if tag.startswith("license:")), "")
    card = info.card_data.get("license") if info.card_data else None
    return str(card or tag or "not stated")


def _licence_error(name: str, endpoint: str) -> ModelError:
    return ModelError(
        f"{name} needs its licence accepted first: sign in at {endpoint}/{name} and accept it, give this machine your "
        "token with `hf auth login`, then try again; or choose a model without that condition"
    )


@contextmanager
def _explained(name: str, endpoint: str) -> Iterator[None]:
    """Turn what can go wrong between us and the hub into sentences."""
    try:
        yield
    except GatedRepoError as error:
        raise _licence_error(name, endpoint) from error
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise ModelError(
            f"there is no model named {name} on {endpoint} (or it is private): check the spelling, "
            "as in HuggingFaceTB/SmolLM2-135M"
        ) from error
    except OfflineModeIsEnabled as error:
        raise ModelError(
            f"{name} cannot be fetched because HF_HUB_OFFLINE is set: unset it, or copy the model's folder here and "
            "give its path"
        ) from error
    except HfHubHTTPError as error:
        status = error.response.status_code
        raise ModelError(f"{endpoint} answered with error {status} about {name}: try again later") from error
    except httpx2.TransportError as error:
        raise ModelError(
            f"{endpoint} cannot be reached ({type(error).__name__}): check the network and try again, or copy the "
            "model's folder here and give its path"
        ) from error
