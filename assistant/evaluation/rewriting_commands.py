"""``python -m assistant evaluate rewriting``."""

import argparse
from pathlib import Path
from typing import Any

from assistant.settings import Settings


def add_rewriting_command(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to ``evaluate``."""
    rewriting = kinds.add_parser("rewriting", help="whether a model is good enough for the editor to offer rewrites")
    rewriting.add_argument("--model", default="", help="folder or name of a model (default: the shipped one)")
    rewriting.add_argument("--data-dir", type=Path, default=Settings().data_dir, help="where fetched models lie")
    rewriting.add_argument(
        "--show-samples", action="store_true", help="include every rewrite and what is wrong with it"
    )
    rewriting.add_argument("--out", type=Path, help="also write the JSON document here")
    rewriting.add_argument("--json", action="store_true", help="print the JSON document instead of the table")
    rewriting.set_defaults(run=_rewriting)


def _rewriting(arguments: argparse.Namespace) -> None:
    from assistant.bench.results import publish
    from assistant.evaluation.progress import Progress
    from assistant.evaluation.rewriting import Judge, check_rewriting, lent_voice, report
    from assistant.evaluation.rewriting_passages import PASSAGES
    from assistant.evaluation.rewriting_report import as_document, as_markdown, sample_json
    from assistant.generation.chat import chat_of
    from assistant.generation.local import load_generator
    from assistant.models.store import ModelStore
    from assistant.retrieval.encoder import load_encoder
    from assistant.rewriting.rewriter import Rewriter
    from assistant.rewriting_record import save_record

    folder = ModelStore(arguments.data_dir).find(arguments.model)
    generator, _ = load_generator(folder)
    encoder, voice, chat = load_encoder(), lent_voice(), chat_of(generator)
    judge = Judge(encoder, voice)
    judged = list(check_rewriting(Rewriter(generator, chat), judge, voice, PASSAGES, Progress("rewrites")))
    reports = report(judged)
    signature = generator.signature | {"encoder": encoder.name, "has_chat": chat is not None}
    document: dict[str, Any] = as_document(reports, signature)
    passed = [each.kind for each in reports if each.is_passed]
    save_record(folder, str(generator.signature["weights_sha256"]), passed, document)
    if arguments.show_samples:
        document = {"samples": [sample_json(one) for one in judged]} | document
    publish(document, out=arguments.out, as_json=arguments.json, as_table=as_markdown)
