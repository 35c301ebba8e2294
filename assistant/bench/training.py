"""``bench train``: tokens a second of the training loop, beside the Trainer of transformers.

The same fresh model, the same windows of the same tokens, the same tokens in every update. The Trainer has its own
defaults (AdamW) and bfloat16 as its users switch it on, by autocast; a second one computes in float32. The first
updates of every lap are not timed.
"""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from assistant.bench.measuring import Lap, Stopwatch, Worker, measure_in_turn, wait_for
from assistant.bench.results import Json, comparison, processor_facts, side_details, signature
from assistant.bench.texts import ALL_DEMOS, Material
from assistant.errors import SettingsError
from assistant.settings import SHIPPED_CHECKPOINT

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from assistant.training.resumable import Progress

UNIT = "tokens per second"
_LIBRARIES = ("torch", "transformers", "accelerate")
# Batches of the data; more updates than that see them again, which costs the same.
_BATCHES = 4
_HEAD_WIDTH = 64
# Query heads that share a key-value head, and the feed-forward width over the model's, as in the shipped model.
_HEADS_PER_KEY = 3
_FEED_FORWARD = 8 / 3


@dataclass(frozen=True, slots=True)
class TrainPlan:
    """The model's shape, the batch, and how many updates are timed in each lap.

    ``window`` is in tokens, ``batch`` in windows; ``hidden`` is a multiple of 64.
    """

    folder: Path
    hidden: int = 384
    layers: int = 8
    window: int = 512
    batch: int = 24
    steps: int = 4
    warmup: int = 2
    rounds: int = 3
    material: Material = ALL_DEMOS

    def __post_init__(self) -> None:
        if self.hidden % _HEAD_WIDTH:
            raise SettingsError(f"--hidden is {self.hidden}: expected a multiple of {_HEAD_WIDTH}")


def bench_train(plan: TrainPlan) -> Json:
    """Train in turn, each time a new model."""
    with (
        Worker(partial(OurTraining, plan)) as ours,
        Worker(partial(PlainTraining, plan, has_autocast=True)) as plain,
        Worker(partial(PlainTraining, plan, has_autocast=False)) as full,
    ):
        wait_for(ours, plain, full)
        our_side, plain_side, full_side = measure_in_turn(
            plan.rounds, (ours, OurTraining.run), (plain, PlainTraining.run), (full, PlainTraining.run)
        )
        parameters = ours.do(OurTraining.parameters)
        processor = ours.do(processor_facts)
    settings = {key: value for key, value in asdict(plan).items() if key not in ("folder", "material")}
    return {
        "bench": "train",
        **comparison(UNIT, our_side.rate, plain_side.rate),
        "float32": comparison(UNIT, our_side.rate, full_side.rate),
        "parameters": parameters,
        "peak_memory_mb": our_side.peak_memory_mb,
        "details": {
            "ours": side_details(our_side, "tokens"),
            "reference": side_details(plain_side, "tokens", autocast=bool(plain_side.mark("autocast"))),
            "reference_float32": side_details(full_side, "tokens", autocast=bool(full_side.mark("autocast"))),
        },
        "signature": signature(_LIBRARIES, processor=processor, settings=settings, **plan.material.signature()),
    }


class OurTraining:
    """``TrainingRun``, as the train verbs use it."""

    def __init__(self, plan: TrainPlan) -> None:
        from assistant.training.shards import ShardWriter, load_sources

        self._plan = plan
        shards = Path(mkdtemp(dir=plan.folder))
        writer = ShardWriter(shards / "windows", weighted=False)
        for window in _windows(plan):
            writer.add(window.tolist())
        writer.close()
        self._sources = load_sources(shards)

    def run(self) -> Lap:
        """Train a new model for a few updates; units are tokens."""
        from assistant.training.loop import LoopSettings, TrainingRun
        from assistant.training.shards import padded_length

        plan = self._plan
        per_batch = plan.batch * padded_length(plan.window + 1)
        settings = LoopSettings(tokens=per_batch * (plan.warmup + plan.steps + 1), tokens_per_batch=per_batch)
        with TemporaryDirectory(dir=plan.folder) as folder:
            run = TrainingRun(_new_model(plan), self._sources, settings, folder=Path(folder), signature={})
            updates = run.run()
            before = _tokens_after(plan.warmup, updates)
            watch = Stopwatch()
            return watch.lap(_tokens_after(plan.steps, updates) - before)

    def parameters(self) -> int:
        """Of the model that is trained."""
        return int(_new_model(self._plan).num_parameters())


class PlainTraining:
    """``transformers.Trainer`` with its defaults.

    :param has_autocast: whether it computes in bfloat16 over float32 weights, or in float32.
    """

    def __init__(self, plan: TrainPlan, *, has_autocast: bool) -> None:
        import torch

        self._plan = plan
        self._has_autocast = has_autocast
        windows = [torch.from_numpy(window.astype(np.int64)) for window in _windows(plan)]
        self._examples = [{"input_ids": window, "labels": window} for window in windows]

    def run(self) -> Lap:
        """Train a new model for a few updates; units are the tokens the model was given."""
        from transformers import Trainer

        model = _new_model(self._plan)
        given = _watch_input(model)
        with TemporaryDirectory(dir=self._plan.folder) as folder:
            trainer = Trainer(model, self._arguments(folder), train_dataset=self._examples)
            laps: list[Lap] = []
            trainer.add_callback(_timer(self._plan, given, laps))
            trainer.train()
        (lap,) = laps
        return lap

    def _arguments(self, folder: str) -> Any:
        import torch
        from transformers import TrainingArguments

        has_gpu = torch.cuda.is_available()
        return TrainingArguments(
            folder,
            per_device_train_batch_size=self._plan.batch,
            max_steps=self._plan.warmup + self._plan.steps,
            bf16=self._has_autocast,
            use_cpu=not has_gpu,
            dataloader_pin_memory=has_gpu,
            save_strategy="no",
            logging_strategy="no",
            report_to="none",
            disable_tqdm=True,
        )


def _tokens_after(count: int, updates: "Iterator[Progress]") -> int:
    """Make so many updates; the tokens trained on by then, since the beginning."""
    *_, last = islice(updates, count)
    return last.tokens


def _windows(plan: TrainPlan) -> npt.NDArray[np.uint16]:
    """Windows of demo text, (windows, tokens), each one token longer than what the model reads: the last is a target.

    They fill whole batches; a text too short for that is repeated.
    """
    from assistant.training.tokenizer import load_tokenizer

    tokenizer = load_tokenizer(SHIPPED_CHECKPOINT)
    texts = (document.text for document in chain.from_iterable(plan.material.read()))
    ids = [id_ for text in texts for id_ in tokenizer.encode(text, add_special_tokens=False)]
    return np.resize(np.asarray(ids, dtype=np.uint16), (_BATCHES * plan.batch, plan.window + 1))


def _new_model(plan: TrainPlan) -> "PreTrainedModel":
    from assistant.training.model import ModelSize, new_model
    from assistant.training.tokenizer import load_tokenizer

    heads = plan.hidden // _HEAD_WIDTH
    size = ModelSize(
        hidden=plan.hidden,
        layers=plan.layers,
        heads=heads,
        key_value_heads=math.gcd(heads, max(1, heads // _HEADS_PER_KEY)),
        feed_forward=int(plan.hidden * _FEED_FORWARD),
    )
    tokenizer = load_tokenizer(SHIPPED_CHECKPOINT)
    return new_model(size, vocabulary_size=len(tokenizer), end_id=tokenizer.eos_token_id, seed=0)


@dataclass(slots=True)
class _Given:
    """What a model was given: tokens since the count began, and whether in the reach of autocast."""

    tokens: int = 0
    is_autocast: bool = False


def _watch_input(model: "PreTrainedModel") -> _Given:
    """Let a model note what it is given; asked for inside, for the Trainer switches autocast on around the whole."""
    import torch

    given = _Given()

    def note(_module: object, _arguments: object, named: dict[str, Any]) -> None:
        ids = named["input_ids"]
        given.tokens += ids.numel()
        given.is_autocast = torch.is_autocast_enabled(ids.device.type)

    model.base_model.register_forward_pre_hook(note, with_kwargs=True)
    return given


def _timer(plan: TrainPlan, given: _Given, laps: list[Lap]) -> Any:
    """A callback of the Trainer that times the updates after the first few, and adds their lap."""
    import torch
    from transformers import TrainerCallback

    class Timer(TrainerCallback):  # type: ignore[misc]
        def __init__(self) -> None:
            self._watch = Stopwatch()

        def on_step_end(self, _arguments: object, state: Any, _control: object, **_: object) -> None:
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            if state.global_step == plan.warmup:
                given.tokens = 0
                self._watch.start()
            elif state.global_step == plan.warmup + plan.steps:
                laps.append(self._watch.lap(given.tokens, autocast=given.is_autocast))

    return Timer()
