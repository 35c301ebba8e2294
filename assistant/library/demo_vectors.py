"""The documents of the demo corpora as vectors, whether or not they are in anybody's library.

Their texts never change, so an encoder reads them once for a data folder: in the background, some seconds' work, kept
in a file there.
"""

import hashlib
import logging
import threading
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from assistant.embedding import Encoder, Vectors
from assistant.library.catalogue import content_hash
from assistant.library.demos import DemoCorpus, demo_documents
from assistant.library.snippets import snippet_spans

DEMO_VECTORS_FILE = "demo-vectors.npz"

# Snippets read at once: small, so that a suggestion asked for meanwhile hardly waits.
_SNIPPETS_AT_ONCE = 16

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DemoDocument:
    """A piece by a demo writer."""

    writer: str
    title: str
    text: str
    content: str
    """The SHA-256 of its text."""


class DemoVectors:
    """Made when they are first asked for.

    :param file: where they are kept; None: nowhere.
    """

    def __init__(self, encoder: Encoder, corpora: Sequence[DemoCorpus], file: Path | None = None) -> None:
        self._encoder = encoder
        self._corpora = corpora
        self._file = file
        self._starting = threading.Lock()
        self._reading: threading.Thread | None = None
        self._found: list[Vectors] | None = None

    @cached_property
    def documents(self) -> tuple[DemoDocument, ...]:
        """All of them, writer by writer."""
        return tuple(
            DemoDocument(corpus.writer, document.title, document.text, content_hash(document.text))
            for corpus in self._corpora
            for document in demo_documents(corpus)
        )

    def snippets(self) -> list[Vectors] | None:
        """Of each of the documents the vectors of its snippets, (snippets, width); None: they are still being read."""
        with self._starting:
            if self._found is None and self._reading is None:
                self._reading = threading.Thread(target=self._read, name="demo vectors", daemon=True)
                self._reading.start()
        return self._found

    def _read(self) -> None:
        try:
            self._found = self._kept() or self._keep(self._encoded())
        except Exception:  # noqa: BLE001 - in a thread of its own nobody else would hear of it
            _log.exception("The demo writers could not be read")
            self._reading = None  # the next to ask tries again

    def _encoded(self) -> list[Vectors]:
        texts = [[document.text[span.start : span.end] for span in snippet_spans(document.text)]
                 for document in self.documents]  # fmt: skip
        flat = [snippet for snippets in texts for snippet in snippets]
        parts = [flat[start : start + _SNIPPETS_AT_ONCE] for start in range(0, len(flat), _SNIPPETS_AT_ONCE)]
        vectors = np.concatenate([self._encoder.encode(part) for part in parts])
        return np.split(vectors, np.cumsum([len(snippets) for snippets in texts])[:-1])

    def _kept(self) -> list[Vectors] | None:
        """What the file has, if it is whole and of this encoder and these texts."""
        if self._file is None or not self._file.is_file():
            return None
        try:
            with np.load(self._file, allow_pickle=False) as kept:
                if str(kept["key"]) != self._key:
                    return None
                return np.split(kept["vectors"].astype(np.float32), kept["ends"])
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            return None

    def _keep(self, found: list[Vectors]) -> list[Vectors]:
        """Keep them if the disk takes them; without the file they are read again next time."""
        if self._file is not None:
            ends = np.cumsum([len(snippets) for snippets in found])[:-1]
            partial = self._file.with_suffix(".part")
            try:
                with partial.open("wb") as file:
                    np.savez(file, key=self._key, ends=ends, vectors=np.concatenate(found).astype(np.float16))
                partial.replace(self._file)
            except OSError as error:
                _log.warning("The vectors of the demo writers could not be kept: %s", error)
        return found

    @property
    def _key(self) -> str:
        told = "\n".join([self._encoder.name, *(document.content for document in self.documents)])
        return hashlib.sha256(told.encode()).hexdigest()
