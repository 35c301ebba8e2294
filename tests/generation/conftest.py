"""A small checkpoint, and one thread: these models are so small that a second one only gets in the way."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from assistant.generation.local import LocalGenerator
from assistant.generation.vocabulary import read_vocabulary
from tests.small_models import VOCABULARY, small_model, small_tokenizer, write_small_checkpoint


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint folder; tests that damage it work on a copy."""
    return write_small_checkpoint(tmp_path_factory.mktemp("models") / "small")


@pytest.fixture
def generator() -> LocalGenerator:
    """A small model in float32, in which a cached prefix gives the very numbers a fresh one gives."""
    vocabulary = read_vocabulary(small_tokenizer(), size=VOCABULARY)
    return LocalGenerator(small_model().float().eval(), vocabulary, {"model": "small"})
