"""``python -m assistant evaluate memory``."""

import argparse
from dataclasses import asdict
from pathlib import Path


def add_memory_command(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to ``evaluate``."""
    memory = kinds.add_parser("memory", help="bits per character with the writer's documents at the model's hand")
    memory.add_argument("--data", type=Path, required=True, help="JSON Lines of author, title, date, text")
    memory.add_argument("--model", default=None, help="checkpoint folder; default: the shipped one")
    memory.add_argument("--authors", type=int, default=20)
    memory.add_argument("--documents", type=int, default=3, help="drafts per author: the latest documents")
    memory.add_argument(
        "--writings", type=int, default=1, help="drafts per author that are also written on from and typed through"
    )
    memory.add_argument(
        "--split", choices=("test", "validation", "all"), default="test", help="authors to take (default: test)"
    )
    memory.add_argument("--seed", type=int, default=0)
    memory.add_argument(
        "--out", type=Path, help="write the JSON document here, and beside it what a stopped run goes on from"
    )
    memory.add_argument("--json", action="store_true", help="print the JSON document instead of the table")
    memory.set_defaults(run=_memory)


def _memory(arguments: argparse.Namespace) -> None:
    from assistant.bench.results import publish
    from assistant.evaluation.journal import Journal
    from assistant.evaluation.memory import MemorySettings, measure_authors
    from assistant.evaluation.memory_report import as_document, as_markdown
    from assistant.evaluation.progress import Progress
    from assistant.evaluation.subjects import data_signature, load_subject
    from assistant.retrieval.encoder import load_encoder

    settings = MemorySettings(
        authors=arguments.authors,
        documents=arguments.documents,
        writings=arguments.writings,
        split=None if arguments.split == "all" else arguments.split,
        seed=arguments.seed,
    )
    subject, encoder = load_subject(arguments.model), load_encoder()
    fitted = subject.generator.memory
    signature = subject.generator.signature | data_signature(arguments.data)
    signature |= {"memory": fitted.model, "memory_is_fitted": fitted.is_fitted, "settings": asdict(settings)}
    out: Path | None = arguments.out
    journal = None if out is None else Journal(out.with_suffix(".records"), signature)
    records = measure_authors(arguments.data, journal, subject, encoder, settings, on_progress=Progress("authors"))
    document = as_document(records, signature)
    publish(document, out=out, as_json=arguments.json, as_table=as_markdown)
