"""What tests share: a small encoder, and an empty library in a folder of its own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.library.library import Library
from tests.hashing_encoder import HashingEncoder

os.environ["HF_HUB_OFFLINE"] = "1"


@pytest.fixture
def encoder() -> HashingEncoder:
    return HashingEncoder()


@pytest.fixture
def library(tmp_path: Path, encoder: HashingEncoder) -> Iterator[Library]:
    opened = Library.open(tmp_path / "data", encoder)
    yield opened
    opened.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: Playwright keeps an event loop running, in which no other test could start its own."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
