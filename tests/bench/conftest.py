"""The bench verbs as a person types them, on as little work as shows what they do."""

import argparse
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.bench.commands import add_bench_commands

Bench = Callable[[str], Any]


@pytest.fixture(scope="session", autouse=True)
def one_thread_each() -> Iterator[None]:
    """The measured processes inherit it: for so little work a second thread only gets in the way."""
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = "1"
    yield
    if before is None:
        del os.environ["OMP_NUM_THREADS"]
    else:
        os.environ["OMP_NUM_THREADS"] = before


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Run ``bench LINE`` and return the document that it wrote."""

    def run(line: str) -> Any:
        folder = tmp_path_factory.mktemp("bench")
        out = folder / "results" / "bench.json"
        parser = argparse.ArgumentParser()
        add_bench_commands(parser.add_subparsers())
        arguments = parser.parse_args(["bench", *line.split(), "--data-dir", f"{folder / 'work'}", "--out", f"{out}"])
        arguments.run(arguments)
        assert not list((folder / "work").glob("*")), "a bench cleans up after itself"
        return json.loads(out.read_text(encoding="utf-8"))

    return run


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.small_models import write_small_checkpoint

    return write_small_checkpoint(tmp_path_factory.mktemp("models") / "small")
