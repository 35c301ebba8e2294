"""Downloads and loading in the background, each with a report that the page can ask for at any time."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from assistant.errors import ModelError, OwnhandError
from assistant.models.download import DownloadCancelledError, Downloader, Watcher
from assistant.models.hub import RemoteModel

_log = logging.getLogger(__name__)

State = Literal["running", "done", "cancelled", "failed"]

_UNEXPECTED = "something went wrong; the details are in the window where the app was started"
# The rate is taken over at least this long, or the time left would flicker.
_SETTLING_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class DownloadReport:
    """How far a download is. ``seconds_left`` is None until it can be estimated; ``reason`` says why it failed."""

    name: str
    state: State
    bytes_done: int
    bytes_total: int
    seconds_left: float | None = None
    reason: str = ""


class Downloads:
    """The downloads of this process."""

    def __init__(self, downloader: Downloader) -> None:
        self._downloader = downloader
        self._lock = threading.Lock()
        self._jobs: dict[str, _Job] = {}

    def start(self, model: RemoteModel) -> DownloadReport:
        """Fetch a model in the background; one that is being fetched already just goes on.

        :raises ModelError: if disk or memory cannot take it.
        """
        self._downloader.check_room(model)
        with self._lock:
            job = self._jobs.get(model.name)
            if job is None or job.report.state != "running":
                job = self._jobs[model.name] = _Job(self._downloader, model)
                job.start()
            return job.report

    def cancel(self, name: str) -> DownloadReport:
        """Ask a download to stop; it does within a moment.

        :raises ModelError: if there is none of this name.
        """
        job = self._jobs.get(name)
        if job is None:
            raise ModelError(f"no download of {name} is running: reload the page to see those there are")
        job.cancelled.set()
        return job.report

    def forget(self, name: str) -> None:
        """Drop the report of a download that is over."""
        with self._lock:
            if (job := self._jobs.get(name)) is not None and job.report.state != "running":
                del self._jobs[name]

    def reports(self) -> dict[str, DownloadReport]:
        """How far each is, by name."""
        with self._lock:
            return {name: job.report for name, job in self._jobs.items()}


class _Job:
    """One thread and what it has to say."""

    def __init__(self, downloader: Downloader, model: RemoteModel) -> None:
        self._downloader = downloader
        self._model = model
        self._first: tuple[float, int] | None = None  # when the first bytes were counted, and how many
        self.cancelled = threading.Event()
        self.report = DownloadReport(model.name, "running", 0, model.bytes)

    def start(self) -> None:
        threading.Thread(target=self._work, name=f"download {self._model.name}", daemon=True).start()

    def _work(self) -> None:
        try:
            self._downloader.fetch(self._model, Watcher(self._note, self.cancelled.is_set))
        except DownloadCancelledError:
            self._end("cancelled")
        except OwnhandError as error:
            self._end("failed", str(error))
        except Exception:  # noqa: BLE001 - the page must hear of it, whatever it is
            _log.exception("The download of %s failed", self._model.name)
            self._end("failed", _UNEXPECTED)
        else:
            self.report = replace(self.report, state="done", bytes_done=self._model.bytes, seconds_left=0)

    def _end(self, state: State, reason: str = "") -> None:
        self.report = replace(self.report, state=state, seconds_left=None, reason=reason)

    def _note(self, done: int) -> None:
        now = time.monotonic()
        self._first = self._first or (now, done)  # what an earlier try has fetched tells nothing about the speed
        seconds, fetched = now - self._first[0], done - self._first[1]
        left = None
        if seconds >= _SETTLING_SECONDS and fetched > 0:
            left = (self._model.bytes - done) / fetched * seconds
        self.report = replace(self.report, bytes_done=done, seconds_left=left)


SwitchState = Literal["idle", "loading", "failed"]


@dataclass(frozen=True, slots=True)
class SwitchReport:
    """Whether another model is being loaded, which, and why the last one could not be."""

    state: SwitchState = "idle"
    name: str = ""
    reason: str = ""


class Switch:
    """Takes another model into use in the background; one at a time.

    :param use: loads the model of a name and writes with it from then on, or raises and leaves everything as it is.
    """

    def __init__(self, use: Callable[[str], None]) -> None:
        self._use = use
        self._lock = threading.Lock()
        self.report = SwitchReport()

    def start(self, name: str) -> SwitchReport:
        """Begin to load a model.

        :raises ModelError: if another one is being loaded.
        """
        with self._lock:
            if self.report.state == "loading":
                raise ModelError(f"{self.report.name} is being loaded: wait until that is done, then choose again")
            self.report = SwitchReport("loading", name)
        threading.Thread(target=self._work, args=(name,), name=f"load {name}", daemon=True).start()
        return self.report

    def _work(self, name: str) -> None:
        try:
            self._use(name)
        except OwnhandError as error:
            self.report = SwitchReport("failed", name, str(error))
        except Exception:  # noqa: BLE001 - the page must hear of it, whatever it is
            _log.exception("Loading %s failed", name)
            self.report = SwitchReport("failed", name, _UNEXPECTED)
        else:
            self.report = SwitchReport()
