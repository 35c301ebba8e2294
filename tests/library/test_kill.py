"""An import is killed (SIGKILL) at many points; what is then resumed ends as an undisturbed import would have."""

import multiprocessing
import os
import shutil
import signal
import time
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from assistant.library.key_files import KEYS_FOLDER
from assistant.library.library import Library
from assistant.types import VoiceId, WriterId
from tests.hashing_encoder import BatchSensitiveEncoder
from tests.library.corpus import everything, wait_for, write_documents
from tests.library.keys import PATIENCE, WordNumbers

DOCUMENTS = 40
SENTENCES = 60  # about 10 snippets a document: two or three groups

# A server process that has the heavy modules loaded forks the victims, so that a kill costs no start.
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(
    [
        "chromadb",
        "alembic.command",
        "sklearn.feature_extraction.text",
        "assistant.library.library",
        "tests.library.corpus",
    ]
)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _die_at(place: str) -> None:
    """Arrange for this process to kill itself, before or after the n-th call of a method."""
    module, class_name, method, moment, count = place.split(":")
    owner = getattr(import_module(f"assistant.library.{module}"), class_name)
    real = getattr(owner, method)
    calls = 0

    def deadly(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == int(count) and moment == "before":
            _die()
        result = real(*arguments, **named)
        if calls == int(count) and moment == "after":
            _die()
        return result

    setattr(owner, method, deadly)


def _victim(data: Path, sources: Path, place: str, mode: str) -> None:
    """A process that imports, and dies at a place if one is named."""
    if place:
        _die_at(place)
    library = Library.open(data, BatchSensitiveEncoder())
    writer = library.local_writer()
    (voice,) = library.voices(writer) or (library.create_voice(writer, "Letters"),)
    if mode == "now":
        library.import_now(writer, voice.id, [sources])
    elif mode == "start":
        job = library.start_import(writer, voice.id, [sources])
        shutil.rmtree(sources)  # as an upload's temporary files are
        wait_for(library, writer, job)
    else:
        for report in library.imports(writer, voice.id):
            wait_for(library, writer, report.id)
    library.close()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What an import that nobody kills ends with."""
    folder = tmp_path_factory.mktemp("undisturbed")
    sources = write_documents(folder / "in", DOCUMENTS, sentences=SENTENCES)
    library = Library.open(folder / "data", BatchSensitiveEncoder())
    writer = library.local_writer()
    voice = library.create_voice(writer, "Letters").id
    assert library.import_now(writer, voice, [sources]).documents == DOCUMENTS
    found = everything(library, writer, voice)
    library.close()
    return found


PLACES = [
    "importing:_Run:_store:before:1",
    "intake:Intake:store_document:after:5",
    "upkeep:Upkeep:added:before:1",
    "upkeep:Upkeep:added:before:2",
    "index:VectorIndex:add:after:2",
    "catalogue:Catalogue:index_became_current:after:2",
    "import_records:ImportRecords:record:after:2",
    "import_records:ImportRecords:finish:before:1",
    "import_records:ImportRecords:finish:after:1",
]


@pytest.mark.parametrize(
    ("mode", "place"), [*(("start", place) for place in PLACES), *(("now", place) for place in PLACES[1:3])]
)
def test_a_killed_import_ends_as_an_undisturbed_one(
    tmp_path: Path, undisturbed: dict[str, object], mode: str, place: str
) -> None:
    sources = write_documents(tmp_path / "in", DOCUMENTS, sentences=SENTENCES)
    victim = _processes.Process(target=_victim, args=(tmp_path / "data", sources, place, mode))
    victim.start()
    victim.join(PATIENCE)
    assert victim.exitcode == -signal.SIGKILL

    library = Library.open(tmp_path / "data", BatchSensitiveEncoder())
    writer = library.local_writer()
    (voice,) = library.voices(writer)
    if mode == "now":
        library.import_now(writer, voice.id, [sources])
    _assert_as(undisturbed, library, writer, voice.id)
    library.close()


def test_an_import_killed_again_and_again_ends_as_an_undisturbed_one(
    tmp_path: Path, undisturbed: dict[str, object]
) -> None:
    sources = write_documents(tmp_path / "in", DOCUMENTS, sentences=SENTENCES)
    run = partial(_processes.Process, target=_victim)
    kills = 0
    mode = "start"
    for patience in (0.1, 0.2, 0.3, 0.5, 0.8, 1.1, PATIENCE):
        victim = run(args=(tmp_path / "data", sources, "", mode))
        victim.start()
        victim.join(patience)
        if victim.exitcode is None:
            victim.kill()
            victim.join()
            kills += 1
        if not sources.exists():
            mode = "resume"
        if victim.exitcode == 0:
            break
    assert kills >= 1
    library = Library.open(tmp_path / "data", BatchSensitiveEncoder())
    writer = library.local_writer()
    _assert_as(undisturbed, library, writer, library.voices(writer)[0].id)
    library.close()


def test_a_deletion_killed_half_way_is_finished_at_the_next_opening(tmp_path: Path) -> None:
    sources = write_documents(tmp_path / "in", 5)
    library = Library.open(tmp_path / "data", BatchSensitiveEncoder())
    writer = library.local_writer()
    voice = library.create_voice(writer, "Letters").id
    library.import_now(writer, voice, [sources])
    gone = library.documents(writer, voice)[0]
    text = library.document(writer, gone.id).text.encode()
    library.close()
    victim = _processes.Process(target=_deleting_victim, args=(tmp_path / "data", gone.id))
    victim.start()
    victim.join(PATIENCE)
    assert victim.exitcode == -signal.SIGKILL
    Library.open(tmp_path / "data", BatchSensitiveEncoder()).close()
    for path in (tmp_path / "data").rglob("*"):
        if path.is_file():
            assert text[:60] not in path.read_bytes()


def _deleting_victim(data: Path, document: Any) -> None:
    _die_at("upkeep:Upkeep:deleted:before:1")
    library = Library.open(data, BatchSensitiveEncoder())
    library.delete_document(library.local_writer(), document)


LEARNING_PLACES = [
    "key_files:KeyFiles:write:before:3",
    "key_files:KeyFiles:write:after:4",
    "learning:Learner:_make:after:5",
]


def _learning_victim(data: Path, place: str) -> None:
    if place:
        _die_at(place)
    library = Library.open(data, BatchSensitiveEncoder())
    library.learn_now(WordNumbers(pause=0.0 if place else 0.005), [library.voices(library.local_writer())[0].id])


@pytest.mark.parametrize("place", [*LEARNING_PLACES, ""])
def test_learning_that_was_killed_goes_on_where_it_was(tmp_path: Path, place: str) -> None:
    library = Library.open(tmp_path / "data", BatchSensitiveEncoder())
    writer = library.local_writer()
    voice = library.create_voice(writer, "Letters").id
    library.import_now(writer, voice, [write_documents(tmp_path / "in", 8)])
    library.close()
    victim = _processes.Process(target=_learning_victim, args=(tmp_path / "data", place))
    victim.start()
    if not place:  # at any moment, as soon as some documents are done
        while len(list((tmp_path / "data" / KEYS_FOLDER).rglob("*.safetensors"))) < 3:
            assert victim.is_alive()
            time.sleep(0.001)
        victim.kill()
    victim.join(PATIENCE)
    assert victim.exitcode == -signal.SIGKILL

    library = Library.open(tmp_path / "data", BatchSensitiveEncoder())
    documents = {info.id for info in library.documents(writer, voice)}
    done = library.key_versions(voice).keys()
    maker = WordNumbers()
    library.learn_now(maker, [voice])
    assert 2 <= len(done) < len(documents)
    assert set(maker.made) == documents - done
    files = [path.name for path in (tmp_path / "data" / KEYS_FOLDER).rglob("*") if path.is_file()]
    assert sorted(files) == sorted(f"{document}.safetensors" for document in documents)
    library.close()


def _assert_as(undisturbed: dict[str, object], library: Library, writer: WriterId, voice: VoiceId) -> None:
    """Once all imports have ended, the library holds and finds what the undisturbed one does, nothing is left over."""
    deadline = time.monotonic() + PATIENCE
    while any(report.state == "running" for report in library.imports(writer, voice)):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert everything(library, writer, voice) == undisturbed
    assert library._parts.index.ids(voice) == {snippet.id for snippet in library.voice_snippets(voice)}
    staging = library._parts.staging
    assert not staging.exists() or list(staging.iterdir()) == []
