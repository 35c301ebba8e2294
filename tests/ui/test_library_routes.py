import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from assistant.assembly import Assistant
from assistant.errors import LibraryError
from assistant.library.library import Library
from assistant.types import Voice, VoiceId, WriterId
from assistant.ui.library_routes import free_name, library_routes
from assistant.ui.problems import explain_problems
from assistant.ui.writers import current_writer
from tests.library.keys import WordNumbers

HARBOUR = "The harbour office opens at six. Nobody has ever asked why, and I have stopped expecting it. " * 6
STRANGER = WriterId(999)
IMPORT_SECONDS = 120


class Browser:
    """What the page's script does, without a page."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def ask(self, method: str, path: str, body: object = None, *, status: int = 200) -> Any:
        answer = self.client.request(method, f"/api/library{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def voice(self, name: str) -> int:
        return int(self.ask("POST", "/voices", {"name": name})["id"])

    def upload(self, voice: int, files: dict[str, str]) -> Any:
        """Import files; gives the report when it has ended."""
        upload = self.ask("POST", f"/voices/{voice}/uploads")["upload"]
        for name, text in files.items():
            self.client.put(f"/api/library/uploads/{upload}", params={"name": name}, content=text.encode())
        return self.finished(self.ask("POST", f"/voices/{voice}/uploads/{upload}/import")["id"])

    def finished(self, job: int) -> Any:
        deadline = time.monotonic() + IMPORT_SECONDS
        while time.monotonic() < deadline:
            report = self.ask("GET", f"/imports/{job}/files")
            if report["state"] != "running":
                return report
            time.sleep(0.02)
        pytest.fail("the import did not end")


@pytest.fixture
def app(library: Library, tmp_path: Path) -> FastAPI:
    parts = SimpleNamespace(library=library, settings=SimpleNamespace(data_dir=tmp_path / "data"))
    assistant = cast(Assistant, parts)  # the routes use no other part
    app = FastAPI()
    app.state.assistant = assistant
    explain_problems(app)
    app.include_router(library_routes(assistant))
    return app


@pytest.fixture
def browser(app: FastAPI) -> Iterator[Browser]:
    with TestClient(app) as client:
        yield Browser(client)


def test_files_are_imported_and_the_upload_is_gone(browser: Browser, tmp_path: Path) -> None:
    voice = browser.voice("Letters")
    report = browser.upload(voice, {"diary/june.txt": HARBOUR, "july.md": "# July\n\nGuests.", "broken.pdf": "no"})
    assert [(file["path"], file["status"]) for file in report["files"]] == [
        ("broken.pdf", "refused"),
        ("diary/june.txt", "imported"),
        ("july.md", "imported"),
    ]
    assert report["files"][0]["reason"]
    assert report["documents"] == 2
    assert [path for path in (tmp_path / "data" / "uploads").rglob("*") if path.is_file()] == []


def test_a_document_comes_in_pieces_that_are_its_text(browser: Browser) -> None:
    text = f"A boat 🚢 and more. {HARBOUR}"
    voice = browser.voice("Letters")
    browser.upload(voice, {"log.txt": text})
    (line,) = browser.ask("GET", f"/voices/{voice}/documents")["documents"]
    document = browser.ask("GET", f"/documents/{line['id']}")
    assert "".join(piece["text"] for piece in document["pieces"]) == text.strip()
    assert sum(piece["snippet"] for piece in document["pieces"]) == line["snippets"] > 1
    assert document["characters"] == line["characters"] == len(text.strip())


def test_a_voice_keeps_how_much_of_it_its_drafts_start_with(browser: Browser) -> None:
    voice = browser.voice("Letters")
    assert browser.ask("GET", "/voices")["voices"][0]["memory_use"] == {"strength": 1.0, "quotes_at_length": False}
    wanted = {"strength": 0.5, "quotes_at_length": True}
    assert browser.ask("PUT", f"/voices/{voice}/memory", wanted)["memory_use"] == wanted
    assert browser.ask("GET", "/voices")["voices"][0]["memory_use"] == wanted
    browser.ask("PUT", f"/voices/{voice}/memory", {"strength": -1}, status=422)
    browser.ask("PUT", "/voices/99/memory", wanted, status=404)


def test_the_list_says_how_far_learning_is(browser: Browser, library: Library) -> None:
    voice = browser.voice("Letters")
    browser.upload(voice, {"a.txt": HARBOUR, "b.txt": f"Boats only. {HARBOUR}"})
    assert browser.ask("GET", "/voices")["voices"][0]["learning"] == {
        "documents": 2,
        "learned": 0,
        "is_running": False,
        "seconds_left": None,
        "reason": "",
    }
    library.learn_now(WordNumbers(), [VoiceId(voice)])
    assert browser.ask("GET", "/voices")["voices"][0]["learning"]["learned"] == 2


def test_the_list_is_searched(browser: Browser) -> None:
    voice = browser.voice("Letters")
    browser.upload(voice, {"a.txt": "Apples everywhere.", "b.txt": "Boats only."})
    found = browser.ask("GET", f"/voices/{voice}/documents?search=BOATS")["documents"]
    assert [document["title"] for document in found] == ["b"]


def test_an_example_gets_a_voice_of_its_own_name(browser: Browser) -> None:
    examples = browser.ask("GET", "/examples")["examples"]
    assert len(examples) == 4
    slug = examples[0]["slug"]
    first, second = (browser.ask("POST", f"/examples/{slug}") for _ in range(2))
    assert first["importing"]
    assert (first["name"], second["name"]) == (examples[0]["name"], f"{examples[0]['name']} 2")
    for voice in (first, second):
        (running,) = browser.ask("GET", f"/voices/{voice['id']}/imports")["imports"]
        assert browser.ask("DELETE", f"/imports/{running['id']}")["id"] == running["id"]
        assert browser.finished(running["id"])["state"] in {"cancelled", "done"}
    browser.ask("POST", "/examples/no-such-example", status=404)


def test_errors_are_explained(browser: Browser) -> None:
    browser.voice("Letters")
    assert "already" in browser.ask("POST", "/voices", {"name": "letters"}, status=422)["error"]
    assert browser.ask("GET", "/voices/12345/documents", status=404)["error"]
    assert browser.ask("PUT", "/uploads/0123?name=a.txt", status=404)["error"]


def test_another_writer_sees_and_touches_nothing(app: FastAPI, browser: Browser) -> None:
    voice = browser.voice("Letters")
    job = browser.upload(voice, {"log.txt": HARBOUR})["id"]
    (document,) = browser.ask("GET", f"/voices/{voice}/documents")["documents"]
    upload = browser.ask("POST", f"/voices/{voice}/uploads")["upload"]
    app.dependency_overrides[current_writer] = lambda: STRANGER
    assert browser.ask("GET", "/voices") == {"voices": []}
    for method, path in (
        ("DELETE", f"/voices/{voice}"),
        ("GET", f"/voices/{voice}/documents"),
        ("POST", f"/voices/{voice}/uploads"),
        ("POST", f"/voices/{voice}/uploads/{upload}/import"),
        ("GET", f"/voices/{voice}/imports"),
        ("GET", f"/documents/{document['id']}"),
        ("DELETE", f"/documents/{document['id']}"),
        ("PUT", f"/uploads/{upload}?name=mine.txt"),
        ("GET", f"/imports/{job}"),
        ("GET", f"/imports/{job}/files"),
        ("DELETE", f"/imports/{job}"),
    ):
        browser.ask(method, path, status=404)
    browser.ask("PATCH", f"/voices/{voice}", {"name": "Mine"}, status=404)
    app.dependency_overrides.clear()
    assert browser.ask("GET", "/voices")["voices"][0]["documents"] == 1


def test_free_names_are_numbered() -> None:
    voices = [Voice(VoiceId(number), WriterId(1), name) for number, name in enumerate(["essays", "Essays 2"])]
    assert free_name("Letters", voices) == "Letters"
    assert free_name("Essays", voices) == "Essays 3"
    full = [Voice(VoiceId(0), WriterId(1), name) for name in ["X", *(f"X {number}" for number in range(2, 100))]]
    with pytest.raises(LibraryError, match="delete some"):
        free_name("X", full)
