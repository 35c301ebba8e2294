"""``rewriting.json``: which rewrites a model has passed the check for, beside its weights.

``python -m assistant evaluate rewriting`` makes the check and writes the file; the editor offers what it names and
nothing else. It holds for one set of weights.
"""

import json
import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.types import RewriteKind

RECORD_FILE = "rewriting.json"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RewritingRecord:
    """The outcome of a check: the kinds that were passed, in the order of ``RewriteKind``; perhaps none."""

    weights_sha256: str
    passed: tuple[RewriteKind, ...]


def save_record(folder: Path, weights: str, passed: Collection[RewriteKind], measured: dict[str, Any]) -> None:
    """Write the file, whole or not at all.

    :param weights: hash of the weights that were checked.
    :param measured: the numbers and the signature of the check.
    """
    path = folder / RECORD_FILE
    new = path.with_suffix(".new")
    document = {"weights_sha256": weights, "passed": _in_order(passed)} | measured
    new.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    new.replace(path)


def read_record(folder: Path) -> RewritingRecord | None:
    """What is recorded of a model, whichever weights it was made for; None if it was not checked.

    A damaged file counts as none: the check can be made again.
    """
    path = folder / RECORD_FILE
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return RewritingRecord(str(document["weights_sha256"]), tuple(_in_order(map(RewriteKind, document["passed"]))))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        _log.warning("%s cannot be read (%s): the model counts as not checked", path, error)
        return None


def record_for(folder: Path, weights: str) -> RewritingRecord | None:
    """What is recorded of a model with these weights; one of other weights says nothing about them."""
    record = read_record(folder)
    return record if record is not None and record.weights_sha256 == weights else None


def _in_order(kinds: Iterable[RewriteKind]) -> list[RewriteKind]:
    passed = set(kinds)
    return [kind for kind in RewriteKind if kind in passed]
