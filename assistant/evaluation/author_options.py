"""Options that measurements over the authors of a corpus share."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.options import count

if TYPE_CHECKING:
    from assistant.training.corpus import Split


def add_author_options(verb: argparse.ArgumentParser, *, authors: int, documents: int, taken: str) -> None:
    """Add the checkpoint, the corpus, and how much of it is measured by default.

    :param taken: which documents of an author.
    """
    verb.add_argument("--data", type=Path, required=True, help="JSON Lines of author, title, date, text")
    verb.add_argument("--model", default=None, help="checkpoint folder; default: the shipped one")
    verb.add_argument("--authors", type=count, default=authors, help="(default: %(default)s)")
    verb.add_argument("--documents", type=count, default=documents, help=f"{taken} (default: %(default)s)")
    verb.add_argument(
        "--split", choices=("test", "validation", "all"), default="test", help="authors to take (default: test)"
    )


def add_resuming_options(verb: argparse.ArgumentParser) -> None:
    """Add the seed, and where the result goes of a measurement that goes on where it was stopped."""
    verb.add_argument("--seed", type=int, default=0)
    verb.add_argument(
        "--out", type=Path, help="write the JSON document here, and beside it what a stopped run goes on from"
    )
    verb.add_argument("--json", action="store_true", help="print the JSON document instead of the table")


def chosen_split(arguments: argparse.Namespace) -> "Split | None":
    """The side of the author split that is measured; None: everyone."""
    return None if arguments.split == "all" else arguments.split
