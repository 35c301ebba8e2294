"""After a deletion no byte of text or vector is left anywhere below the data folder."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from assistant.errors import StorageError
from assistant.library.erasure import erase_everything, files_holding
from assistant.library.key_files import KEYS_FOLDER
from assistant.library.library import Library
from tests.hashing_encoder import DIMENSIONS, HashingEncoder
from tests.library.corpus import made_up_text, write_documents
from tests.library.keys import WordNumbers

SECRET = "The password of the harbour safe is heron-lantern-seventeen, and nobody else may ever know it. "
_NEAR = 0.999


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with a secret in it, among enough other snippets that Chroma has written its graph to disk."""
    made = tmp_path_factory.mktemp("filled")
    folder = write_documents(made / "in", 80, sentences=80)
    (folder / "000-secret.txt").write_text(f"{SECRET}{made_up_text(99, 400)} {SECRET}")
    library = Library.open(made / "data", HashingEncoder())
    writer = library.local_writer()
    assert library.import_now(writer, library.create_voice(writer, "Letters").id, [folder]).snippets > 1050
    library.close()
    return made / "data"


@pytest.fixture
def secretive(filled: Path, tmp_path: Path) -> Iterator[Library]:
    """A copy of that library, open."""
    shutil.copytree(filled, tmp_path / "data")
    library = Library.open(tmp_path / "data", HashingEncoder())
    yield library
    library.close()


def _places_of(vector: npt.NDArray[np.float32], folder: Path) -> set[str]:
    """Files that hold a vector of nearly this direction, as float32 or float16 at any offset."""
    found = set()
    for path in folder.rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        for kind, offset in [("<f4", 0), ("<f4", 1), ("<f4", 2), ("<f4", 3), ("<f2", 0), ("<f2", 1)]:
            numbers = np.frombuffer(data[offset : len(data) - (len(data) - offset) % int(kind[2])], dtype=kind)
            if len(numbers) >= DIMENSIONS and _comes_near(numbers, vector):
                found.add(path.name)
    return found


def _comes_near(numbers: npt.NDArray[np.floating], vector: npt.NDArray[np.float32]) -> bool:
    with np.errstate(all="ignore"):
        values = numbers.astype(np.float64)
        values[~(np.abs(values) < 10)] = 0
    products = np.correlate(values, vector.astype(np.float64))
    sums = np.concatenate([[0.0], np.cumsum(values**2)])
    lengths = np.sqrt(np.maximum(sums[DIMENSIONS:] - sums[:-DIMENSIONS], 1e-12))
    return bool((products / lengths > _NEAR).any())


@pytest.fixture
def vectors(secretive: Library, tmp_path: Path) -> npt.NDArray[np.float32]:
    """Vectors of the secret document; the scan sees them and the text before anything is deleted."""
    writer = secretive.local_writer()
    (voice,) = secretive.voices(writer)
    (info,) = secretive.documents(writer, voice.id, search="heron-lantern")
    ids = [snippet.id for snippet in secretive.snippets(writer, info.id)]
    found = secretive.snippet_vectors(voice.id, ids)[[0, -1]]
    assert files_holding(tmp_path / "data", SECRET)
    places = _places_of(found[0], tmp_path / "data")
    assert "ownhand.sqlite" in places
    assert places & {"data_level0.bin", "chroma.sqlite3"}
    return found


def _assert_gone(folder: Path, vectors: npt.NDArray[np.float32]) -> None:
    for text in (SECRET, SECRET.strip(), "heron-lantern-seventeen", "000-secret", "seventeen"):
        assert files_holding(folder, text) == ()
    for vector in vectors:
        assert _places_of(vector, folder) == set()


def test_nothing_is_left_of_a_deleted_document(
    secretive: Library, tmp_path: Path, vectors: npt.NDArray[np.float32]
) -> None:
    writer = secretive.local_writer()
    (voice,) = secretive.voices(writer)
    (info,) = secretive.documents(writer, voice.id, search="heron-lantern")
    secretive.delete_document(writer, info.id)
    _assert_gone(tmp_path / "data", vectors)
    assert secretive.nearest(voice.id, vectors[0], 5)


def test_nothing_is_left_of_a_deleted_voice(
    secretive: Library, tmp_path: Path, vectors: npt.NDArray[np.float32]
) -> None:
    writer = secretive.local_writer()
    secretive.delete_voice(writer, secretive.voices(writer)[0].id)
    _assert_gone(tmp_path / "data", vectors)
    assert files_holding(tmp_path / "data", made_up_text(3, 1)) == ()


def test_nothing_is_left_of_a_deleted_draft(library: Library, tmp_path: Path) -> None:
    writer = library.local_writer()
    draft = library.create_draft(writer, None, "Secret", SECRET * 50)
    assert files_holding(tmp_path / "data", "heron-lantern-seventeen")
    library.erase_draft(writer, draft.id)
    assert files_holding(tmp_path / "data", "heron-lantern-seventeen") == ()


def test_nothing_is_left_of_an_import_that_was_cancelled_before_it_stored(library: Library, tmp_path: Path) -> None:
    writer = library.local_writer()
    voice = library.create_voice(writer, "Letters").id
    (tmp_path / "secret.zip").write_bytes(b"no zip: " + SECRET.encode())
    (tmp_path / "secret.pdf").write_bytes(b"no pdf: " + SECRET.encode())
    job = library.start_import(writer, voice, [tmp_path / "secret.zip", tmp_path / "secret.pdf"])
    while library.import_report(writer, job).state == "running":
        pass
    assert files_holding(tmp_path / "data", "heron-lantern-seventeen") == ()


def test_everything_can_be_erased_even_from_a_damaged_library(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    library = Library.open(folder, HashingEncoder())
    library.create_draft(library.local_writer(), None, "Secret", SECRET)
    voice = library.create_voice(library.local_writer(), "Letters").id
    library.import_now(library.local_writer(), voice, [write_documents(tmp_path / "in", 2)])
    library.learn_now(WordNumbers(), [voice])
    library.close()
    (folder / "ownhand.sqlite").open("r+b").write(b"damage")
    erase_everything(folder)
    assert files_holding(folder, SECRET) == ()
    assert not (folder / KEYS_FOLDER).exists()
    Library.open(folder, HashingEncoder()).close()


def test_with_everything_goes_what_the_page_keeps_and_models_settings_and_the_persons_own_stay(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    Library.open(folder, HashingEncoder()).close()
    gone = ["uploads/1/token/letter.txt", "temporary/ab/letter.txt", "demo-vectors.npz", "demo-vectors.part"]
    stays = ["models/a/model.safetensors", "settings.json", "own.txt"]
    for name in (*gone, *stays):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(SECRET)
    erase_everything(folder)
    assert {str(path.relative_to(folder)) for path in files_holding(folder, SECRET)} == set(stays)
    assert {path.name for path in folder.iterdir()} - {"ownhand.lock"} == {"models", "settings.json", "own.txt"}


def test_what_is_in_use_is_not_erased(library: Library, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="in use"):
        erase_everything(tmp_path / "data")
    assert library.voices(library.local_writer()) == ()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deep").mkdir()
    (tmp_path / "empty").touch()
    return tmp_path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_a_text_is_found_in_any_encoding_we_write(folder: Path, encoding: str) -> None:
    (folder / "deep" / "a.bin").write_bytes(b"\x00\xff" + "Été 🦆".encode(encoding) + b"\x01")
    assert files_holding(folder, "Été 🦆") == (folder / "deep" / "a.bin",)
    assert files_holding(folder, "Été 🦢") == ()


def test_a_long_text_is_found_though_a_database_cut_it(folder: Path) -> None:
    text = made_up_text(1, 20)
    (folder / "a.bin").write_bytes(text[:300].encode() + b"page border" + text[300:].encode())
    assert files_holding(folder, text) == (folder / "a.bin",)


@pytest.mark.parametrize("text", ["", "  \n"])
def test_looking_for_nothing_is_an_error(folder: Path, text: str) -> None:
    with pytest.raises(StorageError, match="empty"):
        files_holding(folder, text)
