"""LoRA over models of others: little is trained, a killed run goes on, and the adapter is merged or kept."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import PreTrainedModel

from assistant.errors import ModelError, TrainingError
from assistant.training.adapters import add_adapter, base_of, is_adapter
from assistant.training.checkpoints import current_model
from assistant.training.loop import LoopSettings, TrainingRun
from assistant.training.optimizer import Rates
from assistant.training.shards import ShardWriter, Source, load_sources
from assistant.training.starting import load_start
from tests.generation.architectures import FAMILIES

SETTINGS = LoopSettings(
    tokens=2500, tokens_per_batch=600, rates=Rates(other=0.02), warmup_tokens=200, decay_share=0.5, seed=2
)
KINDS = ["smollm", "t5"]


def shards(folder: Path, family: str) -> tuple[Source, ...]:
    """Texts that repeat themselves."""
    writer = ShardWriter(folder / family, weighted=True)
    generator = np.random.default_rng(0)
    for _ in range(40):
        start, length = int(generator.integers(15, 40)), int(generator.integers(20, 60))
        ids = [15 + (start + i) % 25 for i in range(length)]
        if family == "t5":
            writer.add_pair(ids[:10], ids[10:], [10] * (length - 10))
        else:
            writer.add(ids, [10] * length)
    writer.close()
    return load_sources(folder)


def run(base: Path, sources: tuple[Source, ...], folder: Path, settings: LoopSettings = SETTINGS) -> TrainingRun:
    model = load_start(str(base)).model
    add_adapter(model, rank=4, seed=settings.seed)
    return TrainingRun(model, sources, settings, folder=folder, signature={"lora": {"rank": 4}})


@pytest.fixture(params=KINDS)
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def base(tmp_path: Path, family: str) -> Path:
    return FAMILIES[family].write(tmp_path / "base")


def logits(model: PreTrainedModel) -> torch.Tensor:
    ids = torch.tensor([[15, 16, 17, 18, 19]])
    inputs = {"decoder_input_ids": ids} if model.config.is_encoder_decoder else {}
    with torch.no_grad():
        found: torch.Tensor = model(input_ids=ids, **inputs).logits.float()
    return found


def test_an_adapter_learns_while_its_base_stays_and_both_make_the_model(
    base: Path, family: str, tmp_path: Path
) -> None:
    trained = run(base, shards(tmp_path / "shards", family), tmp_path / "run")
    reports = list(trained.run())
    assert reports[-1].loss < 0.9 * reports[0].loss
    names = [name for name, parameter in trained.model.named_parameters() if parameter.requires_grad]
    assert names
    assert all("lora_" in name for name in names)
    assert trained.optimizer.moment_numbers == 2 * trained.optimizer.trained_numbers  # AdamW alone
    folder = current_model(tmp_path / "run")
    assert sorted(path.suffix for path in folder.iterdir() if "adapter" in path.name) == [".json", ".safetensors"]
    assert base_of(folder) == str(base.resolve())
    merged = load_start(str(tmp_path / "run")).model
    assert type(merged) is type(load_start(str(base)).model)
    untrained = logits(load_start(str(base)).model)
    adapted = logits(trained.model)
    scale = (adapted - untrained).norm()
    assert scale > 0
    assert (logits(merged) - adapted).norm() < 0.2 * scale  # bfloat16 rounds the merged weights
    assert merged.dtype == torch.bfloat16


def test_a_broken_adapter_run_goes_on_exactly(base: Path, family: str, tmp_path: Path) -> None:
    sources = shards(tmp_path / "shards", family)
    list(run(base, sources, tmp_path / "whole").run())
    broken = run(base, sources, tmp_path / "broken")
    updates = broken.run()
    next(updates)
    broken.save()
    next(updates)
    list(run(base, sources, tmp_path / "broken").run())
    for name in ("adapter_model.safetensors", "../optimizer.safetensors"):
        whole, resumed = (load_file(current_model(tmp_path / folder) / name) for folder in ("whole", "broken"))
        assert whole.keys() == resumed.keys()
        assert all(torch.equal(whole[key], resumed[key]) for key in whole)


@pytest.mark.parametrize("rank", [0, -3])
def test_a_rank_that_is_none_is_refused(rank: int) -> None:
    with pytest.raises(TrainingError, match=rf"--lora-rank {rank}: expected a number above 0"):
        add_adapter(FAMILIES["smollm"].model(400), rank=rank, seed=0)


def test_an_adapter_over_another_model_is_refused(tmp_path: Path) -> None:
    small = FAMILIES["smollm"].write(tmp_path / "small")
    trained = run(small, shards(tmp_path / "shards", "smollm"), tmp_path / "run", replace(SETTINGS, tokens=500))
    list(trained.run())
    folder = current_model(tmp_path / "run")
    config = json.loads((folder / "adapter_config.json").read_text())
    other = FAMILIES["t5"].write(tmp_path / "other")
    (folder / "adapter_config.json").write_text(json.dumps(config | {"base_model_name_or_path": str(other)}))
    with pytest.raises(ModelError, match=r"the adapter .* does not fit .*other"):
        load_start(str(folder))


@pytest.mark.parametrize(("content", "message"), [("{", "is damaged"), ("{}", "is damaged"), (None, "name its base")])
def test_an_adapter_that_does_not_say_what_it_belongs_to_is_refused(
    tmp_path: Path, content: str | None, message: str
) -> None:
    (tmp_path / "adapter_config.json").write_text(content or '{"base_model_name_or_path": null}')
    assert is_adapter(tmp_path)
    with pytest.raises(ModelError, match=message):
        load_start(str(tmp_path))
