"""``rewrite`` on the command line, with a model small enough to be made within a test."""

import json
from pathlib import Path

import pytest

from assistant.__main__ import main
from assistant.rewriting_record import save_record
from assistant.signature import file_hash
from assistant.types import RewriteKind
from tests.small_models import write_small_checkpoint

TEXT = "The gate stood open and it holds.\n\n  We are short of two people.\n"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_small_checkpoint(tmp_path / "small")


def run(monkeypatch: pytest.MonkeyPatch, data_dir: Path, model: Path, *further: str) -> int:
    options = ["--text", TEXT, "--model", str(model), "--data-dir", str(data_dir)]
    monkeypatch.setattr("sys.argv", ["assistant", "rewrite", "shorter", *options, *further])
    return main()


def test_a_model_that_was_not_checked_is_refused_unless_one_insists(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, tmp_path / "data", model) == 1
    assert "was not checked for rewriting (shorter)" in capsys.readouterr().err
    assert run(monkeypatch, tmp_path / "data", model, "--unchecked") == 0
    assert "\n\n  " in capsys.readouterr().out


def test_one_that_passed_rewrites_and_a_seed_reproduces(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = file_hash(model / "model.safetensors")
    save_record(model, weights, [RewriteKind.SHORTER], {})
    made = []
    for _ in range(2):
        assert run(monkeypatch, tmp_path / "data", model, "--json", "--seed", "5") == 0
        made.append(json.loads(capsys.readouterr().out))
    assert made[0] == made[1]
    says = {"kind", "selection", "text", "finish", "lost", "added", "passages", "signature", "voice_score"}
    assert set(made[0]) == says
    assert made[0]["signature"]["weights_sha256"] == weights
    assert made[0]["signature"]["rewrite"]["seed"] == 5
