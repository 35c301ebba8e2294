"""``python -m assistant train memory``: fit how far a checkpoint leans on the writer's past."""

import argparse
from pathlib import Path

from assistant.terminal import say, say_tenth


def add_memory_command(steps: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to ``train``."""
    memory = steps.add_parser("memory", help="fit how far a checkpoint leans on the writer's past: its memory.json")
    memory.add_argument("corpora", nargs="+", type=Path, help="JSON Lines files; their validation authors are used")
    memory.add_argument("--out", type=Path, required=True, help="the checkpoint's folder")
    memory.add_argument("--authors", type=int, default=18, help="authors of every corpus, at most (default: 18)")
    memory.add_argument("--documents", type=int, default=40, help="documents of an author, at most (default: 40)")
    memory.add_argument("--seed", type=int, default=0)
    memory.set_defaults(run=_memory)


def _memory(arguments: argparse.Namespace) -> None:
    from assistant.training.memory_fit import FitSettings
    from assistant.training.memory_run import run_memory_fit

    settings = FitSettings(authors=arguments.authors, documents=arguments.documents, seed=arguments.seed)
    report = run_memory_fit(arguments.out, arguments.corpora, settings, say_tenth)
    gain = report.with_memory - report.model_alone
    say(f"memory.json written to {arguments.out}: {gain:.3f} nats a token gained on {report.steps:,} tokens")
