"""One process owns a data folder at a time."""

from pathlib import Path

from filelock import FileLock, Timeout

from assistant.errors import StorageError

LOCK_FILE = "ownhand.lock"


def take_folder(folder: Path) -> FileLock:
    """Create the folder if need be and lock it; the lock ends with ``release()`` or with the process.

    :raises StorageError: if another process has it, or it cannot be written to.
    """
    lock = FileLock(folder / LOCK_FILE, is_singleton=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise StorageError(
            f"{folder} is in use by another running Ownhand: close that one, or choose another folder with --data-dir"
        ) from error
    except (OSError, NotImplementedError) as error:
        raise StorageError(
            f"{folder} cannot be used as the data folder ({error}): "
            "make it a writable folder, or choose another with --data-dir"
        ) from error
    return lock
