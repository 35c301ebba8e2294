"""Keeping index and keys true to the catalogue, and the disk free of what was deleted."""

import logging
from collections.abc import Collection, Iterable, Sequence

from assistant.embedding import Vectors
from assistant.errors import StorageError
from assistant.library.catalogue import Catalogue
from assistant.library.database import Database
from assistant.library.index import VectorIndex
from assistant.library.key_files import KeyFiles
from assistant.types import SnippetId, VoiceId

_log = logging.getLogger(__name__)

_MENDED_AT_MOST = 5_000
"""Snippets, the newest of a voice, that are looked at after each change: about two seconds' work."""


class Upkeep:
    """Settles what the catalogue's changes leave to be done; all of it can be repeated after a kill."""

    def __init__(self, database: Database, catalogue: Catalogue, index: VectorIndex, keys: KeyFiles) -> None:
        self._database = database
        self._catalogue = catalogue
        self._index = index
        self._keys = keys

    def settle(self) -> None:
        """Do what a killed process left undone. Costs two counts per voice when that is nothing.

        A process that died while it wrote to Chroma may have left any of its files half-written, so the index of a
        voice that was being written to is made anew rather than mended.
        """
        counts = self._catalogue.snippet_counts()
        self._keys.settle({voice: self._catalogue.contents(voice).keys() for voice in counts})
        orphans = self._index.voices() - counts.keys()
        for voice in orphans:
            self._index.drop(voice)
        stale = self._catalogue.voices_with_stale_index()
        stale |= {voice for voice, count in counts.items() if voice not in stale and not self._knows(voice, count)}
        if stale:
            _log.info("making the index of voices %s anew", sorted(stale))
        self._rebuild(stale)
        if orphans or stale or self._catalogue.cleaning_is_due():
            self._clean()

    def added(self, voice: VoiceId, ids: Sequence[SnippetId], vectors: Vectors, *, was_current: bool) -> None:
        """Tell the index of new snippets of a voice, of which it knew the rest or not."""
        if was_current:
            self._index.add(voice, ids, vectors)
            self._catalogue.index_became_current(voice)
        else:
            self._rebuild([voice])

    def mend(self, voice: VoiceId) -> None:
        """After an import: make sure that the index finds what it holds."""
        self._mend(voice, *self._catalogue.voice_vectors(voice))

    def deleted(self, voices: Collection[VoiceId]) -> None:
        """After documents of these voices were deleted: leave no trace of them on disk."""
        for voice in voices:
            self._keys.keep(voice, self._catalogue.contents(voice).keys())
        self._rebuild(voices)
        self._clean()

    def voice_deleted(self, voice: VoiceId) -> None:
        """After a voice was deleted: leave no trace of it on disk."""
        self._keys.drop(voice)
        self._index.drop(voice)
        self._clean()

    def draft_deleted(self) -> None:
        """After a draft was deleted: leave no trace of it on disk."""
        self._database.clean()
        self._catalogue.cleaned()

    def rebuild_all(self) -> None:
        """Make the whole index anew from the catalogue, and let the keys go, which are made anew by themselves."""
        counts = self._catalogue.snippet_counts()
        for voice in counts:
            self._keys.drop(voice)
        self._rebuild(counts)
        self._clean()

    def _knows(self, voice: VoiceId, snippets: int) -> bool:
        try:
            return self._index.count(voice) == snippets
        except StorageError:  # its files are damaged: as good as empty
            return False

    def _rebuild(self, voices: Iterable[VoiceId]) -> None:
        for voice in voices:
            ids, vectors = self._catalogue.voice_vectors(voice)
            self._index.replace(voice, ids, vectors)
            self._mend(voice, ids, vectors)
            self._catalogue.index_became_current(voice)

    def _mend(self, voice: VoiceId, ids: Sequence[SnippetId], vectors: Vectors) -> None:
        self._index.mend(voice, ids[-_MENDED_AT_MOST:], vectors[-_MENDED_AT_MOST:])

    def _clean(self) -> None:
        self._index.clean()
        self._database.clean()
        self._catalogue.cleaned()
