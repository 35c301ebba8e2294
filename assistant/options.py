"""Options that several commands share: where the trained helpers lie, and counts."""

import argparse
from pathlib import Path

from assistant.settings import SHIPPED_SELECTORS, HelperSettings


def add_helper_options(verb: argparse.ArgumentParser) -> None:
    """Add the files behind the trained summaries and keywords."""
    verb.add_argument(
        "--selectors", type=Path, default=SHIPPED_SELECTORS, help="SumCtx, SynCtx, SynCtxNew: made by `train selectors`"
    )
    verb.add_argument("--summary-model", help="SumCtxWritten: folder or name of a model made to write summaries")
    verb.add_argument(
        "--generic-summary-model", help="SumCtxIndWritten: folder or name of any summarization model, such as a T5"
    )
    verb.add_argument("--keyword-model", help="SynCtxWritten: folder or name of a model made to write keywords")


def helper_settings(arguments: argparse.Namespace) -> HelperSettings:
    """The helpers that the options name."""
    return HelperSettings(
        selectors=arguments.selectors,
        summary_model=arguments.summary_model,
        generic_summary_model=arguments.generic_summary_model,
        keyword_model=arguments.keyword_model,
    )


def count(text: str) -> int:
    """A whole number, 1 or more, as an option's type.

    :raises argparse.ArgumentTypeError: if it is anything else.
    """
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number, 1 or more")
    return int(text)
