"""``python -m assistant model``: the same from the command line."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import ModelError
from assistant.models.commands import add_model_commands
from assistant.models.store import ModelStore
from tests.hub_server import FakeHub
from tests.models.conftest import NAME

ROOT = Path(__file__).resolve().parents[2]


def run(*words: str, store: ModelStore) -> None:
    parser = argparse.ArgumentParser()
    add_model_commands(parser.add_subparsers())
    arguments = parser.parse_args(["model", *words, "--data-dir", str(store.folder.parent)])
    arguments.run(arguments)


def models(store: ModelStore, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    run("list", "--json", store=store)
    return {model["name"]: model for model in json.loads(capsys.readouterr().out)["models"]}


def test_download_list_use_remove(store: ModelStore, server: FakeHub, capsys: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-m", "assistant", "model", "download", NAME, "--json"]
    done = subprocess.run(
        [*command, "--data-dir", str(store.folder.parent)],
        cwd=ROOT,
        env=os.environ | {"HF_ENDPOINT": server.url, "HF_HUB_OFFLINE": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["folder"] == str(store.path(NAME))
    assert "licence apache-2.0. Ctrl+C stops it" in done.stderr
    assert models(store, capsys)[NAME]["present"]

    run("use", NAME, store=store)
    assert models(store, capsys)[NAME]["in_use"]
    run("remove", NAME, store=store)
    assert f"{NAME} is gone from this machine" in capsys.readouterr().out
    left = models(store, capsys)
    assert NAME not in left
    assert left["ownhand-109m"]["in_use"]


def test_a_folder_can_be_used_and_is_kept_by_its_whole_path(
    store: ModelStore, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.folder.mkdir(parents=True)
    monkeypatch.chdir(checkpoint.parent)
    run("use", checkpoint.name, store=store)
    assert store.chosen() == str(checkpoint)


def test_a_model_that_cannot_be_loaded_is_not_chosen(store: ModelStore, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="cannot load a language model"):
        run("use", str(tmp_path / "empty"), store=store)
    assert store.chosen() == "ownhand-109m"


def test_the_list_is_a_table_for_people(store: ModelStore, capsys: pytest.CaptureFixture[str]) -> None:
    run("list", store=store)
    shipped, smollm, *_ = capsys.readouterr().out.splitlines()
    assert shipped.split()[:3] == ["in", "use", "ownhand-109m"]
    assert smollm.split() == ["HuggingFaceTB/SmolLM2-135M", "273", "MB", "497", "MB", "memory", "Apache", "2.0"]
