"""A diagnosis of installation and library: each check says what it found and, if that is wrong, what to do."""

import platform
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from assistant.errors import OwnhandError, StorageError
from assistant.library.catalogue import Catalogue
from assistant.library.database import DATABASE_FILE, WAY_OUT, Database
from assistant.library.index import VectorIndex, is_damaged, is_there
from assistant.library.key_files import KeyFiles
from assistant.library.lock import take_folder
from assistant.types import VoiceId

_REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements.txt"
_OLDEST_PYTHON = (3, 11)
_REBUILD = "python -m assistant rebuild-index"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. ``hint`` says what to do if it is not well."""

    name: str
    is_well: bool
    found: str
    hint: str = ""


def diagnose(data_dir: Path, *, load_encoder: Callable[[], str], load_checkpoint: Callable[[], str]) -> list[Check]:
    """Look at everything; what loads models is passed in and returns what it found."""
    return [
        _check_python(),
        _check_packages(_REQUIREMENTS),
        _check_loading("encoder", load_encoder),
        _check_loading("checkpoint", load_checkpoint),
        *_check_library(data_dir),
    ]


def _check_python() -> Check:
    return Check(
        "python",
        sys.version_info >= _OLDEST_PYTHON,
        f"{platform.python_version()} on {platform.platform()}",
        f"install Python {_OLDEST_PYTHON[0]}.{_OLDEST_PYTHON[1]} or newer",
    )


def _check_packages(requirements: Path) -> Check:
    if not requirements.is_file():
        return Check("packages", is_well=True, found="not compared: there is no requirements.txt beside the program")
    wrong = []
    lines = requirements.read_text(encoding="utf-8").splitlines()
    pins = [line.split("==") for line in lines if "==" in line and not line.startswith("#")]
    for name, expected in pins:
        try:
            found = version(name)
        except PackageNotFoundError:
            found = "missing"
        if found.split("+")[0] != expected.strip():
            wrong.append(f"{name} {found}, expected {expected.strip()}")
    found = "; ".join(wrong) or f"all {len(pins)} as pinned"
    return Check("packages", not wrong, found, "python -m pip install -r requirements.txt")


def _check_loading(name: str, load: Callable[[], str]) -> Check:
    try:
        return Check(name, is_well=True, found=load())
    except OwnhandError as error:
        return Check(name, is_well=False, found=str(error), hint="restore it as the message says")


def _check_library(data_dir: Path) -> list[Check]:
    """The data folder, the catalogue, and the index beside it. Nothing is mended here."""
    try:
        lock = take_folder(data_dir)
    except OwnhandError as error:
        return [Check("data folder", is_well=False, found=str(error), hint="then run doctor again")]
    try:
        checks = [Check("data folder", is_well=True, found=f"{data_dir} is writable and free")]
        if (data_dir / DATABASE_FILE).exists():
            checks += _check_contents(data_dir)
    except OwnhandError as error:
        checks.append(Check("library", is_well=False, found=str(error), hint="do as the message says"))
    finally:
        lock.release()
    return checks


def _check_contents(data_dir: Path) -> list[Check]:
    database = Database.open_to_look(data_dir)
    try:
        is_current = database.is_current()
        verdict = database.check()
        checks = [Check("catalogue", verdict == "ok", f"integrity check: {verdict}", WAY_OUT)]
        if not is_current:
            found = "made by an earlier version of Ownhand: brought up to date when this one opens it, not looked into"
            return [*checks, Check("library", is_well=True, found=found)]
        catalogue = Catalogue(database, dimensions=0)
        counts = catalogue.snippet_counts()
        return [*checks, *_check_index(data_dir, counts), _check_keys(catalogue, KeyFiles(data_dir))]
    finally:
        database.close()


def _check_index(data_dir: Path, counts: Mapping[VoiceId, int]) -> list[Check]:
    """Whether the index has the snippets that the catalogue has of each voice."""
    if is_damaged(data_dir):
        return [Check("search index", is_well=False, found="its file is damaged", hint=_REBUILD)]
    if not is_there(data_dir):
        return [_check_voice(voice, snippets, 0) for voice, snippets in counts.items()]
    index = VectorIndex.open(data_dir)
    try:
        return [_check_voice(voice, snippets, index.count(voice)) for voice, snippets in counts.items()]
    except StorageError as error:
        return [Check("search index", is_well=False, found=str(error), hint=_REBUILD)]
    finally:
        index.close()


def _check_voice(voice: VoiceId, snippets: int, indexed: int) -> Check:
    found = f"{snippets} snippets in the catalogue, {indexed} in the index"
    return Check(f"voice {voice}", snippets == indexed, found, _REBUILD)


def _check_keys(catalogue: Catalogue, files: KeyFiles) -> Check:
    """How many documents have keys, and what keys take on disk. Missing ones are no fault: the app makes them."""
    size = words = learned = documents = 0
    sizes = files.sizes()
    for voice in catalogue.snippet_counts():
        documents += len(catalogue.contents(voice))
        for document in catalogue.documents_by_id(voice, sizes.get(voice, {})).values():
            learned += 1
            size += sizes[voice][document.id]
            words += len(document.text.split())
    found = f"{learned} of {documents} documents have keys"
    if words:
        found += f", {size / 2**20:.1f} MB, {size / words * 1000 / 2**20:.2f} MB per 1,000 words"
    return Check("memory of your wording", is_well=True, found=found)
