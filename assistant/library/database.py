"""The SQLite file: how it is opened, migrated, written to by one thread at a time, and cleaned of what was deleted."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from assistant.errors import NotFoundError, StorageError

if TYPE_CHECKING:
    from alembic.config import Config

DATABASE_FILE = "ownhand.sqlite"
WAY_OUT = (
    "put a copy of the whole data folder in its place if you have one; "
    "if not, choose another folder with --data-dir and import your files again"
)
"""What a person can do about a file that cannot be mended."""
_BUSY_TIMEOUT_MS = 10_000
_MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """Sessions on one SQLite file: many readers, one writer."""

    def __init__(self, engine: Engine, path: Path) -> None:
        self._engine = engine
        self._path = path
        self._write_lock = threading.RLock()

    @classmethod
    def open(cls, folder: Path) -> "Database":
        """Open the library's file in a folder, creating or migrating it.

        :raises StorageError: if the folder cannot be written to, or the file is damaged or from a newer version.
        """
        path = folder / DATABASE_FILE
        engine = _engine(f"sqlite:///{path}", _configure)
        with _storage_errors(path):
            _migrate(engine, path)
        return cls(engine, path)

    @classmethod
    def open_to_look(cls, folder: Path) -> "Database":
        """Open the library's file as it is, for reading alone: nothing is created or migrated."""
        path = folder / DATABASE_FILE
        return cls(_engine(f"sqlite:///{path.absolute().as_uri()}?mode=ro&uri=true", _configure_to_look), path)

    def is_current(self) -> bool:
        """Whether the file has this version's schema, and not an earlier one.

        :raises StorageError: if the file is damaged or from a newer version.
        """
        with _storage_errors(self._path), self._engine.connect() as connection:
            found, head = _schemas(connection, self._path)
            return found == head

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one state of the library."""
        with _storage_errors(self._path), Session(self._engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session whose changes are committed together at the end, or not at all."""
        with (
            self._write_lock,
            _storage_errors(self._path),
            Session(self._engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    def clean(self) -> None:
        """Take every trace of deleted rows off the disk.

        ``secure_delete`` zeroes what is deleted, but moved cells leave copies in a page's free space, and the
        write-ahead log keeps old pages; rewriting the file and emptying the log leaves neither.
        """
        with self._write_lock, _storage_errors(self._path), self._autocommit() as connection:
            connection.execute(text("VACUUM"))
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))

    def check(self) -> str:
        """SQLite's own verdict on the file: ``ok`` or what is wrong."""
        with _storage_errors(self._path), self._autocommit() as connection:
            return str(connection.execute(text("PRAGMA integrity_check")).scalar_one())

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @contextmanager
    def _autocommit(self) -> Iterator[Connection]:
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            yield connection


def _engine(address: str, configure: Callable[[sqlite3.Connection, Any], None]) -> Engine:
    engine = create_engine(
        address,
        connect_args={"timeout": _BUSY_TIMEOUT_MS / 1000},
        hide_parameters=True,  # they are what the writer writes, and errors reach the log
    )
    event.listen(engine, "connect", configure)
    event.listen(engine, "begin", _begin)
    return engine


def _configure(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver's own transaction handling starts none before a SELECT; ours starts one always (see _begin).
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout = {_BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function("contains", 2, _contains, deterministic=True)


def _configure_to_look(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA query_only = ON")


def _begin(connection: Connection) -> None:
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("BEGIN")


def _contains(haystack: str, folded_needle: str) -> bool:
    """Case-insensitive search that, unlike SQLite's LIKE, knows more letters than English ones."""
    return folded_needle in haystack.casefold()


def _migrate(engine: Engine, path: Path) -> None:
    from alembic import command

    with engine.connect() as connection:
        found, head = _schemas(connection, path)
        if found == head:
            return
        config = _migrations()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


def _schemas(connection: Connection, path: Path) -> tuple[str | None, str | None]:
    """The schema that the file has, and the one it should have.

    :raises StorageError: if the file is from a newer version.
    """
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(_migrations())
    found = MigrationContext.configure(connection).get_current_revision()
    if found is not None and found not in {script.revision for script in scripts.walk_revisions()}:
        raise StorageError(
            f"{path} was written by a newer version of Ownhand (schema {found}): "
            f"update Ownhand, or choose another folder with --data-dir"
        )
    return found, scripts.get_current_head()


def _migrations() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


@contextmanager
def _storage_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite says about the file into something a person can act on."""
    try:
        yield
    except DBAPIError as error:
        raise StorageError(_advice(path, str(error.orig))) from error
    except OverflowError as error:
        raise NotFoundError("there is nothing with so large a number: choose one from the list") from error


def _advice(path: Path, message: str) -> str:
    advice = {
        "full": "free some space and try again; nothing was half-written",
        "readonly": "make the folder writable, or choose another with --data-dir",
        "unable to open": "make the folder writable, or choose another with --data-dir",
        "malformed": f"it is damaged: {WAY_OUT}",
        "not a database": f"it is not Ownhand's: {WAY_OUT}",
        "locked": "another program holds it: close that and try again",
        "disk i/o": "the disk refused to read or write: check it and its free space, then try again",
    }
    for sign, what_to_do in advice.items():
        if sign in message.lower():
            return f"{path}: {message}; {what_to_do}"
    return f"{path}: {message}; run `python -m assistant doctor` for a diagnosis"
