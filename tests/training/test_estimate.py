"""What a run is said to take is what it takes."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from assistant.training.estimate import as_text, estimate_run
from assistant.training.loop import LoopSettings, TrainingRun
from assistant.training.shards import ShardWriter, Source, load_sources
from tests.small_models import small_model

SETTINGS = LoopSettings(tokens=3000, tokens_per_batch=300, accumulation=2, warmup_tokens=400, seed=2)


@pytest.fixture
def sources(tmp_path: Path) -> tuple[Source, ...]:
    generator = np.random.default_rng(0)
    writer = ShardWriter(tmp_path / "shards" / "noise", weighted=False)
    for _ in range(50):
        writer.add(generator.integers(0, 500, int(generator.integers(10, 90))).tolist())
    writer.close()
    return load_sources(tmp_path / "shards", {"noise": 1.5})


def run(sources: tuple[Source, ...], folder: Path) -> TrainingRun:
    return TrainingRun(small_model(), sources, SETTINGS, folder=folder, signature={})


def test_updates_and_tokens_are_those_of_the_run(sources: tuple[Source, ...], tmp_path: Path) -> None:
    estimate = estimate_run(run(sources, tmp_path / "tried"))
    assert not (tmp_path / "tried").exists()
    reports = list(run(sources, tmp_path / "run").run())
    assert (estimate.updates, estimate.tokens) == (reports[-1].step, reports[-1].tokens)
    assert estimate.tokens_per_pass == round(1.5 * len(sources[0].tokens))
    assert estimate.seconds == pytest.approx(estimate.tokens / estimate.tokens_per_second)


def test_of_a_run_under_way_the_rest_is_said(sources: tuple[Source, ...], tmp_path: Path) -> None:
    begun = run(sources, tmp_path / "run")
    done = list(islice(begun.run(), 3))
    begun.save()
    rest = list(run(sources, tmp_path / "run").planned_updates())
    assert sum(rest) + done[-1].tokens == list(run(sources, tmp_path / "run").run())[-1].tokens


def test_the_memory_is_that_of_the_tensors(sources: tuple[Source, ...], tmp_path: Path) -> None:
    tried = run(sources, tmp_path / "tried")
    memory = estimate_run(tried).memory
    state = tried.optimizer.state()

    def size(prefix: str) -> int:
        return sum(t.nbytes for name, t in state.items() if name.startswith(prefix) and t.ndim)

    assert memory.masters == size("master")
    assert memory.moments == size("moment")
    assert memory.weights == sum(p.nbytes for p in tried.model.parameters())
    assert memory.gradients == memory.weights * 3  # bfloat16, and float32 beside it
    assert memory.total == sum((memory.weights, memory.gradients, memory.masters, memory.moments, memory.activations))


def test_activations_grow_with_the_batch(tmp_path: Path) -> None:
    kept = {}
    for count, length in ((4, 65), (8, 65), (4, 129)):
        folder = tmp_path / f"{count}-{length}"
        writer = ShardWriter(folder / "even", weighted=False)
        for _ in range(16):
            writer.add(list(range(length)))
        writer.close()
        settings = LoopSettings(tokens=9, tokens_per_batch=count * length)
        tried = TrainingRun(small_model(), load_sources(folder), settings, folder=folder / "run", signature={})
        kept[count, length] = estimate_run(tried).memory.activations
    assert 1.7 * kept[4, 65] < kept[8, 65] < 2 * kept[4, 65]  # the head's gradient is there once
    assert 1.7 * kept[4, 65] < kept[4, 129] < 3 * kept[4, 65]  # attention keeps more than twice as much
    hidden = 4 * 64 * 32 * torch.bfloat16.itemsize
    assert kept[4, 65] > 2 * 5 * hidden  # two layers keep several hidden states each


def test_a_person_reads_all_of_it(sources: tuple[Source, ...], tmp_path: Path) -> None:
    estimate = estimate_run(run(sources, tmp_path / "tried"))
    lines = {line.split("  ")[0].strip(): line for line in as_text(estimate).splitlines()}
    assert f"{estimate.parameters:,}" in lines["parameters"]
    assert f"{estimate.updates:,} to go" in lines["updates"]
    assert lines["time"].endswith(f"at {estimate.tokens_per_second:,.0f} tokens/s")
