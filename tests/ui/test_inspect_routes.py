"""What is said of a suggestion once it is written: marks first, then the influence of each document."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from assistant.copies import HABIT
from assistant.errors import StorageError
from assistant.library.library import Library
from assistant.prompts import Prompt
from assistant.stages import Persona
from assistant.types import Request, VoiceId
from assistant.ui.inspect_routes import inspect_routes
from assistant.ui.problems import UNEXPECTED, explain_problems
from tests.ui.writing_room import Script, assistant_with

LETTER = "🛳 The sluice gate stuck again on Friday, and Marta wrote to the council about it. It cost forty pounds."
OTHER = "The baker opens at five. His rye bread needs a day and a night, and nobody may hurry it."
TEXT = " 🦆 stuck again on Friday, and Farrow paid 60 pounds."


@dataclass
class Scoring(Script):
    """A script that also judges: every passage with the word in it makes a text 512 times as likely."""

    word: str = "Marta"
    judged: int = 0
    broken: Exception | None = None
    behind: list[object] = field(default_factory=list)

    def scores(self, prompts: Sequence[Prompt], text: str, persona: Persona | None = None) -> Iterator[float | None]:
        self.behind.append(persona)
        for prompt in prompts:
            if self.broken is not None:
                raise self.broken
            self.judged += 1
            yield None
            yield 9 * math.log(2) * ("".join(part.text for part in prompt).count(self.word))


@pytest.fixture
def voice(library: Library, tmp_path: Path) -> VoiceId:
    made = library.create_voice(library.local_writer(), "Letters").id
    (tmp_path / "in").mkdir()
    for title, text in (("letter", LETTER), ("other", OTHER)):
        (tmp_path / "in" / f"{title}.txt").write_text(text, encoding="utf-8")
    library.import_now(library.local_writer(), made, [tmp_path / "in"])
    return made


def client(library: Library, script: Script, tmp_path: Path) -> TestClient:
    app = FastAPI()
    app.state.assistant = assistant_with(library, script, tmp_path)
    explain_problems(app)
    app.include_router(inspect_routes(app.state.assistant))
    return TestClient(app)


def number(library: Library, voice: VoiceId, title: str) -> int:
    return next(line.id for line in library.documents(library.local_writer(), voice) if line.title == title)


def inspection(library: Library, voice: VoiceId, **shown: Any) -> dict[str, Any]:
    places = [
        {"document": number(library, voice, title), "start": 0, "end": len(text)}
        for title, text in (("letter", LETTER), ("other", OTHER))
    ]
    return {
        "ask": {"voice": voice, "title": "The lock", "before": "The gate"},
        "text": TEXT,
        "shown": {"passages": places} | shown,
    }


def told(client: TestClient, body: dict[str, Any]) -> list[dict[str, Any]]:
    answer = client.post("/api/inspect", json=body)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def test_the_marks_come_first_in_utf_16_units_with_their_documents(
    library: Library, voice: VoiceId, tmp_path: Path
) -> None:
    marks = told(client(library, Scoring(), tmp_path), inspection(library, voice))[0]
    assert marks["event"] == "marks"
    (copy,) = marks["copies"]
    units = TEXT.encode("utf-16-le")
    assert units[2 * copy["from"] : 2 * copy["to"]].decode("utf-16-le") == copy["text"] == "stuck again on Friday, and"
    assert (copy["document"], copy["title"], copy["words"]) == (number(library, voice, "letter"), "letter", 5)
    assert LETTER[copy["start"] : copy["end"]] == "stuck again on Friday, and"
    assert [(fact["text"], fact["kind"]) for fact in marks["facts"]] == [("Farrow", "name"), ("60", "number")]
    fact = marks["facts"][0]
    assert units[2 * fact["from"] : 2 * fact["to"]].decode("utf-16-le") == "Farrow"


def test_a_turn_of_phrase_of_many_documents_is_no_copy(library: Library, voice: VoiceId, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    for place in range(HABIT - 2):
        (tmp_path / "more" / f"{place}.txt").write_text(f"The {place}th gate stuck again on Friday, and I wrote.")
    library.import_now(library.local_writer(), voice, [tmp_path / "more"])
    assert told(client(library, Scoring(), tmp_path), inspection(library, voice))[0]["copies"] != []
    (tmp_path / "last.txt").write_text("The mill stuck again on Friday, and nobody came.")
    library.import_now(library.local_writer(), voice, [tmp_path / "last.txt"])
    assert told(client(library, Scoring(), tmp_path), inspection(library, voice))[0]["copies"] == []


@pytest.mark.parametrize(
    "known",
    [
        {"edited": "Farrow has 60 sheep."},
        {"keywords": ["Farrow", "60"]},
        {"sentences": [{"text": "Farrow has 60 sheep.", "document": 1}]},
    ],
)
def test_what_any_part_of_the_evidence_states_is_not_new(
    library: Library, voice: VoiceId, tmp_path: Path, *, known: dict[str, Any]
) -> None:
    assert told(client(library, Scoring(), tmp_path), inspection(library, voice, **known))[0]["facts"] == []


def test_a_sentence_that_a_word_leaned_on_is_evidence_too(library: Library, voice: VoiceId, tmp_path: Path) -> None:
    body = inspection(library, voice, passages=[]) | {"text": " Then Marta came."}
    assert [fact["text"] for fact in told(client(library, Scoring(), tmp_path), body)[0]["facts"]] == ["Marta"]
    start = LETTER.index("wrote")
    body["shown"]["recalled"] = [{"document": number(library, voice, "letter"), "start": start, "end": start + 5}]
    assert told(client(library, Scoring(), tmp_path), body)[0]["facts"] == []


def test_what_the_draft_says_far_from_the_cursor_is_not_new(library: Library, voice: VoiceId, tmp_path: Path) -> None:
    body = inspection(library, voice)
    saved = f"Farrow came at last.\n\nThe gate{TEXT}"  # it was put in, and saved since
    body["ask"]["draft"] = draft = library.create_draft(library.local_writer(), voice, "The lock", saved).id
    there = client(library, Scoring(), tmp_path)
    assert [fact["text"] for fact in told(there, body)[0]["facts"]] == ["60"]
    library.erase_draft(library.local_writer(), draft)
    assert [fact["text"] for fact in told(there, body)[0]["facts"]] == ["Farrow", "60"]


def test_then_each_document_with_what_it_moved(library: Library, voice: VoiceId, tmp_path: Path) -> None:
    influences = told(client(library, Scoring(), tmp_path), inspection(library, voice))[1:]
    assert influences == [
        {"event": "influence", "document": number(library, voice, "letter"), "moved": "a little", "bits": 9.0},
        {"event": "influence", "document": number(library, voice, "other"), "moved": "not", "bits": 0.0},
    ]


class Strengths:
    """Has for everyone a persona that is the strength alone."""

    def persona(self, request: Request) -> Any:
        return request.voice_strength


@pytest.mark.parametrize(("strength", "behind"), [(0.4, 0.4), (0, None)])
def test_influence_is_judged_behind_the_persona_that_the_suggestion_was_written_with(
    library: Library, voice: VoiceId, tmp_path: Path, strength: float, behind: float | None
) -> None:
    script = Scoring()
    assistant = assistant_with(library, script, tmp_path)
    assistant.pipeline = replace(assistant.pipeline, personas=Strengths())
    app = FastAPI()
    app.state.assistant = assistant
    app.include_router(inspect_routes(assistant))
    body = inspection(library, voice)
    body["ask"]["voice_strength"] = strength
    assert len(told(TestClient(app), body)) == 3
    assert script.behind == [behind]


def test_a_model_that_cannot_judge_leaves_the_marks(library: Library, voice: VoiceId, tmp_path: Path) -> None:
    assert [line["event"] for line in told(client(library, Script(), tmp_path), inspection(library, voice))] == [
        "marks"
    ]


def test_documents_of_another_voice_are_no_evidence(library: Library, voice: VoiceId, tmp_path: Path) -> None:
    other = library.create_voice(library.local_writer(), "Novel").id
    body = inspection(library, voice)
    body["ask"]["voice"] = other
    (marks,) = told(client(library, Scoring(), tmp_path), body)
    assert marks["copies"] == []
    assert [fact["text"] for fact in marks["facts"]] == ["Friday", "Farrow", "60"]


def test_what_the_writer_left_out_is_no_source_of_copies_nor_of_facts(
    library: Library, voice: VoiceId, tmp_path: Path
) -> None:
    body = inspection(library, voice)
    body["ask"]["steering"] = {"excluded": [number(library, voice, "letter")]}
    marks, *influences = told(client(library, Scoring(), tmp_path), body)
    assert marks["copies"] == []
    assert [fact["text"] for fact in marks["facts"]] == ["Friday", "Farrow", "60"]
    assert [line["document"] for line in influences] == [number(library, voice, "other")]


def test_a_document_deleted_meanwhile_is_left_out(library: Library, voice: VoiceId, tmp_path: Path) -> None:
    body = inspection(library, voice)
    library.delete_document(library.local_writer(), number(library, voice, "letter"))  # type: ignore[arg-type]
    lines = told(client(library, Scoring(), tmp_path), body)
    assert lines[0]["copies"] == []
    assert len(lines) == 2


def test_a_judgement_that_fails_says_so(library: Library, voice: VoiceId, tmp_path: Path) -> None:
    broken = Scoring(broken=ZeroDivisionError("secret"))
    lines = told(client(library, broken, tmp_path), inspection(library, voice))
    assert lines[-1] == {"event": "error", "message": UNEXPECTED}


def test_an_error_meant_for_people_is_told_and_not_logged(
    library: Library, voice: VoiceId, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = Scoring(broken=StorageError("the disk is full: free some space"))
    lines = told(client(library, broken, tmp_path), inspection(library, voice))
    assert lines[-1] == {"event": "error", "message": "the disk is full: free some space"}
    assert not caplog.records


@pytest.mark.parametrize("change", [{"text": ""}, {"text": "x" * 5001}, {"shown": {"passages": [{"document": 1}]}}])
def test_bad_inspections_are_refused(
    library: Library, voice: VoiceId, tmp_path: Path, *, change: dict[str, Any]
) -> None:
    answer = client(library, Scoring(), tmp_path).post("/api/inspect", json=inspection(library, voice) | change)
    assert answer.status_code == 422


def test_another_writers_voice_is_not_found(library: Library, voice: VoiceId, tmp_path: Path) -> None:
    body = inspection(library, voice)
    body["ask"]["voice"] = 999
    assert client(library, Scoring(), tmp_path).post("/api/inspect", json=body).status_code == 404
