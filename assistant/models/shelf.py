"""All models that there is something to say about, in one list: shipped, fetched, found elsewhere, worth fetching."""

from dataclasses import dataclass, replace
from pathlib import Path

from assistant.errors import ModelError
from assistant.generation.loading import count_parameters
from assistant.models.catalogue import LISTED, SHIPPED, ListedModel
from assistant.models.store import ModelRecord, ModelStore
from assistant.rewriting_record import read_record
from assistant.settings import SHIPPED_CHECKPOINT
from assistant.types import RewriteKind

_SHIPPED_NOTE = "Comes with Ownhand. Small and quick; its words follow yours, its thoughts do not go far."
_SHIPPED_LICENCE = "Apache 2.0"


@dataclass(frozen=True, slots=True)
class ShelfModel:
    """A line of the list. ``bytes`` is what it takes on the disk, or what is to be downloaded, about."""

    name: str
    title: str
    note: str
    parameters: int
    bytes: int
    licence: str
    is_present: bool
    is_in_use: bool
    is_removable: bool
    rewrites: tuple[RewriteKind, ...] | None = None
    """The kinds of rewrites it has passed the check for; None: it was not checked."""


def shelf_of(store: ModelStore, *, in_use: str) -> tuple[ShelfModel, ...]:
    """The shipped model, then those of the list, then all others that were fetched or are in use."""
    fetched = {record.name: record for record in store.fetched()}
    lines = [
        *([_shipped(in_use)] if SHIPPED_CHECKPOINT.is_dir() else []),  # a clone may come without it
        *(_listed(model, fetched.pop(model.name, None), store, in_use) for model in LISTED),
        *(_fetched(record, in_use) for record in fetched.values()),
    ]
    if not any(line.is_in_use for line in lines) and (folder := _folder(store, in_use)) is not None:
        lines.append(_elsewhere(folder, in_use))
    return tuple(_with_check(line, store) for line in lines)


def _with_check(line: ShelfModel, store: ModelStore) -> ShelfModel:
    record = read_record(store.find(line.name)) if line.is_present else None
    return replace(line, rewrites=None if record is None else record.passed)


def _shipped(in_use: str) -> ShelfModel:
    return ShelfModel(
        name=SHIPPED,
        title="Ownhand 109M",
        note=_SHIPPED_NOTE,
        parameters=count_parameters(SHIPPED_CHECKPOINT),
        bytes=_size(SHIPPED_CHECKPOINT),
        licence=_SHIPPED_LICENCE,
        is_present=True,
        is_in_use=in_use == SHIPPED,
        is_removable=False,
    )


def _listed(model: ListedModel, record: ModelRecord | None, store: ModelStore, in_use: str) -> ShelfModel:
    return ShelfModel(
        name=model.name,
        title=model.title,
        note=model.note,
        parameters=model.parameters,
        bytes=record.bytes if record else model.download_bytes,
        licence=model.licence,
        is_present=record is not None or store.is_cached(model.name),
        is_in_use=in_use == model.name,
        is_removable=record is not None and in_use != model.name,
    )


def _fetched(record: ModelRecord, in_use: str) -> ShelfModel:
    return ShelfModel(
        name=record.name,
        title=record.name,
        note="",
        parameters=record.parameters,
        bytes=record.bytes,
        licence=record.licence,
        is_present=True,
        is_in_use=in_use == record.name,
        is_removable=in_use != record.name,
    )


def _elsewhere(folder: Path, in_use: str) -> ShelfModel:
    """A folder that was given with ``--model``, or a model of the hub's own cache that the list does not name."""
    return ShelfModel(
        name=in_use,
        title=Path(in_use).name,
        note=f"From {folder}",
        parameters=count_parameters(folder),
        bytes=_size(folder),
        licence="",
        is_present=True,
        is_in_use=True,
        is_removable=False,
    )


def _folder(store: ModelStore, name: str) -> Path | None:
    try:
        return store.find(name)
    except ModelError:  # chosen once, gone since
        return None


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
