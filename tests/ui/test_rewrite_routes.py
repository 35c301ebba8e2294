"""A rewrite as lines of JSON, and for which models there is one."""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from assistant.assembly import Assistant
from assistant.evidence_methods import evidence_stages
from assistant.library.library import Library
from assistant.pipeline import Pipeline
from assistant.prompts import PLAIN_TEMPLATE
from assistant.rewriting_record import save_record
from assistant.settings import Settings
from assistant.types import RewriteKind
from assistant.ui.guard import Guard
from assistant.ui.problems import explain_problems
from assistant.ui.rewrite_routes import rewrite_routes
from tests.hashing_encoder import HashingEncoder
from tests.rewriting.answers import Answers

SELECTION = "We lost the bow door on Tuesday, and Piet had fourteen cars on the deck."
ASK = {"kind": "shorter", "selection": SELECTION}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the model in use."""
    made = tmp_path / "model"
    made.mkdir()
    return made


def application(library: Library, folder: Path, answers: Answers | None = None) -> FastAPI:
    encoder, settings = HashingEncoder(), Settings(data_dir=folder.parent)
    generator = answers or Answers(lambda _: "The bow door went on Tuesday under twelve cars.")
    pipeline = Pipeline(evidence_stages(library, encoder, settings), generator, PLAIN_TEMPLATE)
    app = FastAPI()
    app.state.assistant = Assistant(settings, library, pipeline, encoder, model=str(folder))
    explain_problems(app)
    app.include_router(rewrite_routes(app.state.assistant))
    app.add_middleware(Guard, names=None)
    return app


def passed(folder: Path, *kinds: RewriteKind, weights: str = "abc") -> None:
    save_record(folder, weights, kinds, {})


def lines(app: FastAPI, ask: dict[str, Any]) -> list[dict[str, Any]]:
    answer = TestClient(app).post("/api/rewrite", json=ask)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def test_the_text_comes_in_pieces_then_the_rewrite_with_what_to_look_at(library: Library, folder: Path) -> None:
    passed(folder, RewriteKind.SHORTER)
    told = lines(application(library, folder), ASK)
    assert {line["event"] for line in told[:-1]} == {"text"}
    finished = told[-1]
    assert finished["text"] == "The bow door went on Tuesday under twelve cars."
    assert finished["lost"] == ["Piet", "fourteen"]
    assert finished["added"] == ["twelve"]
    assert finished["signature"]["rewrite"]["kind"] == "shorter"
    assert finished["voice_score"]["percentile"] is None


def test_a_model_that_was_not_checked_is_not_asked(library: Library, folder: Path) -> None:
    answers = Answers(str.upper)
    client = TestClient(application(library, folder, answers))
    told = client.get("/api/rewrite").json()
    assert (told["is_checked"], told["kinds"]) == (False, [])
    assert told["check"].startswith("python -m assistant evaluate rewriting --model ")
    answer = client.post("/api/rewrite", json=ASK)
    assert answer.status_code == 422
    assert "was not checked" in answer.json()["error"]
    assert answers.prompts == []


def test_a_check_of_other_weights_is_none(library: Library, folder: Path) -> None:
    passed(folder, *RewriteKind, weights="older")
    assert TestClient(application(library, folder)).get("/api/rewrite").json()["is_checked"] is False


def test_only_what_was_passed_is_offered_from_the_moment_it_was(library: Library, folder: Path) -> None:
    client = TestClient(application(library, folder))
    passed(folder, RewriteKind.PLAINER, RewriteKind.SHORTER)
    assert client.get("/api/rewrite").json()["kinds"] == ["shorter", "plainer"]
    answer = client.post("/api/rewrite", json=ASK | {"kind": "longer"})
    assert answer.status_code == 422
    assert "did not pass" in answer.json()["error"]


@pytest.mark.parametrize(
    ("change", "status", "why"),
    [
        ({"selection": " "}, 422, "nothing is selected"),
        ({"selection": "x" * 2001}, 422, "expected 2,000 at most"),
        ({"voice": 999}, 404, "voice"),
        ({"kind": "louder"}, 422, "kind"),
    ],
)
def test_what_cannot_be_done_says_why(
    library: Library, folder: Path, change: dict[str, object], status: int, why: str
) -> None:
    passed(folder, *RewriteKind)
    answer = TestClient(application(library, folder)).post("/api/rewrite", json=ASK | change)
    assert answer.status_code == status
    assert why in answer.json()["error"]


def test_an_error_on_the_way_is_the_last_line(library: Library, folder: Path) -> None:
    passed(folder, *RewriteKind)
    told = lines(application(library, folder), ASK | {"kind": "voice"})
    assert told[-1]["event"] == "error"
    assert "choose a voice that has documents" in told[-1]["message"]
