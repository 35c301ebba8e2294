"""``python -m assistant evaluate memory``."""

import argparse
from dataclasses import asdict
from pathlib import Path

from assistant.evaluation.author_options import add_author_options, add_resuming_options, chosen_split


def add_memory_command(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to ``evaluate``."""
    memory = kinds.add_parser("memory", help="bits per character with the writer's documents at the model's hand")
    add_author_options(memory, authors=20, documents=3, taken="drafts per author: the latest documents")
    memory.add_argument(
        "--writings", type=int, default=1, help="drafts per author that are also written on from and typed through"
    )
    add_resuming_options(memory)
    memory.set_defaults(run=_memory)


def _memory(arguments: argparse.Namespace) -> None:
    from assistant.bench.results import publish
    from assistant.evaluation.journal import journal_beside
    from assistant.evaluation.memory import MemorySettings, measure_authors
    from assistant.evaluation.memory_report import as_document, as_markdown
    from assistant.evaluation.progress import Progress
    from assistant.evaluation.subjects import data_signature, load_subject
    from assistant.retrieval.encoder import load_encoder

    settings = MemorySettings(
        authors=arguments.authors,
        documents=arguments.documents,
        writings=arguments.writings,
        split=chosen_split(arguments),
        seed=arguments.seed,
    )
    subject, encoder = load_subject(arguments.model), load_encoder()
    fitted = subject.generator.memory
    signature = subject.generator.signature | data_signature(arguments.data)
    signature |= {"memory": fitted.model, "memory_is_fitted": fitted.is_fitted, "settings": asdict(settings)}
    out: Path | None = arguments.out
    journal = journal_beside(out, signature)
    records = measure_authors(arguments.data, journal, subject, encoder, settings, on_progress=Progress("authors"))
    document = as_document(records, signature)
    publish(document, out=out, as_json=arguments.json, as_table=as_markdown)
