"""The data folder: owned by one process, migrated, and honest about what is wrong with it."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from assistant.errors import StorageError
from assistant.library.catalogue import now
from assistant.library.database import Database
from assistant.library.library import Library
from assistant.library.schema import Base, DraftRow
from tests.hashing_encoder import HashingEncoder
from tests.library.corpus import everything, write_documents

ROOT = Path(__file__).resolve().parents[2]


def _run(program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


OPEN = (
    "import sys; from pathlib import Path; from assistant.library.library import Library\n"
    "from assistant.errors import StorageError; from tests.hashing_encoder import HashingEncoder\n"
    "try: Library.open(Path(sys.argv[1]), HashingEncoder())\n"
    "except StorageError as error: print(error)\n"
)


def test_a_second_process_is_told_who_has_the_folder(library: Library, tmp_path: Path) -> None:
    said = _run(OPEN, tmp_path / "data").stdout
    assert str(tmp_path / "data") in said
    assert "in use" in said
    assert "--data-dir" in said


def test_a_second_library_in_the_same_process_is_refused_too(library: Library, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="in use"):
        Library.open(tmp_path / "data", HashingEncoder())


def test_a_closed_library_can_be_opened_again(tmp_path: Path) -> None:
    for _ in range(3):
        Library.open(tmp_path / "data", HashingEncoder()).close()


def test_an_opening_that_failed_does_not_keep_the_folder(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ownhand.sqlite").write_text("this is no database, " * 500)
    for _ in range(2):
        with pytest.raises(StorageError, match="not a database"):
            Library.open(tmp_path / "data", HashingEncoder())
    (tmp_path / "data" / "ownhand.sqlite").unlink()
    Library.open(tmp_path / "data", HashingEncoder()).close()


def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(StorageError, match="cannot be used"):
        Library.open(tmp_path / "data", HashingEncoder())


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_read_only_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o500)
    with pytest.raises(StorageError, match="writable"):
        Library.open(tmp_path / "data", HashingEncoder())


def test_a_read_only_file_system_is_refused() -> None:
    with pytest.raises(StorageError, match="writable"):
        Library.open(Path("/proc/ownhand"), HashingEncoder())


def test_a_full_disk_stops_an_import_and_nothing_is_half_written(tmp_path: Path) -> None:
    """A limit on the size of files does what a full disk does: the write fails."""
    folder = write_documents(tmp_path / "in", 50, sentences=60)
    program = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from assistant.library.library import Library; from assistant.errors import OwnhandError\n"
        "from tests.hashing_encoder import HashingEncoder\n"
        "library = Library.open(Path(sys.argv[1]), HashingEncoder()); writer = library.local_writer()\n"
        "voice = library.create_voice(writer, 'Letters').id\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (700_000, 700_000))\n"
        "try: library.import_now(writer, voice, [Path(sys.argv[2])])\n"
        "except OwnhandError as error: print(error)\n"
    )
    said = _run(program, tmp_path / "data", folder)
    assert "space" in said.stdout, said
    library = Library.open(tmp_path / "data", HashingEncoder())
    writer = library.local_writer()
    (voice,) = library.voices(writer)
    assert voice.documents < 50
    assert all(library.snippets(writer, info.id) for info in library.documents(writer, voice.id))
    library.import_now(writer, voice.id, [folder])
    undisturbed = library.create_voice(writer, "Undisturbed").id
    library.import_now(writer, undisturbed, [folder])
    assert everything(library, writer, voice.id) == everything(library, writer, undisturbed)
    library.close()


def test_another_encoder_is_refused_once_there_are_vectors(tmp_path: Path) -> None:
    class OtherEncoder(HashingEncoder):
        name = "other"

    library = Library.open(tmp_path / "data", HashingEncoder())
    writer = library.local_writer()
    voice = library.create_voice(writer, "Letters").id
    library.close()
    library = Library.open(tmp_path / "data", OtherEncoder())  # nothing embedded yet: it may change
    library.import_now(writer, voice, [write_documents(tmp_path / "in", 1)])
    library.close()
    with pytest.raises(StorageError, match="encoder other, not with hashing"):
        Library.open(tmp_path / "data", HashingEncoder())
    Library.open(tmp_path / "data", OtherEncoder()).close()


def test_migrations_make_the_tables_that_the_models_describe(library: Library, tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'data' / 'ownhand.sqlite'}")
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    engine.dispose()
    assert [str(difference) for difference in differences] == []


def test_a_library_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    Library.open(tmp_path / "data", HashingEncoder()).close()
    with sqlite3.connect(tmp_path / "data" / "ownhand.sqlite") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    with pytest.raises(StorageError, match="newer version"):
        Library.open(tmp_path / "data", HashingEncoder())


def test_an_error_of_the_database_tells_nothing_of_what_was_written(tmp_path: Path) -> None:
    database = Database.open(tmp_path)
    row = DraftRow(writer_id=999, title="heron", text="lantern", revision=1, updated_at=now(), origins="[]")
    with pytest.raises(StorageError) as caught, database.writing() as session:
        session.add(row)
    database.close()
    told = "".join(traceback.format_exception(caught.value))
    assert "IntegrityError" in told
    assert not {"heron", "lantern"} & set(re.findall(r"\w+", told))


def test_every_row_names_its_writer() -> None:
    without = {"facts", "writers"}
    assert {name for name, table in Base.metadata.tables.items() if "writer_id" not in table.columns} == without


def test_the_index_holds_no_text(library: Library, tmp_path: Path) -> None:
    writer = library.local_writer()
    voice = library.create_voice(writer, "Letters").id
    library.import_now(writer, voice, [write_documents(tmp_path / "in", 3)])
    snippet = library.voice_snippets(voice)[0].text[:30].encode()
    files = [path for path in (tmp_path / "data" / "chroma").rglob("*") if path.is_file()]
    assert files
    assert not any(snippet in path.read_bytes() for path in files)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with enough in it that Chroma has written its graph to disk."""
    folder = tmp_path_factory.mktemp("filled")
    library = Library.open(folder / "data", HashingEncoder())
    writer = library.local_writer()
    voice = library.create_voice(writer, "Letters").id
    library.import_now(writer, voice, [write_documents(folder / "in", 80, sentences=80)])
    library.close()
    return folder / "data"


def _remove(file: Path) -> None:
    file.unlink()


def _halve(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def _overwrite(file: Path) -> None:
    file.write_bytes(b"anything" * 1000)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("chroma.sqlite3", _remove),
        ("chroma.sqlite3", _halve),
        ("chroma.sqlite3", _overwrite),
        ("header.bin", _remove),
        ("index_metadata.pickle", _halve),
    ],
)
def test_a_damaged_index_is_made_anew_at_opening(
    filled: Path, tmp_path: Path, name: str, damage: Callable[[Path], None]
) -> None:
    shutil.copytree(filled, tmp_path / "data")
    (file,) = (tmp_path / "data" / "chroma").rglob(name)
    damage(file)
    library = Library.open(tmp_path / "data", HashingEncoder())
    writer = library.local_writer()
    (voice,) = library.voices(writer)
    damaged = everything(library, writer, voice.id)
    library.close()
    library = Library.open(filled, HashingEncoder())
    assert everything(library, writer, voice.id) == damaged
    library.close()
