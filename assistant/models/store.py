"""The models on this machine: those in the data folder, those another program has fetched, and which one is in use.

A model's folder below ``models/`` is whole or absent: it is filled elsewhere and moved there when every file is
verified. Nothing here asks the network.
"""

import json
import re
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from assistant.errors import ModelError, SettingsError, StorageError
from assistant.models.catalogue import SHIPPED
from assistant.settings import SHIPPED_CHECKPOINT

MODELS_FOLDER = "models"
SETTINGS_FILE = "settings.json"
_RECORD_FILE = "ownhand-model.json"
_PARTIAL_FOLDER = ".partial"
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """What is known of a fetched model: where it came from and what it takes."""

    name: str
    revision: str
    licence: str
    parameters: int
    bytes: int


class ModelStore:
    """The models of one data folder."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self.folder = data_dir / MODELS_FOLDER

    def fetched(self) -> tuple[ModelRecord, ...]:
        """The models that were fetched into the data folder, by name."""
        paths = sorted(self.folder.glob(f"*/{_RECORD_FILE}"))
        return tuple(record for path in paths if (record := _read_record(path)) is not None)

    def find(self, name: str) -> Path:
        """The folder of a model: a folder itself, the shipped one, one of ours, or one in the hub's own cache.

        :raises ModelError: if there is none on this machine; the message says which command fetches it.
        """
        if name in ("", SHIPPED):
            return SHIPPED_CHECKPOINT
        if Path(name).is_dir():
            return Path(name)
        if is_hub_name(name):
            if self.has(name):
                return self.path(name)
            if (cached := _hub_cache_folder(name)) is not None:
                return cached
            raise ModelError(
                f"no checkpoint at {name}, and no model of that name on this machine: give --model a folder with "
                "config.json, model.safetensors and a tokenizer, or fetch the model: "
                f"python -m assistant model download {name}"
            )
        raise ModelError(
            f"no checkpoint at {name}: give --model a folder with config.json, model.safetensors and a tokenizer, "
            "or a name such as HuggingFaceTB/SmolLM2-135M"
        )

    def has(self, name: str) -> bool:
        """Whether the model of this name was fetched into the data folder."""
        return is_hub_name(name) and (self.path(name) / _RECORD_FILE).is_file()

    def is_cached(self, name: str) -> bool:
        """Whether another program has fetched it into the cache that programs of the hub share."""
        return _hub_cache_folder(name) is not None

    def path(self, name: str) -> Path:
        """Where the model of this name belongs."""
        return self.folder / _folder_name(name)

    def partial(self, name: str) -> Path:
        """Where it is gathered until it is whole."""
        return self.folder / _PARTIAL_FOLDER / _folder_name(name)

    def partial_bytes(self, name: str) -> int:
        """How much of it a download that stopped has left; 0 where none did."""
        partial = self.partial(name)
        if not is_hub_name(name) or not partial.is_dir():
            return 0
        return sum(path.stat().st_size for path in partial.iterdir() if path.is_file())

    def publish(self, record: ModelRecord) -> Path:
        """A gathered model is whole: write its record and move it to its place."""
        partial, path = self.partial(record.name), self.path(record.name)
        (partial / _RECORD_FILE).write_text(json.dumps(asdict(record), indent=2) + "\n", encoding="utf-8")
        return partial.replace(path)

    def remove(self, name: str) -> None:
        """Delete a fetched model, or what was gathered of it.

        :raises ModelError: if there is none, or it cannot be deleted.
        """
        if not is_hub_name(name) or not (self.has(name) or self.partial(name).exists()):
            raise ModelError(f"{name or 'no name'}: expected a model fetched here; see python -m assistant model list")
        try:
            if self.has(name):  # first out of its place: a half-deleted folder must not look whole
                shutil.rmtree(self.partial(name), ignore_errors=True)
                self.partial(name).parent.mkdir(parents=True, exist_ok=True)
                self.path(name).replace(self.partial(name))
            shutil.rmtree(self.partial(name))
        except OSError as error:
            raise ModelError(f"{name} could not be removed ({error}): delete {self.partial(name)} by hand") from error

    def chosen(self) -> str:
        """The name of the model chosen in the app; the shipped one's if none was.

        :raises SettingsError: if the settings file is damaged.
        """
        path = self._data_dir / SETTINGS_FILE
        try:
            return str(json.loads(path.read_text(encoding="utf-8"))["model"])
        except FileNotFoundError:
            return SHIPPED
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SettingsError(
                f"{path} cannot be read ({error}): delete it, and choose the model again on the Models page"
            ) from error

    def choose(self, name: str) -> None:
        """Keep the name of the model to use from now on.

        :raises StorageError: if the data folder cannot be written to.
        """
        path, new = self._data_dir / SETTINGS_FILE, self._data_dir / f"{SETTINGS_FILE}.new"
        try:
            new.write_text(json.dumps({"model": name}, indent=2) + "\n", encoding="utf-8")
            new.replace(path)
        except OSError as error:
            raise StorageError(f"{path} cannot be written ({error}): make the data folder writable") from error


def is_hub_name(name: str) -> bool:
    """Whether this could be the name of a model on the hub: ``owner/model``, or the bare name of an old one."""
    return _NAME.fullmatch(name) is not None and ".." not in name and "--" not in name


def _folder_name(name: str) -> str:
    return name.replace("/", "--")


def _read_record(path: Path) -> ModelRecord | None:
    """A record that someone has damaged is as good as none: its model can be fetched again."""
    try:
        return ModelRecord(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _hub_cache_folder(name: str) -> Path | None:
    """The model's folder in the cache that programs of the hub share on this machine, if its weights are there."""
    from huggingface_hub import try_to_load_from_cache

    for weights in ("model.safetensors", "model.safetensors.index.json"):
        config, found = (try_to_load_from_cache(name, file) for file in ("config.json", weights))
        if isinstance(config, str) and isinstance(found, str):
            return Path(found).parent
    return None
