"""``python -m assistant evaluate VERB``: a measurement in, a JSON document with its signature out."""

import argparse
import json
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from assistant.evaluation.benchmarks.commands import add_benchmark_commands
from assistant.evaluation.memory_commands import add_memory_command
from assistant.evaluation.persona_commands import add_persona_command
from assistant.evaluation.progress import Progress
from assistant.options import add_helper_options, count, helper_settings
from assistant.settings import Settings, SummaryName, SynthesisName

if TYPE_CHECKING:
    from assistant.evaluation.checkpoint import CheckpointReport
    from assistant.evaluation.framework_workers import OneProcess


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
    _add_framework(kinds)
    _add_selectors(kinds)
    add_benchmark_commands(kinds)
    add_memory_command(kinds)
    add_persona_command(kinds)
    report = kinds.add_parser("report", help="render docs/results into the results blocks of Markdown files")
    report.add_argument("files", nargs="+", type=Path)
    report.set_defaults(run=_report)


def _add_framework(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    framework = kinds.add_parser("framework", help="every ranking, summary and synthesis, and controls, in one table")
    framework.add_argument("--data", type=Path, required=True, help="JSON Lines of author, title, date, text")
    framework.add_argument("--out", type=Path, required=True, help="folder of the results; a second run goes on")
    framework.add_argument("--model", default=None, help="checkpoint folder; default: the shipped one")
    framework.add_argument("--authors", type=int, default=60)
    framework.add_argument("--documents", type=int, default=10, help="per author, at most")
    framework.add_argument(
        "--rows", nargs="+", metavar="ROW", help="such as ImmedCtx RankDocBM25 RankDocBySnpt+SumByDraft; default: all"
    )
    framework.add_argument(
        "--typing-documents", type=int, default=1, help="documents per author that are typed through (default: 1)"
    )
    framework.add_argument(
        "--batch", type=count, default=32, help="prompts continued together at most (default: 32); 1: one by one"
    )
    framework.add_argument("--processes", type=count, default=1, help="processes that share the authors (default: 1)")
    framework.add_argument(
        "--zero-shot-model", metavar="FOLDER", help="an instruction-tuned model: adds the row LLMZeroShot"
    )
    framework.add_argument("--temperature", type=float, default=0.0, help="0, the default, is greedy")
    framework.add_argument("--seed", type=int, default=0)
    framework.add_argument(
        "--split", choices=("test", "validation", "all"), default="test", help="authors to take (default: test)"
    )
    add_helper_options(framework)
    framework.add_argument("--json", action="store_true", help="print the JSON document instead of the table")
    framework.set_defaults(run=_framework)


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
        split=None if arguments.split == "all" else arguments.split,
    )
    report = evaluate_checkpoint(arguments.data, subject, load_encoder(), settings, on_progress=Progress("documents"))
    signature = subject.generator.signature | data_signature(arguments.data) | {"settings": asdict(settings)}
    publish(_document(report, signature, samples=arguments.show_samples), out=arguments.out, as_json=True)


def _framework(arguments: argparse.Namespace) -> None:
    from assistant.assembly import helper_signature
    from assistant.evaluation import metrics
    from assistant.evaluation.framework import record_signature, run_framework
    from assistant.evaluation.framework_plot import write_plots
    from assistant.evaluation.framework_report import as_json, as_markdown
    from assistant.evaluation.framework_table import tabulate
    from assistant.evaluation.framework_tasks import FrameworkSettings
    from assistant.evaluation.framework_workers import Workers
    from assistant.evaluation.journal import Journal
    from assistant.evaluation.rows import ROWS, ZERO_SHOT
    from assistant.evaluation.subjects import data_signature

    zero_shot = (ZERO_SHOT,) if arguments.zero_shot_model else ()
    settings = FrameworkSettings(
        rows=tuple(dict.fromkeys((*(arguments.rows or ROWS), *zero_shot))),
        authors=arguments.authors,
        documents=arguments.documents,
        typing_documents=arguments.typing_documents,
        split=None if arguments.split == "all" else arguments.split,
        temperature=arguments.temperature,
        seed=arguments.seed,
        helpers=helper_settings(arguments),
        batch=arguments.batch,
    )
    load = partial(_load, arguments.model, arguments.zero_shot_model)
    one = load()
    by = Workers(arguments.processes, load) if arguments.processes > 1 else one
    generator = one.subject.generator
    signature = generator.signature | data_signature(arguments.data) | {"encoder": one.encoder.name}
    signature |= {"memory": generator.memory.model}
    if one.zero_shot is not None:
        signature |= {"zero_shot": one.zero_shot.generator.signature}
    journal = Journal(arguments.out, record_signature(signature, settings))
    outcome = run_framework(arguments.data, journal, by, settings, on_progress=Progress("records"))
    chosen = {name: value for name, value in asdict(settings).items() if name != "helpers"}
    signature |= {
        "settings": chosen,
        "metrics": metrics.signature(),
        "helpers": helper_signature(Settings(helpers=settings.helpers)),
    }
    document = as_json(tabulate(outcome, settings), signature)
    (arguments.out / "framework.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    shown = as_markdown(document) + write_plots(document, arguments.out)
    (arguments.out / "framework.md").write_text(shown, encoding="utf-8")
    sys.stdout.write(json.dumps(document, indent=2) + "\n" if arguments.json else as_markdown(document))


def _load(model: str | None, zero_shot_model: str | None) -> "OneProcess":
    """What the process that makes records works with."""
    from assistant.evaluation.framework_workers import OneProcess
    from assistant.evaluation.subjects import load_subject
    from assistant.evaluation.zero_shot import load_zero_shot
    from assistant.retrieval.encoder import load_encoder

    zero_shot = load_zero_shot(zero_shot_model) if zero_shot_model else None
    return OneProcess(load_subject(model), load_encoder(), zero_shot)


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
