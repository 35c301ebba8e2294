"""The vector index: one Chroma collection per voice, holding snippet ids and vectors, no text.

SQLite is the truth; everything here can be rebuilt from it. This is the only module that knows Chroma.
"""

import shutil
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from assistant.embedding import Vectors
from assistant.errors import StorageError
from assistant.types import SnippetId, VoiceId

CHROMA_FOLDER = "chroma"
_CHROMA_FILE = "chroma.sqlite3"
# Rows handed to Chroma at once; it accepts no more than about 5,000.
_ROWS_AT_ONCE = 2_000
# Neighbours looked at per query: up to as many snippets the search is exact, so that a small library finds the same
# whatever order it was written in; beyond, the more, the closer to exact. On 10,000 vectors it costs about 3 ms.
_SEARCH_WIDTH = 512
# Looked at beyond what is asked for, so that of equally near snippets the older one is returned, whatever the order in
# which the index was built.
_TIES = 16
_ROWS_MENDED_AT_ONCE = 500
_SAME = 1e-5
"""Cosine distance below which two vectors are the same."""


class VectorIndex:
    """Nearest neighbours per voice."""

    def __init__(self, client: Any, folder: Path) -> None:
        self._client = client
        self._folder = folder
        # A rebuild takes a collection away and brings it back; a search must not fall in between.
        self._lock = threading.RLock()

    @classmethod
    def open(cls, data_dir: Path) -> "VectorIndex":
        """Open or create the index below a data folder. A damaged one is thrown away: it can be rebuilt."""
        folder = data_dir / CHROMA_FOLDER
        if is_damaged(data_dir):
            shutil.rmtree(folder)
        return cls(_open_client(folder), folder)

    def add(self, voice: VoiceId, ids: Sequence[SnippetId], vectors: Vectors) -> None:
        """Add snippets of a voice; ids that are there already get the new vector."""
        with self._using("add to"):
            collection = self._client.get_or_create_collection(
                _name(voice),
                embedding_function=None,
                configuration={"hnsw": {"space": "cosine", "ef_search": _SEARCH_WIDTH}},
            )
            for start in range(0, len(ids), _ROWS_AT_ONCE):
                part = slice(start, start + _ROWS_AT_ONCE)
                collection.upsert(ids=[str(snippet) for snippet in ids[part]], embeddings=vectors[part])
            # Reading makes Chroma work off its queue, now rather than at a search: what is written is written here.
            collection.count()

    def mend(self, voice: VoiceId, ids: Sequence[SnippetId], vectors: Vectors) -> None:
        """Make sure that each of these snippets is found by its own vector.

        Building an HNSW graph cuts links, and about one node in a thousand ends up with none that leads to it: it is
        stored but never found. Inserting it again links it anew.
        """
        for start in range(0, len(ids), _ROWS_MENDED_AT_ONCE):
            part = slice(start, start + _ROWS_MENDED_AT_ONCE)
            with self._using("check"):  # for one part at a time, so that searches get their turn
                lost = self._lost(voice, ids[part], vectors[part])
                if lost:
                    rows = [row for row, snippet in enumerate(ids) if snippet in lost]
                    self.add(voice, [ids[row] for row in rows], vectors[rows])

    def nearest(self, voice: VoiceId, vector: Vectors, limit: int) -> tuple[tuple[SnippetId, float], ...]:
        """At most ``limit`` snippets and their cosine similarity, best first."""
        with self._using("search"):
            collection = self._collection(voice)
            if collection is None or limit < 1 or not (size := collection.count()):
                return ()
            found = collection.query(
                query_embeddings=vector[None, :], n_results=min(limit + _TIES, size), include=["distances"]
            )
        hits = [
            (SnippetId(int(snippet)), 1.0 - float(distance))
            for snippet, distance in zip(found["ids"][0], found["distances"][0], strict=True)
        ]
        return tuple(sorted(hits, key=lambda hit: (-hit[1], hit[0]))[:limit])

    def ids(self, voice: VoiceId) -> set[SnippetId]:
        """The snippets a voice's collection holds."""
        with self._using("read"):
            collection = self._collection(voice)
            found = collection.get(include=[])["ids"] if collection is not None else []
        return {SnippetId(int(snippet)) for snippet in found}

    def count(self, voice: VoiceId) -> int:
        """How many snippets a voice's collection holds."""
        with self._using("count"):
            collection = self._collection(voice)
            return int(collection.count()) if collection is not None else 0

    def voices(self) -> set[VoiceId]:
        """The voices that have a collection."""
        with self._using("list"):
            return {
                VoiceId(int(collection.name.removeprefix("voice-"))) for collection in self._client.list_collections()
            }

    def replace(self, voice: VoiceId, ids: Sequence[SnippetId], vectors: Vectors) -> None:
        """Make the collection hold exactly these snippets.

        Deleting single rows would leave their vectors in Chroma's files (in its HNSW graph as tombstones, in its queue
        until a later purge), so a collection that lost rows is written anew.
        """
        with self._using("rebuild"):
            self.drop(voice)
            if ids:
                self.add(voice, ids, vectors)

    def drop(self, voice: VoiceId) -> None:
        """Forget a voice's collection."""
        with self._using("delete from"):
            if self._collection(voice) is not None:
                self._client.delete_collection(_name(voice))

    def clean(self) -> None:
        """Take every trace of dropped collections off the disk.

        Chroma leaves the HNSW folder of a dropped collection behind, and deleted rows in its SQLite file's free pages.
        """
        with self._using("clean"), closing(sqlite3.connect(self._folder / _CHROMA_FILE, timeout=10)) as database:
            in_use = {row[0] for row in database.execute("SELECT id FROM segments")}
            for folder in self._folder.iterdir():
                if folder.is_dir() and folder.name not in in_use:
                    shutil.rmtree(folder)
            database.execute("VACUUM")

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            self._client.close()

    def _lost(self, voice: VoiceId, ids: Sequence[SnippetId], vectors: Vectors) -> set[SnippetId]:
        collection = self._collection(voice)
        if collection is None:
            return set()
        found = collection.query(
            query_embeddings=vectors, n_results=min(_TIES, collection.count()), include=["distances"]
        )
        return {
            snippet
            for snippet, near, distances in zip(ids, found["ids"], found["distances"], strict=True)
            # Where more are alike than are looked at, they hide each other: some of them will do.
            if str(snippet) not in near and distances[-1] > _SAME
        }

    def _collection(self, voice: VoiceId) -> Any | None:
        from chromadb.errors import NotFoundError

        try:
            return self._client.get_collection(_name(voice), embedding_function=None)
        except NotFoundError:
            return None

    @contextmanager
    def _using(self, verb: str) -> Iterator[None]:
        with self._lock, _chroma_errors(f"cannot {verb} the search index in {self._folder}"):
            yield


def _open_client(folder: Path) -> Any:
    import chromadb
    from chromadb.config import Settings

    with _chroma_errors(f"cannot open the search index in {folder}"):
        return chromadb.PersistentClient(str(folder), settings=Settings(anonymized_telemetry=False))


def is_there(data_dir: Path) -> bool:
    """Whether a data folder has an index; opening one would make it."""
    return (data_dir / CHROMA_FOLDER / _CHROMA_FILE).is_file()


def is_damaged(data_dir: Path) -> bool:
    """Whether Chroma's database is there but broken. Asked before Chroma opens it, for Chroma remembers a failure."""
    file = data_dir / CHROMA_FOLDER / _CHROMA_FILE
    if not file.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as database:
            return bool(database.execute("PRAGMA quick_check(1)").fetchone() != ("ok",))
    except sqlite3.DatabaseError:
        return True


def _name(voice: VoiceId) -> str:
    return f"voice-{voice}"


@contextmanager
def _chroma_errors(what: str) -> Iterator[None]:
    from chromadb.errors import ChromaError

    try:
        yield
    # Chroma's Rust core reports a damaged or full folder by any of these.
    except (ChromaError, sqlite3.Error, OSError, ValueError, RuntimeError) as error:
        raise StorageError(
            f"{what} ({error}): check the disk's free space, then run `python -m assistant rebuild-index`"
        ) from error
