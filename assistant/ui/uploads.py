"""Files on their way from the browser into the library: a private folder per upload, gone as soon as it is imported.

One request carries one file, its bytes as they are. So a batch of 300 reports progress by file, a file that is too
large fails alone, and nothing is held in memory.
"""

import re
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from assistant.errors import LibraryError, NotFoundError, StorageError
from assistant.types import WriterId

ABANDONED_SECONDS = 6 * 3600
"""An upload that has been silent for so long will not be imported any more."""
_TOKEN = re.compile(r"[0-9a-f]{32}")
_LONGEST_NAME = 240
"""Bytes of one name: file systems take 255, and a second file of the same name gets " (2)" to " (9999)" on top."""
_LONGEST_SUFFIX = 16
"""Bytes that a name's ending may keep when it is shortened; what is longer is no file type."""
_SAME_NAME = 9999
"""Files of one name in one folder of one upload."""


class Uploads:
    """The folders of running uploads, below one root; a folder belongs to the writer who began it."""

    def __init__(self, root: Path, *, largest: Callable[[str], int]) -> None:
        """``largest`` says how many bytes a file of a name may have."""
        self._root = root
        self._largest = largest

    def clear(self) -> None:
        """Remove what an earlier process left behind."""
        shutil.rmtree(self._root, ignore_errors=True)

    def begin(self, writer: WriterId) -> str:
        """A new empty folder; the token names it in later calls. Uploads that nobody finished are removed."""
        self._remove_abandoned()
        token = secrets.token_hex(16)
        try:
            self._path(writer, token).mkdir(parents=True, mode=0o700)
        except OSError as error:
            raise _unwritable(error) from error
        return token

    async def receive(self, writer: WriterId, token: str, name: str, chunks: AsyncIterator[bytes]) -> None:
        """Store one file under the name that the person knows; a folder in the name becomes a folder."""
        folder = self.folder(writer, token)
        try:
            with _create(folder.joinpath(*safe_parts(name))) as file:
                try:
                    await self._copy(name, chunks, file)
                except BaseException:  # a tab that is closed half-way cancels this call: no half file may stay
                    Path(file.name).unlink(missing_ok=True)
                    raise
        except OSError as error:
            raise _unwritable(error) from error

    async def _copy(self, name: str, chunks: AsyncIterator[bytes], file: BinaryIO) -> None:
        received = 0
        largest = self._largest(name)
        async for chunk in chunks:
            received += len(chunk)
            if received > largest:
                raise LibraryError(f"the file is larger than {largest / 2**20:,.0f} MB: split it into parts")
            file.write(chunk)

    def folder(self, writer: WriterId, token: str) -> Path:
        """Where this upload's files lie."""
        path = self._path(writer, token)
        if not path.is_dir():
            raise NotFoundError("This upload is no longer here: choose the files again")
        return path

    def discard(self, writer: WriterId, token: str) -> None:
        """Remove the upload's files."""
        shutil.rmtree(self._path(writer, token), ignore_errors=True)

    def _remove_abandoned(self) -> None:
        """Remove what no file has come into for hours: its tab was closed before the import began."""
        latest = time.time() - ABANDONED_SECONDS
        for folder in self._root.glob("*/*"):
            with suppress(FileNotFoundError):  # another thread imported or removed it just now
                if max(path.stat().st_mtime for path in (folder, *folder.rglob("*"))) < latest:
                    shutil.rmtree(folder, ignore_errors=True)

    def _path(self, writer: WriterId, token: str) -> Path:
        if not _TOKEN.fullmatch(token):
            raise NotFoundError("This upload is no longer here: choose the files again")
        return self._root / str(writer) / token


def safe_parts(name: str) -> tuple[str, ...]:
    """The folders and the file of an uploaded name, none of which leaves the upload's folder."""
    parts = [_shorten(part.replace("\0", "")) for part in name.split("/")]
    kept = tuple(part for part in parts if part not in {"", ".", ".."})
    if not kept:
        raise LibraryError("A file arrived without a name: give it one and choose it again")
    return kept


def _shorten(part: str) -> str:
    encoded = part.encode("utf-8", "replace")
    if len(encoded) <= _LONGEST_NAME:
        return encoded.decode()
    dot = encoded.rfind(b".")
    suffix = encoded[dot:] if dot > 0 and len(encoded) - dot <= _LONGEST_SUFFIX else b""
    return (encoded[: _LONGEST_NAME - len(suffix)] + suffix).decode("utf-8", "ignore")


def _create(path: Path) -> BinaryIO:
    """Open a new file; a second one of the same name in the same folder is numbered."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for number in range(1, _SAME_NAME + 1):
        try:
            return (path if number == 1 else path.with_stem(f"{path.stem} ({number})")).open("xb")
        except FileExistsError:
            continue
    raise LibraryError(f"There are more than {_SAME_NAME:,} files named {path.name}: import them in smaller batches")


def _unwritable(error: OSError) -> StorageError:
    return StorageError(f"The file could not be stored ({error.strerror}): make room in the data folder and try again")
