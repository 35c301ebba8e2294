"""Several processes: two that were launched by accelerate train as one does, replicated or sharded (FSDP)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.errors import TrainingError
from tests.training.launched_run import training_run, write_shards

ROOT = Path(__file__).resolve().parents[2]
FSDP = ["--config_file", "assistant/training/fsdp.yaml"]
REPLICAS = ["--multi_gpu", "--mixed_precision", "no", "--num_machines", "1", "--dynamo_backend", "no"]
UPDATES = 4

Losses = list[tuple[float, float | None]]


def launch(options: list[str], shards: Path, folder: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "accelerate.commands.launch", *options, "--num_processes", "2"]
    program = ["--main_process_port", "0", "-m", "tests.training.launched_run", str(shards), str(folder), str(UPDATES)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    return subprocess.Popen(
        [*command, *program], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def losses(shards: Path, folder: Path) -> Losses:
    return [(step.loss, step.validation) for step in training_run(shards, folder, processes=1).run()]


def same(found: Losses, expected: Losses) -> bool:
    """Equal but for the order in which bfloat16 numbers are added up."""
    return len(found) == len(expected) and all(
        loss == pytest.approx(wanted, rel=0.02)
        and (checked == wanted_check if wanted_check is None else checked == pytest.approx(wanted_check, rel=0.02))
        for (loss, checked), (wanted, wanted_check) in zip(found, expected, strict=True)
    )


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shards(tmp_path_factory.mktemp("shards"))


@pytest.fixture(scope="module")
def alone(shards: Path, tmp_path_factory: pytest.TempPathFactory) -> Losses:
    """What one process sees, which is worth comparing with."""
    found = losses(shards, tmp_path_factory.mktemp("alone") / "run")
    assert found[-1][0] < 0.8 * found[0][0]
    assert any(validation is not None for _, validation in found[:UPDATES])
    return found


@pytest.mark.parametrize(
    ("options", "parameters"), [(FSDP, "DTensor"), (REPLICAS, "Parameter")], ids=["sharded", "replicated"]
)
def test_two_processes_train_as_one_does_and_one_goes_on_from_there(
    options: list[str], parameters: str, shards: Path, alone: Losses, tmp_path: Path
) -> None:
    with launch(options, shards, tmp_path / "run") as process:
        output, _ = process.communicate(timeout=600)
    assert process.returncode == 0, output
    report = json.loads((tmp_path / "run.json").read_text())
    assert report["processes"] == 2
    assert report["parameters"] == [parameters]
    assert same([tuple(pair) for pair in report["losses"]], alone[:UPDATES])
    resumed = losses(shards, tmp_path / "run")
    assert same(resumed, alone[UPDATES:])


def test_a_run_is_not_resumed_with_more_batches_per_update(shards: Path, tmp_path: Path) -> None:
    training_run(shards, tmp_path / "run", processes=1).save()
    with pytest.raises(TrainingError, match="differs in settings"):
        training_run(shards, tmp_path / "run", processes=2)  # one batch per update, as there is one process here
