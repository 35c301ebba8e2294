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
from assistant.generation.packing import can_pack, pack, rounded
from assistant.training.checkpoints import current_model, latest_state
from assistant.training.curve import PICTURE_FILE, read_curve
from assistant.training.loop import LoopSettings, TrainingRun
from assistant.training.model import ModelSize, new_model
from assistant.training.optimizer import MasterOptimizer, Rates
from assistant.training.resumable import Progress
from assistant.training.shards import ShardWriter, Source, load_sources
from assistant.training.validation import Validation
from tests.full_disk import full_disk
from tests.generation.architectures import FAMILIES
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
        [sys.executable, "-m", "tests.training.killed_runs", str(tmp_path), "8"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    assert len(results) == 8
    assert all(result == {"killed": True, "resumed": True, "same": True} for result in results.values()), done


def test_accumulated_batches_are_one_larger_batch(tmp_path: Path) -> None:
    """Examples of one length, so that two batches of four hold what one of eight does, in the same order."""
    writer = ShardWriter(tmp_path / "shards" / "even", weighted=False)
    generator = np.random.default_rng(0)
    for _ in range(64):
        writer.add(generator.integers(15, 60, 33).tolist())
    writer.close()
    sources = load_sources(tmp_path / "shards")
    settings = replace(SETTINGS, tokens=33 * 64 * 2, rates=Rates(matrix=0.02, other=0.02))
    weights = {}
    for name, tokens_per_batch, accumulation in (("whole", 64 * 65, 1), ("parts", 16 * 65, 4), ("other", 32 * 65, 1)):
        changed = replace(settings, tokens_per_batch=tokens_per_batch, accumulation=accumulation)
        reports = train(sources, tmp_path / name, changed)
        weights[name] = load_file(current_model(tmp_path / name) / "model.safetensors")["model.embed_tokens.weight"]
        assert [report.tokens for report in reports][-1] == 33 * 64 * 2
    moved = (weights["whole"].float() - small().to(torch.bfloat16).model.embed_tokens.weight.float()).norm()
    assert (weights["whole"].float() - weights["parts"].float()).norm() < 0.1 * moved
    assert (weights["whole"].float() - weights["other"].float()).norm() > 0.3 * moved


def test_a_run_from_before_there_were_later_settings_is_resumed(sources: tuple[Source, ...], tmp_path: Path) -> None:
    recipe = SETTINGS.as_recipe(processes=1)
    assert list(recipe) == [
        "tokens",
        "tokens_per_batch",
        "accumulation",
        "rates",
        "warmup_tokens",
        "decay_share",
        "seed",
    ]
    TrainingRun(small(), sources, SETTINGS, folder=tmp_path / "run", signature={}).save()
    saved = json.loads((current_model(tmp_path / "run").parent / "state.json").read_text())
    assert list(saved["state"]) == ["step", "tokens", "round_number", "batch"]
    assert list(saved["recipe"]) == ["settings"]
    with pytest.raises(TrainingError, match="differs in settings"):
        train(sources, tmp_path / "run", replace(SETTINGS, separator=0))


def test_the_curve_has_every_update_once(sources: tuple[Source, ...], tmp_path: Path) -> None:
    reports = train(sources, tmp_path / "run")
    curve = read_curve(tmp_path / "run")
    assert [(point.step, point.tokens, point.loss) for point in curve] == [
        (report.step, report.tokens, report.loss) for report in reports
    ]
    assert [point.rate for point in curve] == [
        SETTINGS.rate_factor(tokens) for tokens in (0, *[r.tokens for r in reports[:-1]])
    ]
    assert "<svg" in (tmp_path / "run" / PICTURE_FILE).read_text()


def test_a_run_can_keep_the_documents_of_a_window_apart(tmp_path: Path) -> None:
    writer = ShardWriter(tmp_path / "shards" / "echoes", weighted=False)
    generator = np.random.default_rng(0)
    for _ in range(40):
        writer.add([*generator.integers(15, 500, 12).tolist(), 0] * 4)
    writer.close()
    sources = load_sources(tmp_path / "shards")
    together = train(sources, tmp_path / "together")
    apart = train(sources, tmp_path / "apart", replace(SETTINGS, separator=0))
    assert [report.tokens for report in together] == [report.tokens for report in apart]
    assert together[0].loss != apart[0].loss
    assert together[0].loss == pytest.approx(apart[0].loss, rel=0.05)


# Validation


def validation(sources: tuple[Source, ...], *, patience: int = 2) -> Validation:
    return Validation(sources, every_tokens=500, patience=patience)


@pytest.fixture
def unlearnable(tmp_path: Path) -> tuple[Source, ...]:
    """Held-out noise: what is learnt of the loops makes it less likely, never more."""
    writer = ShardWriter(tmp_path / "noise" / "noise", weighted=False)
    generator = np.random.default_rng(1)
    for _ in range(10):
        writer.add(generator.integers(60, 500, 40).tolist())
    writer.close()
    return load_sources(tmp_path / "noise")


LONG = replace(SETTINGS, tokens=8_000, decay_share=0.0, rates=Rates(matrix=0.02, other=0.02))


def validated(
    sources: tuple[Source, ...], folder: Path, held_out: tuple[Source, ...], settings: LoopSettings = LONG
) -> TrainingRun:
    return TrainingRun(small(), sources, settings, folder=folder, signature={}, validation=validation(held_out))


def test_a_run_stops_where_validation_gets_no_better_and_keeps_the_best(
    sources: tuple[Source, ...], unlearnable: tuple[Source, ...], tmp_path: Path
) -> None:
    run = validated(sources, tmp_path / "run", unlearnable)
    reports = list(run.run())
    checks = [(report.step, report.validation) for report in reports if report.validation is not None]
    assert reports[-1].tokens < LONG.tokens
    losses = [loss for _, loss in checks]
    best = losses.index(min(losses))
    assert len(losses) == best + 1 + 2
    assert run.state.early_stop is not None
    assert (run.state.early_stop.best_step, run.state.early_stop.best_loss) == checks[best]
    assert current_model(tmp_path / "run").name == f"best-{checks[best][0]:07d}"
    assert current_model(tmp_path / "run", last=True).name == "model"
    assert len(list((tmp_path / "run").glob("best-*"))) == 1
    assert [point.validation for point in read_curve(tmp_path / "run") if point.validation is not None] == losses
    assert list(validated(sources, tmp_path / "run", unlearnable).run()) == []  # stopped is stopped


def test_a_run_that_gets_better_goes_to_its_end_and_its_last_weights_are_the_best(
    sources: tuple[Source, ...], tmp_path: Path
) -> None:
    run = validated(sources, tmp_path / "run", sources, replace(LONG, decay_share=0.5))
    reports = list(run.run())
    assert reports[-1].tokens >= LONG.tokens
    assert reports[-1].validation is not None
    losses = [report.validation for report in reports if report.validation is not None]
    assert losses[-1] == min(losses)
    best, last = (current_model(tmp_path / "run", last=last) / "model.safetensors" for last in (False, True))
    assert best.read_bytes() == last.read_bytes()


def test_checks_come_every_so_many_tokens() -> None:
    held_out = Validation((), every_tokens=500)
    assert [
        held_out.is_due(before, after, end=2000) for before, after in ((0, 499), (499, 500), (500, 900), (900, 1600))
    ] == [
        False,
        True,
        False,
        True,
    ]
    assert held_out.is_due(1990, 2001, end=2001)


def test_an_early_stop_is_resumed_exactly(
    sources: tuple[Source, ...], unlearnable: tuple[Source, ...], tmp_path: Path
) -> None:
    list(validated(sources, tmp_path / "whole", unlearnable).run())
    run = validated(sources, tmp_path / "broken", unlearnable)
    updates = run.run()
    while next(updates).validation is None:
        pass
    run.save()
    for _ in range(2):  # done, and lost
        next(updates)
    updates.close()  # type: ignore[attr-defined]
    list(validated(sources, tmp_path / "broken", unlearnable).run())
    assert digest(tmp_path / "broken") == digest(tmp_path / "whole")


def test_another_validation_is_another_run(sources: tuple[Source, ...], tmp_path: Path) -> None:
    validated(sources, tmp_path / "run", sources).save()
    with pytest.raises(TrainingError, match="differs in validation"):
        train(sources, tmp_path / "run", LONG)


def test_a_full_disk_while_the_best_weights_are_kept_leaves_the_state_before(
    sources: tuple[Source, ...], tmp_path: Path
) -> None:
    run = validated(sources, tmp_path / "run", sources)
    updates = run.run()
    while next(updates).validation is None:
        pass
    run.save()
    saved = run.state
    with full_disk(5_000), pytest.raises(TrainingError, match="free some space and resume"):
        list(updates)
    found = latest_state(
        tmp_path / "run",
        json.loads((tmp_path / "run" / f"state-{saved.step:07d}" / "state.json").read_text())["recipe"],
    )
    assert found is not None
    assert found[0] == saved
    list(validated(sources, tmp_path / "run", sources).run())
    list(validated(sources, tmp_path / "whole", sources).run())
    assert digest(tmp_path / "run") == digest(tmp_path / "whole")


@pytest.mark.parametrize("values", [{"every_tokens": 0}, {"every_tokens": 5, "patience": 0}])
def test_validation_out_of_range_is_refused(values: dict[str, int]) -> None:
    with pytest.raises(TrainingError, match="both must be above 0"):
        Validation((), **values)


# Shards that do not fit


def pairs(folder: Path, *, largest: int = 300) -> tuple[Source, ...]:
    writer = ShardWriter(folder / "pairs", weighted=True)
    generator = np.random.default_rng(0)
    for _ in range(30):
        written = [*range(20, 20 + int(generator.integers(3, 9))), 1]
        writer.add_pair(
            generator.integers(3, largest, int(generator.integers(5, 90))).tolist(), written, [10] * len(written)
        )
    writer.close()
    return load_sources(folder)


def test_an_encoder_decoder_learns_and_resumes(tmp_path: Path) -> None:
    settings = replace(SETTINGS, tokens=4_000, tokens_per_batch=800, rates=Rates(matrix=0.005, other=0.01))
    made = pairs(tmp_path / "shards")

    def run(folder: str) -> TrainingRun:
        torch.manual_seed(0)
        return TrainingRun(FAMILIES["t5"].model(400), made, settings, folder=tmp_path / folder, signature={})

    reports = list(run("whole").run())
    assert reports[-1].loss < 0.8 * reports[0].loss
    broken = run("broken")
    updates = broken.run()
    next(updates)
    broken.save()
    list(run("broken").run())
    assert digest(tmp_path / "broken") == digest(tmp_path / "whole")


def test_shards_of_the_other_kind_of_model_are_refused(sources: tuple[Source, ...], tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"pairs are not for a causal model such as llama: .*--architecture"):
        train(pairs(tmp_path / "pairs"), tmp_path / "run")
    with pytest.raises(TrainingError, match=r"loops are not for an encoder-decoder such as t5"):
        TrainingRun(FAMILIES["t5"].model(400), sources, SETTINGS, folder=tmp_path / "run", signature={})


def test_ids_that_the_model_does_not_have_are_refused(tmp_path: Path) -> None:
    made = pairs(tmp_path / "pairs", largest=2000)
    with pytest.raises(TrainingError, match=r"pairs hold the id 19\d\d, the model has 428 tokens: .*own tokenizer"):
        TrainingRun(FAMILIES["t5"].model(400), made, SETTINGS, folder=tmp_path / "run", signature={})


def test_documents_cannot_be_kept_apart_in_an_encoder_decoder(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="leave out --separate-documents"):
        TrainingRun(
            FAMILIES["t5"].model(400),
            pairs(tmp_path / "pairs"),
            replace(SETTINGS, separator=1),
            folder=tmp_path / "run",
            signature={},
        )


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


def test_adamw_can_have_the_matrices_too(sources: tuple[Source, ...], tmp_path: Path) -> None:
    settings = replace(SETTINGS, tokens=6_000, rates=Rates(matrix=0.005, other=0.005, matrix_optimizer="adamw"))
    reports = train(sources, tmp_path / "adamw", settings)
    assert reports[-1].loss < 0.7 * reports[0].loss
    run = TrainingRun(small(), sources, settings, folder=tmp_path / "adamw", signature={})
    assert not any(name.endswith("momentum_buffer") for name in run.optimizer.state())  # which is Muon's


def test_a_run_by_muon_is_not_resumed_by_adamw(sources: tuple[Source, ...], tmp_path: Path) -> None:
    train(sources, tmp_path / "run", SETTINGS)
    by_adamw = replace(SETTINGS, rates=replace(SETTINGS.rates, matrix_optimizer="adamw"))
    with pytest.raises(TrainingError, match="differs in settings"):
        train(sources, tmp_path / "run", by_adamw)


def test_a_quantized_run_computes_with_four_bits_and_learns_in_more(
    sources: tuple[Source, ...], tmp_path: Path
) -> None:
    settings = replace(SETTINGS, tokens=6_000, quantized=True)
    reports = train(sources, tmp_path / "run", settings)
    assert reports[-1].loss < 0.7 * reports[0].loss
    run = TrainingRun(small(), sources, settings, folder=tmp_path / "run", signature={})
    weights = run.model.state_dict()
    masters = {
        name.removeprefix("master."): t for name, t in run.optimizer.state().items() if name.startswith("master")
    }
    matrices = [name for name, master in masters.items() if can_pack(master)]
    assert matrices
    assert all(torch.equal(weights[name], rounded(masters[name]).bfloat16()) for name in matrices)
    assert all(not torch.equal(weights[name].float(), masters[name]) for name in matrices)


def test_packing_takes_next_to_nothing_from_a_quantized_run(sources: tuple[Source, ...], tmp_path: Path) -> None:
    def packed_loss(*, quantized: bool) -> tuple[float, float]:
        folder = tmp_path / f"quantized-{quantized}"
        train(sources, folder, replace(SETTINGS, tokens=6_000, quantized=quantized))
        model = LlamaForCausalLM.from_pretrained(current_model(folder))
        before = loss_of(model, sources)
        for name, weight in model.state_dict().items():
            if can_pack(weight):
                model.state_dict()[name].copy_(pack(weight).whole())
        return before, loss_of(model, sources)

    before, after = packed_loss(quantized=True)
    plain_before, plain_after = packed_loss(quantized=False)
    assert abs(after - before) < 0.02
    assert abs(after - before) < plain_after - plain_before


def loss_of(model: LlamaForCausalLM, sources: tuple[Source, ...]) -> float:
    """Nats a token on the first examples."""
    ids = torch.tensor([[int(token) for token in sources[0].tokens[:300]]])
    with torch.no_grad():
        return float(model(input_ids=ids, labels=ids).loss)


def test_a_run_in_full_precision_is_not_resumed_quantized(sources: tuple[Source, ...], tmp_path: Path) -> None:
    train(sources, tmp_path / "run", SETTINGS)
    with pytest.raises(TrainingError, match="differs in settings"):
        train(sources, tmp_path / "run", replace(SETTINGS, quantized=True))


@pytest.mark.parametrize("family", ["smollm", "llama", "qwen", "t5", "flan-t5"])
def test_embeddings_heads_and_vectors_are_left_to_adamw(family: str) -> None:
    model = FAMILIES[family].model(400)
    optimizer = MasterOptimizer(model, Rates())
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step(rate_factor=1.0)
    shapes = {"muon": set(), "adamw": set()}  # type: ignore[var-annotated]
    for name, tensor in optimizer.state().items():
        if name.startswith("moment") and tensor.ndim:
            shapes["muon" if name.endswith("momentum_buffer") else "adamw"].add(tuple(tensor.shape))
    assert shapes["muon"]
    assert all(len(shape) == 2 and max(shape) < 400 for shape in shapes["muon"])
    assert any(max(shape) >= 400 for shape in shapes["adamw"])
    heads = 2
    assert (32, heads) not in shapes["muon"]  # T5's table of relative positions is an embedding
    kept = sum(
        tensor.numel() for name, tensor in optimizer.state().items() if name.startswith("moment") and tensor.ndim
    )
    assert kept == optimizer.moment_numbers
    assert optimizer.trained_numbers == sum(parameter.numel() for parameter in model.parameters())


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
