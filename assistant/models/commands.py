"""``python -m assistant model list | download | use | remove``: language models on this machine."""

import argparse
import json
import sys
import time
from pathlib import Path

from assistant.settings import Settings

_REDRAW_SECONDS = 0.5


def add_model_commands(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``model`` and what it does to the command line."""
    model = verbs.add_parser("model", help="bigger language models: list, download, use, remove")
    actions = model.add_subparsers(dest="action", required=True)
    listing = actions.add_parser("list", help="models on this machine, and a few worth fetching")
    listing.set_defaults(run=_list)
    download = actions.add_parser("download", help="fetch a model by its name on the hub; goes on where it stopped")
    download.set_defaults(run=_download)
    use = actions.add_parser("use", help="write with a model of this machine from the next start on")
    use.set_defaults(run=_use)
    remove = actions.add_parser("remove", help="delete a fetched model")
    remove.set_defaults(run=_remove)
    for action in (download, use, remove):
        action.add_argument("name", help="as on the hub, for example HuggingFaceTB/SmolLM2-135M")
    for action in (listing, download, use, remove):
        action.add_argument("--data-dir", type=Path, default=Settings().data_dir)
        action.add_argument("--json", action="store_true", help="one JSON document instead of text")


def _list(arguments: argparse.Namespace) -> None:
    from assistant.generation.machine import gigabytes, memory_for
    from assistant.models.shelf import shelf_of
    from assistant.models.store import ModelStore

    store = ModelStore(arguments.data_dir)
    models = shelf_of(store, in_use=store.chosen())
    rows = [
        {
            "name": model.name,
            "present": model.is_present,
            "in_use": model.is_in_use,
            "parameters": model.parameters,
            "bytes": model.bytes,
            "memory_bytes": memory_for(model.parameters),
            "licence": model.licence,
        }
        for model in models
    ]
    if arguments.json:
        _print(json.dumps({"models": rows}, indent=2))
        return
    for model in models:
        state = "in use" if model.is_in_use else "here" if model.is_present else ""
        sizes = f"{gigabytes(model.bytes):>8}  {gigabytes(memory_for(model.parameters)):>8} memory"
        _print(f"{state:<7} {model.name:<32} {sizes}  {model.licence}")


def _download(arguments: argparse.Namespace) -> None:
    from assistant.generation.loading import is_language_model
    from assistant.generation.machine import gigabytes
    from assistant.models.download import Downloader, Watcher
    from assistant.models.hub import Hub
    from assistant.models.store import ModelStore

    downloader = Downloader(Hub(is_language_model), ModelStore(arguments.data_dir))
    model = downloader.hub.look_up(arguments.name)
    _say(f"{model.name}: {gigabytes(model.bytes)}, licence {model.licence}. Ctrl+C stops it; it can go on later.\n")
    started, drawn = time.monotonic(), 0.0

    def show(done: int) -> None:
        nonlocal drawn
        now = time.monotonic()
        if now - drawn >= _REDRAW_SECONDS or done == model.bytes:
            drawn = now
            rate = gigabytes(done / max(now - started, 0.1))
            _say(f"\r{gigabytes(done)} of {gigabytes(model.bytes)}, {rate} a second   ")

    try:
        folder = downloader.fetch(model, Watcher(show))
    except KeyboardInterrupt:
        _say("\nstopped; the same command goes on from here\n")
        sys.exit(130)
    _say("\n")
    if arguments.json:
        _print(json.dumps({"name": model.name, "folder": str(folder), "bytes": model.bytes, "licence": model.licence}))
    else:
        _print(f"{model.name} is in {folder}; write with it: python -m assistant model use {model.name}")


def _use(arguments: argparse.Namespace) -> None:
    from assistant.generation.local import load_generator
    from assistant.models.store import ModelStore

    store = ModelStore(arguments.data_dir)
    folder = store.find(arguments.name)
    load_generator(folder)
    store.choose(str(folder.resolve()) if Path(arguments.name).is_dir() else arguments.name)
    _done(arguments, f"{arguments.name} writes from the next start on")


def _remove(arguments: argparse.Namespace) -> None:
    from assistant.models.catalogue import SHIPPED
    from assistant.models.store import ModelStore

    store = ModelStore(arguments.data_dir)
    store.remove(arguments.name)
    if store.chosen() == arguments.name:
        store.choose(SHIPPED)
    _done(arguments, f"{arguments.name} is gone from this machine")


def _done(arguments: argparse.Namespace, sentence: str) -> None:
    _print(json.dumps({"name": arguments.name}) if arguments.json else sentence)


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
