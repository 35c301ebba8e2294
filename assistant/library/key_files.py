"""The files that hold the keys of documents: ``memory/<voice>/<document>.safetensors`` below the data folder.

What is in them is the business of whoever makes them (``assistant.memory``): to the library they are bytes that belong
to a document, and go with it. A file is whole or absent, and everything here can be made again.
"""

import os
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from assistant.errors import StorageError
from assistant.types import DocumentId, VoiceId

KEYS_FOLDER = "memory"
_SUFFIX = ".safetensors"
_UNFINISHED = ".new"


class KeyFiles:
    """One file per document that has keys; safe to use from any thread.

    Files are numbered by *version*: a number that no other content of this process has, so that who has read a file
    knows whether it is still the same.
    """

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / KEYS_FOLDER
        self._lock = threading.Lock()
        self._numbers = count(1)
        self._versions = self._read_versions()

    def versions(self, voice: VoiceId) -> dict[DocumentId, int]:
        """The documents of a voice that have a file, and its version; answered from memory."""
        with self._lock:
            return dict(self._versions.get(voice, {}))

    def read(self, voice: VoiceId, document: DocumentId) -> bytes | None:
        """What the file of a document holds; None if there is none, or the disk cannot read it."""
        try:
            return self._path(voice, document).read_bytes()
        except OSError:
            return None

    def write(self, voice: VoiceId, document: DocumentId, data: bytes) -> None:
        """Put a file in its place, whole.

        :raises StorageError: if the disk takes no more; what was there before is then still there.
        """
        path = self._path(voice, document)
        new = path.with_suffix(_UNFINISHED)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with new.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)
        except OSError as error:
            with suppress(OSError):
                new.unlink(missing_ok=True)
            raise StorageError(
                f"the memory of your wording cannot be kept in {self._folder} ({error}): your documents are all there; "
                "free some space, and it is made by itself"
            ) from error
        with self._lock:
            self._versions.setdefault(voice, {})[document] = next(self._numbers)

    def keep(self, voice: VoiceId, documents: Collection[DocumentId]) -> None:
        """Delete the files of a voice that belong to none of these documents.

        :raises StorageError: if one cannot be deleted.
        """
        with self._lock, _deleting(self._folder):
            versions = self._versions.setdefault(voice, {})
            for document in versions.keys() - set(documents):
                self._path(voice, document).unlink(missing_ok=True)
                del versions[document]
            with suppress(OSError):
                (self._folder / str(voice)).rmdir()  # if it is empty

    def drop(self, voice: VoiceId) -> None:
        """Delete all files of a voice.

        :raises StorageError: if they cannot be deleted.
        """
        self.keep(voice, ())

    def settle(self, documents: Mapping[VoiceId, Collection[DocumentId]]) -> None:
        """After a kill: delete what belongs to no document, and what was half-written.

        :raises StorageError: if something cannot be deleted.
        """
        if not self._folder.is_dir():
            return
        wanted = {self._path(voice, document) for voice, of_voice in documents.items() for document in of_voice}
        with self._lock, _deleting(self._folder):
            for folder in _folders(self._folder):  # file managers leave files of their own anywhere
                for path in folder.iterdir():
                    if path not in wanted and not path.is_dir():
                        path.unlink()
                with suppress(OSError):
                    folder.rmdir()  # if it is empty
            self._versions = self._read_versions()

    def sizes(self) -> dict[VoiceId, dict[DocumentId, int]]:
        """Bytes on disk per document and voice."""
        return {
            voice: {document: self._path(voice, document).stat().st_size for document in documents}
            for voice, documents in self._list().items()
        }

    def _read_versions(self) -> dict[VoiceId, dict[DocumentId, int]]:
        return {
            voice: {document: next(self._numbers) for document in documents}
            for voice, documents in self._list().items()
        }

    def _list(self) -> dict[VoiceId, list[DocumentId]]:
        found: dict[VoiceId, list[DocumentId]] = {}
        for path in sorted(self._folder.glob(f"*/*{_SUFFIX}")):
            if path.parent.name.isdecimal() and path.stem.isdecimal():
                found.setdefault(VoiceId(int(path.parent.name)), []).append(DocumentId(int(path.stem)))
        return found

    def _path(self, voice: VoiceId, document: DocumentId) -> Path:
        return self._folder / str(voice) / f"{document}{_SUFFIX}"


def _folders(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_dir()]


@contextmanager
def _deleting(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"the memory of what was deleted is still in {folder} ({error}): make the folder writable, "
            "then start Ownhand again"
        ) from error
