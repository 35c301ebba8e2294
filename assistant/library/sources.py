"""What an import will read: paths, folders and zips become a flat list of files, each with the name people know.

Nothing is unpacked to disk and no link is followed. ``stage`` copies the files into the data folder, because uploads
vanish and an import must be able to go on after a restart.
"""

import shutil
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from assistant.errors import StorageError, UnreadableError
from assistant.library.archives import LARGEST_ZIP_BYTES, Archive, is_system_file, member_refusal
from assistant.library.readers import LARGEST_FILE_BYTES, reader_for, too_large


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file to import: its bytes are at ``path``, or are member number ``member`` of the zip there.

    ``refusal`` says why it must not be read.
    """

    name: str
    path: Path
    size: int
    member: int | None = None
    refusal: str = ""


def list_sources(paths: Sequence[Path]) -> tuple[SourceFile, ...]:
    """Every file of these paths, folders and zips, in a stable order."""
    return tuple(file for path in paths for file in _list_path(path, path.name or str(path)))


def stage(sources: Sequence[SourceFile], folder: Path) -> tuple[SourceFile, ...]:
    """Copy what will be read into a folder; the returned list points there.

    :raises StorageError: if there is no room.
    """
    copies: dict[Path, Path] = {}
    try:
        folder.mkdir(parents=True)
        staged = []
        for source in sources:
            if source.refusal:
                staged.append(source)
                continue
            if source.path not in copies:
                copies[source.path] = folder / f"{len(copies):06d}"
                shutil.copyfile(source.path, copies[source.path], follow_symlinks=False)
            staged.append(replace(source, path=copies[source.path]))
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise StorageError(
            f"the files cannot be copied to {folder} ({error}): free some space or check the folder, then import again"
        ) from error
    return tuple(staged)


class SourceReader:
    """Reads the bytes of source files; keeps the zip open whose members come one after the other."""

    def __init__(self) -> None:
        self._archive: Archive | None = None
        self._archive_path: Path | None = None

    def read(self, source: SourceFile) -> bytes:
        """The bytes of a file.

        :raises UnreadableError: if it must not or cannot be read.
        """
        if source.refusal:
            raise UnreadableError(source.refusal)
        if source.member is None:
            return _read_file(source.path)
        archive = self._open(source.path)
        return archive.read(archive.members[source.member], limit=LARGEST_FILE_BYTES)

    def close(self) -> None:
        """Close the zip that is open."""
        if self._archive is not None:
            self._archive.close()
        self._archive = self._archive_path = None

    def _open(self, path: Path) -> Archive:
        if self._archive is None or self._archive_path != path:
            self.close()
            self._archive, self._archive_path = Archive.open(path), path
        return self._archive


def _read_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_FILE_BYTES + 1)
    except OSError as error:
        raise UnreadableError(f"the file cannot be opened ({error.strerror})") from error


def _list_path(path: Path, name: str) -> Iterator[SourceFile]:
    try:
        status = path.lstat()
    except (OSError, ValueError) as error:
        yield SourceFile(_printable(name), path, 0, refusal=f"the file cannot be found ({error})")
        return
    if stat.S_ISDIR(status.st_mode):
        yield from _list_folder(path, name)
    elif not stat.S_ISREG(status.st_mode):
        what = "a link; links are not followed" if stat.S_ISLNK(status.st_mode) else "no ordinary file"
        yield SourceFile(_printable(name), path, 0, refusal=f"it is {what}")
    elif path.suffix.lower() == ".zip" and status.st_size <= LARGEST_ZIP_BYTES:
        yield from _list_zip(path, name, status.st_size)
    else:
        yield SourceFile(_printable(name), path, status.st_size, refusal=_file_refusal(name, status.st_size))


def _list_folder(folder: Path, name: str) -> Iterator[SourceFile]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        yield SourceFile(_printable(name), folder, 0, refusal=f"the folder cannot be opened ({error.strerror})")
        return
    for entry in entries:
        if not is_system_file(PurePosixPath(entry.name)):
            yield from _list_path(entry, f"{name}/{entry.name}")


def _list_zip(path: Path, name: str, size: int) -> Iterator[SourceFile]:
    try:
        archive = Archive.open(path)
    except UnreadableError as error:
        yield SourceFile(_printable(name), path, size, refusal=str(error))
        return
    members = archive.members
    archive.close()
    if not members:
        yield SourceFile(_printable(name), path, size, refusal="the zip holds no files")
    for number, member in enumerate(members):
        refusal = member_refusal(member) or _file_refusal(member.filename, member.file_size)
        yield SourceFile(_printable(f"{name}/{member.filename}"), path, member.file_size, number, refusal)


def _file_refusal(name: str, size: int) -> str:
    if PurePosixPath(name).suffix.lower() == ".zip":
        return (
            f"the zip has {size / 2**30:.1f} GB; the limit is {LARGEST_ZIP_BYTES / 2**30:.0f} GB: split it into parts"
        )
    try:
        reader_for(name)
    except UnreadableError as error:
        return str(error)
    return too_large(size) if size > LARGEST_FILE_BYTES else ""


def _printable(name: str) -> str:
    """A name that can be shown and stored: undecodable bytes and control characters become a replacement sign."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(character if character.isprintable() else "�" for character in text)
