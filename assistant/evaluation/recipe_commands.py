"""``evaluate paper``: fine-tune what the paper's table needs on a corpus, and measure it, in one resumable command."""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from assistant.options import count
from assistant.settings import SHIPPED_CHECKPOINT, RankingName, Settings
from assistant.terminal import say


def add_recipe_command(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to ``evaluate``."""
    paper = kinds.add_parser("paper", help="train what the paper's table needs on a corpus, and measure it")
    paper.add_argument("--data", type=Path, required=True, help="JSON Lines of author, title, date, text")
    paper.add_argument("--out", type=Path, required=True, help="folder of models and results; a second run goes on")
    paper.add_argument("--init", default=str(SHIPPED_CHECKPOINT), help="model to start from; default: the shipped one")
    paper.add_argument(
        "--architecture", choices=("causal", "encoder-decoder"), default="causal", help="the kind of that model"
    )
    paper.add_argument("--tokens", type=count, default=1_500_000, help="each model is fine-tuned on, at most")
    paper.add_argument("--training-authors", type=count, default=400, help="whose documents become examples, at most")
    paper.add_argument("--per-author", type=count, default=8, help="examples of one author, at most")
    paper.add_argument("--authors", type=count, default=60, help="measured, at most")
    paper.add_argument("--documents", type=count, default=10, help="measured per author, at most")
    paper.add_argument(
        "--written-documents", type=count, default=2, help="the same for rows in which a language model is the helper"
    )
    paper.add_argument(
        "--ranking",
        choices=get_args(RankingName),
        default=Settings().ranking.method,
        help="the best one, on which the rows with models of their own stand",
    )
    paper.add_argument("--separate", action="store_true", help="models of their own for the key rows, as in the paper")
    paper.add_argument("--written", action="store_true", help="helpers that are language models, beside the selectors")
    paper.add_argument("--without-validation", action="store_true", help="for corpora with fewer than 20 authors or so")
    paper.add_argument("--dry-run", action="store_true", help="print the commands instead of running them")
    paper.set_defaults(run=_paper)


def _paper(arguments: argparse.Namespace) -> None:
    from assistant.evaluation.recipe import Amounts, Recipe, as_script, run_steps, steps_of

    amounts = Amounts(
        tokens=arguments.tokens,
        authors=arguments.training_authors,
        per_author=arguments.per_author,
        measured_authors=arguments.authors,
        measured_documents=arguments.documents,
        written_documents=arguments.written_documents,
    )
    recipe = Recipe(
        data=arguments.data,
        out=arguments.out,
        init=arguments.init,
        architecture=arguments.architecture,
        amounts=amounts,
        ranking=arguments.ranking,
        separate=arguments.separate,
        written=arguments.written,
        validates=not arguments.without_validation,
    )
    steps = steps_of(recipe)
    if arguments.dry_run:
        sys.stdout.write(as_script(steps))
        return
    run_steps(steps, arguments.out, _run, say)


def _run(arguments: Sequence[str]) -> int:
    """Run a command in a process of its own: what one loads is gone before the next."""
    return subprocess.run([sys.executable, "-m", "assistant", *arguments], check=False).returncode
