"""The Models page's routes: what is here, fetching with progress, another model taken into use meanwhile."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from huggingface_hub import constants

from assistant.assembly import Assistant
from assistant.generation.loading import is_language_model
from assistant.library.library import Library
from assistant.models.catalogue import LISTED, SHIPPED
from assistant.models.hub import Hub
from assistant.models.store import ModelStore
from assistant.ui.models_routes import models_routes
from assistant.ui.problems import explain_problems
from tests.hub_server import FakeHub, fake_hub
from tests.small_models import write_small_checkpoint
from tests.ui.writing_room import Script, assistant_with

NAME = "someone/Small-1.5M"
SECONDS = 120


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_checkpoint(tmp_path_factory.mktemp("models") / "small")


@pytest.fixture
def server(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with fake_hub() as hub:
        hub.add(NAME, checkpoint)
        yield hub


@dataclass
class Page:
    """What the page's script does, without a visitor."""

    client: TestClient
    assistant: Assistant

    def look(self) -> Any:
        return self.client.get("/api/models").json()

    def model(self, name: str = NAME) -> Any:
        return next(model for model in self.look()["models"] if model["name"] == name)

    def ask(self, action: str, name: str = NAME, *, status: int = 200) -> Any:
        answer = self.client.post(f"/api/models/{action}", json={"name": name})
        assert answer.status_code == status, answer.text
        return answer.json()

    def wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < deadline, self.look()
            time.sleep(0.02)

    def fetch(self) -> None:
        self.ask("look-up")
        self.ask("download")
        self.wait(lambda: self.model()["is_present"])


@pytest.fixture
def visitor(library: Library, server: FakeHub, tmp_path: Path) -> Iterator[Page]:
    assistant = assistant_with(library, Script(), tmp_path / "data")
    app = FastAPI()
    app.state.assistant = assistant
    explain_problems(app)
    app.include_router(models_routes(assistant, Hub(is_language_model, endpoint=server.url)))
    with TestClient(app) as client:
        yield Page(client, assistant)


def test_the_list_says_what_each_model_needs_and_asks_nobody(visitor: Page, server: FakeHub) -> None:
    shown = visitor.look()
    assert [model["name"] for model in shown["models"]] == [SHIPPED, *(model.name for model in LISTED)]
    assert shown["models"][0]["is_in_use"]
    assert shown["machine"]["memory"] > 10**9
    for model in shown["models"]:
        assert model["memory"] > 2 * model["parameters"] > 0
        assert model["words_per_second"] > 0
        assert model["seconds_to_first_word"] > 0
        assert model["licence"]
    by_size = sorted(shown["models"], key=lambda model: model["parameters"])
    speeds = [model["words_per_second"] for model in by_size]
    assert speeds == sorted(speeds, reverse=True)
    assert server.requests == []


def test_a_model_looked_up_is_listed_with_its_size_and_nothing_is_fetched(visitor: Page, server: FakeHub) -> None:
    assert visitor.ask("look-up", f"  {NAME} ") == {"name": NAME}
    line = visitor.model()
    assert not line["is_present"]
    assert line["bytes"] == sum(
        len(content) for name, content in server.models[NAME].files.items() if name != "signature.json"
    )
    assert "there is no model named" in visitor.ask("look-up", "someone/else", status=422)["error"]


def test_a_download_is_followed_stopped_and_taken_up_again(visitor: Page, server: FakeHub) -> None:
    server.models[NAME].files["model.safetensors"] += bytes(2_000_000)
    server.models[NAME].pause = 0.03
    visitor.ask("look-up")
    visitor.ask("download")
    visitor.wait(lambda: visitor.model()["download"]["bytes_done"] > 500_000)
    visitor.ask("cancel")
    visitor.wait(lambda: visitor.model()["download"]["state"] == "cancelled")
    assert not visitor.model()["is_present"]
    assert visitor.model()["here_already"] > 400_000
    visitor.ask("download")
    visitor.wait(lambda: visitor.model()["is_present"])
    visitor.ask("remove")
    assert not visitor.model()["is_present"]
    assert visitor.model()["here_already"] == 0


def test_another_model_writes_without_a_restart_and_the_choice_is_kept(visitor: Page) -> None:
    old = visitor.assistant.pipeline
    visitor.fetch()
    visitor.ask("use")
    visitor.wait(lambda: visitor.model()["is_in_use"])
    assert visitor.assistant.pipeline.stages is old.stages
    assert visitor.assistant.pipeline.generator.signature["model"] == "someone--Small-1.5M"
    assert visitor.assistant.pipeline.template != old.template
    assert ModelStore(visitor.assistant.settings.data_dir).chosen() == NAME
    assert "is in use: use another model first" in visitor.ask("remove", status=422)["error"]


def test_a_broken_model_leaves_the_old_one_in_use_and_says_why(visitor: Page) -> None:
    old = visitor.assistant.pipeline
    visitor.fetch()
    (ModelStore(visitor.assistant.settings.data_dir).path(NAME) / "tokenizer.json").write_text("{")
    visitor.ask("use")
    visitor.wait(lambda: visitor.look()["switch"]["state"] == "failed")
    assert "cannot load a language model" in visitor.look()["switch"]["reason"]
    assert visitor.assistant.pipeline is old
    assert visitor.model(SHIPPED)["is_in_use"]
    assert ModelStore(visitor.assistant.settings.data_dir).chosen() == SHIPPED


@pytest.mark.parametrize("name", [NAME, "/etc", "."])
def test_only_what_the_list_shows_can_be_used(visitor: Page, name: str) -> None:
    assert "is not on this machine: download it first" in visitor.ask("use", name, status=422)["error"]


def test_the_shipped_model_cannot_be_removed(visitor: Page) -> None:
    visitor.ask("remove", SHIPPED, status=422)
    assert visitor.model(SHIPPED)["is_present"]
