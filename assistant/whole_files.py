"""Files that take the places of others whole or not at all: a full disk or a kill leaves what was there before."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(*paths: Path) -> Iterator[list[Path]]:
    """Where to write what is to stand in some places: it gets there once all of it is written."""
    unfinished = [path.with_name(f"{path.name}.new") for path in paths]
    try:
        yield unfinished
        for new, path in zip(unfinished, paths, strict=True):
            new.replace(path)
    finally:
        for new in unfinished:
            new.unlink(missing_ok=True)
