"""Learning a writer's wording: the keys of every document are made in the background, one document after another.

It begins after an import, when the library opens and when another model is taken into use. It rests while imports run
and while a suggestion is written, and what is missing is always found by looking, so it may be killed at any moment.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

from assistant.errors import OwnhandError, StorageError
from assistant.library.catalogue import Catalogue
from assistant.library.key_files import KeyFiles
from assistant.types import Document, DocumentId, VoiceId

_log = logging.getLogger(__name__)

_RETRY_SECONDS = 60.0
"""After a full disk, the next try."""


class KeyMaker(Protocol):
    """Makes the keys of documents for the model in use, and knows its own."""

    def make(self, document: Document, rest: Callable[[], None]) -> bytes:
        """What is to be kept of a document. Calls ``rest`` often: it may take long to return, or raise to end this."""
        ...

    def accepts(self, data: bytes, content_hash: str) -> bool:
        """Whether these are whole keys of the model in use, of a text with this SHA-256."""
        ...


@dataclass(frozen=True, slots=True)
class LearningReport:
    """How many of a voice's documents have keys. ``reason`` says why the others will have none for now."""

    documents: int
    learned: int
    is_running: bool = False
    seconds_left: float | None = None
    reason: str = ""


class _StoppedError(Exception):
    """The keys at hand are not wanted any more, or the library closes."""


class Learner:
    """Makes the missing keys of all voices; one document at a time.

    :param changing: held while documents are deleted.
    :param is_importing: whether an import runs: keys wait for it.
    """

    def __init__(
        self, catalogue: Catalogue, files: KeyFiles, changing: threading.RLock, is_importing: Callable[[], bool]
    ) -> None:
        self._catalogue = catalogue
        self._files = files
        self._changing = changing
        self._is_importing = is_importing
        self._state = threading.Condition()
        self._working = threading.Lock()
        self._thread: threading.Thread | None = None
        self._maker: KeyMaker | None = None
        self._accepted: dict[DocumentId, int] = {}  # the version of its keys that the maker has accepted
        self._refused: dict[VoiceId, dict[DocumentId, str]] = {}  # why the maker makes none
        self._why_none = ""
        self._failure = ""
        self._pace = _Pace()
        self._is_due = False
        self._is_closing = False
        self._suggestions = 0

    # What others tell it

    def use(self, maker: KeyMaker | None, why_none: str) -> None:
        """Make keys with this maker from now on, in the background; None: make none, and say why."""
        self._why_none = why_none
        self._change_to(maker)
        if maker is not None and self._thread is None:
            self._thread = threading.Thread(target=self._work, name="keys", daemon=True)
            self._thread.start()
        self.wake()

    def wake(self) -> None:
        """Look for missing keys: documents have come, or what one waited for is over."""
        with self._state:
            self._is_due = True
            self._state.notify_all()

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """While this is open no keys are made, but for the stretch of a document that is under way."""
        with self._state:
            self._suggestions += 1
        try:
            yield
        finally:
            with self._state:
                self._suggestions -= 1
                self._state.notify_all()

    def close(self) -> None:
        """Stop after the stretch that is under way; the document at hand is begun anew at the next opening."""
        with self._state:
            self._is_closing = True
            self._state.notify_all()
        if self._thread is not None:
            self._thread.join()

    # What it tells others

    def report(self, voice: VoiceId, documents: int) -> LearningReport:
        """How far it is with a voice of so many documents; answered from memory."""
        if self._why_none and documents:
            return LearningReport(documents, learned=0, reason=self._why_none)
        learned = min(self._learned(voice), documents)
        refused = self._refused.get(voice, {})
        if learned + len(refused) >= documents or self._maker is None:
            return LearningReport(documents, learned, reason=next(iter(refused.values()), ""))
        if self._failure:
            return LearningReport(documents, learned, reason=self._failure)
        return LearningReport(documents, learned, is_running=True, seconds_left=self._pace.seconds_left(voice))

    def _learned(self, voice: VoiceId) -> int:
        """Documents with keys of the model in use; without one nobody can say whose they are."""
        versions = self._files.versions(voice)
        if self._maker is None:
            return len(versions)
        return sum(self._accepted.get(document) == version for document, version in versions.items())

    # The work

    def run(
        self, maker: KeyMaker, voices: Sequence[VoiceId], on_progress: Callable[[VoiceId], None] | None = None
    ) -> None:
        """Make all missing keys of some voices in the caller's thread.

        :raises StorageError: if the disk takes no more.
        """
        self._change_to(maker)
        with self._working:
            self._learn_all(voices, on_progress or (lambda _: None))

    def _change_to(self, maker: KeyMaker | None) -> None:
        """What another maker made is looked at anew."""
        with self._state:
            self._maker = maker
            self._accepted, self._refused, self._failure, self._pace = {}, {}, "", _Pace()
            self._state.notify_all()

    def _work(self) -> None:
        while self._wait():
            try:
                with self._working:
                    self._learn_all(list(self._catalogue.snippet_counts()), lambda _: None)
            except StorageError as error:
                self._failure = str(error)
            # A thread that dies would leave the page waiting for keys for ever.
            except Exception as error:  # noqa: BLE001
                _log.exception("keys could not be made")
                self._failure = f"unexpected {type(error).__name__}: {error}; please report it"

    def _wait(self) -> bool:
        """Until there may be something to do; False if the library closes."""
        with self._state:
            self._state.wait_for(lambda: self._is_due or self._is_closing, _RETRY_SECONDS if self._failure else None)
            self._is_due, self._failure = False, ""
            return not self._is_closing

    def _learn_all(self, voices: Sequence[VoiceId], on_progress: Callable[[VoiceId], None]) -> None:
        """Look at all voices first: of the last one, too, it is soon known what the maker has yet to do."""
        missing = {voice: self._missing(voice) for voice in voices}
        for voice, documents in missing.items():
            self._learn(voice, documents, on_progress)

    def _learn(self, voice: VoiceId, missing: dict[DocumentId, int], on_progress: Callable[[VoiceId], None]) -> None:
        self._pace.begin(voice, sum(missing.values()))
        for document, characters in missing.items():
            if self._is_closing:
                return
            with self._pace.measured(characters):
                self._make(voice, document)
            on_progress(voice)

    def _missing(self, voice: VoiceId) -> dict[DocumentId, int]:
        """The documents without keys, with their lengths; keys that are damaged or another model's are deleted."""
        contents = self._catalogue.contents(voice)
        refused = self._refused.get(voice, {})
        self._refused[voice] = {document: why for document, why in refused.items() if document in contents}
        for document, version in self._files.versions(voice).items():
            if self._accepted.get(document) != version and document in contents:
                self._look_at(voice, document, version, contents[document].hash)
        done = self._files.versions(voice).keys() | self._refused[voice].keys()
        return {document: content.characters for document, content in contents.items() if document not in done}

    def _look_at(self, voice: VoiceId, document: DocumentId, version: int, content_hash: str) -> None:
        maker, data = self._maker, self._files.read(voice, document)
        if maker is None:
            return
        is_accepted = data is not None and maker.accepts(data, content_hash)
        with self._changing, self._state:
            if maker is not self._maker:
                return  # the next round asks the new one
            if is_accepted:
                self._accepted[document] = version
            else:
                self._files.keep(voice, self._files.versions(voice).keys() - {document})

    def _make(self, voice: VoiceId, document: DocumentId) -> None:
        maker = self._maker
        found = self._catalogue.documents_by_id(voice, [document]).get(document)
        if found is None or maker is None:
            return
        try:
            self._rest(found, maker)
            data = maker.make(found, lambda: self._rest(found, maker))
        except _StoppedError:
            return
        except OwnhandError as error:
            self._refused.setdefault(voice, {})[document] = str(error)
            return
        with self._changing:  # meanwhile nobody deletes it
            if self._is_wanted(found, maker):
                self._files.write(voice, document, data)
                self._accepted[document] = self._files.versions(voice)[document]

    def _rest(self, document: Document, maker: KeyMaker) -> None:
        """Between two stretches of a document: wait as long as others go first."""
        with self._state, self._pace.standing_still():
            self._state.wait_for(lambda: self._is_closing or not (self._suggestions or self._is_importing()))
        if self._is_closing or not self._is_wanted(document, maker):
            raise _StoppedError

    def _is_wanted(self, document: Document, maker: KeyMaker) -> bool:
        return maker is self._maker and bool(self._catalogue.documents_by_id(document.voice, [document.id]))


class _Pace:
    """How fast keys are made, time spent waiting left out."""

    def __init__(self) -> None:
        self._voice: VoiceId | None = None
        self._left = 0
        self._done = 0
        self._seconds = 0.0
        self._stood_still = 0.0

    def begin(self, voice: VoiceId, characters: int) -> None:
        """So many characters of a voice are to be done."""
        self._voice, self._left = voice, characters

    @contextmanager
    def measured(self, characters: int) -> Iterator[None]:
        """Time the work on a document."""
        started, self._stood_still = monotonic(), 0.0
        yield
        self._seconds += monotonic() - started - self._stood_still
        self._done += characters
        self._left -= characters

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Time that is no work."""
        started = monotonic()
        yield
        self._stood_still += monotonic() - started

    def seconds_left(self, voice: VoiceId) -> float | None:
        """An estimate once something is done."""
        if voice != self._voice or not self._done:
            return None
        return self._seconds / self._done * max(self._left, 0)
