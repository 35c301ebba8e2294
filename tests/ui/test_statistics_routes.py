"""Statistics over HTTP: counted, looked after, added up, switched off, deleted."""

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from assistant.library import looks
from assistant.library.catalogue import now
from assistant.library.library import Library
from assistant.ui.problems import explain_problems
from assistant.ui.statistics_routes import statistics_routes
from tests.ui.writing_room import Script, assistant_with

TOLD = {
    "model": "small",
    "words": 12,
    "accepted_words": 5,
    "dismissed": False,
    "timings": {"retrieve": 4.2, "persona": 3, "first_token": 80, "some_day_more": 1},
}


@pytest.fixture
def client(library: Library, tmp_path: Path) -> TestClient:
    app = FastAPI()
    app.state.assistant = assistant_with(library, Script(), tmp_path)
    explain_problems(app)
    app.include_router(statistics_routes(app.state.assistant))
    return TestClient(app)


def test_a_suggestion_is_counted_looked_after_and_added_up(
    client: TestClient, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    voice = library.create_voice(library.local_writer(), "Letters").id
    draft = library.create_draft(library.local_writer(), voice, "", "The door stuck again, as ever.").id
    told = TOLD | {"voice": voice, "draft": draft, "taken": "The door stuck again, on Friday"}
    assert client.post("/api/statistics/suggestions", json=told).json()["id"] is not None
    assert client.get("/api/statistics").json()["all"]["looked_after"] == 0
    monkeypatch.setattr(looks, "now", lambda: now() + looks.LOOK_AFTER)
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
        "phases": {
            "retrieve": {"p50": 4.2, "p95": 4.2},
            "persona": {"p50": 3.0, "p95": 3.0},
            "first_token": {"p50": 80.0, "p95": 80.0},
        },
    }


def test_switched_off_and_deleted(client: TestClient) -> None:
    client.post("/api/statistics/suggestions", json=TOLD)
    assert client.put("/api/statistics", json={"kept": False}).json()["is_kept"] is False
    assert client.post("/api/statistics/suggestions", json=TOLD).json() == {"id": None}
    assert client.delete("/api/statistics").json()["all"]["shown"] == 0


REWRITTEN = {"model": "small", "kind": "plainer", "changes": 4, "accepted_changes": 3, "dismissed": False}


def test_rewrites_are_counted_beside_them_and_deleted_with_them(client: TestClient) -> None:
    assert client.post("/api/statistics/rewrites", json=REWRITTEN).json()["id"] is not None
    rewrites = client.get("/api/statistics").json()["rewrites"]
    assert rewrites["by_kind"] == [
        {"name": "plainer", "shown": 1, "accepted": 1, "changes": 4, "accepted_changes": 3, "dismissed": 0}
    ]
    assert rewrites["all"] == rewrites["by_kind"][0] | {"name": ""}
    client.put("/api/statistics", json={"kept": False})
    assert client.post("/api/statistics/rewrites", json=REWRITTEN).json() == {"id": None}
    assert client.delete("/api/statistics").json()["rewrites"]["all"]["shown"] == 0


@pytest.mark.parametrize("change", [{"changes": 0}, {"accepted_changes": 5}, {"kind": "wilder"}, {"dismissed": None}])
def test_rewrites_that_cannot_be_are_refused(client: TestClient, change: dict[str, Any]) -> None:
    assert client.post("/api/statistics/rewrites", json=REWRITTEN | change).status_code == 422


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
