"""Drafts, and past documents at a passage, over HTTP."""

from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from assistant.library.library import Library
from assistant.ui.problems import explain_problems
from assistant.ui.write_routes import write_routes
from tests.ui.writing_room import Script, assistant_with


@pytest.fixture
def client(library: Library, tmp_path: Path) -> TestClient:
    app = FastAPI()
    app.state.assistant = assistant_with(library, Script(), tmp_path)
    explain_problems(app)
    app.include_router(write_routes(app.state.assistant))
    return TestClient(app)


def test_a_draft_is_made_saved_listed_and_deleted(client: TestClient) -> None:
    made = client.post("/api/drafts", json={"title": "Storm", "text": "Wind."}).json()
    saved = client.put(f"/api/drafts/{made['id']}", json=made | {"text": "Wind and rain."}).json()
    assert saved["revision"] == made["revision"] + 1
    assert client.get(f"/api/drafts/{made['id']}").json()["text"] == "Wind and rain."
    listed = client.get("/api/drafts").json()
    assert [(line["title"], line["opening"]) for line in listed["drafts"]] == [("Storm", "Wind and rain.")]
    assert client.delete(f"/api/drafts/{made['id']}").status_code == 200
    assert client.get(f"/api/drafts/{made['id']}").status_code == 404


def test_how_much_of_the_voice_a_draft_wants_is_kept_apart_from_its_revision(client: TestClient) -> None:
    made = client.post("/api/drafts", json={"text": "One."}).json()
    assert made["memory_use"] is None
    path = f"/api/drafts/{made['id']}"
    wanted = {"strength": 0.25, "quotes_at_length": True}
    told = client.put(f"{path}/memory", json={"memory_use": wanted}).json()
    assert (told["memory_use"], told["revision"]) == (wanted, made["revision"])
    assert client.put(path, json=made | {"text": "Two."}).status_code == 200
    assert client.get(path).json()["memory_use"] == wanted
    assert client.put(f"{path}/memory", json={"memory_use": None}).json()["memory_use"] is None
    assert client.put(f"{path}/memory", json={"memory_use": {"strength": 1.1}}).status_code == 422
    assert client.put("/api/drafts/999/memory", json={"memory_use": wanted}).status_code == 404


def test_a_save_from_an_old_revision_is_answered_with_what_is_stored(client: TestClient) -> None:
    made = client.post("/api/drafts", json={"text": "One."}).json()
    path = f"/api/drafts/{made['id']}"
    client.put(path, json=made | {"text": "One. Two."})
    late = client.put(path, json=made | {"text": "One. Other."})
    assert late.status_code == 409
    assert late.json()["found"]["text"] == "One. Two."
    assert client.get(path).json()["text"] == "One. Two."


@pytest.mark.parametrize(("part", "most"), [("text", 5_000_000), ("title", 500)])
def test_a_draft_that_is_too_long_is_refused_and_stays_as_it_is(client: TestClient, part: str, most: int) -> None:
    made = client.post("/api/drafts", json={"title": "Storm", "text": "Wind."}).json()
    path = f"/api/drafts/{made['id']}"
    assert client.put(path, json=made | {part: "水" * most}).status_code == 200
    kept = client.get(path).json()
    refused = client.put(path, json=kept | {part: "水" * (most + 1)})
    assert refused.status_code == 422
    assert refused.json()["error"] == (
        f"The request does not fit: the {part} is longer than {most:,} characters: shorten it, or split it in two"
    )
    assert client.get(path).json() == kept


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/drafts/99", None),
        ("PUT", "/api/drafts/99", {"text": "", "revision": 1}),
        ("DELETE", "/api/drafts/99", None),
        ("GET", "/api/documents/99/passage?start=0&end=1", None),
    ],
)
def test_what_is_not_there_is_not_found(client: TestClient, method: str, path: str, body: object) -> None:
    answer = client.request(method, path, json=body)
    assert answer.status_code == 404
    assert answer.json()["error"]


def test_the_sentence_around_a_word_comes_with_its_place(client: TestClient, library: Library, tmp_path: Path) -> None:
    text = "🛳 The ferry left. Then it came back 🌊, and we cheered. Nobody knew why." + " It rained." * 20
    letter = tmp_path / "ferry.txt"
    letter.write_text(text, encoding="utf-8")
    writer = library.local_writer()
    voice = library.create_voice(writer, "Letters").id
    library.import_now(writer, voice, [letter])
    document = library.documents(writer, voice)[0].id
    start = text.index(" back")
    told = client.get(f"/api/documents/{document}/sentence", params={"start": start, "end": start + 3}).json()
    assert (told["before"], told["word"], told["after"]) == ("Then it came ", "back", " 🌊, and we cheered.")
    assert (told["title"], told["date"], told["document"]) == ("ferry", None, document)
    assert text[told["start"] : told["end"]].strip() == "Then it came back 🌊, and we cheered."
    assert client.get("/api/documents/999/sentence", params={"start": 0, "end": 3}).status_code == 404


def test_a_passage_is_cut_by_characters_not_by_utf_16_units(
    client: TestClient, library: Library, tmp_path: Path
) -> None:
    text = "🛳🛳 The ferry left. Then it came back 🌊, and we cheered." + " Nobody knew why." * 20
    letter = tmp_path / "ferry.txt"
    letter.write_text(text, encoding="utf-8")
    writer = library.local_writer()
    voice = library.create_voice(writer, "Letters").id
    library.import_now(writer, voice, [letter])
    document = library.documents(writer, voice)[0].id
    start = text.index("Then")
    parts = client.get(f"/api/documents/{document}/passage", params={"start": start, "end": start + 20}).json()
    assert parts["passage"] == text[start : start + 20]
    assert parts["before"] + parts["passage"] + parts["after"] == text
