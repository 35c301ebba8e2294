"""One file of keys per document: whole or absent, and gone with what it belongs to."""

from pathlib import Path

import pytest

from assistant.errors import StorageError
from assistant.library.key_files import KEYS_FOLDER, KeyFiles
from assistant.types import DocumentId, VoiceId
from tests.full_disk import full_disk

VOICE, OTHER = VoiceId(1), VoiceId(2)
ONE, TWO = DocumentId(11), DocumentId(12)


@pytest.fixture
def files(tmp_path: Path) -> KeyFiles:
    files = KeyFiles(tmp_path)
    files.write(VOICE, ONE, b"keys of one")
    files.write(VOICE, TWO, b"keys of two")
    files.write(OTHER, ONE, b"keys of another voice")
    return files


def on_disk(folder: Path) -> set[str]:
    return {path.relative_to(folder / KEYS_FOLDER).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_what_was_written_is_read_also_by_the_next_process(files: KeyFiles, tmp_path: Path) -> None:
    for reader in (files, KeyFiles(tmp_path)):
        assert reader.read(VOICE, ONE) == b"keys of one"
        assert reader.versions(VOICE).keys() == {ONE, TWO}
        assert reader.read(OTHER, TWO) is None
        assert reader.versions(VoiceId(3)) == {}
    assert on_disk(tmp_path) == {"1/11.safetensors", "1/12.safetensors", "2/11.safetensors"}


def test_a_version_changes_with_the_content_alone(files: KeyFiles) -> None:
    before = files.versions(VOICE)
    assert files.versions(VOICE) == before
    files.write(VOICE, ONE, b"other keys")
    after = files.versions(VOICE)
    assert after[ONE] not in before.values()
    assert after[TWO] == before[TWO]


def test_keeping_some_deletes_the_others_of_that_voice(files: KeyFiles, tmp_path: Path) -> None:
    files.keep(VOICE, [TWO])
    assert on_disk(tmp_path) == {"1/12.safetensors", "2/11.safetensors"}
    assert files.versions(VOICE).keys() == {TWO}
    assert files.read(VOICE, ONE) is None


def test_dropping_a_voice_leaves_no_file_and_no_folder(files: KeyFiles, tmp_path: Path) -> None:
    files.drop(VOICE)
    assert on_disk(tmp_path) == {"2/11.safetensors"}
    assert not (tmp_path / KEYS_FOLDER / "1").exists()
    files.drop(VoiceId(77))


def test_settling_deletes_what_belongs_to_nothing_and_what_is_half_written(files: KeyFiles, tmp_path: Path) -> None:
    (tmp_path / KEYS_FOLDER / "1" / "11.new").write_bytes(b"hal")
    files.settle({VOICE: [ONE]})
    assert on_disk(tmp_path) == {"1/11.safetensors"}
    assert files.versions(VOICE).keys() == {ONE}
    assert files.versions(OTHER) == {}


def test_settling_minds_no_file_that_a_file_manager_left(files: KeyFiles, tmp_path: Path) -> None:
    (tmp_path / KEYS_FOLDER / ".DS_Store").write_bytes(b"x")
    (tmp_path / KEYS_FOLDER / "1" / "folder").mkdir()
    files.settle({VOICE: [ONE]})
    assert files.versions(VOICE).keys() == {ONE}
    assert files.versions(OTHER) == {}


def test_sizes_are_those_of_the_files(files: KeyFiles) -> None:
    assert files.sizes() == {VOICE: {ONE: 11, TWO: 11}, OTHER: {ONE: 21}}


@pytest.mark.parametrize("room", [0, 5])
def test_a_full_disk_leaves_the_old_file(tmp_path: Path, room: int) -> None:
    files = KeyFiles(tmp_path)
    files.write(VOICE, ONE, b"old")
    before = files.versions(VOICE)
    with full_disk(room), pytest.raises(StorageError, match=r"documents are all there; free some space"):
        files.write(VOICE, ONE, b"new and longer")
    assert files.read(VOICE, ONE) == b"old"
    assert files.versions(VOICE) == before
    assert on_disk(tmp_path) == {"1/11.safetensors"}
    files.write(VOICE, ONE, b"new and longer")  # with space again
    assert files.read(VOICE, ONE) == b"new and longer"
