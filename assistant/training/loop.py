"""The training loop: one loop for pre-training and fine-tuning, on CPU or CUDA, in one process or under ``accelerate``.

Recipes differ by their shards, their starting weights and their settings, nothing else. A run saves its whole state
every few minutes and goes on from it exactly; the last good state survives a crash while saving.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from transformers import PreTrainedModel

from assistant.errors import TrainingError
from assistant.training.attention import attend_by_blocks_on_cpu
from assistant.training.batches import Batch, Picks, next_token_batch, source_target_batch
from assistant.training.checkpoints import RunState, Weights, save_best
from assistant.training.curve import CurvePoint
from assistant.training.objectives import NextTokenObjective, SourceTargetObjective
from assistant.training.optimizer import MasterOptimizer, Rates
from assistant.training.resumable import FINAL_RATE, ResumableRun
from assistant.training.sharding import prepare, whole_weights
from assistant.training.shards import Source, plan_batches
from assistant.training.validation import Validation, validation_loss


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
    separator: int | None = None
    """Id of the token that ends a document, to keep the documents of a window apart; None lets them see each other."""
    quantized: bool = False
    """Whether the model computes with weights of four bits, as ``train export --pack`` will write them."""

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
        cool = 1.0 if left >= decay_tokens else FINAL_RATE + (1 - FINAL_RATE) * max(0.0, left / decay_tokens)
        return warm * cool

    def as_recipe(self, *, processes: int) -> dict[str, Any]:
        """What has to be the same for a run to be resumed; how the batches are spread over processes has not.

        Settings that came later are left out at their defaults, so that runs from before go on.
        """
        recipe = asdict(replace(self, accumulation=self.accumulation * processes))
        if self.separator is None:
            del recipe["separator"]
        if not self.quantized:
            del recipe["quantized"]
        if self.rates.matrix_optimizer == "muon":
            del recipe["rates"]["matrix_optimizer"]
        return recipe


class TrainingRun(ResumableRun):
    """One run of training a language model.

    :param folder: where the state is kept; a folder with the state of a run with other settings is refused.
    :param signature: what else identifies the run (data, initial weights), kept and compared with the settings.
    :param validation: held-out data to check on; the run stops early where it does not get better any more.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        sources: Sequence[Source],
        settings: LoopSettings,
        *,
        folder: Path,
        signature: dict[str, Any],
        validation: Validation | None = None,
    ) -> None:
        # On a machine without a GPU accelerate sees several processes only if it is told to use the CPU.
        self._accelerator = Accelerator(cpu=not torch.accelerator.is_available())
        self._sources = sources
        self._settings = settings
        self._validation = validation
        recipe = signature | {"settings": settings.as_recipe(processes=self._accelerator.num_processes)}
        if validation is not None:
            recipe["validation"] = {"every_tokens": validation.every_tokens, "patience": validation.patience}
        self._model = model.to(device=self._accelerator.device, dtype=torch.bfloat16)
        attend_by_blocks_on_cpu(self._model)
        objective, self._batch = _objective(model, settings)
        _check_fit(model, [*sources, *(validation.sources if validation else ())])
        self._objective = prepare(objective, self._model, self._accelerator)
        optimizer = MasterOptimizer(self._model, settings.rates, quantized=settings.quantized)
        super().__init__(optimizer, folder=folder, recipe=recipe)

    @property
    def model(self) -> PreTrainedModel:
        """The model being trained."""
        return self._model

    @property
    def tokens(self) -> int:
        """Tokens of the whole run, padding excluded, should validation not end it before."""
        return self._settings.tokens

    @property
    def is_main(self) -> bool:
        """Whether this process is the one that reports and saves."""
        return bool(self._accelerator.is_main_process)

    def rehearse(self, updates: int) -> Iterator[CurvePoint]:
        """Train for a few updates and keep nothing of them on disk; the run cannot go on from there."""
        return islice(self._unchecked_updates(), updates)

    def save(self) -> None:
        """Write curve, weights, moments and position; the position atomically."""
        super().save()
        self._accelerator.wait_for_everyone()

    def planned_updates(self) -> Iterator[int]:
        """The tokens of every update that is still to come, should no early stop end the run before."""
        state, settings = self._state, self._settings
        lengths = [source.sides() for source in self._sources]
        tokens = state.tokens
        for group in _groups(self._sources, settings, state, size=self._group_size):
            if tokens >= settings.tokens:
                return
            count = int(sum(lengths[s][0][i] + lengths[s][1][i] for batch in group.batches for s, i in batch))
            tokens += count
            yield count

    def largest_batch(self) -> Picks:
        """The batch of the coming pass whose examples are longest."""
        state, settings = self._state, self._settings
        plan = plan_batches(
            self._sources,
            tokens_per_batch=settings.tokens_per_batch,
            seed=settings.seed,
            round_number=state.round_number,
        )
        return max(plan, key=lambda picks: max(self._sources[s].length(i) for s, i in picks) * len(picks))

    def forward(self, picks: Picks) -> Tensor:
        """The summed loss of a batch, ready to be differentiated."""
        loss: Tensor = self._objective(*self._batch(self._sources, picks).on(self._accelerator.device))
        return loss

    @property
    def tokens_per_pass(self) -> int:
        """Tokens of one pass over the mix."""
        return round(sum(len(source.tokens) * source.epochs for source in self._sources))

    @property
    def _group_size(self) -> int:
        return int(self._settings.accumulation * self._accelerator.num_processes)

    @property
    def _is_over(self) -> bool:
        stop, validation = self._state.early_stop, self._validation
        out_of_patience = stop is not None and validation is not None and stop.misses >= validation.patience
        return self._state.tokens >= self._settings.tokens or out_of_patience

    def _updates(self) -> Iterator[CurvePoint]:
        before = self._state.tokens
        for point in self._unchecked_updates():
            yield self._checked(point, before=before)
            before = point.tokens

    def _trained(self) -> Weights:
        return Weights(self._model, whole_weights(self._model))

    def _unchecked_updates(self) -> Iterator[CurvePoint]:
        """Train without a look at the held-out data, one point per update, from where the state stands."""
        for group in _groups(self._sources, self._settings, self._state, size=self._group_size):
            if self._is_over:
                return
            self._state = replace(self._state, round_number=group.round_number, batch=group.first)
            self._state = self._state.advanced(batches=self._group_size)
            rate = self._settings.rate_factor(self._state.tokens)
            loss = self._update(group.batches, rate)
            yield CurvePoint(self._state.step, self._state.tokens, loss, rate)

    def _update(self, group: list[list[tuple[int, int]]], rate: float) -> float:
        accelerator = self._accelerator
        batches = [
            self._batch(self._sources, picks) for picks in group[accelerator.process_index :: accelerator.num_processes]
        ]
        weight = accelerator.reduce(torch.tensor([batch.weight for batch in batches], device=accelerator.device).sum())
        total = torch.zeros((), device=accelerator.device)
        for number, batch in enumerate(batches):
            with accelerator.no_sync(self._objective) if number + 1 < len(batches) else nullcontext():
                loss = self._objective(*batch.on(accelerator.device))
                # Distributed training averages gradients over processes; the sum over all tokens is wanted.
                accelerator.backward(loss * accelerator.num_processes / weight)
            total += loss.detach()
        self._optimizer.step(rate_factor=rate)
        self._state = self._state.counted(tokens=sum(self._sources[s].length(i) for picks in group for s, i in picks))
        return self._finite(float(accelerator.reduce(total) / weight))

    def _checked(self, point: CurvePoint, *, before: int) -> CurvePoint:
        """Validate where that is due; the weights that do best are kept."""
        end = self._settings.tokens
        if self._validation is None or not self._validation.is_due(before, point.tokens, end=end):
            return point
        loss = validation_loss(
            self._objective, self._validation, self._batch, self._accelerator, self._settings.tokens_per_batch
        )
        self._state = self._state.validated(self._finite(loss, "validation loss"))
        if self._state.is_best:
            weights = self._trained()
            if self.is_main:
                save_best(self._folder, weights, self._state)
        return replace(point, validation=loss)

    def _all_say(self, answer: bool) -> bool:  # noqa: FBT001 - a value to agree on, not a switch
        """The same answer in every process, yes where any says so: clocks differ, and saving takes all of them."""
        if self._accelerator.num_processes == 1:
            return answer
        votes = torch.tensor(float(answer), device=self._accelerator.device)
        return float(self._accelerator.reduce(votes)) > 0


class _Group(NamedTuple):
    """The batches of one update, and where in which pass they begin."""

    round_number: int
    first: int
    batches: list[list[tuple[int, int]]]


def _groups(sources: Sequence[Source], settings: LoopSettings, state: RunState, *, size: int) -> Iterator[_Group]:
    """Batches of one update each, endlessly, starting where a state stands."""
    round_number, first = state.round_number, state.batch
    while True:
        plan = plan_batches(
            sources, tokens_per_batch=settings.tokens_per_batch, seed=settings.seed, round_number=round_number
        )
        if len(plan) < size:
            raise TrainingError(f"{len(plan)} batches per pass, {size} needed for one update: add data")
        while first + size <= len(plan):
            yield _Group(round_number, first, plan[first : first + size])
            first += size
        round_number, first = round_number + 1, 0


def _objective(
    model: PreTrainedModel, settings: LoopSettings
) -> tuple[nn.Module, Callable[[Sequence[Source], Picks], Batch]]:
    """What a model learns by, and how its batches are made."""
    if not model.config.is_encoder_decoder:
        return NextTokenObjective(model, settings.separator), functools.partial(
            next_token_batch, separator=settings.separator
        )
    if settings.separator is not None:
        raise TrainingError(
            "documents can be kept apart in the windows of a causal model; the examples of an encoder-decoder are "
            "apart already: leave out --separate-documents"
        )
    return SourceTargetObjective(model), source_target_batch


def _check_fit(model: PreTrainedModel, sources: Sequence[Source]) -> None:
    """Refuse shards of the other kind of model, or with ids that the model does not have."""
    vocabulary = model.get_input_embeddings().num_embeddings
    for source in sources:
        if (source.borders is not None) != model.config.is_encoder_decoder:
            wanted = "an encoder-decoder" if model.config.is_encoder_decoder else "a causal model"
            raise TrainingError(
                f"the shards {source.name} are not for {wanted} such as {model.config.model_type}: "
                "run `train prepare finetune` with --architecture as the model is"
            )
        if (largest := source.largest_id()) >= vocabulary:
            raise TrainingError(
                f"the shards {source.name} hold the id {largest}, the model has {vocabulary} tokens: "
                "run `train prepare` with the model's own tokenizer"
            )
