"""``python -m assistant evaluate VERB``: a measurement in, a JSON document with its signature out."""

import argparse
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from assistant.evaluation.author_options import add_author_options, chosen_split
from assistant.evaluation.benchmarks.commands import add_benchmark_commands
from assistant.evaluation.framework_commands import add_framework_commands
from assistant.evaluation.memory_commands import add_memory_command
from assistant.evaluation.persona_commands import add_persona_command
from assistant.evaluation.progress import Progress
from assistant.evaluation.recipe_commands import add_recipe_command
from assistant.evaluation.rewriting_commands import add_rewriting_command
from assistant.options import add_helper_options, helper_settings
from assistant.settings import SummaryName, SynthesisName

if TYPE_CHECKING:
    from assistant.evaluation.checkpoint import CheckpointReport


def add_evaluate_commands(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``evaluate`` and its verbs to the command line."""
    evaluate = verbs.add_parser("evaluate", help="measure a checkpoint")
    kinds = evaluate.add_subparsers(dest="kind", required=True)
    checkpoint = kinds.add_parser("checkpoint", help="bits per character with and without evidence, and faults")
    add_author_options(checkpoint, authors=60, documents=4, taken="per author, at most")
    checkpoint.add_argument("--samples", type=int, default=100)
    checkpoint.add_argument("--out", type=Path, help="also write the JSON document here")
    checkpoint.add_argument("--show-samples", action="store_true", help="include the sampled texts")
    checkpoint.add_argument("--json", action="store_true", help="accepted for symmetry: the result is always JSON")
    checkpoint.set_defaults(run=_checkpoint)
    add_framework_commands(kinds)
    _add_selectors(kinds)
    add_benchmark_commands(kinds)
    add_memory_command(kinds)
    add_persona_command(kinds)
    add_recipe_command(kinds)
    add_rewriting_command(kinds)
    report = kinds.add_parser("report", help="render docs/results into the results blocks of Markdown files")
    report.add_argument("files", nargs="+", type=Path)
    report.set_defaults(run=_report)


def _add_selectors(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    selectors = kinds.add_parser("selectors", help="how well summaries and words foresee what a document takes up")
    selectors.add_argument("--data", type=Path, required=True, help="JSON Lines of author, title, date, text")
    selectors.add_argument(
        "--summaries", nargs="*", choices=get_args(SummaryName), default=["SumCtx", "SumByDraft", "SumCtxInd"]
    )
    selectors.add_argument(
        "--syntheses", nargs="*", choices=get_args(SynthesisName), default=["SynCtx", "SynByDraft", "SynCtxInd"]
    )
    selectors.add_argument("--authors", type=int, default=60)
    selectors.add_argument("--documents", type=int, default=6, help="per author, at most")
    selectors.add_argument(
        "--split", choices=("test", "validation", "all"), default="test", help="authors to take (default: test)"
    )
    selectors.add_argument("--seed", type=int, default=0)
    selectors.add_argument("--out", type=Path, help="also write the JSON document here")
    add_helper_options(selectors)
    selectors.add_argument("--json", action="store_true", help="print the JSON document instead of the table")
    selectors.set_defaults(run=_selectors)


def _selectors(arguments: argparse.Namespace) -> None:
    from assistant.bench.results import publish
    from assistant.evaluation.selection import SelectionSettings, evaluate_selection
    from assistant.evaluation.selection_report import as_json, as_markdown
    from assistant.evaluation.subjects import data_signature
    from assistant.retrieval.encoder import load_encoder, weights_of
    from assistant.selectors import load_selectors
    from assistant.signature import file_hash

    settings = SelectionSettings(
        summaries=tuple(arguments.summaries),
        syntheses=tuple(arguments.syntheses),
        authors=arguments.authors,
        documents=arguments.documents,
        split=None if arguments.split == "all" else arguments.split,
        seed=arguments.seed,
    )
    encoder, helpers = load_encoder(), helper_settings(arguments)
    rarity = load_selectors(helpers.selectors, encoder_sha256=weights_of(encoder.name)).rarity
    signature = data_signature(arguments.data) | {
        "encoder": encoder.name,
        "selectors_sha256": file_hash(helpers.selectors),
        "settings": asdict(settings),
    }
    report = evaluate_selection(arguments.data, encoder, rarity, helpers, settings, on_progress=Progress("authors"))
    document = as_json(report, signature)
    publish(document, out=arguments.out, as_json=arguments.json, as_table=as_markdown)


def _checkpoint(arguments: argparse.Namespace) -> None:
    from assistant.bench.results import publish
    from assistant.evaluation.checkpoint import CheckpointSettings, evaluate_checkpoint
    from assistant.evaluation.subjects import data_signature, load_subject
    from assistant.retrieval.encoder import load_encoder

    subject = load_subject(arguments.model)
    settings = CheckpointSettings(
        authors=arguments.authors,
        documents=arguments.documents,
        samples=arguments.samples,
        split=chosen_split(arguments),
    )
    report = evaluate_checkpoint(arguments.data, subject, load_encoder(), settings, on_progress=Progress("documents"))
    signature = subject.generator.signature | data_signature(arguments.data) | {"settings": asdict(settings)}
    publish(_document(report, signature, samples=arguments.show_samples), out=arguments.out, as_json=True)


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
        "second_reading_share": report.second_reading,
        "loop_rate": report.loop_rate,
        "known_word_rate": report.known_word_rate,
        "sentence_end_rate": report.sentence_end_rate,
        "authors": report.authors,
        "documents": report.documents,
    }
    if samples:
        document["samples"] = list(report.samples)
    return document | {"signature": signature}
