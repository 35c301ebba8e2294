"""Documents of a corpus on disk, to be read author by author: corpora may be larger than memory.

A corpus file is in no useful order; training wants one author's documents together and oldest first. A private SQLite
file that vanishes with its connection sorts them, and only the author at hand is in memory.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby

from assistant.training.corpus import Record, text_fingerprint

# Pairs for author distinction come back to the same authors; this many stay in memory.
_REMEMBERED_AUTHORS = 64


class RecordStore:
    """Documents, each text kept once: a reprint of one that is there already is dropped.

    :param records: what to keep, read once.
    :param keep_reprints: keep a text as often as it comes.
    """

    def __init__(self, records: Iterable[Record], *, keep_reprints: bool = False) -> None:
        self._database = sqlite3.connect("")  # no name: on disk while it is open, deleted after
        self._database.execute(
            "CREATE TABLE record (id INTEGER PRIMARY KEY, author TEXT, title TEXT, date TEXT, text TEXT, print UNIQUE)"
        )
        rows = (
            (r.author, r.title, r.date, r.text, None if keep_reprints else text_fingerprint(r.text)) for r in records
        )
        self._database.executemany(
            "INSERT OR IGNORE INTO record (author, title, date, text, print) VALUES (?, ?, ?, ?, ?)", rows
        )
        self._database.execute("CREATE INDEX by_author ON record (author, date, id)")
        self._of_author = lru_cache(maxsize=_REMEMBERED_AUTHORS)(self._read_author)

    def authors(self, *, minimum_documents: int) -> list[str]:
        """Names of the authors with so many documents, in the order in which they first occur; never the nameless."""
        rows = self._database.execute(
            "SELECT author FROM record WHERE author != '' GROUP BY author HAVING count(*) >= ? ORDER BY min(id)",
            (minimum_documents,),
        )
        return [author for (author,) in rows]

    def of_author(self, author: str) -> tuple[Record, ...]:
        """All documents of an author, oldest first; those of one day in file order."""
        return self._of_author(author)

    def author_runs(self, longest: int) -> list[tuple[int, ...]]:
        """Keys of all documents: runs of at most ``longest`` by one author, oldest first; the nameless one by one."""
        rows = self._database.execute("SELECT author, id FROM record ORDER BY author, date, id")
        runs: list[tuple[int, ...]] = []
        for author, group in groupby(rows, key=lambda row: str(row[0])):
            keys = [key for _, key in group]
            size = longest if author else 1
            runs.extend(tuple(keys[start : start + size]) for start in range(0, len(keys), size))
        return runs

    def read(self, keys: Sequence[int]) -> Iterator[Record]:
        """The documents of some keys, in their order."""
        for key in keys:
            row = self._database.execute("SELECT author, title, date, text FROM record WHERE id = ?", (key,)).fetchone()
            yield Record(*row)

    def _read_author(self, author: str) -> tuple[Record, ...]:
        rows = self._database.execute(
            "SELECT author, title, date, text FROM record WHERE author = ? ORDER BY date, id", (author,)
        )
        return tuple(Record(*row) for row in rows)
