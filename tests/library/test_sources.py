import os
import shutil
import stat
import zipfile
from pathlib import Path

import pytest

from assistant.errors import StorageError, UnreadableError
from assistant.library.archives import MOST_MEMBERS, Archive
from assistant.library.sources import SourceFile, SourceReader, list_sources, stage


def _zip(path: Path, members: dict[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def _read_all(sources: tuple[SourceFile, ...]) -> dict[str, bytes | str]:
    """Bytes, or the reason why there are none, by name."""
    reader = SourceReader()
    outcome: dict[str, bytes | str] = {}
    for source in sources:
        try:
            outcome[source.name] = reader.read(source)
        except UnreadableError as refusal:
            outcome[source.name] = str(refusal)
    reader.close()
    return outcome


def test_folders_are_listed_in_a_stable_order_with_the_names_people_know(tmp_path: Path) -> None:
    folder = tmp_path / "letters"
    for name in ("b.txt", "a.txt", "sub/c.md", ".hidden.txt", "__MACOSX/x.txt", "sub/.DS_Store"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("text")
    shutil.rmtree(folder / "__MACOSX")
    assert [file.name for file in list_sources([folder])] == ["letters/a.txt", "letters/b.txt", "letters/sub/c.md"]


def test_members_of_a_zip_are_read(tmp_path: Path) -> None:
    packed = _zip(tmp_path / "letters.zip", {"june.txt": b"June", "sub/july.txt": b"July", "__MACOSX/._june.txt": b"x"})
    assert _read_all(list_sources([packed])) == {"letters.zip/june.txt": b"June", "letters.zip/sub/july.txt": b"July"}


def test_links_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link.txt").symlink_to(secret)
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    outcome = _read_all(list_sources([folder, folder / "link.txt"]))
    assert all("links are not followed" in str(reason) for reason in outcome.values())
    assert len(outcome) == 3


def test_what_is_no_ordinary_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (pipe, missing) = list_sources([tmp_path / "pipe.txt", tmp_path / "missing.txt"])
    assert "no ordinary file" in pipe.refusal
    assert "cannot be found" in missing.refusal


@pytest.mark.parametrize(
    "name", ["../evil.txt", "/etc/evil.txt", "a/../../evil.txt", "..\\evil.txt", "C:\\evil.txt", "C:evil.txt"]
)
def test_members_that_point_outside_are_refused_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    packed = _zip(tmp_path / "in" / "deep" / "bad.zip", {name: b"evil", "good.txt": b"good"})
    outcome = _read_all(list_sources([packed]))
    assert outcome.pop("bad.zip/good.txt") == b"good"
    assert ["outside the zip" in str(reason) for reason in outcome.values()] == [True]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [packed]


def test_links_packed_files_and_passwords_in_zips_are_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link.txt")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    packed = _zip(tmp_path / "a.zip", {link: b"/etc/passwd", "inner.zip": b"PK\x05\x06" + bytes(18), "ok.txt": b"ok"})
    locked = _zip(tmp_path / "b.zip", {"locked.txt": b"secret"})
    data = bytearray(locked.read_bytes())
    for header, flag in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(header) + flag] |= 1
    locked.write_bytes(bytes(data))
    outcome = _read_all(list_sources([packed, locked]))
    assert "links are not followed" in str(outcome["a.zip/link.txt"])
    assert "unpack it" in str(outcome["a.zip/inner.zip"])
    assert outcome["a.zip/ok.txt"] == b"ok"
    assert "password" in str(outcome["b.zip/locked.txt"])


def test_a_zip_bomb_is_stopped_by_its_ratio_whatever_the_header_says(tmp_path: Path) -> None:
    packed = _zip(tmp_path / "bomb.zip", {"bomb.txt": b"0" * (20 * 2**20), "good.txt": b"good"})
    data = packed.read_bytes()
    size = (20 * 2**20).to_bytes(4, "little")
    packed.write_bytes(data.replace(size, (1000).to_bytes(4, "little")))
    outcome = _read_all(list_sources([packed]))
    assert isinstance(outcome["bomb.zip/bomb.txt"], str)  # refused: by its ratio, or by the lie about its size
    assert outcome["bomb.zip/good.txt"] == b"good"
    packed.write_bytes(data)
    assert "zip bomb" in str(_read_all(list_sources([packed]))["bomb.zip/bomb.txt"])


def test_what_a_zip_unpacks_to_is_limited_in_all(tmp_path: Path) -> None:
    archive = Archive.open(
        _zip(tmp_path / "big.zip", {f"{number}.txt": bytes(1000) for number in range(9)}), largest_total=5000
    )
    for member in archive.members[:5]:
        archive.read(member, limit=2000)
    with pytest.raises(UnreadableError, match="in all"):
        archive.read(archive.members[5], limit=2000)
    archive.close()


def test_too_many_members_are_refused_at_once(tmp_path: Path) -> None:
    packed = _zip(tmp_path / "many.zip", {f"{number}.txt": b"" for number in range(MOST_MEMBERS + 1)})
    (only,) = list_sources([packed])
    assert "5,001 members" in only.refusal


@pytest.mark.parametrize("data", [b"", b"no zip", b"PK\x03\x04" + bytes(50)])
def test_damaged_zips_are_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "bad.zip").write_bytes(data)
    (only,) = list_sources([tmp_path / "bad.zip"])
    assert "damaged" in only.refusal


def test_damaged_members_are_refused_and_the_rest_is_read(tmp_path: Path) -> None:
    packed = _zip(tmp_path / "a.zip", {"bad.txt": os.urandom(5000), "good.txt": b"good"})
    data = bytearray(packed.read_bytes())
    data[2000] ^= 0xFF
    packed.write_bytes(bytes(data))
    outcome = _read_all(list_sources([packed]))
    assert "damaged" in str(outcome["a.zip/bad.txt"])
    assert outcome["a.zip/good.txt"] == b"good"


def test_an_empty_zip_is_reported(tmp_path: Path) -> None:
    (only,) = list_sources([_zip(tmp_path / "empty.zip", {})])
    assert "no files" in only.refusal


def test_two_members_of_one_name_are_both_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.txt", b"one")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.txt", b"two")
    reader = SourceReader()
    assert [reader.read(source) for source in list_sources([tmp_path / "a.zip"])] == [b"one", b"two"]
    reader.close()


def test_names_with_every_odd_character_are_read_and_shown(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/odd"
    os.mkdir(folder)  # noqa: PTH102 - only bytes can name these files
    odd = [bytes([code]) + b".txt" for code in range(1, 256) if code not in b"/."]
    for name in [*odd, "naïve 日本 🦆 ${HOME} {{x}} <b>.txt".encode(), b"'; DROP TABLE documents; --.txt"]:
        with open(folder + b"/" + name, "wb") as file:  # noqa: PTH123
            file.write(b"words")
    sources = list_sources([tmp_path / "odd"])
    assert len(sources) == len(odd) + 2
    assert all(source.name.isprintable() and source.name.encode() for source in sources)
    reader = SourceReader()
    assert {reader.read(source) for source in sources} == {b"words"}


def test_large_files_are_refused_without_being_read(tmp_path: Path) -> None:
    with (tmp_path / "large.txt").open("wb") as file:
        file.truncate(100 * 2**20)
    (only,) = list_sources([tmp_path / "large.txt"])
    assert "100 MB" in only.refusal


def test_staged_files_outlive_their_originals(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("alone")
    packed = _zip(tmp_path / "in" / "b.zip", {"c.txt": b"packed", "../d.txt": b"evil"})
    staged = stage(list_sources([tmp_path / "in" / "a.txt", packed]), tmp_path / "staging")
    shutil.rmtree(tmp_path / "in")
    outcome = _read_all(staged)
    assert (outcome["a.txt"], outcome["b.zip/c.txt"]) == (b"alone", b"packed")
    assert sorted(path.name for path in (tmp_path / "staging").iterdir()) == ["000000", "000001"]


def test_a_full_staging_folder_is_an_error_that_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("words")
    (tmp_path / "blocked").write_text("a file where a folder should be")
    with pytest.raises(StorageError, match="free some space"):
        stage(list_sources([tmp_path / "a.txt"]), tmp_path / "blocked" / "1")
