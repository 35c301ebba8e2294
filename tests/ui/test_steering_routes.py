"""Steering over HTTP: kept with a draft, taken along by a suggestion, and the exact model input it makes."""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from assistant.library.library import Library
from assistant.ui.problems import explain_problems
from assistant.ui.steering_routes import steering_routes
from assistant.ui.suggest_routes import suggest_routes
from tests.ui.writing_room import Script, assistant_with

LETTERS = {
    "locks": "The sluice gate stuck again on Friday, and the keeper wrote to the council about the gate.",
    "bread": "The baker opens at five. His rye bread needs a day and a night, and nobody may hurry it.",
}
ASK = {"title": "The lock", "before": "The sluice gate"}


@pytest.fixture
def voice(library: Library, tmp_path: Path) -> int:
    made = library.create_voice(library.local_writer(), "Letters")
    (tmp_path / "in").mkdir()
    for title, text in LETTERS.items():
        (tmp_path / "in" / f"{title}.txt").write_text(text)
    library.import_now(library.local_writer(), made.id, [tmp_path / "in"])
    return made.id


@pytest.fixture
def client(library: Library, tmp_path: Path) -> TestClient:
    app = FastAPI()
    app.state.assistant = assistant_with(library, Script(), tmp_path)
    explain_problems(app)
    app.include_router(suggest_routes(app.state.assistant))
    app.include_router(steering_routes(app.state.assistant))
    return TestClient(app)


def number(library: Library, voice: int, title: str) -> int:
    lines = library.documents(library.local_writer(), voice)  # type: ignore[arg-type]
    return next(line.id for line in lines if line.title == title)


def suggested(client: TestClient, ask: dict[str, Any]) -> list[dict[str, Any]]:
    answer = client.post("/api/suggest", json=ask)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def test_a_draft_remembers_its_steering_with_the_titles_of_what_was_left_out(
    client: TestClient, library: Library, voice: int
) -> None:
    draft = library.create_draft(library.local_writer(), voice, "Title", "text").id  # type: ignore[arg-type]
    path = f"/api/drafts/{draft}/steering"
    unsteered = client.get(path).json()
    assert unsteered["steering"]["pinned"] == []
    chosen = {"excluded": [number(library, voice, "locks")], "added_words": [" weir "], "ranking": "RecentDoc"}
    told = client.put(path, json=chosen).json()
    assert told["titles"] == {str(number(library, voice, "locks")): "locks"}
    assert told["steering"]["added_words"] == ["weir"]
    assert client.get(path).json() == told
    assert client.put(path, json={}).json() == unsteered


def test_a_suggestion_shows_the_steered_evidence(client: TestClient, library: Library, voice: int) -> None:
    bread = number(library, voice, "bread")
    steering = {"pinned": [bread], "removed_words": ["gate"], "added_words": ["weir"], "summary": "It is old."}
    told = suggested(client, ASK | {"voice": voice, "steering": steering})
    assert told[1]["entries"][0]["document"] == bread
    assert told[2]["edited"] == "It is old."
    assert told[3]["keywords"][0]["text"] == "weir"
    assert "gate" not in [word["text"] for word in told[3]["keywords"]]
    assert told[-1]["signature"]["steering"]["pinned"] == [bread]


def test_the_exact_model_input_holds_what_was_steered(client: TestClient, library: Library, voice: int) -> None:
    ask = ASK | {"voice": voice, "steering": {"pinned": [number(library, voice, "bread")], "summary": "It is old."}}
    parts = client.post("/api/prompt", json=ask).json()["parts"]
    text = "".join(part["text"] for part in parts)
    assert "rye bread" in text
    assert "It is old." in text
    assert text.endswith("The sluice gate")


@pytest.mark.parametrize(
    ("steering", "status", "message"),
    [
        ({"ranking": "RankByMoon"}, 422, "ranking"),
        ({"pinned": [1], "excluded": [1]}, 422, "pinned and left out"),
        ({"added_words": ["  "]}, 422, "1 to 60"),
        ({"summary": "x" * 2001}, 422, "summary"),
    ],
)
def test_bad_steering_is_refused_wherever_it_is_sent(
    client: TestClient, library: Library, voice: int, *, steering: dict[str, Any], status: int, message: str
) -> None:
    draft = library.create_draft(library.local_writer(), voice).id  # type: ignore[arg-type]
    for answer in (
        client.post("/api/suggest", json=ASK | {"voice": voice, "steering": steering}),
        client.post("/api/prompt", json=ASK | {"voice": voice, "steering": steering}),
        client.put(f"/api/drafts/{draft}/steering", json=steering),
    ):
        assert answer.status_code == status
        assert message in answer.json()["error"]


@pytest.mark.parametrize("part", ["pinned", "excluded", "order"])
def test_a_document_that_was_deleted_ends_no_suggestion_of_the_open_page(
    client: TestClient, library: Library, voice: int, part: str
) -> None:
    gone, bread = number(library, voice, "locks"), number(library, voice, "bread")
    draft = library.create_draft(library.local_writer(), voice).id  # type: ignore[arg-type]
    library.delete_document(library.local_writer(), gone)  # type: ignore[arg-type]
    steering = {part: [gone, bread]}
    assert suggested(client, ASK | {"voice": voice, "steering": steering})[-1]["event"] == "finished"
    assert client.post("/api/prompt", json=ASK | {"voice": voice, "steering": steering}).status_code == 200
    kept = client.put(f"/api/drafts/{draft}/steering", json=steering).json()
    assert kept["steering"][part] == [bread]
    assert client.get(f"/api/drafts/{draft}/steering").json() == kept


def test_another_voices_document_steers_nothing(client: TestClient, library: Library, voice: int) -> None:
    other = library.create_voice(library.local_writer(), "Novel").id
    steering = {"pinned": [number(library, voice, "bread")]}
    for chosen in (other, None):
        assert suggested(client, ASK | {"voice": chosen, "steering": steering})[1]["entries"] == []


def test_another_writers_document_is_refused(client: TestClient, library: Library, voice: int, tmp_path: Path) -> None:
    stranger = library._catalogue.writer("stranger")
    library.import_now(stranger, library.create_voice(stranger, "Diary").id, [tmp_path / "in" / "bread.txt"])
    (theirs,) = library.documents(stranger, library.voices(stranger)[0].id)
    draft = library.create_draft(library.local_writer(), voice).id  # type: ignore[arg-type]
    for answer in (
        client.post("/api/suggest", json=ASK | {"voice": voice, "steering": {"pinned": [theirs.id]}}),
        client.put(f"/api/drafts/{draft}/steering", json={"pinned": [theirs.id]}),
    ):
        assert answer.status_code == 404
        assert f"no document {theirs.id} in this voice" in answer.json()["error"]


def test_a_draft_that_is_not_there_has_no_steering(client: TestClient) -> None:
    assert client.get("/api/drafts/99/steering").status_code == 404
    assert client.put("/api/drafts/99/steering", json={}).status_code == 404


def test_a_draft_remembers_who_sums_up_and_chooses_words_and_is_told_what_is_lacking(
    client: TestClient, library: Library, voice: int
) -> None:
    draft = library.create_draft(library.local_writer(), voice, "Title", "text").id  # type: ignore[arg-type]
    path = f"/api/drafts/{draft}/steering"
    told = client.put(path, json={"summary_by": "SumCtxInd", "keywords_by": "none"}).json()
    assert (told["steering"]["summary_by"], told["steering"]["keywords_by"]) == ("SumCtxInd", "none")
    assert told["lacking"] == ["SumCtxWritten", "SumCtxIndWritten", "SynCtxWritten"]
    assert client.get(path).json() == told
    assert client.put(path, json={"summary_by": "SumByMoon"}).status_code == 422


def test_a_suggestion_is_summed_up_as_was_chosen(client: TestClient, voice: int) -> None:
    told = suggested(client, ASK | {"voice": voice, "steering": {"summary_by": "none", "keywords_by": "none"}})
    assert told[2]["sentences"] == []
    assert told[3]["keywords"] == []
    assert told[-1]["signature"]["steering"] == {"summary_by": "none", "keywords_by": "none"}
