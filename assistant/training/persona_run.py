"""A run of training a plug.

The language model is frozen and may be shared, an example comes with its writer's history, part of which is dropped
anew at every pass, and the state to save is a plug of some megabytes.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from assistant.embedding import Vectors
from assistant.errors import TrainingError
from assistant.generation.loading import LanguageModel
from assistant.persona.history import history_of
from assistant.persona.plug import PersonaPlug
from assistant.persona.saving import Sides, model_side, save_plug
from assistant.persona.translation import WordPairs, begin_as_translation
from assistant.training.attention import attend_by_blocks_on_cpu
from assistant.training.curve import CurvePoint
from assistant.training.optimizer import MasterOptimizer, Rates
from assistant.training.persona_examples import PREFIX_ROOM, Example, ExampleSet
from assistant.training.persona_objective import PersonaBatch, PersonaObjective, persona_batch
from assistant.training.resumable import FINAL_RATE, Progress, ResumableRun
from assistant.training.tokenizer import vocabulary_fingerprint

# Examples are sorted by length within so many updates: less padding, and still in random order.
_SORTED_TOGETHER = 8


@dataclass(frozen=True, slots=True)
class PersonaSettings:
    """How a plug is trained. Changing any of them but ``rows`` makes it another run.

    :raises TrainingError: if one is out of its bounds.
    """

    passes: int = 2
    """Over all examples; the paper's number."""
    batch: int = 16
    """Examples of an update."""
    rows: int = 4
    """Examples read at once: what fits into memory."""
    rate: float = 1e-3
    """Peak learning rate of the instruction vectors and biases."""
    matrix_rate: float = 4e-5
    """Peak learning rate of the matrices. Their numbers come to a few thousandths, and hundreds add up to one of a
    persona: at the rate of the instruction vectors personas grow to thirty times the length of an embedding."""
    warmup_share: float = 0.05
    history_dropout: float = 0.5
    """In every pass each history loses a random share of its items, from none to this. The published code does so too,
    unstated in the paper, by writing every example eleven times."""
    seed: int = 0

    def __post_init__(self) -> None:
        if (
            min(self.passes, self.batch, self.rows) < 1
            or not min(self.rate, self.matrix_rate) > 0
            or not 0 <= self.history_dropout < 1
        ):
            raise TrainingError(
                f"passes {self.passes}, batch {self.batch}, rows {self.rows}, rates {self.rate} and "
                f"{self.matrix_rate}, history dropout {self.history_dropout}: expected whole numbers from 1, rates "
                "above 0, a dropout from 0 to below 1"
            )

    def rate_factor(self, done: float) -> float:
        """Share of the peak rate after a share of the run: a linear rise, then a linear fall."""
        if done < self.warmup_share:
            return max(FINAL_RATE, done / self.warmup_share)
        return max(FINAL_RATE, (1 - done) / (1 - self.warmup_share))

    def as_recipe(self) -> dict[str, Any]:
        """What has to be the same for a run to be resumed."""
        return {name: value for name, value in asdict(self).items() if name != "rows"}


@dataclass(frozen=True, slots=True)
class _PlugWeights:
    """A plug as a state keeps it. See ``assistant.training.checkpoints.Savable``."""

    plug: PersonaPlug
    sides: Sides
    signature: dict[str, Any]

    def save(self, folder: Path) -> None:
        save_plug(folder, self.plug, self.sides, signature=self.signature)


class PersonaRun(ResumableRun):
    """One run of training a plug.

    :param folder: where the state is kept, and at the end the plug.
    :param words: what the projector begins as a translation of; None: it begins with random numbers.
    :raises TrainingError: if the examples were made for another language model, the folder holds another run, or
        several processes were started.
    """

    def __init__(
        self,
        loaded: LanguageModel,
        plug: PersonaPlug,
        examples: ExampleSet,
        settings: PersonaSettings,
        *,
        folder: Path,
        words: WordPairs | None = None,
    ) -> None:
        refuse_several_processes()
        _check_fit(loaded, plug, examples)
        self._examples = examples
        self._settings = settings
        self._sides = Sides(examples.fits.encoder, model_side(loaded.model, loaded.signature))
        recipe = {
            "plug": asdict(plug.settings),
            "sides": asdict(self._sides),
            "examples": examples.signature,
            "settings": settings.as_recipe(),
            "words": len(words.vectors) if words is not None and plug.reads_history else 0,
        }
        items = torch.from_numpy(_an_item_of_each(examples))
        plug.measure_items(items)
        if words is not None and plug.reads_history:
            begin_as_translation(plug, words, items)
        attend_by_blocks_on_cpu(loaded.model)
        self._objective = PersonaObjective(loaded.model, plug.to(loaded.model.device))
        optimizer = MasterOptimizer(plug, Rates(settings.matrix_rate, settings.rate, "adamw"))
        super().__init__(optimizer, folder=folder, recipe=recipe)

    @property
    def plug(self) -> PersonaPlug:
        """The plug being trained."""
        return self._objective.plug

    @property
    def tokens(self) -> int:
        """Tokens of the whole run, padding excluded."""
        return self._settings.passes * sum(len(example.passage) for example in self._examples.examples)

    def run(self, *, save_minutes: float = 10.0) -> Iterator[Progress]:
        """Train until the passes are done, saving the state every few minutes and at the end; then write the plug."""
        yield from super().run(save_minutes=save_minutes)
        save_plug(self._folder, self.plug, self._sides, signature=self._recipe)

    def _updates(self) -> Iterator[CurvePoint]:
        while self._state.round_number < self._settings.passes:
            plan = self._plan(self._state.round_number)
            for group in plan[self._state.batch :]:
                rate = self._settings.rate_factor(self._state.tokens / self.tokens)
                loss = self._update(group, rate)
                tokens = sum(len(self._examples.examples[index].passage) for index in group)
                self._state = self._state.advanced(batches=1).counted(tokens=tokens)
                if self._state.batch == len(plan):
                    self._state = self._state.next_round()
                yield CurvePoint(self._state.step, self._state.tokens, loss, rate)
        self._measure_average_writer()

    def _trained(self) -> _PlugWeights:
        return _PlugWeights(self.plug, self._sides, self._recipe)

    def _update(self, group: Sequence[int], rate: float) -> float:
        """Learn from some examples; returns their loss in nats per written token."""
        examples = self._examples.examples
        written = sum(len(examples[index].passage.written) for index in group)
        total = 0.0
        for start in range(0, len(group), self._settings.rows):
            loss = self._objective(self._batch(group[start : start + self._settings.rows])) / written
            loss.backward()
            total += float(loss.detach())
        self._finite(total)
        self._optimizer.step(rate_factor=rate)
        return total

    def _batch(self, indices: Sequence[int]) -> PersonaBatch:
        examples = [self._examples.examples[index] for index in indices]
        histories = [self._history(index, example) for index, example in zip(indices, examples, strict=True)]
        batch = persona_batch(
            [example.passage for example in examples], [example.query for example in examples], histories
        )
        return batch.on(self._objective.model.device)

    def _history(self, index: int, example: Example) -> Vectors:
        """What is left of a history in this pass: a random part, at least one item, in its order."""
        history = self._examples.history(example)
        chance = np.random.default_rng([self._settings.seed, self._state.round_number, index])
        dropped = int(len(history) * chance.uniform(0, self._settings.history_dropout))
        kept = np.sort(chance.permutation(len(history))[dropped:])
        return history[kept]

    def _plan(self, round_number: int) -> list[list[int]]:
        """The examples of every update of a pass."""
        lengths = [len(example.passage) for example in self._examples.examples]
        chance = np.random.default_rng([self._settings.seed, round_number])
        order = chance.permutation(len(lengths)).tolist()
        together = self._settings.batch * _SORTED_TOGETHER
        ordered = [
            index
            for start in range(0, len(order), together)
            for index in sorted(order[start : start + together], key=lambda index: lengths[index])
        ]
        updates = [
            ordered[start : start + self._settings.batch] for start in range(0, len(ordered), self._settings.batch)
        ]
        return [updates[number] for number in chance.permutation(len(updates))]

    @torch.no_grad()
    def _measure_average_writer(self) -> None:
        """Keep the mean persona of the writers trained on, every one of them counted alike."""
        plug, documents = self.plug, self._examples.documents
        if not plug.reads_history:
            return
        device = plug.average_writer.device
        plug.cpu()
        means = [
            history_of(plug, documents[first : first + count].astype(np.float32)).mean()
            for first, count in self._examples.authors().items()
        ]
        plug.average_writer.copy_(torch.stack(means).mean(0))
        plug.to(device)


def _an_item_of_each(examples: ExampleSet) -> Vectors:
    """The mean items of all writers, so that every one of them counts alike, (writers, encoder width)."""
    documents = examples.documents.astype(np.float32)
    return np.stack([documents[first : first + count].mean(0) for first, count in examples.authors().items()])


def refuse_several_processes() -> None:
    """Each would train the whole plug by itself, and write into the same folder.

    :raises TrainingError: if this process is one of several that a launcher started.
    """
    if (count := int(os.environ.get("WORLD_SIZE", "1"))) > 1:
        raise TrainingError(
            f"a plug is trained by one process, and {count} were started: start `train persona` without "
            "`accelerate launch` or `torchrun`"
        )


def _check_fit(loaded: LanguageModel, plug: PersonaPlug, examples: ExampleSet) -> None:
    """Refuse examples made for another tokenizer, kind of model or form of plug, or without room for its vectors."""
    fits = examples.fits
    if fits.tokenizer != vocabulary_fingerprint(loaded.tokenizer) or (
        fits.is_encoder_decoder != bool(loaded.model.config.is_encoder_decoder)
    ):
        raise TrainingError(
            f"the examples were made for another language model than {loaded.signature['model']}: make them anew with "
            "this one, in another --examples folder"
        )
    if plug.settings.fields != fits.fields or plug.settings.encoder_width != fits.encoder.width:
        raise TrainingError(
            f"the examples hold vectors of width {fits.encoder.width} with {fits.fields}, the plug reads "
            f"{plug.settings.encoder_width} with {plug.settings.fields}: make examples for it"
        )
    if plug.settings.prefix_vectors > PREFIX_ROOM:
        raise TrainingError(
            f"the plug has {plug.settings.prefix_vectors} vectors to be read before a prompt (persona and "
            f"instruction): examples leave room for {PREFIX_ROOM}"
        )
