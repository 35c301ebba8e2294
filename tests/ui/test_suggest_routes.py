"""A suggestion as lines of JSON."""

import json
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient

from assistant.errors import ModelError
from assistant.library.library import Library
from assistant.settings import GenerationSettings, ServerSettings
from assistant.stages import Recollection
from assistant.types import LONGEST_COPY, DocumentId, Given, Hit, Recall, Span, Support, VoiceId
from assistant.ui.guard import Guard
from assistant.ui.problems import UNEXPECTED, explain_problems
from assistant.ui.server import listen, url
from assistant.ui.suggest_routes import sampling_for, suggest_routes
from tests.ui.writing_room import Script, assistant_with

LOCK = "The sluice gate stuck again on Friday, and I wrote to the council about it. " * 8
PATIENCE = 60  # seconds: a limit for a busy machine, not an expectation
ASK = {"title": "The lock", "before": "The sluice gate"}


class OneMemory:
    """Every voice has this memory."""

    class Tokens:
        model = "script"

        def __len__(self) -> int:
            return 1

    tokens = Tokens()

    def memory(self, *, voice: VoiceId, without: Collection[DocumentId] = ()) -> Tokens:
        return self.tokens


@pytest.fixture
def voice(library: Library, tmp_path: Path) -> int:
    writer = library.local_writer()
    made = library.create_voice(writer, "Letters")
    letter = tmp_path / "letter.txt"
    letter.write_text(LOCK)
    library.import_now(writer, made.id, [letter])
    return made.id


def application(library: Library, script: Script, tmp_path: Path) -> FastAPI:
    app = FastAPI()
    app.state.assistant = assistant_with(library, script, tmp_path)
    explain_problems(app)
    app.include_router(suggest_routes(app.state.assistant))
    app.add_middleware(Guard, names=None)
    return app


def lines(app: FastAPI, ask: dict[str, Any]) -> list[dict[str, Any]]:
    answer = TestClient(app).post("/api/suggest", json=ask)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def test_evidence_comes_first_then_the_text_then_the_end(library: Library, voice: int, tmp_path: Path) -> None:
    told = lines(application(library, Script(), tmp_path), ASK | {"voice": voice})
    names = [line["event"] for line in told]
    assert names == ["retrieved", "ranked", "summarized", "synthesized", "text", "text", "text", "finished"]
    entry = told[1]["entries"][0]
    assert entry["title"] == "letter"
    assert "".join(run["text"] for run in entry["runs"]) in LOCK
    assert {run["text"] for run in entry["runs"] if run["marked"]} == {"sluice", "gate"}
    assert entry["best"] == 0
    assert told[2]["sentences"][0]["document"] == entry["document"]
    assert "".join(line["text"] for line in told if line["event"] == "text") == " It held."
    assert told[-1]["finish"] == "stop"
    assert told[-1]["signature"].items() >= {"model": "script", "seed": 0}.items()


def test_without_a_voice_there_is_no_evidence_but_a_suggestion(library: Library, tmp_path: Path) -> None:
    told = lines(application(library, Script(), tmp_path), ASK)
    assert told[1]["entries"] == []
    assert told[-1]["event"] == "finished"


@pytest.mark.parametrize(
    ("failure", "message"),
    [(ModelError("the model stopped: try a shorter draft"), "the model stopped: try a shorter draft"),
     (ZeroDivisionError("secret detail"), UNEXPECTED)],
)  # fmt: skip
def test_an_error_on_the_way_is_the_last_line(
    library: Library, tmp_path: Path, *, failure: Exception, message: str
) -> None:
    app = application(library, Script(failure=failure), tmp_path)
    told = lines(app, ASK)
    assert told[-1] == {"event": "error", "message": message}
    assert told[-2] == {"event": "text", "text": ".", "confidence": None}


class Interrupted(list[str]):
    """Pieces of a text, between two of which something happens."""

    def __init__(self, pieces: Sequence[str], happens: Callable[[], object]) -> None:
        super().__init__(pieces)
        self._happens = happens

    def __iter__(self) -> Iterator[str]:
        first, *rest = super().__iter__()
        yield first
        self._happens()
        yield from rest


def test_a_voice_that_is_deleted_while_it_is_written_from_ends_the_suggestion_well(
    library: Library, voice: VoiceId, tmp_path: Path
) -> None:
    writer = library.local_writer()
    (document,) = library.documents(writer, voice)
    script = Script(recalls=(Recall(Span(1, 3), 0.7, (Support(document.id, Span(4, 10), 0.6),)),))
    script.pieces = Interrupted(script.pieces, lambda: library.delete_voice(writer, voice))
    app = application(library, script, tmp_path)
    told = lines(app, ASK | {"voice": voice})
    assert told[-1]["event"] == "finished"
    assert "".join(line["text"] for line in told if line["event"] == "text") == " It held."
    assert told[-1]["recalls"]["documents"] == []  # nothing of what was deleted is named
    script.pieces = [" It", " held."]
    assert TestClient(app).post("/api/suggest", json=ASK | {"voice": voice}).status_code == 404
    assert lines(app, ASK)[-1]["event"] == "finished"


def test_a_document_that_is_deleted_between_two_stages_is_in_none_of_the_later_ones(
    library: Library, voice: VoiceId, tmp_path: Path
) -> None:
    writer = library.local_writer()
    app = application(library, Script(), tmp_path)
    stages = app.state.assistant.pipeline.stages
    (document,) = library.documents(writer, voice)

    class Deleting:
        def retrieve(self, query: str, *, voice: VoiceId, limit: int) -> Sequence[Hit]:
            found: Sequence[Hit] = stages.retriever.retrieve(query, voice=voice, limit=limit)
            assert found
            library.delete_document(writer, document.id)
            return found

    app.state.assistant.pipeline = replace(app.state.assistant.pipeline, stages=replace(stages, retriever=Deleting()))
    told = lines(app, ASK | {"voice": voice})
    assert [line["event"] for line in told][-1] == "finished"
    assert told[1]["entries"] == []


def test_another_writers_voice_is_not_found(library: Library, tmp_path: Path) -> None:
    answer = TestClient(application(library, Script(), tmp_path)).post("/api/suggest", json=ASK | {"voice": 999})
    assert answer.status_code == 404
    assert "error" in answer.json()


@pytest.mark.parametrize(
    "ask",
    [
        {"length": "novel"},
        {"seed": -1},
        {"title": "x" * 501},
        {"before": 7},
        {"memory_strength": 1.5},
        {"longest_copy": 0},
    ],
)
def test_a_request_out_of_bounds_is_refused_with_a_reason(
    library: Library, tmp_path: Path, *, ask: dict[str, object]
) -> None:
    answer = TestClient(application(library, Script(), tmp_path)).post("/api/suggest", json=ask)
    assert answer.status_code == 422
    assert next(iter(ask)) in answer.json()["error"]


def test_length_and_seed_reach_the_model(library: Library, tmp_path: Path) -> None:
    script = Script()
    app = application(library, script, tmp_path)
    for length in ("short", "sentences", "paragraph"):
        lines(app, ASK | {"length": length, "seed": 5})
    tokens = [sampling.max_tokens for sampling in script.samplings]
    assert tokens == sorted(set(tokens))
    assert tokens[1] == GenerationSettings().max_tokens
    assert {sampling.seed for sampling in script.samplings} == {5}


def test_the_memory_of_the_voice_reaches_the_model_as_the_writer_wants_it(
    library: Library, voice: int, tmp_path: Path
) -> None:
    script = Script()
    app = application(library, script, tmp_path)
    app.state.assistant.pipeline = replace(app.state.assistant.pipeline, memory=OneMemory())
    lines(app, ASK | {"voice": voice})
    told = lines(app, ASK | {"voice": voice, "memory_strength": 0.5, "longest_copy": None})
    lines(app, ASK | {"voice": voice, "memory_strength": 0})
    (shown,) = {recollection.shown for recollection in script.recollections if recollection is not None}
    assert shown
    assert all(text in LOCK for text in shown)
    assert script.recollections == [
        Recollection(OneMemory.tokens, 1.0, LONGEST_COPY, shown),
        Recollection(OneMemory.tokens, 0.5, None, shown),
        Recollection(None, 0.0, LONGEST_COPY, shown),
    ]
    assert told[-1]["signature"]["memory"]["strength"] == 0.5
    assert told[-1]["signature"]["longest_copy"] is None


def test_what_words_leaned_on_comes_with_the_end(library: Library, voice: int, tmp_path: Path) -> None:
    (document,) = library.documents(library.local_writer(), VoiceId(voice))
    leaned = Support(document.id, Span(4, 10), 0.6)
    script = Script(
        recalls=(
            Recall(
                Span(1, 3), 0.7, (leaned, Support(DocumentId(99), Span(0, 4), 0.1)), (Given(document.id, 0.6, leaned),)
            ),
        )
    )
    told = lines(application(library, script, tmp_path), ASK | {"voice": voice})
    place = {"document": document.id, "title": "letter", "date": None, "start": 4, "end": 10, "share": 0.6}
    assert told[-1]["recalls"] == {
        "runs": [{"text": " "}, {"text": "It", "share": 0.7, "supports": [place]}, {"text": " held."}],
        "words": 2,
        "documents": [place | {"words": 0.6}],
    }


def test_settings_reach_the_model() -> None:
    sampling = sampling_for("sentences", 3, GenerationSettings(temperature=0.2, top_p=0.5, max_tokens=9))
    assert (sampling.temperature, sampling.top_p, sampling.max_tokens, sampling.seed) == (0.2, 0.5, 9, 3)


def test_hanging_up_stops_the_model_within_a_tenth_of_a_second(library: Library, tmp_path: Path) -> None:
    script = Script(pieces=[" more"] * 10_000, pause=0.01)
    seconds = []
    with served(application(library, script, tmp_path)) as address:
        for _ in range(5):  # a busy machine may be slow now and then
            script.closed.clear()
            with httpx.stream("POST", f"{address}/api/suggest", json=ASK, timeout=PATIENCE) as answer:
                for line in answer.iter_lines():
                    if '"text"' in line:
                        break
            left = time.perf_counter()
            assert script.closed.wait(PATIENCE)
            seconds.append(time.perf_counter() - left)
    assert min(seconds) < 0.1


def test_more_than_the_waiting_room_holds_is_told_so(library: Library, tmp_path: Path) -> None:
    script = Script(pieces=[" more"] * 10_000, pause=0.01)
    with served(application(library, script, tmp_path)) as address:
        readers: list[Iterator[str]] = []  # one that nobody holds would hang up
        with ExitStack() as streams:
            for _ in range(8):
                answer = streams.enter_context(
                    httpx.stream("POST", f"{address}/api/suggest", json=ASK, timeout=PATIENCE)
                )
                readers.append(answer.iter_lines())
                next(readers[-1])
            ninth = httpx.post(f"{address}/api/suggest", json=ASK, timeout=PATIENCE)
        assert "Too many suggestions" in json.loads(ninth.text)["message"]


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The application behind a real socket: only there can a reader hang up."""
    door = listen(ServerSettings("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
    thread.start()
    try:
        yield url(door)
    finally:
        server.should_exit = True
        thread.join()


# ---- evidence of the sentence, confidence, and text that follows ----


def evidence_of(told: list[dict[str, Any]]) -> Any:
    return told[-1]["signature"].get("evidence")


def test_evidence_is_reused_while_the_sentence_goes_on_and_the_signature_says_so(
    library: Library, voice: int, tmp_path: Path
) -> None:
    app, ask = application(library, Script(), tmp_path), ASK | {"voice": voice, "reuse": True}
    first = lines(app, ask)
    later = lines(app, ask | {"before": "The sluice gate stuck"})
    assert evidence_of(first) is None
    assert evidence_of(later) == {"reused": True, "characters_earlier": len(" stuck")}
    assert "retrieved" not in {line["event"] for line in later}
    for kind in ("ranked", "summarized", "synthesized"):
        before, after = (next(line for line in told if line["event"] == kind) for told in (first, later))
        assert {**before, "milliseconds": 0} == {**after, "milliseconds": 0} or kind == "ranked"
    assert [entry["document"] for entry in later[0]["entries"]] == [entry["document"] for entry in first[1]["entries"]]


def test_a_sentence_not_begun_is_written_from_the_evidence_of_the_last_one(
    library: Library, voice: int, tmp_path: Path
) -> None:
    app, ask = application(library, Script(), tmp_path), ASK | {"voice": voice, "reuse": True}
    lines(app, ask)
    for ended in ("The sluice gate stuck. ", "The sluice gate stuck.\n\n"):
        earlier = len(ended) - len(str(ASK["before"]))
        assert evidence_of(lines(app, ask | {"before": ended})) == {"reused": True, "characters_earlier": earlier}
    assert evidence_of(lines(app, ask | {"before": "The sluice gate stuck. It was"})) is None
    assert evidence_of(lines(app, ask | {"before": "Another sentence. "})) is None


@pytest.mark.parametrize(
    "change",
    [
        {"before": "The sluice gate stuck. T"},
        {"before": "The sluice"},
        {"before": "A sluice gate stuck"},
        {"title": "Another title"},
        {"reuse": False},
        {"steering": {"added_words": ["council"]}},
    ],
)
def test_evidence_is_gathered_anew_when_the_sentence_or_what_stands_around_it_changes(
    library: Library, voice: int, tmp_path: Path, *, change: dict[str, object]
) -> None:
    app, ask = application(library, Script(), tmp_path), ASK | {"voice": voice, "reuse": True}
    lines(app, ask)
    assert evidence_of(lines(app, ask | change)) is None


def test_a_draft_that_joined_its_voice_is_no_evidence_for_itself(
    library: Library, voice: VoiceId, tmp_path: Path
) -> None:
    writer = library.local_writer()
    draft = library.create_draft(writer, voice, "The lock", "The sluice gate stuck, and I have come to think").id
    library.draft_files.join(writer, draft)
    (own,) = (info.id for info in library.documents(writer, voice) if info.title == "The lock")
    app = application(library, Script(), tmp_path)
    ask = ASK | {"voice": voice, "reuse": True}
    assert own in documents_of(lines(app, ask))
    for steering in ({}, {"pinned": [own]}):  # nor may what was gathered for another draft be reused
        assert own not in documents_of(lines(app, ask | {"draft": draft, "steering": steering}))
    assert own in documents_of(lines(app, ask | {"draft": draft + 1}))


def documents_of(told: list[dict[str, Any]]) -> list[int]:
    (ranked,) = (line for line in told if line["event"] == "ranked")
    return [entry["document"] for entry in ranked["entries"]]


def test_evidence_of_a_deleted_document_is_not_reused(library: Library, voice: int, tmp_path: Path) -> None:
    app, ask = application(library, Script(), tmp_path), ASK | {"voice": voice, "reuse": True}
    lines(app, ask)
    (document,) = library.documents(library.local_writer(), VoiceId(voice))
    library.delete_document(library.local_writer(), document.id)
    told = lines(app, ask)
    assert evidence_of(told) is None
    assert told[1]["entries"] == []


def test_warming_gathers_the_evidence_of_the_sentence_and_stops_at_the_first_word(
    library: Library, voice: int, tmp_path: Path
) -> None:
    script = Script()
    app, ask = application(library, script, tmp_path), ASK | {"voice": voice}
    answer = TestClient(app).post("/api/suggest/warm", json=ask)
    assert answer.json() == {"is_warm": True}
    assert script.closed.wait(PATIENCE)
    assert evidence_of(lines(app, ask | {"reuse": True})) == {"reused": True, "characters_earlier": 0}


def test_how_sure_the_model_is_comes_with_every_piece(library: Library, tmp_path: Path) -> None:
    told = lines(application(library, Script(confidence=-1.25), tmp_path), ASK)
    assert {line["confidence"] for line in told if line["event"] == "text"} == {-1.25}


def test_what_follows_the_cursor_is_not_written_again(library: Library, tmp_path: Path) -> None:
    script = Script(pieces=[" It", " held", " until", " the", " tide", " came", "."])
    told = lines(application(library, script, tmp_path), ASK | {"after": " until the tide turned."})
    assert "".join(line["text"] for line in told if line["event"] == "text") == " It held"
