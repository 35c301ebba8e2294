"""Which model a process starts with: the one asked for, else the one chosen in the app, else the shipped one."""

import logging
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.assembly import load
from assistant.errors import ModelError
from assistant.models.catalogue import SHIPPED
from assistant.models.store import ModelStore
from assistant.settings import Settings
from tests.small_models import write_small_checkpoint


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "data").mkdir()
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture
def small(tmp_path: Path) -> str:
    return str(write_small_checkpoint(tmp_path / "small"))


def asking_for(settings: Settings, model: str) -> Settings:
    return replace(settings, generation=replace(settings.generation, model=model))


def test_the_model_asked_for_wins_over_the_one_chosen(settings: Settings, small: str) -> None:
    ModelStore(settings.data_dir).choose("someone/gone")
    with closing(load(asking_for(settings, small))) as assistant:
        assert assistant.model == small
        assert assistant.pipeline.generator.signature["model"] == "small"


def test_the_model_chosen_in_the_app_is_used_at_the_next_start(settings: Settings, small: str) -> None:
    ModelStore(settings.data_dir).choose(small)
    with closing(load(settings)) as assistant:
        assert assistant.model == small
        assert assistant.trouble == ""


def test_without_the_one_chosen_the_shipped_one_writes_and_the_reason_is_kept(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    ModelStore(settings.data_dir).choose("someone/gone")
    with caplog.at_level(logging.WARNING), closing(load(settings)) as assistant:
        assert assistant.model == SHIPPED
        assert "someone/gone, cannot be used: no checkpoint at someone/gone" in assistant.trouble
    assert "writing with the shipped one" in caplog.text


def test_a_model_asked_for_that_is_not_here_is_an_error(settings: Settings) -> None:
    with pytest.raises(ModelError, match="python -m assistant model download someone/gone"):
        load(asking_for(settings, "someone/gone"))
