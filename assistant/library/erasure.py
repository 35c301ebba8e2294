"""Erasing all, and proving that a text is gone: a scan of every byte below the data folder."""

import mmap
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from assistant.errors import StorageError
from assistant.library.database import DATABASE_FILE
from assistant.library.demo_vectors import DEMO_VECTORS_FILE
from assistant.library.importing import STAGING_FOLDER
from assistant.library.index import CHROMA_FOLDER
from assistant.library.key_files import KEYS_FOLDER
from assistant.library.lock import take_folder
from assistant.library.page_folders import TEMPORARY_FOLDER, UPLOADS_FOLDER

_FOLDERS = (CHROMA_FOLDER, KEYS_FOLDER, STAGING_FOLDER, UPLOADS_FOLDER, TEMPORARY_FOLDER)
_FILES = (f"{DATABASE_FILE}*", f"{Path(DEMO_VECTORS_FILE).stem}.*")
"""With what SQLite keeps beside the database, and what was half-written."""
_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")
# Databases cut long texts at page borders, so a long text is looked for in pieces; this long, a piece is still its own.
_PIECE_CHARACTERS = 64


def files_holding(folder: Path, text: str) -> tuple[Path, ...]:
    """The files below a folder in which a text, or a piece of it if it is long, occurs in any encoding we write.

    :raises StorageError: if the text is empty or a file cannot be read.
    """
    if not text.strip():
        raise StorageError("--verify: found an empty text, expected some words of what was erased")
    pieces = [text[start : start + _PIECE_CHARACTERS] for start in range(0, len(text), _PIECE_CHARACTERS)]
    if len(pieces) > 1 and len(pieces[-1]) < _PIECE_CHARACTERS:
        pieces[-1] = text[-_PIECE_CHARACTERS:]
    needles = [piece.encode(encoding) for piece in pieces for encoding in _ENCODINGS]
    return tuple(path for path in sorted(_files_below(folder)) if _holds_any(path, needles))


def erase_everything(folder: Path) -> None:
    """Delete all that Ownhand keeps in a data folder but models and settings.

    What it did not put there stays: the folder may be one in which a person keeps other things.

    :raises StorageError: if another process uses the folder, or it cannot be written to.
    """
    lock = take_folder(folder)
    try:
        for path in (path for pattern in _FILES for path in folder.glob(pattern)):
            path.unlink()
        for name in _FOLDERS:
            if (folder / name).exists():
                shutil.rmtree(folder / name)
    except OSError as error:
        raise StorageError(f"{folder} could not be erased ({error}): delete the folder by hand") from error
    finally:
        lock.release()


def _files_below(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder, onerror=_refuse_unless_gone):
        yield from (path for name in names if (path := Path(parent, name)).is_file())


def _refuse_unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise StorageError(f"{error.filename} cannot be listed ({error}): check its permissions and run this again")


def _holds_any(path: Path, needles: list[bytes]) -> bool:
    try:
        if path.stat().st_size == 0:
            return False
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return any(content.find(needle) >= 0 for needle in needles)
    except FileNotFoundError:
        return False  # deleted since it was listed
    except OSError as error:
        raise StorageError(f"{path} cannot be read ({error}): check its permissions and run this again") from error
