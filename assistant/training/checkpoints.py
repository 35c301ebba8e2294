"""States of a run on disk, and the finished checkpoint folder: safetensors and JSON only.

A state is written into a new folder and made current by one atomic rename of a pointer file, so that a crash or a full
disk while saving leaves the last good one in place. The weights that validated best are kept beside the states; those
that the current state names are never removed.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from assistant.errors import TrainingError
from assistant.generation.packing import save_packed
from assistant.prompts import PromptTemplate

SIGNATURE_FILE = "signature.json"
_POINTER = "current"


@dataclass(frozen=True, slots=True)
class EarlyStop:
    """What validation has found so far: the best loss (nats per token), its step, and how many checks ago that was."""

    best_loss: float
    best_step: int
    misses: int = 0


@dataclass(frozen=True, slots=True)
class RunState:
    """Where a run stands: updates and tokens done, and the next batch of which pass over the data."""

    step: int
    tokens: int
    round_number: int
    batch: int
    early_stop: EarlyStop | None = None

    def advanced(self, *, batches: int) -> "RunState":
        """The state after taking some batches for one update."""
        return replace(self, batch=self.batch + batches, step=self.step + 1)

    def counted(self, *, tokens: int) -> "RunState":
        """The state after training on some tokens."""
        return replace(self, tokens=self.tokens + tokens)

    def next_round(self) -> "RunState":
        """The state at the start of the next pass."""
        return replace(self, round_number=self.round_number + 1, batch=0)

    def validated(self, loss: float) -> "RunState":
        """The state after a check on validation data."""
        stop = self.early_stop
        if stop is None or loss < stop.best_loss:
            return replace(self, early_stop=EarlyStop(loss, self.step))
        return replace(self, early_stop=replace(stop, misses=stop.misses + 1))

    @property
    def is_best(self) -> bool:
        """Whether no earlier check found a lower loss than one at this very step."""
        return self.early_stop is not None and self.early_stop.best_step == self.step

    def as_json(self) -> dict[str, Any]:
        """As ``from_json`` reads it; runs without validation are written as they were before there was any."""
        return {key: value for key, value in asdict(self).items() if value is not None}

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> "RunState":
        """Read what ``as_json`` gave, also of earlier versions."""
        stop = saved.get("early_stop")
        return cls(**{**saved, "early_stop": EarlyStop(**stop) if stop else None})


class Savable(Protocol):
    """What a run trains, as a state keeps it."""

    def save(self, folder: Path) -> None:
        """Write it into a folder of its own."""
        ...


@dataclass(frozen=True, slots=True)
class Weights:
    """A model and its whole weights by name, gathered from all processes that share them."""

    model: PreTrainedModel
    tensors: dict[str, Tensor]

    def save(self, folder: Path) -> None:
        """Write them into an empty folder: in full, or the adapter alone where only that is trained."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.model.save_pretrained(folder, state_dict=dict(self.tensors))


def save_state(
    folder: Path, weights: Savable, tensors: dict[str, Tensor], state: RunState, recipe: dict[str, Any]
) -> None:
    """Write a run's state and make it current.

    :param tensors: what the optimizer needs to go on.
    :raises TrainingError: if it cannot be written; the previous state stays current.
    """
    target = folder / f"state-{state.step:07d}"
    if target != _current(folder):  # a state that is current is never written over
        try:
            shutil.rmtree(target, ignore_errors=True)
            target.mkdir(parents=True)
            save_file(tensors, target / "optimizer.safetensors")
            weights.save(target / "model")
            (target / "state.json").write_text(json.dumps({"state": state.as_json(), "recipe": recipe}, indent=2))
            pointer = folder / f"{_POINTER}.new"
            pointer.write_text(target.name)
            pointer.replace(folder / _POINTER)
        except (OSError, SafetensorError) as error:
            raise TrainingError(f"could not save to {target} ({error}): free some space and resume") from error
    best = _best(folder, state)
    for old in (*folder.glob("state-*"), *folder.glob("best-*")):
        if old not in (target, best):
            shutil.rmtree(old, ignore_errors=True)


def save_best(folder: Path, weights: Weights, state: RunState) -> None:
    """Write the weights that validated best, beside those that the current state still names.

    :raises TrainingError: if they cannot be written.
    """
    target = _best(folder, state)
    assert target is not None  # the state has just been validated
    try:
        weights.save(target)
    except (OSError, SafetensorError) as error:
        raise TrainingError(f"could not save to {target} ({error}): free some space and resume") from error


def latest_state(folder: Path, recipe: dict[str, Any]) -> tuple[RunState, dict[str, Tensor]] | None:
    """Read the current state of a run; None where there is none yet.

    :raises TrainingError: if the folder holds a run with another recipe, or is damaged.
    """
    target = _current(folder)
    if target is None:
        return None
    try:
        saved = json.loads((target / "state.json").read_text())
        state, its_recipe = RunState.from_json(saved["state"]), dict(saved["recipe"])
        tensors = load_file(target / "optimizer.safetensors")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SafetensorError) as error:
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


def current_model(folder: Path, *, last: bool = False) -> Path:
    """The folder with the weights of a run: the best where it validated, else the latest.

    :param last: the latest in any case.
    :raises TrainingError: if the run has not saved yet, or lost what it saved.
    """
    target = _current(folder)
    if target is None:
        raise TrainingError(f"no run in {folder}: expected the --out folder of a training run that has saved once")
    found = None if last else _best(folder, _saved_state(target))
    if found is None:
        found = target / "model"
    if not found.is_dir():
        raise TrainingError(f"{found} is gone: restore it, or train again with another --out")
    return found


def is_run(folder: Path) -> bool:
    """Whether a folder is that of a run that has saved."""
    return _current(folder) is not None


def saved_recipe(folder: Path) -> dict[str, Any]:
    """State and recipe of the current state of a run that ``current_model`` has found."""
    target = _current(folder)
    assert target is not None
    content: dict[str, Any] = json.loads((target / "state.json").read_text())
    return content


@contextmanager
def replacing_checkpoint(folder: Path) -> Iterator[Path]:
    """An empty folder to write a checkpoint into; its files take their places in ``folder`` once all of them are there.

    What else lies there, a model card or a plug, stays.

    :raises TrainingError: if the disk does not take it; the checkpoint that was there before is there still.
    """
    folder = folder.resolve()
    new = folder.with_name(f"{folder.name}.unfinished")
    try:
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        yield new
        folder.mkdir(exist_ok=True)
        written = sorted(new.iterdir())
        for path in written:
            path.replace(folder / path.name)
        for old in set(folder.glob("*model*.safetensors*")) - {folder / path.name for path in written}:
            old.unlink()  # weights in several files would be taken for part of the new ones
    except (OSError, SafetensorError) as error:
        raise TrainingError(
            f"the checkpoint {folder} could not be written ({error}), what was there is as it was: expected a folder "
            "to write to with room for it; free some space or give another --out, and run it again"
        ) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)


def write_checkpoint(
    folder: Path,
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    *,
    template: PromptTemplate,
    signature: dict[str, Any],
    packed: bool = False,
) -> None:
    """Write a finished checkpoint: weights, tokenizer, prompt template, signature.

    :param packed: four bits a weight, see ``assistant.generation.packing``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    if packed:
        path = folder / "model.safetensors"
        save_packed(load_file(path), path)
    write_belongings(folder, tokenizer, template=template, signature=signature)


def write_belongings(
    folder: Path, tokenizer: PreTrainedTokenizerBase, *, template: PromptTemplate, signature: dict[str, Any]
) -> None:
    """Write what makes weights a checkpoint: tokenizer, prompt template, signature."""
    tokenizer.save_pretrained(folder)
    template.save(folder)
    (folder / SIGNATURE_FILE).write_text(json.dumps(signature, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _saved_state(target: Path) -> RunState:
    try:
        return RunState.from_json(json.loads((target / "state.json").read_text())["state"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TrainingError(f"{target} is damaged ({error}): restore it, or train again with another --out") from error


def _best(folder: Path, state: RunState) -> Path | None:
    """The folder of the weights that validated best, as of a state."""
    return folder / f"best-{state.early_stop.best_step:07d}" if state.early_stop else None


def _current(folder: Path) -> Path | None:
    """The folder of the current state."""
    pointer = folder / _POINTER
    return folder / pointer.read_text().strip() if pointer.is_file() else None
