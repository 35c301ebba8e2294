"""Answers in the form that the benchmarks' own evaluation reads."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Export = Callable[[str, Mapping[str, str]], Any]
"""From a task's name and the answers by question id to the content of a file."""


def golds(task: str, answers: Mapping[str, str]) -> Any:
    """LaMP and LongLaMP: the form of their outputs files, the task with an underscore."""
    return {
        "task": task.replace("-", "_"),
        "golds": [{"id": question, "output": answer} for question, answer in answers.items()],
    }


def by_id(_task: str, answers: Mapping[str, str]) -> Any:
    """LaMP-QA: a list of answers for every question."""
    return {question: [{"output": answer}] for question, answer in answers.items()}


def write_submission(folder: Path, task: str, answers: Mapping[str, str], export: Export) -> Path:
    """Write the answers to ``folder``; a file that was there is replaced whole."""
    path = folder / f"{task.replace('-', '_')}.json"
    new = path.with_suffix(".new")
    new.write_text(json.dumps(export(task, answers), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    new.replace(path)
    return path
