"""The loop: rates, learning, and a killed run that goes on as if nothing had been."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import LlamaForCausalLM

from assistant.errors import TrainingError
from assistant.training.checkpoints import current_model
from assistant.training.loop import LoopSettings, Progress, TrainingRun
from assistant.training.model import ModelSize, new_model
from assistant.training.optimizer import MasterOptimizer, Rates
from assistant.training.shards import ShardWriter, Source, load_sources
from tests.small_models import small_model, small_tokenizer
from tests.training.killed_runs import digest

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = LoopSettings(tokens=2000, tokens_per_batch=400, warmup_tokens=400, decay_share=0.5, seed=2)


@pytest.fixture
def sources(tmp_path: Path) -> tuple[Source, ...]:
    """Texts that repeat themselves, so that there is something to learn."""
    generator = np.random.default_rng(0)
    writer = ShardWriter(tmp_path / "shards" / "loops", weighted=False)
    for _ in range(60):
        start, length = int(generator.integers(15, 40)), int(generator.integers(20, 60))
        writer.add([15 + (start + i) % 25 for i in range(length)])
    writer.close()
    return load_sources(tmp_path / "shards")


def small() -> LlamaForCausalLM:
    return small_model(spread=0.02)


def train(sources: tuple[Source, ...], folder: Path, settings: LoopSettings = SETTINGS) -> list[Progress]:
    run = TrainingRun(small(), sources, settings, folder=folder, signature={})
    return list(run.run())


# Settings


@pytest.mark.parametrize("values", [{"tokens": 0}, {"tokens": -5}, {"decay_share": 1.5}, {"decay_share": -0.1}])
def test_settings_out_of_range_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(TrainingError, match="tokens must be above 0, the share in 0 to 1"):
        replace(SETTINGS, **values)  # type: ignore[arg-type]


def test_the_rate_rises_stays_and_falls() -> None:
    settings = LoopSettings(tokens=10_000, warmup_tokens=1_000, decay_share=0.4)
    factors = [settings.rate_factor(seen) for seen in range(0, 10_001, 100)]
    assert factors[0] == pytest.approx(0.001)
    assert factors[5] == pytest.approx(0.5, abs=0.01)
    assert all(factor == 1 for factor in factors[10:61])
    assert factors[80] == pytest.approx(0.51, abs=0.01)
    assert factors[100] == pytest.approx(0.02)
    assert factors[:11] == sorted(factors[:11])
    assert factors[60:] == sorted(factors[60:], reverse=True)


def test_without_decay_the_rate_stays_at_its_peak() -> None:
    settings = LoopSettings(tokens=10_000, warmup_tokens=0, decay_share=0)
    assert {settings.rate_factor(seen) for seen in (0, 5_000, 9_999, 10_000)} == {1.0}


def test_a_decay_over_all_tokens_starts_at_once() -> None:
    settings = LoopSettings(tokens=10_000, warmup_tokens=0, decay_share=1)
    factors = [settings.rate_factor(seen) for seen in (0, 2_500, 5_000, 10_000)]
    assert factors == pytest.approx([1, 0.755, 0.51, 0.02])


# Training


def test_a_run_learns_reports_and_stops_at_its_tokens(sources: tuple[Source, ...], tmp_path: Path) -> None:
    settings = replace(SETTINGS, tokens=6_000, rates=Rates(matrix=0.02, other=0.02))
    reports = train(sources, tmp_path / "run", settings)
    assert reports[0].loss == pytest.approx(np.log(500), rel=0.1)
    assert reports[-1].loss < 0.7 * reports[0].loss
    assert [report.step for report in reports] == list(range(1, len(reports) + 1))
    counts = [report.tokens for report in reports]
    assert counts == sorted(counts)
    assert counts[-2] < 6_000 <= counts[-1]
    assert reports[-1].seconds_left == 0


def test_the_finished_weights_are_what_was_saved(sources: tuple[Source, ...], tmp_path: Path) -> None:
    run = TrainingRun(small(), sources, SETTINGS, folder=tmp_path / "run", signature={})
    list(run.run())
    saved = load_file(current_model(tmp_path / "run") / "model.safetensors")
    assert saved["model.norm.weight"].dtype == torch.bfloat16
    begun = small().state_dict()
    changed = [name for name, tensor in saved.items() if not torch.equal(tensor, begun[name])]
    assert len(changed) == len(saved)


def test_the_same_run_leaves_the_same_bytes_and_another_seed_others(
    sources: tuple[Source, ...], tmp_path: Path
) -> None:
    for name, settings in {"a": SETTINGS, "b": SETTINGS, "c": replace(SETTINGS, seed=3)}.items():
        train(sources, tmp_path / name, settings)
    assert digest(tmp_path / "a") == digest(tmp_path / "b") != digest(tmp_path / "c")


def test_a_run_broken_off_between_saves_goes_on_exactly(sources: tuple[Source, ...], tmp_path: Path) -> None:
    train(sources, tmp_path / "whole")
    run = TrainingRun(small(), sources, SETTINGS, folder=tmp_path / "broken", signature={})
    updates = run.run()
    for _ in range(3):
        next(updates)
    run.save()
    for _ in range(2):  # done, and lost
        next(updates)
    resumed = train(sources, tmp_path / "broken")
    assert resumed[0].step == 4
    assert digest(tmp_path / "broken") == digest(tmp_path / "whole")


def test_a_finished_run_has_nothing_left_to_do(sources: tuple[Source, ...], tmp_path: Path) -> None:
    train(sources, tmp_path / "run")
    before = digest(tmp_path / "run")
    assert train(sources, tmp_path / "run") == []
    assert digest(tmp_path / "run") == before


def test_a_folder_with_a_run_of_other_settings_is_refused(sources: tuple[Source, ...], tmp_path: Path) -> None:
    train(sources, tmp_path / "run")
    with pytest.raises(TrainingError, match=r"differs in settings"):
        train(sources, tmp_path / "run", replace(SETTINGS, rates=Rates(matrix=0.5)))


def test_a_folder_with_a_run_on_other_data_is_refused(sources: tuple[Source, ...], tmp_path: Path) -> None:
    TrainingRun(small(), sources, SETTINGS, folder=tmp_path / "run", signature={"data": "abc"}).save()
    with pytest.raises(TrainingError, match=r"differs in data"):
        TrainingRun(small(), sources, SETTINGS, folder=tmp_path / "run", signature={"data": "def"})


def test_too_little_data_for_one_update_is_said(sources: tuple[Source, ...], tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"\d+ batches per pass, 100 needed for one update: add data"):
        train(sources, tmp_path / "run", replace(SETTINGS, accumulation=100))


def test_a_loss_that_is_no_number_stops_the_run_before_it_is_saved(sources: tuple[Source, ...], tmp_path: Path) -> None:
    model = small()
    run = TrainingRun(model, sources, SETTINGS, folder=tmp_path / "run", signature={})
    updates = run.run()
    next(updates)
    run.save()
    before = digest(tmp_path / "run")
    with torch.no_grad():
        model.model.norm.weight.fill_(torch.nan)
    with pytest.raises(TrainingError, match=r"the loss is nan at step 2: lower the learning rates and resume"):
        list(updates)
    assert digest(tmp_path / "run") == before


def test_killed_anywhere_a_resumed_run_leaves_the_very_bytes_of_an_undisturbed_one(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.training.killed_runs", str(tmp_path), "6"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    assert len(results) == 6
    assert all(result == {"killed": True, "resumed": True, "same": True} for result in results.values()), done


# Optimizer and model


def test_updates_smaller_than_bfloat16_can_hold_are_not_lost() -> None:
    model = small().to(torch.bfloat16)
    optimizer = MasterOptimizer(model, Rates(matrix=0.0, other=1e-4))
    weight = model.model.norm.weight  # ones: the next number below in bfloat16 is 1/256 away
    for _ in range(100):
        weight.grad = torch.ones_like(weight)
        optimizer.step(rate_factor=1.0)
    assert weight.float().mean().item() == pytest.approx(0.99, abs=0.004)


def test_gradients_are_clipped_and_dropped() -> None:
    model = small().to(torch.bfloat16)
    optimizer = MasterOptimizer(model, Rates())
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    size = sum(parameter.numel() for parameter in model.parameters())
    assert optimizer.step(rate_factor=1.0) == pytest.approx(size**0.5, rel=1e-3)
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_rate_of_0_moves_nothing() -> None:
    model = small().to(torch.bfloat16)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    optimizer = MasterOptimizer(model, Rates())
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step(rate_factor=0.0)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_a_new_model_starts_as_the_identity_and_is_the_same_for_a_seed() -> None:
    size = ModelSize(hidden=32, layers=2, heads=2, key_value_heads=1, feed_forward=64, context=128)
    end = small_tokenizer().eos_token_id

    def build(seed: int) -> LlamaForCausalLM:
        return new_model(size, vocabulary_size=500, end_id=end, seed=seed)

    first, again, other = (build(seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["model.embed_tokens.weight"], other["model.embed_tokens.weight"])
    model = build(1)
    ids = torch.tensor([[1, 2, 3]])
    hidden = model.model(input_ids=ids, output_hidden_states=True).hidden_states
    assert torch.equal(hidden[0], hidden[1])


def test_the_default_size_is_the_one_the_model_card_states() -> None:
    with torch.device("meta"):
        model = new_model(ModelSize(), vocabulary_size=8192, end_id=0, seed=0)
    assert sum(parameter.numel() for parameter in model.parameters()) == pytest.approx(15.7e6, rel=0.01)


@pytest.fixture(autouse=True)
def keep_random_state() -> Iterator[None]:
    """``new_model`` seeds torch; no other test is to depend on that."""
    state = torch.get_rng_state()
    yield
    torch.set_rng_state(state)
