"""The result of a benchmark as JSON, and results of several as a Markdown table."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import CorpusError

if TYPE_CHECKING:
    from assistant.evaluation.benchmarks.run import Outcome
    from assistant.evaluation.benchmarks.tasks import Benchmark

Json = dict[str, Any]

RESULT = "result.json"
"""The file of a run's folder that holds its result."""
_NAMED = 5


def as_json(row: "Benchmark", outcome: "Outcome", predictions: Path, signature: Json) -> Json:
    """The document that is kept, its signature last."""
    return {
        "task": row.name,
        "metrics": outcome.metrics,
        "per_user": outcome.per_user,
        "better": {metric.name: metric.better for metric in row.metrics},
        "predictions": str(predictions),
        "questions": len(outcome.questions),
        "users": len({question.user for question in outcome.questions if question.user}),
        "empty_answers": sum(not answer.output.strip() for answer in outcome.answers),
        "malformed_inputs": list(outcome.malformed),
        "inputs_without_room_for_items": len(outcome.crowded_out),
        "signature": signature,
    }


def remarks(document: Json) -> Iterator[str]:
    """What somebody who reads the numbers should know of the questions behind them."""
    if malformed := document["malformed_inputs"]:
        named = ", ".join(malformed[:_NAMED]) + (", ..." if len(malformed) > _NAMED else "")
        yield f"{len(malformed)} inputs lack the task's words ({named}): all of the input was searched for"
    if crowded_out := document["inputs_without_room_for_items"]:
        yield f"{crowded_out} inputs left no room for items of the profile: the model saw the input alone"
    if empty := document["empty_answers"]:
        yield f"{empty} answers are empty: they count as wrong"
    if not document["metrics"]:
        yield "no metrics: the gold outputs, or the judge, are the organisers'; the answers are ready to be sent"


def read_result(folder: Path) -> Json:
    """The result that a run left in its folder.

    :raises CorpusError: if there is none.
    """
    path = folder / RESULT
    try:
        document: Json = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CorpusError(f"no result in {folder} ({error}): expected the --out folder of a finished run") from error
    return document


def as_markdown(documents: Sequence[Json]) -> str:
    """A row for every run; arrows say which way is better, an empty cell that a task has no such number."""
    arrows = {
        name: "↑" if way == "higher" else "↓" for document in documents for name, way in document["better"].items()
    }
    headings = ["task", "split", "model", "items", "questions", *(f"{name} {arrow}" for name, arrow in arrows.items())]
    headings += ["empty"]
    lines = [_line(headings), "|" + "---|" * len(headings)]
    lines += [_line(_cells(document, list(arrows))) for document in documents]
    return "\n".join(lines) + "\n"


def _cells(document: Json, metrics: Sequence[str]) -> list[str]:
    signature = document["signature"]
    settings = signature["settings"]
    items = f"{settings['retriever']}, {settings['k']}" if settings["k"] else "none"
    values = [f"{document['metrics'][name]:.3f}" if name in document["metrics"] else "" for name in metrics]
    counts = [str(document["questions"]), *values, str(document["empty_answers"])]
    return [document["task"], signature["split"], signature["model"], items, *counts]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
