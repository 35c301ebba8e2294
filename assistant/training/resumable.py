"""What every run has that can be stopped and goes on exactly: a state, a curve, what it reports, when it saves.

How it learns is its own: ``loop`` trains the weights of a language model, ``persona_run`` a plug for a frozen one.
"""

import json
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import TrainingError
from assistant.training.checkpoints import RunState, Savable, latest_state, save_state
from assistant.training.curve import CurvePoint, LossCurve
from assistant.training.optimizer import MasterOptimizer

FINAL_RATE = 0.02
"""The learning rate falls to this share of its peak at the end of a run; 0 would waste the last steps."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What a run reports after an update.

    ``loss`` and ``validation`` (where it was checked) are in nats per token, ``seconds_left`` is an estimate.
    """

    step: int
    tokens: int
    loss: float
    tokens_per_second: float
    seconds_left: float
    validation: float | None = None


class ResumableRun(ABC):
    """Iterate over ``run()`` to train, one ``Progress`` per update.

    :param folder: where the state is kept.
    :param recipe: what has to be the same for a run to be resumed.
    :raises TrainingError: if the folder holds the state of a run with another recipe, or is damaged.
    """

    def __init__(self, optimizer: MasterOptimizer, *, folder: Path, recipe: Mapping[str, Any]) -> None:
        self._optimizer = optimizer
        self._folder = folder
        self._recipe: dict[str, Any] = json.loads(json.dumps(recipe))  # as a state gives it back
        self._state = self._resume()
        self._curve = LossCurve(folder, after=self._state.step)

    @property
    def optimizer(self) -> MasterOptimizer:
        """What trains."""
        return self._optimizer

    @property
    def state(self) -> RunState:
        """Where the run stands."""
        return self._state

    @property
    @abstractmethod
    def tokens(self) -> int:
        """Tokens of the whole run, padding excluded."""

    @property
    def is_main(self) -> bool:
        """Whether this process is the one that reports and saves."""
        return True

    def run(self, *, save_minutes: float = 10.0) -> Iterator[Progress]:
        """Train until the run is over, saving the state every few minutes and at the end."""
        started, first = time.monotonic(), self._state.tokens
        saved = started
        try:
            for point in self._updates():
                if self.is_main:
                    self._curve.add(point)
                now = time.monotonic()
                rate = (point.tokens - first) / max(now - started, 1e-9)
                left = max(0, self.tokens - point.tokens) / rate
                yield Progress(point.step, point.tokens, point.loss, rate, left, point.validation)
                if self._all_say(now - saved > save_minutes * 60):
                    self.save()
                    saved = now
            self.save()
        finally:
            self._curve.close()

    def save(self) -> None:
        """Write curve, what is trained, moments and position; the position atomically."""
        trained, moments = self._trained(), self._optimizer.state()
        if self.is_main:
            self._curve.save()
            save_state(self._folder, trained, moments, self._state, self._recipe)

    @abstractmethod
    def _updates(self) -> Iterator[CurvePoint]:
        """Train, one point per update, from where the state stands; the state is that after the point."""

    @abstractmethod
    def _trained(self) -> Savable:
        """What is trained, as a state keeps it."""

    def _all_say(self, answer: bool) -> bool:  # noqa: FBT001 - a value to agree on, not a switch
        """The same answer in every process that takes part."""
        return answer

    def _finite(self, loss: float, name: str = "loss") -> float:
        """The loss.

        :raises TrainingError: if it is no number any more.
        """
        if not math.isfinite(loss):
            raise TrainingError(f"the {name} is {loss} at step {self._state.step}: lower the learning rates and resume")
        return loss

    def _resume(self) -> RunState:
        found = latest_state(self._folder, self._recipe)
        if found is None:
            return RunState(step=0, tokens=0, round_number=0, batch=0)
        state, moments = found
        self._optimizer.restore(moments)
        return state
