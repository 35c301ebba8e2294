"""Results as prose: the tables of README and model card are rendered from ``docs/results``, never typed.

``python -m assistant evaluate report`` rewrites the blocks between ``<!-- results:NAME -->`` and ``<!-- /results -->``;
a test fails when a block is not what its file says. ``results:framework-email/paper`` is that table beside the paper's.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from assistant.bench.tables import bench_table
from assistant.errors import CorpusError
from assistant.evaluation.framework_report import as_markdown
from assistant.evaluation.memory_report import as_markdown as memory_table
from assistant.evaluation.paper_table import Domain, beside_paper
from assistant.evaluation.persona_report import as_markdown as persona_table
from assistant.evaluation.selection_report import as_markdown as selection_table

RESULTS = Path("docs") / "results"

_BLOCK = re.compile(r"<!-- results:([\w-]+)(/paper)? -->\n.*?<!-- /results -->", re.DOTALL)


def fill_blocks(text: str, root: Path) -> str:
    """The text with every results block rendered anew; a block whose file does not exist yet is emptied."""
    return _BLOCK.sub(lambda match: _block(match.group(1), match.group(2) or "", root), text)


def _block(name: str, view: str, root: Path) -> str:
    kind, _, domain = name.partition("-")
    path = root / RESULTS / f"{name}.json"
    body = ""
    if path.is_file():
        result = json.loads(path.read_text(encoding="utf-8"))
        body = beside_paper(result, cast("Domain", domain)) if view else _RENDERERS[kind](result)
    return f"<!-- results:{name}{view} -->\n{body}<!-- /results -->"


def _checkpoint(result: dict[str, Any]) -> str:
    bits = result["bits_per_character"]
    count = f"{result['documents']} documents of {result['authors']} authors"
    return (
        f"Measured on {count} held out of its training (`{result['signature']['data']}`):\n\n"
        "| evidence in the prompt | bits per character | own evidence saves | p |\n"
        "|---|---|---|---|\n"
        f"| the writer's own | {bits['own']:.3f} | | |\n"
        f"| none | {bits['none']:.3f} | {result['gain_own_over_none_percent']:.2f} % | {_p(result['p_own_none'])} |\n"
        f"| another writer's | {bits['other']:.3f} | {result['gain_own_over_other_percent']:.2f} % "
        f"| {_p(result['p_own_other'])} |\n\n"
        f"Author distinction: {100 * result['author_distinction_accuracy']:.0f} % of pairs told right (chance 50 %). "
        + _second_reading(result)
        + f"Of sampled continuations {100 * result['loop_rate']:.0f} % hold a loop and "
        f"{100 * result['sentence_end_rate']:.0f} % end at a sentence; "
        f"{100 * result['known_word_rate']:.1f} % of their words are known words.\n"
    )


def _second_reading(result: dict[str, Any]) -> str:
    if (share := result.get("second_reading_share")) is None:
        return ""
    return f"A passage that stands in the context already costs {100 * share:.0f} % of its first reading. "


def _framework(result: dict[str, Any]) -> str:
    return f"`{result['signature']['data']}`: {as_markdown(result)}"


_RENDERERS: dict[str, Callable[[dict[str, Any]], str]] = {
    "checkpoint": _checkpoint,
    "bench": bench_table,
    "framework": _framework,
    "memory": memory_table,
    "persona": persona_table,
    "selectors": selection_table,
}


def _p(value: float) -> str:
    return "< 0.0001" if value < 0.0001 else f"{value:.4f}"


def rewrite(path: Path, root: Path) -> bool:
    """Fill the blocks of one file; says whether it changed.

    :raises CorpusError: if the file is missing.
    """
    if not path.is_file():
        raise CorpusError(f"no {path}: expected a Markdown file with results blocks")
    text = path.read_text(encoding="utf-8")
    filled = fill_blocks(text, root)
    path.write_text(filled, encoding="utf-8")
    return filled != text
