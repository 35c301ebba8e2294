"""Zip files, read member by member in memory. Sizes are counted while reading: what a header says proves nothing."""

import io
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from assistant.errors import UnreadableError

MOST_MEMBERS = 5_000
"""Members of one zip file."""
LARGEST_ZIP_BYTES = 1024 * 1024 * 1024
"""A zip file itself."""
LARGEST_TOTAL_BYTES = 500 * 1024 * 1024
"""All members of one zip file together, unpacked."""
LARGEST_RATIO = 200
"""Unpacked to packed size; text packs to about a third, rarely to less than a twentieth."""
_RATIO_FROM_BYTES = 1024 * 1024  # small members may pack any ratio
_CHUNK = 64 * 1024

_PACKED_SUFFIXES = {".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz"}


class Archive:
    """An open zip file that never unpacks more than it should."""

    def __init__(self, file: zipfile.ZipFile, *, largest_total: int) -> None:
        self._file = file
        self._largest_total = largest_total
        self._unpacked = 0
        # Its files, in the order of the zip, without folders and without what systems leave in zips.
        self.members = tuple(
            member
            for member in file.infolist()
            if not member.is_dir() and not is_system_file(PurePosixPath(member.filename))
        )

    @classmethod
    def open(cls, source: Path | IO[bytes], *, largest_total: int = LARGEST_TOTAL_BYTES) -> "Archive":
        """Open a zip file.

        :raises UnreadableError: if it is damaged or has too many members.
        """
        with _zip_errors():
            file = zipfile.ZipFile(source)
        if len(file.infolist()) > MOST_MEMBERS:
            raise UnreadableError(
                f"the zip has {len(file.infolist()):,} members; the limit is {MOST_MEMBERS:,}: split it into parts"
            )
        return cls(file, largest_total=largest_total)

    def read(self, member: zipfile.ZipInfo, *, limit: int) -> bytes:
        """A member's bytes.

        :raises UnreadableError: if it is damaged, or unpacks to more than ``limit`` or than a zip may.
        """
        pieces: list[bytes] = []
        size = 0
        with _zip_errors(), self._file.open(member) as stream:
            while piece := stream.read(_CHUNK):
                pieces.append(piece)
                size += len(piece)
                self._unpacked += len(piece)
                self._check(member, size, limit)
        return b"".join(pieces)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _check(self, member: zipfile.ZipInfo, size: int, limit: int) -> None:
        if size > _RATIO_FROM_BYTES and size > member.compress_size * LARGEST_RATIO:
            raise UnreadableError(f"it unpacks to more than {LARGEST_RATIO} times its size, as a zip bomb does")
        if size > limit:
            raise UnreadableError(f"it unpacks to more than {limit / 2**20:,.0f} MB: split it into parts")
        if self._unpacked > self._largest_total:
            raise UnreadableError(
                f"the zip unpacks to more than {self._largest_total / 2**20:,.0f} MB in all: split it into parts"
            )


def member_refusal(member: zipfile.ZipInfo) -> str:
    """Why a member must not be read, or nothing."""
    # ``filename`` has been made harmless by zipfile; ``orig_filename`` is what the zip says.
    name = member.orig_filename.replace("\\", "/")
    if name.startswith("/") or ".." in name.split("/") or name[1:2] == ":":
        return "its path points outside the zip"
    if stat.S_ISLNK(member.external_attr >> 16):
        return "it is a link; links are not followed"
    if member.flag_bits & 0x1:
        return "it is protected by a password: make a zip without one"
    if PurePosixPath(name).suffix.lower() in _PACKED_SUFFIXES:
        return "packed files inside a zip are not opened: unpack it and import what it holds"
    return ""


def is_system_file(path: PurePosixPath) -> bool:
    """Whether a path is something an operating system leaves about, nothing anyone wrote."""
    is_hidden = path.name.startswith(".") and not path.name.startswith("..")
    return is_hidden or path.parts[:1] == ("__MACOSX",) or path.name in {"Thumbs.db", "desktop.ini"}


def check_office_archive(data: bytes) -> None:
    """Unpack an Office file once, piece by piece and into nothing, before a parser unpacks it into memory.

    :raises UnreadableError: if it is no Office file, encrypted, damaged, or a zip bomb.
    """
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableError("the file is protected by a password or in Word's old format: save it as a plain .docx")
    archive = Archive.open(io.BytesIO(data))
    for member in archive.members:
        archive.read(member, limit=LARGEST_TOTAL_BYTES)


@contextmanager
def _zip_errors() -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
        raise UnreadableError(f"the zip is damaged ({error})") from error
    except (NotImplementedError, RuntimeError) as error:
        raise UnreadableError(f"the zip cannot be unpacked ({error}): make one with ordinary compression") from error
