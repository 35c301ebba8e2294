"""States of a run on disk, and the finished checkpoint folder: safetensors and JSON only.

A state is written into a new folder and made current by one atomic rename of a pointer file, so that a crash or a full
disk while saving leaves the last good one in place.
"""

import json
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from assistant.errors import TrainingError
from assistant.prompts import PromptTemplate

SIGNATURE_FILE = "signature.json"
_POINTER = "current"


@dataclass(frozen=True, slots=True)
class RunState:
    """Where a run stands: updates and tokens done, and the next batch of which pass over the data."""

    step: int
    tokens: int
    round_number: int
    batch: int

    def advanced(self, *, batches: int) -> "RunState":
        """The state after taking some batches for one update."""
        return replace(self, batch=self.batch + batches, step=self.step + 1)

    def counted(self, *, tokens: int) -> "RunState":
        """The state after training on some tokens."""
        return replace(self, tokens=self.tokens + tokens)

    def next_round(self) -> "RunState":
        """The state at the start of the next pass."""
        return replace(self, round_number=self.round_number + 1, batch=0)


def save_state(
    folder: Path, model: PreTrainedModel, tensors: dict[str, Tensor], state: RunState, recipe: dict[str, Any]
) -> None:
    """Write a run's state and make it current.

    :raises TrainingError: if it cannot be written; the previous state stays current.
    """
    target = folder / f"state-{state.step:07d}"
    if target != _current(folder):  # a state that is current is never written over
        try:
            shutil.rmtree(target, ignore_errors=True)
            target.mkdir(parents=True)
            save_file(tensors, target / "optimizer.safetensors")
            model.save_pretrained(target / "model")
            (target / "state.json").write_text(json.dumps({"state": asdict(state), "recipe": recipe}, indent=2))
            pointer = folder / f"{_POINTER}.new"
            pointer.write_text(target.name)
            pointer.replace(folder / _POINTER)
        except (OSError, SafetensorError) as error:
            raise TrainingError(f"could not save to {target} ({error}): free some space and resume") from error
    for old in folder.glob("state-*"):
        if old != target:
            shutil.rmtree(old, ignore_errors=True)


def latest_state(folder: Path, recipe: dict[str, Any]) -> tuple[RunState, dict[str, Tensor]] | None:
    """Read the current state of a run; None where there is none yet.

    :raises TrainingError: if the folder holds a run with another recipe, or is damaged.
    """
    target = _current(folder)
    if target is None:
        return None
    try:
        saved = json.loads((target / "state.json").read_text())
        state, its_recipe = RunState(**saved["state"]), dict(saved["recipe"])
        tensors = load_file(target / "optimizer.safetensors")
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise TrainingError(
            f"{target} is damaged ({error}): restore it, or give another --out to start afresh"
        ) from error
    different = sorted(key for key in its_recipe | recipe if its_recipe.get(key) != recipe.get(key))
    if different:
        raise TrainingError(
            f"{folder} holds a run that differs in {', '.join(different)}: give the same values to resume it, "
            "or another --out to start afresh"
        )
    return state, tensors


def current_model(folder: Path) -> Path:
    """The folder with the latest weights of a run.

    :raises TrainingError: if the run has not saved yet.
    """
    state = _current(folder)
    if state is None:
        raise TrainingError(f"no run in {folder}: expected the --out folder of a training run that has saved once")
    return state / "model"


def write_checkpoint(
    folder: Path,
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    *,
    template: PromptTemplate,
    signature: dict[str, Any],
) -> None:
    """Write a finished checkpoint: weights, tokenizer, prompt template, signature."""
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    template.save(folder)
    (folder / SIGNATURE_FILE).write_text(json.dumps(signature, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _current(folder: Path) -> Path | None:
    """The folder of the current state."""
    pointer = folder / _POINTER
    return folder / pointer.read_text().strip() if pointer.is_file() else None
