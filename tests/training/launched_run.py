"""A short training run for ``accelerate launch``: the same updates however many processes share them.

Run as a program (``-m tests.training.launched_run SHARDS FOLDER UPDATES``): trains so many updates, saves, and writes
what it saw to ``FOLDER.json``.
"""

import json
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from accelerate import PartialState

from assistant.training.loop import LoopSettings, TrainingRun
from assistant.training.optimizer import Rates
from assistant.training.shards import ShardWriter, load_sources
from assistant.training.validation import Validation
from tests.small_models import small_model

BATCHES_PER_UPDATE = 2


def write_shards(folder: Path) -> Path:
    """Texts that repeat themselves, so that losses differ from batch to batch and fall; and a few to validate on."""
    generator = np.random.default_rng(0)
    for name, count in (("training/loops", 60), ("validation/loops", 12)):
        writer = ShardWriter(folder / name, weighted=False)
        for _ in range(count):
            start, length = int(generator.integers(15, 40)), int(generator.integers(20, 60))
            writer.add([15 + (start + i) % 25 for i in range(length)])
        writer.close()
    return folder


def training_run(shards: Path, folder: Path, *, processes: int) -> TrainingRun:
    """A run whose updates take two batches, one after the other or side by side."""
    settings = LoopSettings(
        tokens=3000,
        tokens_per_batch=260,
        accumulation=BATCHES_PER_UPDATE // processes,
        rates=Rates(matrix=0.02, other=0.02),
        warmup_tokens=400,
    )
    # Five batches to validate on: two processes do not share them evenly.
    validation = Validation(load_sources(shards / "validation"), every_tokens=500)
    sources = load_sources(shards / "training")
    return TrainingRun(small_model(spread=0.02), sources, settings, folder=folder, signature={}, validation=validation)


def main() -> None:
    """Train a part of the run and report its losses."""
    torch.set_num_threads(1)
    shards, folder, updates = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    state = PartialState(cpu=True)
    run = training_run(shards, folder, processes=state.num_processes)
    seen = [(progress.loss, progress.validation) for progress in islice(run.run(save_minutes=60), updates)]
    run.save()
    if run.is_main:
        kinds = sorted({type(parameter).__name__ for parameter in run.model.parameters()})
        report = {"processes": state.num_processes, "losses": seen, "parameters": kinds}
        folder.with_suffix(".json").write_text(json.dumps(report))


if __name__ == "__main__":
    main()
