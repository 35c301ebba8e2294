"""What was measured so far, a line per record, so that a killed evaluation goes on where it stopped.

The folder belongs to one signature: records of another model, corpus or setting are never mixed in.
"""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from assistant.errors import CorpusError

Json = dict[str, Any]

_SIGNATURE = "signature.json"
_RECORDS = "records.jsonl"


class Journal:
    """Records on disk, appended one by one."""

    def __init__(self, folder: Path, signature: Json) -> None:
        """Open a folder, or begin one.

        :raises CorpusError: if the folder holds the records of another evaluation.
        """
        folder.mkdir(parents=True, exist_ok=True)
        _claim(folder / _SIGNATURE, signature)
        self._path = folder / _RECORDS
        _drop_broken_end(self._path)

    def records(self) -> Iterator[Json]:
        """All records, oldest first."""
        with self._path.open(encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)

    def append(self, record: Json) -> None:
        """Add a record; it is on disk when this returns."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())


def journal_beside(result: Path | None, signature: Json) -> Journal | None:
    """The records behind a result, kept beside it; None for a result that is kept nowhere.

    :raises CorpusError: if the records there are those of another evaluation.
    """
    return None if result is None else Journal(result.with_suffix(".records"), signature)


def measured_once(
    authors: Sequence[str],
    measure: Callable[[int], Json],
    journal: Journal | None,
    on_progress: Callable[[int, int], None],
) -> list[Json]:
    """One record for every author, in their order; those that the journal has are not measured again.

    :param measure: makes the record of an author, by the place among the others.
    :param journal: gets the records as they are made; None: begin anew, keep nothing.
    :param on_progress: called with authors done and authors in all.
    """
    records = {record["author"]: record for record in (journal.records() if journal else ())}
    for number, author in enumerate(authors):
        on_progress(number, len(authors))
        if author in records:
            continue
        records[author] = measure(number)
        if journal is not None:
            journal.append(records[author])
    on_progress(len(authors), len(authors))
    return [records[author] for author in authors]


def _claim(path: Path, signature: Json) -> None:
    text = json.dumps(signature, indent=2, sort_keys=True) + "\n"
    known = path.read_text(encoding="utf-8") if path.is_file() else ""
    if known and known != text:
        changed = [name for name, value in _flat(json.loads(known)).items() if _flat(signature).get(name) != value]
        changed += [name for name in _flat(signature) if name not in _flat(json.loads(known))]
        raise CorpusError(
            f"{path.parent} holds another evaluation ({', '.join(changed)} differ): expected an empty folder or the "
            "same evaluation to go on with; choose another --out"
        )
    if not known:
        new = path.with_suffix(".new")
        new.write_text(text, encoding="utf-8")
        new.replace(path)


def _flat(values: Json, prefix: str = "") -> Json:
    found: Json = {}
    for name, value in values.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = value
    return found


def _drop_broken_end(path: Path) -> None:
    """Cut off what a killed process left of its last line."""
    path.touch()
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        with path.open("r+b") as file:
            file.truncate(whole)
