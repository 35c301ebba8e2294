"""Questions as the benchmarks' official files hold them: an input, the profile of its user, and what is right.

LaMP keeps questions (a list of id, input, profile) and outputs (``{"task", "golds": [{"id", "output"}]}``) in two
files; LongLaMP and LaMP-QA have one, whose rows carry their own output, or none. Files may be JSON or JSON Lines, plain
or compressed by gzip or xz. What does not fit is refused with its place; nothing is left out silently.
"""

import gzip
import json
import lzma
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import IO, Any

from assistant.errors import CorpusError

_OPENERS: dict[str, Callable[..., IO[str]]] = {".gz": gzip.open, ".xz": lzma.open}
_ENDINGS = tuple(f".{kind}{packed}" for packed in ("", ".xz", ".gz") for kind in ("json", "jsonl"))
_SPLITS = {"train": ("train",), "dev": ("dev", "val", "validation"), "test": ("test",)}
SPLITS = tuple(_SPLITS)
# Where benchmarks keep the name of the person whose profile it is.
_USERS = ("user_id", "reviewerId", "name", "author")
_INPUTS = ("input", "question")
_SHOWN_IDS = 5


@dataclass(frozen=True, slots=True)
class Item:
    """Something the user wrote earlier; which fields it has depends on the task."""

    fields: Mapping[str, str]
    date: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One question; ``gold`` is what the user really wrote, None where the organisers keep it."""

    id: str
    user: str
    input: str
    profile: tuple[Item, ...]
    gold: str | None = None


@dataclass(frozen=True, slots=True)
class ItemFields:
    """The fields an item must have, each by the names under which it comes, our own first."""

    names: tuple[tuple[str, ...], ...]

    def read(self, found: Mapping[str, Any]) -> dict[str, str]:
        """The fields as text; null is empty, as in a table's empty cell.

        :raises KeyError: with the name of a field that is not there.
        """
        return {names[0]: _text(found[self._present(names, found)]) for names in self.names}

    @staticmethod
    def _present(names: Sequence[str], found: Mapping[str, Any]) -> str:
        for name in names:
            if name in found:
                return name
        raise KeyError(names[0])


@dataclass(frozen=True, slots=True)
class QuestionFiles:
    """Where the questions of a split are, and their outputs if these are in a file of their own."""

    questions: Path
    outputs: Path | None


def find_files(place: Path, task: str, split: str) -> QuestionFiles:
    """Find a task's files: ``place`` is the file of the questions, or a folder that holds it as the official ones do.

    :raises CorpusError: if there is none.
    """
    questions = place if place.is_file() else _find_questions(place, task, split)
    stem = _stem(questions)
    outputs = None
    if "questions" in stem:
        beside = (questions.parent / f"{stem.replace('questions', 'outputs')}{ending}" for ending in _ENDINGS)
        outputs = next((path for path in beside if path.is_file()), None)
    return QuestionFiles(questions, outputs)


def _find_questions(place: Path, task: str, split: str) -> Path:
    spelled = task.replace("-", "_")
    folders = (
        place / task_folder / split_folder for task_folder in ("", task, spelled) for split_folder in ("", split)
    )
    stems = [f"{prefix}{name}_questions" for prefix in ("", f"{spelled}_") for name in _SPLITS[split]]
    stems += [f"{spelled}_questions", *_SPLITS[split]]
    for folder, stem, ending in product(folders, stems, _ENDINGS):
        if (path := folder / f"{stem}{ending}").is_file():
            return path
    raise CorpusError(
        f"no questions of {task}, {split}, in {place}: expected {split}_questions.json (or .jsonl, .gz, .xz) there or "
        f"in a folder {spelled}; corpora/README.md says where the official files come from"
    )


def _stem(path: Path) -> str:
    ending = next((ending for ending in sorted(_ENDINGS, key=len, reverse=True) if path.name.endswith(ending)), "")
    return path.name.removesuffix(ending)


def read_questions(files: QuestionFiles, task: str, fields: ItemFields, *, ids_needed: bool) -> list[Question]:
    """Read the questions of a split, each with its gold output if there is one.

    :param ids_needed: whether a question without id is refused; otherwise it is named by its user and place.
    :raises CorpusError: if a file cannot be read, an item is malformed, an id comes twice, or questions and outputs do
        not belong together.
    """
    rows = _rows(files.questions)
    questions = [
        _question(row, number, files.questions.name, fields, ids_needed=ids_needed) for number, row in enumerate(rows)
    ]
    if not questions:
        raise CorpusError(f"{files.questions.name} holds no question: expected a list of id, input and profile")
    _refuse_twice((question.id for question in questions), files.questions)
    if files.outputs is None:
        return questions
    golds = _golds(files.outputs, task)
    _check_same_ids([question.id for question in questions], golds, files)
    return [_with_gold(question, golds[question.id]) for question in questions]


def _question(row: Any, number: int, file: str, fields: ItemFields, *, ids_needed: bool) -> Question:
    place = f"question {number + 1} of {file}"
    if not isinstance(row, dict):
        raise CorpusError(f"{place} is {type(row).__name__}: expected an object with id, input and profile")
    user = next((str(row[name]) for name in _USERS if row.get(name) is not None), "")
    name = row.get("id")
    if name is None and ids_needed:
        raise CorpusError(f"{place} has no id: expected one, by which its output is found")
    name = f"{user}-{number}" if name is None else str(name)
    text = next((row[key] for key in _INPUTS if key in row), None)
    if not isinstance(text, str):
        raise CorpusError(f"{place} (id {name}) has no text as its input: correct the file or take the official one")
    gold = row.get("output")
    profile = _profile(row.get("profile"), f"{place} (id {name})", fields)
    return Question(name, user, text, profile, None if gold is None else str(gold))


def _profile(items: Any, place: str, fields: ItemFields) -> tuple[Item, ...]:
    if not isinstance(items, list):
        raise CorpusError(f"{place} has no list as its profile: expected one, empty for a user without a past")
    return tuple(_item(item, f"profile item {number + 1} of {place}", fields) for number, item in enumerate(items))


def _item(item: Any, place: str, fields: ItemFields) -> Item:
    if not isinstance(item, dict):
        raise CorpusError(f"{place} is {type(item).__name__}: expected an object")
    try:
        return Item(fields.read(item), _text(item.get("date")))
    except KeyError as error:
        expected = ", ".join(names[0] for names in fields.names)
        raise CorpusError(
            f"{place} has no {error.args[0]}: expected {expected}; is this the file of another task?"
        ) from None


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _golds(path: Path, task: str) -> dict[str, str]:
    """Outputs by id; a bare list, as merged files have it, is read too."""
    content = _content(path)
    if isinstance(content, dict):
        named, expected = str(content.get("task", "")), task.replace("-", "_")
        if not named.replace("-", "_").startswith(expected):
            raise CorpusError(f"{path.name} holds outputs of {named or 'no task'}: expected {expected}")
        content = content.get("golds")
    if not isinstance(content, list):
        raise CorpusError(f'{path.name} has no list of outputs: expected {{"task", "golds": [{{"id", "output"}}]}}')
    for number, row in enumerate(content):
        if not isinstance(row, dict) or row.get("id") is None or row.get("output") is None:
            raise CorpusError(f"output {number + 1} of {path.name} has no id or no output: expected both")
    _refuse_twice((str(row["id"]) for row in content), path)
    return {str(row["id"]): str(row["output"]) for row in content}


def _check_same_ids(asked: Sequence[str], golds: Mapping[str, str], files: QuestionFiles) -> None:
    """Questions and outputs must be of one split: the official evaluation takes no part of it either."""
    assert files.outputs is not None  # the caller has read them
    lacking = [name for name in asked if name not in golds]
    foreign = sorted(set(golds) - set(asked))
    for missing, here, there in ((lacking, files.outputs, files.questions), (foreign, files.questions, files.outputs)):
        if missing:
            raise CorpusError(
                f"{here.name} lacks {_some(missing)}, which {there.name} has: expected the questions and outputs of "
                "one split; take both from one download"
            )


def _refuse_twice(ids: Iterable[str], path: Path) -> None:
    twice = [name for name, count in Counter(ids).items() if count > 1]
    if twice:
        raise CorpusError(f"{path.name} holds {_some(twice)} more than once: expected every id once; remove the others")


def _some(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _SHOWN_IDS} more" if len(ids) > _SHOWN_IDS else ""
    return f"id {', '.join(ids[:_SHOWN_IDS])}{more}"


def _with_gold(question: Question, gold: str) -> Question:
    return Question(question.id, question.user, question.input, question.profile, gold)


def _rows(path: Path) -> Iterator[Any]:
    """Questions, in a list or, as the builder of LaMP-6 writes its test split, below ``golds``."""
    content = _content(path)
    if isinstance(content, dict):
        content = content.get("golds")
    if not isinstance(content, list):
        raise CorpusError(f"{path.name} holds no list of questions: expected one of id, input and profile")
    yield from content


def _content(path: Path) -> Any:
    opener = _OPENERS.get(path.suffix, open)
    try:
        with opener(path, "rt", encoding="utf-8") as file:
            if ".jsonl" in path.suffixes:
                return [json.loads(line) for line in file if line.strip()]
            return json.load(file)
    except (OSError, EOFError, ValueError, lzma.LZMAError) as error:
        raise CorpusError(f"cannot read {path} ({error}): expected JSON; take the file anew") from error
