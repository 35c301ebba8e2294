"""Draft care over HTTP: what the Write page asks for, with places in UTF-16 units and files under odd names."""

from pathlib import Path
from urllib.parse import unquote

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from assistant.library.library import Library
from assistant.library.readers import read_document
from assistant.ui.draft_routes import draft_routes
from assistant.ui.problems import explain_problems
from assistant.ui.write_routes import write_routes
from tests.ui.writing_room import Script, assistant_with


@pytest.fixture
def client(library: Library, tmp_path: Path) -> TestClient:
    app = FastAPI()
    app.state.assistant = assistant_with(library, Script(), tmp_path)
    explain_problems(app)
    app.include_router(write_routes(app.state.assistant))
    app.include_router(draft_routes(app.state.assistant))
    return TestClient(app)


def make(client: TestClient, **content: object) -> dict[str, object]:
    made: dict[str, object] = client.post("/api/drafts", json=content).json()
    return made


def test_the_list_is_searched_and_comes_in_parts(client: TestClient) -> None:
    for number in range(3):
        make(client, title=f"Café {number}", text="Quiet.")
    make(client, title="Storm")
    found = client.get("/api/drafts", params={"search": "CAFE quiet", "limit": 2}).json()
    assert [line["title"] for line in found["drafts"]] == ["Café 2", "Café 1"]
    assert found["total"] == 3
    assert client.get("/api/drafts", params={"limit": 0}).status_code == 422


def test_origins_are_told_in_utf_16_units(client: TestClient, library: Library) -> None:
    made = make(client, text="🦆🦆 one two")
    path = f"/api/drafts/{made['id']}"
    origins = [{"start": 5, "end": 8, "origin": "suggested"}]
    saved = client.put(path, json=made | {"origins": origins})
    assert saved.status_code == 200
    stored = library.draft(library.local_writer(), made["id"])  # type: ignore[arg-type]
    assert [stored.text[span.start : span.end] for span in stored.origins] == ["one"]
    assert client.get(path).json()["origins"] == origins


def test_a_save_without_origins_keeps_those_of_words_that_stay(client: TestClient) -> None:
    made = make(client, text="one two")
    path = f"/api/drafts/{made['id']}"
    client.put(path, json=made | {"origins": [{"start": 4, "end": 7, "origin": "edited"}]})
    stored = client.get(path).json()
    changed = {"text": "Zero one two", "revision": stored["revision"]}
    assert client.put(path, json=changed).status_code == 200
    assert client.get(path).json()["origins"] == [{"start": 9, "end": 12, "origin": "edited"}]


def test_places_out_of_the_text_do_no_harm(client: TestClient) -> None:
    made = make(client, text="🦆")
    origins = [{"start": 1, "end": 99, "origin": "edited"}, {"start": 0, "end": 1, "origin": "edited"}]
    assert client.put(f"/api/drafts/{made['id']}", json=made | {"origins": origins}).status_code == 200
    origins[0]["start"] = -1
    assert client.put(f"/api/drafts/{made['id']}", json=made | {"origins": origins}).status_code == 422


def test_two_tabs_are_merged(client: TestClient) -> None:
    base = make(client, title="T", text="🦆 The red door.")
    path = f"/api/drafts/{base['id']}"
    client.put(path, json=base | {"text": "🦆 The blue door."})
    mine = base | {"text": "🦆 The green door. Open.", "origins": [{"start": 19, "end": 24, "origin": "suggested"}]}
    assert client.put(path, json=mine).status_code == 409
    answer = client.post(f"{path}/merge", json={"base": base, "mine": mine}).json()
    text = answer["draft"]["text"]
    assert text == "🦆 The [blue / green] door. Open."
    units = text.encode("utf-16-le")
    assert [units[2 * one["start"] : 2 * one["end"]].decode("utf-16-le") for one in answer["places"]] == [
        "[blue / green]"
    ]
    (origin,) = answer["draft"]["origins"]
    assert units[2 * origin["start"] : 2 * origin["end"]].decode("utf-16-le").strip() == "Open."
    assert client.get(path).json() == answer["draft"]
    assert [line["reason"] for line in client.get(f"{path}/versions").json()["versions"]] == ["merge", "merge"]


def test_a_version_is_kept_compared_restored_and_deleted(client: TestClient) -> None:
    made = make(client, title="T", text="The red door.")
    path = f"/api/drafts/{made['id']}"
    kept = client.post(f"{path}/versions", json={"name": "Red"}).json()
    assert (kept["name"], kept["reason"], kept["words"]) == ("Red", "named", 3)
    saved = client.put(path, json=made | {"text": "The blue door."}).json()
    runs = client.get(f"{path}/versions/{kept['id']}/difference").json()["runs"]
    assert [run["text"] for run in runs if run["kind"] == "gone"] == ["red "]
    late = client.post(f"{path}/versions/{kept['id']}/restore", json={"revision": 1})
    assert (late.status_code, late.json()["found"]["text"]) == (409, "The blue door.")
    back = client.post(f"{path}/versions/{kept['id']}/restore", json={"revision": saved["revision"]}).json()
    assert back["text"] == "The red door."
    assert [line["reason"] for line in client.get(f"{path}/versions").json()["versions"]] == ["restore", "named"]
    assert client.delete(f"{path}/versions/{kept['id']}").status_code == 200
    assert client.get(f"{path}/versions/{kept['id']}/difference").status_code == 404
    assert client.post(f"{path}/versions", json={"name": " "}).status_code == 422


def test_a_deleted_draft_is_put_back_or_erased(client: TestClient) -> None:
    made = make(client, title="T", text="text")
    client.delete(f"/api/drafts/{made['id']}")
    gone = client.get("/api/deleted-drafts").json()
    assert ([line["title"] for line in gone["drafts"]], gone["hours"]) == (["T"], 24)
    assert client.post(f"/api/deleted-drafts/{made['id']}/put-back").json() == made
    client.delete(f"/api/drafts/{made['id']}")
    assert client.delete(f"/api/deleted-drafts/{made['id']}").status_code == 200
    assert client.get("/api/deleted-drafts").json()["drafts"] == []
    assert client.post(f"/api/deleted-drafts/{made['id']}/put-back").status_code == 404


@pytest.mark.parametrize("form", ["md", "docx", "pdf", "html"])
@pytest.mark.parametrize("title", ["Ferry", 'Été "x"; \\ / 🦆', "שלום", "a\r\nset-cookie: x=1"])
def test_an_export_carries_its_name_and_its_disclosure(client: TestClient, form: str, title: str) -> None:
    made = make(client, title=title, text="It was quiet 🦆.")
    answer = client.get(f"/api/drafts/{made['id']}/export", params={"form": form, "disclose": True})
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith("attachment; ")
    assert "set-cookie" not in answer.headers
    name = unquote(disposition.partition("filename*=UTF-8''")[2])
    assert name.endswith(f".{form}")
    assert not set('/\\"\r\n') & set(name)
    found = read_document(name, answer.content)
    assert "4 (100 %) are the writer's own." in " ".join(found.text.split())
    assert ("🦆" in unquote(answer.headers["x-not-shown"])) == (form == "pdf")
    plain = client.get(f"/api/drafts/{made['id']}/export", params={"form": form})
    assert "the writer's own" not in read_document(name, plain.content).text


def test_words_are_counted_by_origin(client: TestClient) -> None:
    made = make(client, text="one two three")
    origins = [{"start": 0, "end": 3, "origin": "suggested"}, {"start": 4, "end": 7, "origin": "edited"}]
    client.put(f"/api/drafts/{made['id']}", json=made | {"origins": origins})
    words = client.get(f"/api/drafts/{made['id']}/words").json()
    assert (words["suggested"], words["edited"], words["own"], words["total"]) == (1, 1, 1, 3)
    assert words["disclosure"].startswith("Of the 3 words")


def test_a_file_becomes_a_draft(client: TestClient) -> None:
    answer = client.post("/api/draft-files", params={"name": "ferry.md"}, content=b"# Ferry\n\nIt left.")
    assert (answer.json()["title"], answer.json()["text"]) == ("Ferry", "It left.")
    refused = client.post("/api/draft-files", params={"name": "x.exe"}, content=b"x")
    assert refused.status_code == 422
    assert ".exe files cannot be read" in refused.json()["error"]
    assert ".docx" in client.get("/api/draft-files").json()["suffixes"]


def test_a_draft_joins_its_voice(client: TestClient, library: Library) -> None:
    voice = library.create_voice(library.local_writer(), "Letters").id
    made = make(client, title="Ferry", text="It left at nine.", voice=voice)
    assert client.post(f"/api/drafts/{made['id']}/join").json() == {
        "snippets": 1,
        "is_new": True,
        "has_replaced": False,
    }
    assert client.post(f"/api/drafts/{made['id']}/join").json()["is_new"] is False
    bare = make(client, text="text")
    assert client.post(f"/api/drafts/{bare['id']}/join").status_code == 422


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/drafts/99/versions"),
        ("GET", "/api/drafts/99/versions/1/difference"),
        ("GET", "/api/drafts/99/export?form=md"),
        ("GET", "/api/drafts/99/words"),
        ("POST", "/api/drafts/99/join"),
        ("DELETE", "/api/deleted-drafts/99"),
        ("DELETE", "/api/drafts/99/versions/1"),
    ],
)
def test_what_is_not_there_is_not_found(client: TestClient, method: str, path: str) -> None:
    assert client.request(method, path).status_code == 404
