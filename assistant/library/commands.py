"""``python -m assistant import | rebuild-index | erase | doctor``: the library on the command line."""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import LibraryError, OwnhandError
from assistant.settings import SHIPPED_CHECKPOINT, Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.embedding import Encoder, Vectors
    from assistant.library.learning import LearningReport
    from assistant.library.library import Library
    from assistant.library.reports import ImportReport
    from assistant.types import Voice

FIRST_VOICE = "My writing"
"""The voice that ``import`` creates when there is none and none is named."""


def add_library_commands(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the library's verbs to the command line."""
    import_ = _add(verbs, "import", "import files, folders and zips of past writing")
    import_.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    import_.add_argument("--voice", default="", help="into this voice, created if need be (default: the only one)")
    import_.add_argument("--no-keys", action="store_true", help="leave it to the app to learn the wording word by word")
    import_.set_defaults(run=_import)

    rebuild = _add(verbs, "rebuild-index", "make the search index and the memory of your wording anew from the library")
    rebuild.set_defaults(run=_rebuild_index)

    erase = _add(verbs, "erase", "delete from every byte on disk, or check that something was")
    what = erase.add_mutually_exclusive_group(required=True)
    what.add_argument("--document", type=int, metavar="ID")
    what.add_argument("--voice", metavar="NAME")
    what.add_argument("--all", action="store_true", help="everything in the data folder")
    what.add_argument("--verify", metavar="TEXT", help="look for a text in every file; exit status 1 if it is found")
    erase.add_argument("--yes", action="store_true", help="do not ask")
    erase.set_defaults(run=_erase)

    doctor = _add(verbs, "doctor", "diagnose installation and library")
    doctor.set_defaults(run=_doctor)


def _add(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, help_text: str
) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, help=help_text)
    parser.add_argument("--data-dir", type=Path, default=Settings().data_dir)
    parser.add_argument("--json", action="store_true", help="one JSON document instead of text")
    return parser


def _import(arguments: argparse.Namespace) -> None:
    with _open_library(arguments.data_dir) as library:
        writer = library.local_writer()
        name = arguments.voice or _name_of_only_voice(library.voices(writer))
        voice, report = library.import_by_name(writer, name, arguments.paths, on_progress=_show_progress)
        trouble = None if arguments.no_keys else _learn(library, arguments.data_dir, [voice])
        learned = library.learning(voice).learned
    if arguments.json:
        _print_json(_report_json(report) | {"learned": learned})
    else:
        for file in report.files:
            if file.status == "refused":
                _print(f"refused  {file.path}: {file.reason}")
        present = sum(file.status == "present" for file in report.files)
        _print(
            f"{report.documents} documents ({report.snippets} snippets) imported into {voice.name}, "
            f"{present} were there already, {report.files_total - report.documents - present} refused"
        )
    if not any(file.status in ("imported", "present") for file in report.files):
        raise LibraryError(f"nothing was imported, {report.files_total} refused: see the reasons and give other files")
    if trouble is not None:
        raise trouble


def _rebuild_index(arguments: argparse.Namespace) -> None:
    with _open_library(arguments.data_dir) as library:
        library.rebuild_index()
        voices = library.voices(library.local_writer())
        trouble = _learn(library, arguments.data_dir, voices)
        learned = {voice.id: library.learning(voice).learned for voice in voices}
    if arguments.json:
        lines = [{"name": voice.name, "snippets": voice.snippets, "learned": learned[voice.id]} for voice in voices]
        _print_json({"voices": lines})
    else:
        _print(
            f"indexed {sum(voice.snippets for voice in voices)} snippets of {len(voices)} voices, "
            f"learned the wording of {sum(learned.values())} documents"
        )
    if trouble is not None:
        raise trouble


def _learn(library: "Library", data_dir: Path, voices: "Sequence[Voice]") -> OwnhandError | None:
    """Make the keys that are missing, with the model the app would write with; returns why it could not go on.

    What was imported is whole in any case, so it is told first.
    """
    from assistant.assembly import key_maker

    named = {voice.id: voice for voice in voices if voice.documents}
    if not named:
        return None
    try:
        maker = key_maker(replace(Settings(), data_dir=data_dir))
        if maker is not None:
            library.learn_now(maker, list(named), on_progress=lambda id_: _show_learning(library.learning(named[id_])))
    except OwnhandError as error:
        return error
    return None


def _show_learning(report: "LearningReport") -> None:
    left = f", {report.seconds_left:.0f} s left" if report.seconds_left else ""
    sys.stderr.write(f"learned the wording of {report.learned} of {report.documents} documents{left}\n")
    sys.stderr.flush()


def _erase(arguments: argparse.Namespace) -> int:
    if arguments.verify is not None:
        return _verify_erased(arguments)
    if arguments.all:
        from assistant.library.erasure import erase_everything

        _confirm(arguments, f"everything in {arguments.data_dir}")
        erase_everything(arguments.data_dir)
        erased = "all"
    else:
        erased = _erase_part(arguments)
    if arguments.json:
        _print_json({"erased": erased})
    else:
        _print(f"erased: {erased}")
    return 0


def _erase_part(arguments: argparse.Namespace) -> str:
    from assistant.types import DocumentId

    with _open_library(arguments.data_dir) as library:
        writer = library.local_writer()
        if arguments.voice is not None:
            voice = library.voice_named(writer, arguments.voice)
            _confirm(arguments, f"the voice {voice.name} with {voice.documents} documents")
            library.delete_voice(writer, voice.id)
            return f"voice {voice.name}"
        document = library.document(writer, DocumentId(arguments.document))
        _confirm(arguments, f"the document {document.title}")
        library.delete_document(writer, document.id)
        return f"document {document.title}"


def _verify_erased(arguments: argparse.Namespace) -> int:
    from assistant.library.erasure import files_holding

    found = files_holding(arguments.data_dir, arguments.verify)
    if arguments.json:
        _print_json({"found": bool(found), "files": [str(path) for path in found]})
    elif found:
        _print("found in " + ", ".join(map(str, found)))
    else:
        _print("not found in any file")
    return int(bool(found))


def _doctor(arguments: argparse.Namespace) -> int:
    from assistant.library.doctor import diagnose

    checks = diagnose(arguments.data_dir, load_encoder=_try_encoder, load_checkpoint=_try_checkpoint)
    is_well = all(check.is_well for check in checks)
    if arguments.json:
        _print_json({"is_well": is_well, "checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            hint = "" if check.is_well else f"\n         -> {check.hint}"
            _print(f"{'ok' if check.is_well else 'PROBLEM':<8} {check.name}: {check.found}{hint}")
    return int(not is_well)


def _try_encoder() -> str:
    from assistant.retrieval.encoder import load_encoder

    encoder = load_encoder()
    encoder.encode(["a sentence"])
    return f"{encoder.name}, weights as published, {encoder.dimensions} dimensions"


def _try_checkpoint() -> str:
    from assistant.generation.local import load_generator

    load_generator(SHIPPED_CHECKPOINT)
    return f"{SHIPPED_CHECKPOINT} loads"


class _LazyEncoder:
    """The default encoder, loaded when the first text is to be encoded: deleting must not wait for it."""

    name = "all-MiniLM-L6-v2"
    dimensions = 384

    @cached_property
    def _encoder(self) -> "Encoder":
        from assistant.retrieval.encoder import load_encoder

        return load_encoder()

    def encode(self, texts: "Sequence[str]") -> "Vectors":
        return self._encoder.encode(texts)


@contextmanager
def _open_library(data_dir: Path) -> "Iterator[Library]":
    """The library without the imports that the application left unfinished: those go on when it runs again."""
    from assistant.library.library import Library

    library = Library.open(data_dir, _LazyEncoder(), resume_imports=False)
    try:
        yield library
    finally:
        library.close()


def _name_of_only_voice(voices: "Sequence[Voice]") -> str:
    """The voice that is meant where none is named."""
    if len(voices) > 1:
        known = ", ".join(repr(voice.name) for voice in voices)
        raise LibraryError(f"there are {len(voices)} voices: say which with --voice; there are: {known}")
    return voices[0].name if voices else FIRST_VOICE


def _confirm(arguments: argparse.Namespace, what: str) -> None:
    if arguments.yes:
        return
    if not sys.stdin.isatty():
        raise LibraryError(f"this would erase {what}: add --yes if that is meant")
    sys.stderr.write(f"Erase {what}? This cannot be undone. Type yes: ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() != "yes":
        raise LibraryError("nothing was erased: expected yes")


def _report_json(report: "ImportReport") -> dict[str, object]:
    return {
        "files": [asdict(file) for file in report.files],
        "documents": report.documents,
        "snippets": report.snippets,
    }


def _show_progress(report: "ImportReport") -> None:
    left = f", {report.seconds_left:.0f} s left" if report.seconds_left else ""
    sys.stderr.write(f"{report.files_done} of {report.files_total} files, {report.snippets} snippets{left}\n")
    sys.stderr.flush()


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")


def _print_json(document: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
