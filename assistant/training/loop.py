"""The training loop: one loop for pre-training and fine-tuning, on CPU or CUDA, in one process or under ``accelerate``.

Recipes differ by their shards, their starting weights and their settings, nothing else. A run saves its whole state
every few minutes and goes on from it exactly; the last good state survives a crash while saving.
"""

import json
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor
from transformers import PreTrainedModel

from assistant.errors import TrainingError
from assistant.training.attention import attends_causally, use_causal_blocks
from assistant.training.checkpoints import RunState, latest_state, save_state
from assistant.training.objectives import NextTokenObjective
from assistant.training.optimizer import MasterOptimizer, Rates
from assistant.training.shards import FULL_WEIGHT, Source, padded_length, plan_batches

# The learning rate falls to this share of its peak at the end of the decay; 0 would waste the last steps.
_FINAL_RATE = 0.02


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """How one run trains. Changing any of them makes it another run: its folder refuses to resume."""

    tokens: int
    """Tokens to train on in all, padding excluded."""
    tokens_per_batch: int = 8192
    """Tokens of one forward pass, padding included."""
    accumulation: int = 1
    """Batches per update."""
    rates: Rates = field(default_factory=Rates)
    warmup_tokens: int = 400_000
    """Tokens over which the learning rate rises from 0."""
    decay_share: float = 0.0
    """Share of the tokens, at the end, over which the learning rate falls (warm-up-stable-decay)."""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.tokens <= 0 or not 0 <= self.decay_share <= 1:
            raise TrainingError(
                f"tokens={self.tokens}, decay_share={self.decay_share}: tokens must be above 0, the share in 0 to 1"
            )

    def rate_factor(self, seen: int) -> float:
        """Share of the peak learning rate after ``seen`` tokens."""
        warm = min(1.0, (seen + 1) / max(1, self.warmup_tokens))
        decay_tokens = self.decay_share * self.tokens
        left = self.tokens - seen
        cool = 1.0 if left >= decay_tokens else _FINAL_RATE + (1 - _FINAL_RATE) * max(0.0, left / decay_tokens)
        return warm * cool


@dataclass(frozen=True, slots=True)
class Progress:
    """What a run reports after an update. ``loss`` is in nats per token, ``seconds_left`` an estimate."""

    step: int
    tokens: int
    loss: float
    tokens_per_second: float
    seconds_left: float


def collate(sources: Sequence[Source], batch: Sequence[tuple[int, int]]) -> tuple[Tensor, Tensor]:
    """Stack examples into token ids and loss weights, right-padded with weight 0; shapes (batch, padded length)."""
    examples = [sources[source].example(index) for source, index in batch]
    longest = max(len(tokens) for tokens, _ in examples)
    ids = np.zeros((len(examples), padded_length(longest)), dtype=np.int64)
    weights = np.zeros(ids.shape, dtype=np.float32)
    for row, (tokens, tenths) in enumerate(examples):
        ids[row, : len(tokens)] = tokens
        weights[row, : len(tokens)] = tenths.astype(np.float32) / FULL_WEIGHT
    return torch.from_numpy(ids), torch.from_numpy(weights)


class TrainingRun:
    """One resumable run: iterate over ``run()`` to train, one ``Progress`` per update.

    :param folder: where the state is kept; a folder with the state of a run with other settings is refused.
    :param signature: what else identifies the run (data, initial weights), kept and compared with the settings.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        sources: Sequence[Source],
        settings: LoopSettings,
        *,
        folder: Path,
        signature: dict[str, str],
    ) -> None:
        self._accelerator = Accelerator()
        self._sources = sources
        self._settings = settings
        self._folder = folder
        self._recipe = {**signature, "settings": json.loads(json.dumps(asdict(settings)))}
        self._model = model.to(device=self._accelerator.device, dtype=torch.bfloat16)
        if self._accelerator.device.type == "cpu" and attends_causally(model):
            use_causal_blocks(model)
        self._optimizer = MasterOptimizer(self._model, settings.rates)
        self._objective = self._accelerator.prepare(NextTokenObjective(self._model))
        self._state = self._resume()

    def run(self, *, save_minutes: float = 10.0) -> Iterator[Progress]:
        """Train until the tokens are used up, saving the state every few minutes and at the end."""
        started, first = time.monotonic(), self._state.tokens
        saved = started
        for group in self._groups():
            loss = self._update(group)
            now = time.monotonic()
            rate = (self._state.tokens - first) / (now - started)
            left = max(0, self._settings.tokens - self._state.tokens) / rate
            yield Progress(self._state.step, self._state.tokens, loss, rate, left)
            if now - saved > save_minutes * 60:
                self.save()
                saved = now
        self.save()

    def save(self) -> None:
        """Write weights, moments and position, atomically."""
        if self._accelerator.is_main_process:
            save_state(self._folder, self._model, self._optimizer.state(), self._state, self._recipe)
        self._accelerator.wait_for_everyone()

    def _resume(self) -> RunState:
        found = latest_state(self._folder, self._recipe)
        if found is None:
            return RunState(step=0, tokens=0, round_number=0, batch=0)
        state, tensors = found
        self._optimizer.restore(tensors)
        return state

    def _groups(self) -> Iterator[list[list[tuple[int, int]]]]:
        """Batches of one update each, starting where the state stands."""
        size = self._settings.accumulation * self._accelerator.num_processes
        while True:
            plan = plan_batches(
                self._sources,
                tokens_per_batch=self._settings.tokens_per_batch,
                seed=self._settings.seed,
                round_number=self._state.round_number,
            )
            if len(plan) < size:
                raise TrainingError(f"{len(plan)} batches per pass, {size} needed for one update: add data")
            while self._state.batch + size <= len(plan):
                if self._state.tokens >= self._settings.tokens:
                    return
                group = plan[self._state.batch : self._state.batch + size]
                self._state = self._state.advanced(batches=size)
                yield group
            self._state = self._state.next_round()

    def _update(self, group: list[list[tuple[int, int]]]) -> float:
        accelerator = self._accelerator
        mine = group[accelerator.process_index :: accelerator.num_processes]
        batches = [collate(self._sources, batch) for batch in mine]
        weight = accelerator.reduce(
            torch.tensor([float(w[:, 1:].sum()) for _, w in batches], device=accelerator.device).sum()
        )
        total = torch.zeros((), device=accelerator.device)
        for number, (ids, weights) in enumerate(batches):
            ids, weights = ids.to(accelerator.device), weights.to(accelerator.device)
            with accelerator.no_sync(self._objective) if number + 1 < len(batches) else nullcontext():
                loss = self._objective(ids, weights)
                # Distributed training averages gradients over processes; the sum over all tokens is wanted.
                accelerator.backward(loss * accelerator.num_processes / weight)
            total += loss.detach()
        self._optimizer.step(rate_factor=self._settings.rate_factor(self._state.tokens))
        tokens = sum(int(sum(len(self._sources[s].example(i)[0]) for s, i in batch)) for batch in group)
        self._state = self._state.counted(tokens=tokens)
        mean = float(accelerator.reduce(total) / weight)
        if not math.isfinite(mean):
            raise TrainingError(f"the loss is {mean} at step {self._state.step}: lower the learning rates and resume")
        return mean
