"""The library's verbs on the real command line, with the real encoder."""

import json
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from assistant.__main__ import main
from assistant.library.demos import demo_corpora
from assistant.library.doctor import Check, diagnose
from assistant.library.key_files import KEYS_FOLDER
from assistant.library.library import Library
from assistant.retrieval.encoder import load_encoder
from assistant.types import DocumentInfo, Voice
from tests.browser.writings import every_format
from tests.hashing_encoder import HashingEncoder
from tests.library.earlier_schema import write_library


@dataclass(frozen=True)
class Outcome:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Outcome]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    """Run a verb on a data folder of this test's own."""

    def run(verb: str, *arguments: object) -> Outcome:
        line = ["assistant", verb, *map(str, arguments), "--data-dir", str(tmp_path / "data")]
        monkeypatch.setattr(sys, "argv", line)
        status = main()
        captured = capsys.readouterr()
        return Outcome(status, captured.out, captured.err)

    return run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that the real encoder filled with every format."""
    folder = tmp_path_factory.mktemp("made")
    library = Library.open(folder / "data", load_encoder())
    writer = library.local_writer()
    library.import_now(writer, library.create_voice(writer, "Letters").id, every_format(folder))
    library.close()
    return folder


@pytest.fixture
def filled(made: Path, tmp_path: Path) -> tuple[Voice, tuple[DocumentInfo, ...]]:
    """A copy of it as this test's data folder; the voice and the documents in it."""
    shutil.copytree(made / "data", tmp_path / "data")
    library = Library.open(made / "data", load_encoder())
    writer = library.local_writer()
    (voice,) = library.voices(writer)
    documents = library.documents(writer, voice.id)
    library.close()
    return voice, documents


def test_import_reports_every_file(command: Command, tmp_path: Path) -> None:
    filled = command("import", *every_format(tmp_path), "--voice", "Letters", "--json")
    assert filled.status == 0
    assert filled.json.keys() == {"files", "documents", "snippets", "learned"}
    files = {file["path"]: file for file in filled.json["files"]}
    assert all(file.keys() == {"path", "status", "documents", "snippets", "reason"} for file in files.values())
    assert files["broken.pdf"]["status"] == "refused"
    assert files["letters.zip/june.txt"] | {"snippets": 0} == {
        "path": "letters.zip/june.txt",
        "status": "imported",
        "documents": 1,
        "snippets": 0,
        "reason": "",
    }
    assert filled.json["documents"] == len(files) - 1
    assert "8 of 8 files" in filled.err
    assert filled.json["learned"] == filled.json["documents"]
    assert "learned the wording of 7 of 7 documents" in filled.err
    checks = {check["name"]: check["found"] for check in command("doctor", "--json").json["checks"]}
    assert re.fullmatch(r"7 of 7 documents have keys, .* MB per 1,000 words", checks["memory of your wording"])


def test_import_can_leave_the_keys_to_the_app(command: Command, tmp_path: Path) -> None:
    imported = command("import", *every_format(tmp_path), "--voice", "Letters", "--no-keys", "--json")
    assert (imported.status, imported.json["documents"], imported.json["learned"]) == (0, 7, 0)
    assert not (tmp_path / "data" / KEYS_FOLDER).exists()


def test_a_disk_that_takes_no_keys_is_said_after_the_import_was_told(command: Command, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / KEYS_FOLDER).write_text("no folder: nothing can be written below it")
    imported = command("import", *every_format(tmp_path), "--voice", "Letters", "--json")
    assert imported.status == 1
    assert (imported.json["documents"], imported.json["learned"]) == (7, 0)
    assert "error: the memory of your wording cannot be kept" in imported.err
    assert "your documents are all there" in imported.err


@pytest.mark.usefixtures("filled")
def test_importing_again_adds_nothing_and_succeeds(made: Path, command: Command) -> None:
    again = command("import", made / "orchard.md", "--json")  # the only voice is the default
    assert (again.status, again.json["documents"], again.json["files"][0]["status"]) == (0, 0, "present")


def test_import_fails_when_nothing_could_be_imported_and_leaves_no_voice(command: Command, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    outcome = command("import", tmp_path / "empty.txt", tmp_path / "missing")
    assert outcome.status == 1
    assert "the file is empty" in outcome.out
    assert "cannot be found" in outcome.out
    library = Library.open(tmp_path / "data", HashingEncoder())
    assert library.voices(library.local_writer()) == ()
    library.close()


def test_import_asks_which_of_several_voices_is_meant(command: Command, tmp_path: Path) -> None:
    library = Library.open(tmp_path / "data", HashingEncoder())
    for name in ("Mail", "Novel"):
        library.create_voice(library.local_writer(), name)
    library.close()
    outcome = command("import", tmp_path)
    assert (outcome.status, outcome.out) == (1, "")
    assert "error: there are 2 voices" in outcome.err
    assert "'Mail', 'Novel'" in outcome.err


def test_erase_and_verify(filled: tuple[Voice, tuple[DocumentInfo, ...]], command: Command) -> None:
    sentence = "She held that trees can count."
    found = command("erase", "--verify", sentence, "--json")
    assert (found.status, found.json["found"]) == (1, True)
    (info,) = (info for info in filled[1] if "pear" in info.title)
    asked = command("erase", "--document", info.id)
    assert asked.status == 1
    assert "--yes" in asked.err
    assert command("erase", "--document", info.id, "--yes", "--json").json == {
        "erased": "document The pear tree can count"
    }
    ladder = command("erase", "--verify", "The ladder was never the problem.")
    assert (ladder.status, "found in" in ladder.out) == (1, True)
    assert command("erase", "--voice", "letters", "--yes").status == 0
    assert command("erase", "--verify", sentence).out == "not found in any file\n"
    assert command("erase", "--voice", "letters", "--yes").status == 1
    assert command("erase", "--all", "--yes").status == 0


def test_rebuild_index_makes_a_lost_index_anew(
    filled: tuple[Voice, tuple[DocumentInfo, ...]], command: Command, tmp_path: Path
) -> None:
    shutil.rmtree(tmp_path / "data" / "chroma")
    rebuilt = command("rebuild-index", "--json")
    assert rebuilt.status == 0
    learned = filled[0].documents
    assert rebuilt.json == {"voices": [{"name": "Letters", "snippets": filled[0].snippets, "learned": learned}]}


def test_doctor_finds_a_sound_library_sound(filled: tuple[Voice, tuple[DocumentInfo, ...]], command: Command) -> None:
    checks = {check["name"]: check for check in command("doctor", "--json").json["checks"]}
    for name in ("python", "encoder", "data folder", "catalogue", "voice 1"):
        assert checks[name]["is_well"], checks[name]
    assert f"{filled[0].snippets} in the index" in checks["voice 1"]["found"]
    assert checks["memory of your wording"]["found"] == f"0 of {filled[0].documents} documents have keys"


def test_doctor_names_what_is_wrong_and_what_to_do(command: Command, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ownhand.sqlite").write_bytes(b"no database" * 1000)
    outcome = command("doctor")
    assert outcome.status == 1
    assert "PROBLEM  library" in outcome.out
    assert "import your files again" in outcome.out


def test_doctor_looks_and_mends_nothing(filled: tuple[Voice, tuple[DocumentInfo, ...]], tmp_path: Path) -> None:
    index, database = tmp_path / "data" / "chroma" / "chroma.sqlite3", tmp_path / "data" / "ownhand.sqlite"
    before = database.read_bytes()
    index.write_bytes(b"anything" * 1000)
    checks = {check.name: check for check in _diagnosed(tmp_path / "data")}
    assert (checks["search index"].is_well, checks["search index"].hint) == (False, "python -m assistant rebuild-index")
    assert index.read_bytes() == b"anything" * 1000
    shutil.rmtree(tmp_path / "data" / "chroma")
    checks = {check.name: check for check in _diagnosed(tmp_path / "data")}
    assert checks["voice 1"].found == f"{filled[0].snippets} snippets in the catalogue, 0 in the index"
    assert not (tmp_path / "data" / "chroma").exists()
    assert checks["catalogue"].is_well
    assert database.read_bytes() == before


def test_doctor_leaves_a_library_of_an_earlier_version_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    write_library(folder, "0003")
    before = (folder / "ownhand.sqlite").read_bytes()
    checks = {check.name: check for check in _diagnosed(folder)}
    assert checks["library"].is_well
    assert "earlier version" in checks["library"].found
    assert (folder / "ownhand.sqlite").read_bytes() == before


def _diagnosed(folder: Path) -> list[Check]:
    return diagnose(folder, load_encoder=str, load_checkpoint=str)


def test_doctor_reports_a_folder_in_use(command: Command, tmp_path: Path) -> None:
    library = Library.open(tmp_path / "data", HashingEncoder())
    outcome = command("doctor", "--json")
    library.close()
    (check,) = (check for check in outcome.json["checks"] if check["name"] == "data folder")
    assert not check["is_well"]
    assert "in use" in check["found"]


def test_a_locked_folder_is_one_line_on_stderr(command: Command, tmp_path: Path) -> None:
    library = Library.open(tmp_path / "data", HashingEncoder())
    outcome = command("import", tmp_path)
    library.close()
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err.startswith("error: ")
    assert outcome.err.count("\n") == 1


def test_demo_corpora_are_there_and_worth_a_voice() -> None:
    corpora = demo_corpora()
    assert len({corpus.slug for corpus in corpora}) == len(corpora) >= 4
    for corpus in corpora:
        assert len(list(corpus.folder.glob("*.md"))) >= 20
        assert corpus.name
        assert corpus.writer
        assert corpus.description
