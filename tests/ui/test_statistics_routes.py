"""Statistics over HTTP: counted, looked after, added up, switched off, deleted."""

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from assistant.library.library import Library
from assistant.ui.problems import explain_problems
from assistant.ui.statistics_routes import statistics_routes
from tests.ui.writing_room import Script, assistant_with

TOLD = {
    "model": "small",
    "words": 12,
    "accepted_words": 5,
    "dismissed": False,
    "timings": {"retrieve": 4.2, "first_token": 80, "some_day_more": 1},
}


@pytest.fixture
def client(library: Library, tmp_path: Path) -> TestClient:
    app = FastAPI()
    app.state.assistant = assistant_with(library, Script(), tmp_path)
    explain_problems(app)
    app.include_router(statistics_routes(app.state.assistant))
    return TestClient(app)


def test_a_suggestion_is_counted_looked_after_and_added_up(client: TestClient, library: Library) -> None:
    voice = library.create_voice(library.local_writer(), "Letters").id
    number = client.post("/api/statistics/suggestions", json=TOLD | {"voice": voice}).json()["id"]
    assert client.put(f"/api/statistics/suggestions/{number}/kept", json={"words": 4}).status_code == 200
    report = client.get("/api/statistics").json()
    assert report["is_kept"] is True
    assert report["all"] == report["by_voice"][0] | {"name": ""}
    assert report["by_voice"][0] == {
        "name": "Letters",
        "shown": 1,
        "accepted": 1,
        "accepted_words": 5,
        "dismissed": 0,
        "looked_after": 5,
        "kept_words": 4,
        "phases": {"retrieve": {"p50": 4.2, "p95": 4.2}, "first_token": {"p50": 80.0, "p95": 80.0}},
    }


def test_switched_off_and_deleted(client: TestClient) -> None:
    client.post("/api/statistics/suggestions", json=TOLD)
    assert client.put("/api/statistics", json={"kept": False}).json()["is_kept"] is False
    assert client.post("/api/statistics/suggestions", json=TOLD).json() == {"id": None}
    assert client.delete("/api/statistics").json()["all"]["shown"] == 0


@pytest.mark.parametrize(
    "change",
    [
        {"words": 0},
        {"accepted_words": 13},
        {"model": "x" * 201},
        {"timings": {"retrieve": -1}},
        {"dismissed": None},
    ],
)
def test_numbers_that_cannot_be_are_refused(client: TestClient, change: dict[str, Any]) -> None:
    answer = client.post("/api/statistics/suggestions", json=TOLD | change)
    assert answer.status_code == 422
    assert answer.json()["error"]


def test_what_was_deleted_meanwhile_cannot_be_looked_after(client: TestClient) -> None:
    number = client.post("/api/statistics/suggestions", json=TOLD).json()["id"]
    client.delete("/api/statistics")
    assert client.put(f"/api/statistics/suggestions/{number}/kept", json={"words": 1}).status_code == 404
