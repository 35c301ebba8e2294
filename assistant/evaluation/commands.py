"""``python -m assistant evaluate VERB``: a measurement in, a JSON document with its signature out."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assistant.evaluation.checkpoint import CheckpointReport


def add_evaluate_commands(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``evaluate`` and its verbs to the command line."""
    evaluate = verbs.add_parser("evaluate", help="measure a checkpoint")
    kinds = evaluate.add_subparsers(dest="kind", required=True)
    checkpoint = kinds.add_parser("checkpoint", help="bits per character with and without evidence, and faults")
    checkpoint.add_argument("--data", type=Path, required=True, help="JSON Lines of author, title, date, text")
    checkpoint.add_argument("--model", default=None, help="checkpoint folder; default: the shipped one")
    checkpoint.add_argument("--authors", type=int, default=60)
    checkpoint.add_argument("--documents", type=int, default=4, help="per author, at most")
    checkpoint.add_argument("--samples", type=int, default=100)
    checkpoint.add_argument(
        "--split", choices=("test", "validation", "all"), default="test", help="authors to take (default: test)"
    )
    checkpoint.add_argument("--out", type=Path, help="also write the JSON document here")
    checkpoint.add_argument("--show-samples", action="store_true", help="include the sampled texts")
    checkpoint.add_argument("--json", action="store_true", help="accepted for symmetry: the result is always JSON")
    checkpoint.set_defaults(run=_checkpoint)
    report = kinds.add_parser("report", help="render docs/results into the results blocks of Markdown files")
    report.add_argument("files", nargs="+", type=Path)
    report.set_defaults(run=_report)


def _checkpoint(arguments: argparse.Namespace) -> None:
    from assistant.evaluation.checkpoint import CheckpointSettings, Subject, evaluate_checkpoint
    from assistant.evaluation.likelihood import Language
    from assistant.generation.local import load_generator
    from assistant.retrieval.encoder import load_encoder
    from assistant.settings import SHIPPED_CHECKPOINT
    from assistant.signature import file_hash
    from assistant.training.tokenizer import load_known_words

    model = arguments.model or str(SHIPPED_CHECKPOINT)
    generator, template = load_generator(model)
    subject = Subject(
        Language(generator.model, generator.tokenizer), generator, template, load_known_words(Path(model))
    )
    settings = CheckpointSettings(
        authors=arguments.authors,
        documents=arguments.documents,
        samples=arguments.samples,
        split=None if arguments.split == "all" else arguments.split,
    )
    report = evaluate_checkpoint(arguments.data, subject, load_encoder(), settings, on_progress=_progress)
    signature = generator.signature | {
        "data": arguments.data.name,
        "data_sha256": file_hash(arguments.data),
        "settings": asdict(settings),
    }
    text = json.dumps(_document(report, signature, samples=arguments.show_samples), indent=2)
    if arguments.out:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(text + "\n")


def _report(arguments: argparse.Namespace) -> None:
    from assistant.evaluation.report import rewrite

    for path in arguments.files:
        sys.stderr.write(f"{path}: {'changed' if rewrite(path, Path.cwd()) else 'as it was'}\n")


def _document(report: "CheckpointReport", signature: dict[str, object], *, samples: bool) -> dict[str, Any]:
    none, other = report.own_against_none, report.own_against_other
    document: dict[str, Any] = {
        "bits_per_character": {"none": report.bits_none, "own": report.bits_own, "other": report.bits_other},
        "gain_own_over_none_percent": -100 * none.difference / report.bits_none,
        "gain_own_over_other_percent": -100 * other.difference / report.bits_other,
        "interval_own_none": [none.low, none.high],
        "interval_own_other": [other.low, other.high],
        "p_own_none": none.p,
        "p_own_other": other.p,
        "author_distinction_accuracy": report.distinction_accuracy,
        "loop_rate": report.loop_rate,
        "known_word_rate": report.known_word_rate,
        "sentence_end_rate": report.sentence_end_rate,
        "authors": report.authors,
        "documents": report.documents,
    }
    if samples:
        document["samples"] = list(report.samples)
    return document | {"signature": signature}


def _progress(done: int, total: int) -> None:
    end = "\n" if done == total else ""
    sys.stderr.write(f"\r{done} of {total} documents{end}")
    sys.stderr.flush()
