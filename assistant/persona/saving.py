"""A plug on disk: ``persona.safetensors`` with the numbers, ``persona.json`` with its form and what it was made for.

A plug speaks in the embedding space of one language model and reads the vectors of one encoder. Put to any others it
would not fail but talk nonsense, so it is refused.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from transformers import PreTrainedModel

from assistant.errors import ModelError, SettingsError
from assistant.persona.plug import HistoryFields, PersonaPlug, PlugSettings
from assistant.signature import file_hash
from assistant.whole_files import replacing

PLUG_FILE = "persona.safetensors"
DESCRIPTION_FILE = "persona.json"


@dataclass(frozen=True, slots=True)
class Side:
    """A model that a plug stands between: its name, what identifies its weights, and the width of its vectors."""

    name: str
    weights_sha256: str
    width: int

    def __str__(self) -> str:
        return f"{self.name} ({self.weights_sha256[:12]}, width {self.width})"


@dataclass(frozen=True, slots=True)
class Sides:
    """The encoder whose vectors a plug reads and the language model that it speaks to."""

    encoder: Side
    model: Side


def model_side(model: PreTrainedModel, signature: Mapping[str, object]) -> Side:
    """What identifies a language model to a plug.

    :param signature: as it was loaded with.
    """
    width = int(model.get_input_embeddings().embedding_dim)
    return Side(str(signature["model"]), str(signature["weights_sha256"]), width)


def save_plug(folder: Path, plug: PersonaPlug, sides: Sides, *, signature: Mapping[str, Any]) -> None:
    """Write a plug; the description comes last and names the hash of the numbers, so that halves never pass for whole.

    Numbers are kept in float16: the language model computes in bfloat16, which has fewer digits.

    :param signature: data, settings and versions it was trained with.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.half().cpu().contiguous() for name, tensor in plug.state_dict().items()}
    with replacing(folder / PLUG_FILE, folder / DESCRIPTION_FILE) as (numbers, description):
        numbers.write_bytes(save(tensors))
        document = {
            "encoder": asdict(sides.encoder),
            "model": asdict(sides.model),
            "settings": asdict(plug.settings),
            "plug_sha256": file_hash(numbers),
            "signature": dict(signature),
        }
        description.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def has_plug(folder: Path) -> bool:
    """Whether there is a plug in a folder."""
    return (folder / PLUG_FILE).is_file()


def plug_hash(folder: Path) -> str:
    """What identifies the plug in a folder."""
    return file_hash(folder / PLUG_FILE)


def load_plug(folder: Path, sides: Sides, *, embedding_norm: float) -> PersonaPlug:
    """Read a plug.

    :param sides: what it is to stand between.
    :param embedding_norm: of that language model, see ``assistant.persona.plug.embedding_norm``.
    :raises ModelError: if it is missing or damaged, or was made for another language model or encoder.
    """
    if not has_plug(folder):
        raise ModelError(f"no {PLUG_FILE} in {folder}: make one with `python -m assistant train persona`")
    try:
        document = _description(folder)
        made_for = Sides(Side(**document["encoder"]), Side(**document["model"]))
        fields = HistoryFields(**document["settings"].pop("fields"))
        settings = PlugSettings(**document["settings"], fields=fields)
        _check(folder, made_for, sides)
        plug = PersonaPlug(settings, embedding_norm=embedding_norm)
        plug.load_state_dict(load_file(folder / PLUG_FILE))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, SafetensorError) as error:
        raise ModelError(
            f"the plug in {folder} is damaged ({type(error).__name__}: {error}): restore {PLUG_FILE} and "
            f"{DESCRIPTION_FILE}, or train it again"
        ) from error
    except SettingsError as error:
        raise ModelError(f"the plug in {folder} is damaged: {error}") from error
    return plug.eval().requires_grad_(requires_grad=False)


def _description(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / DESCRIPTION_FILE).read_text(encoding="utf-8"))
    if document["plug_sha256"] != plug_hash(folder):
        raise ValueError(f"{DESCRIPTION_FILE} describes another {PLUG_FILE}")
    return document


def _check(folder: Path, made_for: Sides, found: Sides) -> None:
    """Refuse another language model or encoder.

    :raises ModelError: naming both.
    """
    for what, wanted, given in (
        ("language model", made_for.model, found.model),
        ("encoder", made_for.encoder, found.encoder),
    ):
        if (wanted.weights_sha256, wanted.width) != (given.weights_sha256, given.width):
            raise ModelError(
                f"the plug in {folder} was made for the {what} {wanted}, not for {given}: use it with that one, or "
                "train another with `python -m assistant train persona`"
            )
