"""What a retriever builds from a voice, kept until the voice changes or is deleted."""

import threading
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from assistant.errors import NotFoundError
from assistant.types import VoiceId

_Built = TypeVar("_Built")


class Revisions(Protocol):
    """Says when a voice has changed."""

    def voice_revision(self, voice: VoiceId) -> int:
        """Grows with every change of the voice.

        :raises NotFoundError: if the voice was deleted.
        """
        ...


class PerVoice(Generic[_Built]):
    """Builds on first use, and again when the voice has another revision.

    :param build: makes what belongs to a voice; it is given what was kept of an earlier revision, to take over from.
    """

    def __init__(self, revisions: Revisions, build: Callable[[VoiceId, _Built | None], _Built]) -> None:
        self._revisions = revisions
        self._build = build
        self._built: dict[VoiceId, tuple[int, _Built]] = {}
        self._lock = threading.Lock()

    def of(self, voice: VoiceId) -> _Built:
        """What belongs to a voice.

        :raises NotFoundError: if the voice was deleted.
        """
        with self._lock:
            revision = self._revision(voice)
            known = self._built.get(voice)
            if known is None or known[0] != revision:
                self._forget_deleted()
                known = self._built[voice] = (revision, self._build(voice, known[1] if known is not None else None))
            return known[1]

    def _revision(self, voice: VoiceId) -> int:
        try:
            return self._revisions.voice_revision(voice)
        except NotFoundError:
            self._built.pop(voice, None)
            raise

    def _forget_deleted(self) -> None:
        """Let go of what belongs to voices that are no more: nobody will ask for them again."""
        for voice in list(self._built):
            try:
                self._revisions.voice_revision(voice)
            except NotFoundError:
                del self._built[voice]
