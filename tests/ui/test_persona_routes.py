"""The persona over HTTP: whether there is a plug, the strength of drafts and voices, the exact model input."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from assistant.assembly import Assistant
from assistant.library.library import Library
from assistant.types import Request
from assistant.ui.persona_routes import persona_routes
from assistant.ui.problems import explain_problems
from assistant.ui.steering_routes import steering_routes
from assistant.ui.suggest_routes import suggest_routes
from assistant.ui.write_routes import write_routes
from tests.ui.writing_room import Script, assistant_with


@dataclass(frozen=True)
class Told:
    """A persona that is nothing but what was asked for."""

    strength: float
    model: str = "script"

    @property
    def signature(self) -> dict[str, object]:
        return {"strength": self.strength, "vectors": 2, "documents": 5}


class Teller:
    """Has a persona for everyone."""

    def persona(self, request: Request) -> Told:
        return Told(request.voice_strength)


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def assistant(library: Library, script: Script, tmp_path: Path) -> Assistant:
    return assistant_with(library, script, tmp_path)


@pytest.fixture
def client(assistant: Assistant) -> TestClient:
    app = FastAPI()
    app.state.assistant = assistant
    explain_problems(app)
    for routes in (persona_routes, steering_routes, suggest_routes, write_routes):
        app.include_router(routes(assistant))
    return TestClient(app)


def test_the_page_learns_whether_the_model_in_use_has_a_plug(client: TestClient, assistant: Assistant) -> None:
    assert client.get("/api/persona").json() == {"has_plug": False, "trouble": ""}
    assistant.plug_trouble = "made for another"
    assert client.get("/api/persona").json() == {"has_plug": False, "trouble": "made for another"}
    assistant.pipeline, assistant.plug_trouble = replace(assistant.pipeline, personas=Teller()), ""
    assert client.get("/api/persona").json() == {"has_plug": True, "trouble": ""}


def test_drafts_and_voices_keep_their_strength(client: TestClient, library: Library) -> None:
    voice = library.create_voice(library.local_writer(), "Letters").id
    made = client.post("/api/drafts", json={"voice": voice}).json()
    assert made["voice_strength"] is None
    path = f"/api/drafts/{made['id']}"
    told = client.put(f"{path}/voice-strength", json={"voice_strength": 0.4}).json()
    assert (told["voice_strength"], told["revision"]) == (0.4, made["revision"])
    assert client.get(path).json()["voice_strength"] == 0.4
    assert client.put(f"{path}/voice-strength", json={"voice_strength": None}).json()["voice_strength"] is None
    put = client.put(f"/api/library/voices/{voice}/voice-strength", json={"voice_strength": 0.6})
    assert put.json() == {"voice_strength": 0.6}
    assert library.voice(library.local_writer(), voice).voice_strength == 0.6


@pytest.mark.parametrize("strength", [-0.1, 1.1, "half"])
def test_other_strengths_are_refused(client: TestClient, library: Library, strength: object) -> None:
    voice = library.create_voice(library.local_writer(), "Letters").id
    draft = client.post("/api/drafts", json={"voice": voice}).json()["id"]
    for path in (f"/api/drafts/{draft}", f"/api/library/voices/{voice}"):
        assert client.put(f"{path}/voice-strength", json={"voice_strength": strength}).status_code == 422
    assert client.put(f"/api/library/voices/{voice}/voice-strength", json={"voice_strength": None}).status_code == 422
    assert client.put("/api/drafts/999/voice-strength", json={"voice_strength": 1}).status_code == 404
    assert client.put("/api/library/voices/999/voice-strength", json={"voice_strength": 1}).status_code == 404


def test_what_is_written_and_what_is_read_ahead_are_at_the_strength_that_is_asked_for(
    client: TestClient, assistant: Assistant, library: Library, script: Script
) -> None:
    voice = library.create_voice(library.local_writer(), "Letters").id
    assistant.pipeline = replace(assistant.pipeline, personas=Teller())
    for path, strength in (("/api/suggest/warm", 0.5), ("/api/suggest", 0.5), ("/api/suggest", 0)):
        client.post(path, json={"voice": voice, "before": "The gate", "voice_strength": strength, "reuse": True})
    assert script.personas == [Told(0.5), Told(0.5), None]


def test_the_exact_model_input_names_what_stands_before_the_letters(
    client: TestClient, assistant: Assistant, library: Library
) -> None:
    voice = library.create_voice(library.local_writer(), "Letters").id
    ask = {"voice": voice, "before": "The gate", "voice_strength": 0.5}
    assert client.post("/api/prompt", json=ask).json()["persona"] is None
    assistant.pipeline = replace(assistant.pipeline, personas=Teller())
    assert client.post("/api/prompt", json=ask).json()["persona"] == {"strength": 0.5, "vectors": 2, "documents": 5}
    assert client.post("/api/prompt", json=ask | {"voice_strength": 0}).json()["persona"] is None
    assert client.post("/api/prompt", json=ask | {"voice": None}).json()["persona"] is None


def test_a_picture_is_drawn_for_the_voices_owner_alone(client: TestClient, library: Library, tmp_path: Path) -> None:
    voice = library.create_voice(library.local_writer(), "Letters").id
    path = f"/api/library/voices/{voice}/picture"
    empty = client.get(path).json()
    assert empty["voice"] == {"name": "Letters", "documents": [], "total": 0, "middle": None}
    assert empty["demos"] is None or len(empty["demos"]) == 4  # they may still be being read
    assert empty["reach"] > 0
    (tmp_path / "gate.txt").write_text("The sluice gate held through the flood.", encoding="utf-8")
    library.import_now(library.local_writer(), voice, [tmp_path / "gate.txt"])
    (point,) = client.get(path).json()["voice"]["documents"]
    assert {"title": "gate", "voice": voice}.items() <= point.items()
    assert client.get(path).json()["voice"]["middle"] == {"right": point["right"], "up": point["up"]}
    stranger = library._catalogue.writer("stranger")
    theirs = library.create_voice(stranger, "Secret").id
    assert client.get(f"/api/library/voices/{theirs}/picture").status_code == 404
