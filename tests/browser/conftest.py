"""The app as a process of its own, a real Chromium, and two rules that hold for every page a test opens: no console
error, and no request to any other host."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, WebError, expect

from assistant.settings import SHIPPED_CHECKPOINT
from tests.small_models import write_small_checkpoint

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 600  # two cores may be busy with other work: these are limits, not expectations
STOP_SECONDS = 120
IMPORT_SECONDS = 300

OpenPage = Callable[..., Page]

expect.set_options(timeout=60_000)


class App:
    """``python app.py`` on a port and a data folder of its own."""

    def __init__(self, data_dir: Path, model: Path) -> None:
        self.data_dir = data_dir
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = data_dir.parent / "app.log"
        self._command = [sys.executable, "app.py", "--port", str(self.port)]
        self._command += ["--data-dir", str(data_dir), "--model", str(model)]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "App":
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the process and wait until it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, cwd=ROOT, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            try:
                self.get("/api/drafts")
            except (urllib.error.URLError, TimeoutError, ConnectionError):
                time.sleep(0.1)
            else:
                return
        pytest.fail(f"the app did not start:\n{self._log.read_text()}")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the process: as a person would, or as a power cut would (SIGKILL)."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=STOP_SECONDS)
            self._process = None

    def get(self, path: str) -> Any:
        """The answer to a GET, as JSON."""
        return self._ask("GET", path, None)

    def post(self, path: str, body: object = None) -> Any:
        """The answer to a POST, as JSON."""
        return self._ask("POST", path, body)

    def put(self, path: str, body: object) -> Any:
        """The answer to a PUT of JSON, or of bytes as they are."""
        return self._ask("PUT", path, body)

    def delete(self, path: str) -> Any:
        """The answer to a DELETE, as JSON."""
        return self._ask("DELETE", path, None)

    def draft(self, *, voice: int | None = None, title: str = "", text: str = "") -> int:
        """A new draft's number."""
        number: int = self.post("/api/drafts", {"voice": voice, "title": title, "text": text})["id"]
        return number

    def voice(self, name: str) -> int:
        """The number of the voice of this name."""
        return next(int(voice["id"]) for voice in self.get("/api/library/voices")["voices"] if voice["name"] == name)

    def endpoint(self, name: str, *values: object) -> Any:
        """The last answer of an endpoint for programs, in Gradio's protocol: a ticket, then a stream of events.

        As gradio_client does, it fills in the defaults of those at the end that are not given.
        """
        parameters = self.get("/gradio_api/info")["named_endpoints"][f"/{name}"]["parameters"]
        defaults = [parameter["parameter_default"] for parameter in parameters[len(values) :]]
        ticket = self.post(f"/gradio_api/call/{name}", {"data": [*values, *defaults]})["event_id"]
        with urllib.request.urlopen(f"{self.url}/gradio_api/call/{name}/{ticket}", timeout=300) as answer:
            lines = answer.read().decode().splitlines()
        complete = len(lines) - 1 - lines[::-1].index("event: complete")
        return json.loads(lines[complete + 1].removeprefix("data: "))[0]

    def load_work_mail(self) -> int:
        """Import the example "Work mail" as the Library page does it; the number of its voice."""
        self.post("/api/library/examples/work-mail")
        deadline = time.monotonic() + IMPORT_SECONDS
        while time.monotonic() < deadline:
            number = self.voice("Work mail")
            imports = self.get(f"/api/library/voices/{number}/imports")["imports"]
            if not any(job["state"] == "running" for job in imports):
                return number
            time.sleep(0.2)
        raise TimeoutError(f"the example was not imported within {IMPORT_SECONDS} seconds")

    def _ask(self, method: str, path: str, body: object) -> Any:
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)
        if data is not None and not isinstance(body, bytes):
            request.add_header("content-type", "application/json")
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped checkpoint, or a tiny one where a clone comes without it."""
    if (SHIPPED_CHECKPOINT / "config.json").is_file():
        return SHIPPED_CHECKPOINT
    return write_small_checkpoint(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="session")
def app(
    browser_type_launch_args: dict[str, Any], tmp_path_factory: pytest.TempPathFactory, model: Path
) -> Iterator[App]:
    """A running app, its library empty when the session begins; not started where no browser could look at it."""
    with App(tmp_path_factory.mktemp("app") / "data", model) as running:
        yield running


@pytest.fixture(scope="session")
def work_mail(app: App) -> int:
    """The number of a voice with the example "Work mail", imported as the Library page does it."""
    return app.load_work_mail()


# ---- Chromium ----


def chromium_arguments() -> dict[str, Any]:
    """How Playwright starts the browser: the system's Chromium, or the one that CHROMIUM names.

    :raises FileNotFoundError: if it is not there.
    """
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
    if not Path(chromium).is_file():
        raise FileNotFoundError(
            f"no Chromium at {chromium}: install it, or name one in the environment variable CHROMIUM"
        )
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    return {"executable_path": chromium, "headless": True, "args": arguments}


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """What pytest-playwright asks for; without a Chromium the tests are skipped, except where they must run."""
    try:
        return chromium_arguments()
    except FileNotFoundError as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@dataclass
class Watch:
    """What went wrong in a context's pages, and what a test says may go wrong."""

    home: str
    problems: list[str] = field(default_factory=list)
    allowed: tuple[str, ...] = ()

    def over(self, context: BrowserContext) -> None:
        """Listen to every page of the context."""
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)
        context.on("request", self._on_request)

    def unexpected(self) -> list[str]:
        """The problems that the test did not announce."""
        return [problem for problem in self.problems if not any(part in problem for part in self.allowed)]

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.problems.append(f"console: {message.text}")

    def _on_error(self, error: WebError) -> None:
        self.problems.append(f"uncaught: {error.error}")

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith((self.home + "/", "data:", "blob:")):
            self.problems.append(f"foreign request: {request.url}")


@pytest.fixture
def watch(app: App) -> Iterator[Watch]:
    """The two rules; ``watch.allowed`` names what a test provokes on purpose."""
    watching = Watch(app.url)
    yield watching
    assert watching.unexpected() == []


@pytest.fixture
def open_page(browser: Browser, app: App, watch: Watch) -> Iterator[OpenPage]:
    """Opens a page of the app in a fresh browser profile; takes the path and options of the profile."""
    contexts: list[BrowserContext] = []

    def open_it(path: str = "/", **options: Any) -> Page:
        context = browser.new_context(base_url=app.url, **({"viewport": {"width": 1440, "height": 900}} | options))
        context.set_default_timeout(60_000)
        contexts.append(context)
        watch.over(context)
        page = context.new_page()
        page.goto(path)
        return page

    yield open_it
    for context in contexts:
        context.close()
