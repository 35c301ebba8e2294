"""Fetching a model: room checked first, every file verified, nothing half-present, and a break goes on where it was.

Files are gathered in a folder beside the models, each as ``NAME.part`` until its size and hash are right; the folder
moves to its place when all are. Whatever stops it (cancel, network, a killed process) leaves the pieces for next time.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx2
from filelock import FileLock, Timeout

from assistant.errors import ModelError, OwnhandError
from assistant.generation.machine import gigabytes, memory_for, total_memory
from assistant.models.hub import Hub, RemoteFile, RemoteModel
from assistant.models.store import ModelRecord, ModelStore

_REVISION_FILE = ".revision"
_PART = ".part"
# Left free on the disk beside the model.
_SPARE_BYTES = 200_000_000
# Connections may break off this often in a row without a byte in between.
_TRIES = 4
_HASH_BYTES = 1 << 20


class DownloadCancelledError(OwnhandError):
    """Somebody stopped the download; what was fetched is kept."""


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who looks on: is told the bytes that are there, and asked whether to go on."""

    on_bytes: Callable[[int], None] = lambda _: None
    is_cancelled: Callable[[], bool] = lambda: False


@dataclass(frozen=True, slots=True)
class Downloader:
    """Fetches models from a hub into a store."""

    hub: Hub
    store: ModelStore
    pause_seconds: float = 2.0
    """Waiting time after a connection broke off; doubles each time."""

    def fetch(self, model: RemoteModel, watcher: Watcher = Watcher()) -> Path:
        """Fetch a model; returns its folder. One that is here already is not fetched again.

        :raises ModelError: if it does not fit this machine, the hub fails, or a file arrives damaged.
        :raises DownloadCancelledError: if the watcher says so.
        """
        if self.store.has(model.name):
            return self.store.path(model.name)
        folder = self.store.partial(model.name)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with FileLock(folder.with_name(folder.name + ".lock"), timeout=0, is_singleton=False):
                self._keep_only(folder, model.revision)
                self.check_room(model)
                _Gathering(self, model, folder, watcher).run()
                return self.store.publish(
                    ModelRecord(model.name, model.revision, model.licence, model.parameters, model.bytes)
                )
        except Timeout as error:
            raise ModelError(f"{model.name} is being fetched already, by another window: wait for that one") from error
        except OSError as error:
            raise ModelError(
                f"{model.name} could not be written to {self.store.folder} ({error.strerror or error}): make room or "
                "make the folder writable, then try again; what is there is kept"
            ) from error

    def check_room(self, model: RemoteModel) -> None:
        """Whether disk and memory can take the model.

        :raises ModelError: if not, with what is there and what is needed.
        """
        missing = model.bytes - self.store.partial_bytes(model.name) + _SPARE_BYTES
        free = shutil.disk_usage(_existing(self.store.folder)).free
        if free < missing:
            raise ModelError(
                f"{model.name} needs {gigabytes(missing)} more on the disk of {self.store.folder}, "
                f"{gigabytes(free)} are free: make room, or choose a smaller model"
            )
        if (memory := total_memory()) < memory_for(model.parameters):
            raise ModelError(
                f"{model.name} needs about {gigabytes(memory_for(model.parameters))} of memory, this machine has "
                f"{gigabytes(memory)}: choose a smaller model"
            )

    def _keep_only(self, folder: Path, revision: str) -> None:
        """Files of another revision do not go with those of this one."""
        mark = folder / _REVISION_FILE
        if not mark.is_file() or mark.read_text(encoding="utf-8") != revision:
            for path in folder.iterdir():
                path.unlink()
            mark.write_text(revision, encoding="utf-8")


class _Gathering:
    """One download at work."""

    def __init__(self, downloader: Downloader, model: RemoteModel, folder: Path, watcher: Watcher) -> None:
        self._downloader = downloader
        self._model = model
        self._folder = folder
        self._watcher = watcher
        self._before = 0  # bytes of the files that are done

    def run(self) -> None:
        for file in self._model.files:
            path = self._folder / file.name
            if not path.is_file():  # a file has its own name only once it is verified
                self._fetch(file, path.with_name(path.name + _PART))
                path.with_name(path.name + _PART).rename(path)
            self._before += file.bytes
            self._look_up(0)
        (self._folder / _REVISION_FILE).unlink()

    def _fetch(self, file: RemoteFile, part: Path) -> None:
        part.touch()
        failures, before = 0, part.stat().st_size
        while part.stat().st_size < file.bytes:
            try:
                self._go_on(file, part)
            except httpx2.TransportError as error:
                failures = 1 if part.stat().st_size > before else failures + 1
                self._give_up_or_wait(failures, error)
            before = part.stat().st_size
        self._verify(file, part)

    def _go_on(self, file: RemoteFile, part: Path) -> None:
        """Append to a file what is missing of it."""
        start = part.stat().st_size
        with self._downloader.hub.stream(self._model, file, start=start) as pieces, part.open("ab") as out:
            for piece in pieces:
                out.write(piece)
                self._look_up(out.tell())
                if out.tell() > file.bytes:
                    break
        if part.stat().st_size == start:
            raise httpx2.ReadError("the answer was empty")

    def _give_up_or_wait(self, failures: int, error: httpx2.TransportError) -> None:
        if failures >= _TRIES:
            raise ModelError(
                f"the connection broke off while fetching {self._model.name} ({type(error).__name__}): check the "
                "network and start again; it goes on where it stopped"
            ) from error
        ends = time.monotonic() + self._downloader.pause_seconds * 2 ** (failures - 1)
        while time.monotonic() < ends:
            self._look_up(None)
            time.sleep(min(0.1, self._downloader.pause_seconds))

    def _look_up(self, bytes_of_file: int | None) -> None:
        if bytes_of_file is not None:
            self._watcher.on_bytes(self._before + bytes_of_file)
        if self._watcher.is_cancelled():
            raise DownloadCancelledError(f"the download of {self._model.name} was stopped; what is there is kept")

    def _verify(self, file: RemoteFile, part: Path) -> None:
        if part.stat().st_size == file.bytes and _hash_matches(file, part):
            return
        part.unlink()
        raise ModelError(f"{file.name} of {self._model.name} arrived damaged and was deleted: try again")


def _hash_matches(file: RemoteFile, path: Path) -> bool:
    """Compare with the hub's hash: of large files SHA-256, of others git's, which hashes a header first."""
    if file.sha256 is not None:
        expected, digest = file.sha256, hashlib.sha256()
    elif file.git_hash is not None:
        expected, digest = file.git_hash, hashlib.sha1(b"blob %d\0" % file.bytes, usedforsecurity=False)
    else:
        return True
    with path.open("rb") as content:
        while piece := content.read(_HASH_BYTES):
            digest.update(piece)
    return digest.hexdigest() == expected


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return Path(os.path.realpath(folder))
