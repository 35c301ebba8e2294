"""A hub on this machine: the two kinds of request that fetching a model needs, answered over real HTTP."""

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

REVISION = "0123456789abcdef0123456789abcdef01234567"
_LARGE_SUFFIX = ".safetensors"
_PIECE = 64 * 1024


@dataclass
class FakeModel:
    """A repository: its files, and how it answers."""

    files: dict[str, bytes]
    licence: str = "apache-2.0"
    gated: bool = False
    status: int = 200
    """Anything else is the answer to every request for a file."""
    damaged: bool = False
    """Whether the last byte of large files arrives changed."""
    breaks: list[int] = field(default_factory=list)
    """After so many bytes of a large file the connection breaks, once for each number."""
    pause: float = 0.0
    """Seconds before every piece of a large file."""
    knows_ranges: bool = True
    revision: str = REVISION


class FakeHub:
    """The server: ``models`` may be changed while it runs, ``requests`` is what it was asked."""

    def __init__(self) -> None:
        self.models: dict[str, FakeModel] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        hub = self

        class Handler(_Handler):
            fake = hub

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def add(self, name: str, folder: Path, **answers: Any) -> FakeModel:
        """Offer a model's folder under a name."""
        files = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
        self.models[name] = FakeModel(files, **answers)
        return self.models[name]

    def ranges(self) -> list[str]:
        """The ranges that were asked for."""
        return [headers["range"] for _, headers in self.requests if "range" in headers]

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def fake_hub() -> Iterator[FakeHub]:
    """A hub for the time of a test."""
    hub = FakeHub()
    try:
        yield hub
    finally:
        hub.close()


class _Handler(BaseHTTPRequestHandler):
    fake: FakeHub

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.fake.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        if path.startswith("/api/models/"):
            self._info(path.removeprefix("/api/models/"))
        else:
            name, _, rest = path.removeprefix("/").partition("/resolve/")
            self._file(name, rest.partition("/")[2])

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _info(self, name: str) -> None:
        model = self.fake.models.get(name)
        if model is None:
            self._refuse(404, "RepoNotFound")
            return
        weights = [content for file, content in model.files.items() if file.endswith(_LARGE_SUFFIX)]
        body = {
            "id": name,
            "sha": model.revision,
            "gated": "manual" if model.gated else False,
            "tags": [f"license:{model.licence}"],
            "safetensors": {"parameters": {"BF16": sum(map(len, weights)) // 2}, "total": sum(map(len, weights)) // 2},
            "siblings": [_sibling(file, content) for file, content in model.files.items()],
        }
        self._answer(200, json.dumps(body).encode())

    def _file(self, name: str, file: str) -> None:
        model = self.fake.models[name]
        content = model.files[file]
        if model.gated and self.headers.get("authorization") != "Bearer accepted":
            self._refuse(403, "GatedRepo")
        elif model.status != 200 and file.endswith(_LARGE_SUFFIX):
            self._refuse(model.status, "")
        else:
            self._send(model, content, is_large=file.endswith(_LARGE_SUFFIX))

    def _send(self, model: FakeModel, content: bytes, *, is_large: bool) -> None:
        start = int(self.headers.get("range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        start = start if model.knows_ranges else 0
        if model.damaged and is_large:
            content = content[:-1] + bytes([content[-1] ^ 1])
        self.send_response(206 if start else 200)
        self.send_header("content-length", str(len(content) - start))
        self.end_headers()
        stop = model.breaks.pop(0) if is_large and model.breaks else len(content)
        try:
            for place in range(start, min(stop, len(content)), _PIECE):
                if is_large:
                    time.sleep(model.pause)
                self.wfile.write(content[place : min(place + _PIECE, stop)])
        except (BrokenPipeError, ConnectionResetError):
            pass  # cancelled
        self.close_connection = True

    def _refuse(self, status: int, code: str) -> None:
        self._answer(status, b"{}", code)

    def _answer(self, status: int, body: bytes, code: str = "") -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        if code:
            self.send_header("x-error-code", code)
        self.end_headers()
        self.wfile.write(body)


def _sibling(name: str, content: bytes) -> dict[str, object]:
    git_hash = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
    sibling: dict[str, object] = {"rfilename": name, "size": len(content), "blobId": git_hash}
    if name.endswith(_LARGE_SUFFIX):
        sha256 = hashlib.sha256(content).hexdigest()
        sibling |= {"blobId": "0" * 40, "lfs": {"sha256": sha256, "size": len(content), "pointerSize": 130}}
    return sibling
