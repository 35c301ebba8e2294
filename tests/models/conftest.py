"""A hub on this machine with one small model, and a store that has none."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from assistant.generation.loading import is_language_model
from assistant.models.download import Downloader
from assistant.models.hub import Hub
from assistant.models.store import ModelStore
from tests.hub_server import FakeHub, fake_hub
from tests.one_thread import one_thread
from tests.small_models import write_small_checkpoint

__all__ = ["one_thread"]

NAME = "someone/Small-1.5M"


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_checkpoint(tmp_path_factory.mktemp("models") / "small")


@pytest.fixture
def server(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("HF_TOKEN", "")
    with fake_hub() as hub:
        hub.add(NAME, checkpoint)
        yield hub


@pytest.fixture
def hub(server: FakeHub) -> Hub:
    return Hub(is_language_model, endpoint=server.url)


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "data")


@pytest.fixture
def downloader(hub: Hub, store: ModelStore) -> Downloader:
    return Downloader(hub, store, pause_seconds=0.01)
