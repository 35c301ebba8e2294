import asyncio
import os
import time
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.requests import ClientDisconnect

from assistant.errors import LibraryError, NotFoundError
from assistant.types import WriterId
from assistant.ui.uploads import ABANDONED_SECONDS, Uploads, safe_parts

ANN, BOB = WriterId(1), WriterId(2)
LARGEST = 1000


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    return Uploads(tmp_path / "uploads", largest=lambda name: LARGEST)


def send(uploads: Uploads, token: str, name: str, *chunks: bytes, writer: WriterId = ANN) -> None:
    async def stream() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    run(uploads.receive(writer, token, name, stream()))


def run(coroutine: Coroutine[object, object, None]) -> None:
    """Run in a thread of its own: browser tests leave an event loop behind in the main one."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        pool.submit(asyncio.run, coroutine).result()


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_file_arrives_in_its_folder(uploads: Uploads) -> None:
    token = uploads.begin(ANN)
    send(uploads, token, "diary/2020/june.txt", b"It ", b"rained.")
    folder = uploads.folder(ANN, token)
    assert (folder / "diary" / "2020" / "june.txt").read_bytes() == b"It rained."


def test_two_files_of_one_name_both_arrive(uploads: Uploads) -> None:
    token = uploads.begin(ANN)
    send(uploads, token, "letter.txt", b"one")
    send(uploads, token, "letter.txt", b"two")
    assert names(uploads.folder(ANN, token)) == ["letter (2).txt", "letter.txt"]


def test_what_is_too_large_is_refused_and_leaves_nothing(uploads: Uploads) -> None:
    token = uploads.begin(ANN)
    with pytest.raises(LibraryError, match="larger than"):
        send(uploads, token, "big.txt", b"x" * LARGEST, b"x")
    send(uploads, token, "small.txt", b"x" * LARGEST)
    assert names(uploads.folder(ANN, token)) == ["small.txt"]


def test_a_transfer_that_breaks_off_leaves_nothing(uploads: Uploads) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise ClientDisconnect

    token = uploads.begin(ANN)
    with pytest.raises(ClientDisconnect):
        run(uploads.receive(ANN, token, "letter.txt", broken()))
    assert names(uploads.folder(ANN, token)) == []


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("letter.txt", ("letter.txt",)),
        ("a/b.txt", ("a", "b.txt")),
        ("../../etc/passwd", ("etc", "passwd")),
        ("/etc/passwd", ("etc", "passwd")),
        ("./a//b.txt", ("a", "b.txt")),
        ("nul\0l.txt", ("null.txt",)),
        (r"back\slash.txt", (r"back\slash.txt",)),
        ("<img src=x onerror=alert(1)>.txt", ("<img src=x onerror=alert(1)>.txt",)),
        ("half\ud800.txt", ("half?.txt",)),
    ],
)
def test_no_name_leaves_the_folder(name: str, parts: tuple[str, ...]) -> None:
    assert safe_parts(name) == parts


@pytest.mark.parametrize("name", ["", "/", "..", "./.", "\0"])
def test_a_file_needs_a_name(name: str) -> None:
    with pytest.raises(LibraryError, match="without a name"):
        safe_parts(name)


def test_a_long_name_is_shortened_and_keeps_its_ending(uploads: Uploads) -> None:
    token = uploads.begin(ANN)
    send(uploads, token, "ü" * 400 + ".docx", b"x")
    (name,) = names(uploads.folder(ANN, token))
    assert name.startswith("üüü")
    assert name.endswith("ü.docx")


def test_an_upload_belongs_to_who_began_it(uploads: Uploads) -> None:
    token = uploads.begin(ANN)
    with pytest.raises(NotFoundError):
        send(uploads, token, "letter.txt", b"x", writer=BOB)
    uploads.discard(BOB, token)
    assert uploads.folder(ANN, token).is_dir()


@pytest.mark.parametrize("token", ["", "..", "../1", "0" * 31, "g" * 32, "0" * 32])
def test_an_unknown_token_is_not_found(uploads: Uploads, token: str) -> None:
    uploads.begin(ANN)
    with pytest.raises(NotFoundError, match="choose the files again"):
        uploads.folder(ANN, token)


def test_nothing_stays_after_a_restart(uploads: Uploads) -> None:
    token = uploads.begin(ANN)
    send(uploads, token, "letter.txt", b"x")
    uploads.clear()
    with pytest.raises(NotFoundError):
        uploads.folder(ANN, token)


def test_an_upload_that_was_abandoned_goes_when_another_begins(uploads: Uploads) -> None:
    abandoned, slow, fresh = (uploads.begin(writer) for writer in (BOB, ANN, ANN))
    for token, writer in ((abandoned, BOB), (slow, ANN)):
        send(uploads, token, "diary/letter.txt", b"x", writer=writer)
        for path in (uploads.folder(writer, token), *uploads.folder(writer, token).rglob("*")):
            os.utime(path, (time.time() - ABANDONED_SECONDS - 60,) * 2)
    send(uploads, slow, "diary/second.txt", b"x")
    uploads.begin(ANN)
    with pytest.raises(NotFoundError):
        uploads.folder(BOB, abandoned)
    assert names(uploads.folder(ANN, slow)) == ["diary/letter.txt", "diary/second.txt"]
    assert uploads.folder(ANN, fresh).is_dir()
