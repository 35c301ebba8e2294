"""Small files of the shape of the official ones, with texts of our own."""

import gzip
import json
import lzma
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

Json = dict[str, Any]

_OPENERS: dict[str, Callable[..., IO[str]]] = {".gz": gzip.open, ".xz": lzma.open}


def headlines(count: int = 5) -> list[Json]:
    """Questions as LaMP-4's split by time has them."""
    return [
        {
            "id": f"{number}",
            "user_id": f"u{number % 2}",
            "input": f"Generate a headline for the following article: the {_MATTERS[number % 3]} in {number}",
            "profile": [
                {
                    "id": f"{number}-{i}",
                    "title": matter.title(),
                    "text": f"the {matter} again",
                    "date": f"20{20 - i}-0{i + 1}-03",
                }
                for i, matter in enumerate(_MATTERS)
            ],
        }
        for number in range(count)
    ]


_MATTERS = ("canal", "harvest", "council")


def golds(questions: Sequence[Json], task: str = "LaMP_4", output: str = "The canal") -> Json:
    """Their outputs, as the file beside has them."""
    return {"task": task, "golds": [{"id": question["id"], "output": output} for question in questions]}


def write(path: Path, content: Any) -> Path:
    """Write JSON, or JSON Lines of a list, packed as the name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ".jsonl" in path.suffixes
    text = "\n".join(json.dumps(row) for row in content) if lines else json.dumps(content)
    with _OPENERS.get(path.suffix, open)(path, "wt", encoding="utf-8") as file:
        file.write(text)
    return path


def write_split(folder: Path, questions: Sequence[Json], outputs: Any = None) -> Path:
    """A folder with the files of a dev split."""
    write(folder / "dev_questions.json", questions)
    write(folder / "dev_outputs.json", golds(questions) if outputs is None else outputs)
    return folder
