"""A small checkpoint and a generator over it, with one thread."""

from pathlib import Path

import pytest

from assistant.generation.local import LocalGenerator
from tests.one_thread import one_thread
from tests.small_models import as_loaded, small_model, write_small_checkpoint

__all__ = ["one_thread"]


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint folder; tests that damage it work on a copy."""
    return write_small_checkpoint(tmp_path_factory.mktemp("models") / "small")


@pytest.fixture
def generator() -> LocalGenerator:
    """A small model in float32, in which a cached prefix gives the very numbers a fresh one gives."""
    return LocalGenerator(as_loaded(small_model().float().eval(), model="small"))
