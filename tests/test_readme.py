"""The prose keeps its word: numbers are those of docs/results, paths exist."""

import re
from pathlib import Path

import pytest

from assistant.evaluation.report import fill_blocks

ROOT = Path(__file__).resolve().parent.parent
PROSE = [ROOT / "README.md", *sorted((ROOT / "checkpoints").rglob("README.md"))]


@pytest.mark.parametrize("path", PROSE, ids=lambda path: str(path.relative_to(ROOT)))
def test_results_in_the_prose_are_those_of_the_result_files(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert fill_blocks(text, ROOT) == text


@pytest.mark.parametrize("path", [*PROSE, ROOT / "CONTRIBUTING.md"], ids=lambda path: str(path.relative_to(ROOT)))
def test_links_to_files_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8"))
    local = [target for target in targets if "://" not in target]
    assert not [target for target in local if not (path.parent / target).exists()]


def test_every_part_of_the_tree_in_the_readme_exists() -> None:
    tree = (ROOT / "README.md").read_text(encoding="utf-8").split("## What is where")[1].split("```")[1]
    names = re.findall(r"[\w./]+(?:\.py|/)(?=\s|$)", tree)
    assert len(names) > 15
    assert not [name for name in names if not (ROOT / name).exists() and not (ROOT / "assistant" / name).exists()]
