"""``python -m assistant evaluate lamp`` and ``longlamp``: the benchmarks' official files in, their numbers out."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.evaluation.benchmarks.questions import SPLITS, find_files, read_questions
from assistant.evaluation.benchmarks.report import RESULT, as_json, as_markdown, read_result, remarks

if TYPE_CHECKING:
    from assistant.evaluation.benchmarks.dense import FolderEncoder
    from assistant.evaluation.benchmarks.questions import QuestionFiles
    from assistant.evaluation.benchmarks.retrieval import Choose
    from assistant.evaluation.benchmarks.run import BenchmarkSettings, Outcome
    from assistant.evaluation.benchmarks.tasks import Benchmark

# Named here, not taken from the tables, so that ``--help`` loads no model library; a test compares them.
LAMP_TASKS = (*(f"LaMP-{number}" for number in range(1, 8)), "LaMP-QA")
LONGLAMP_TASKS = ("email_generation", "generation_abstract", "topic_writing", "product_review_writing")
_RETRIEVERS = ("bm25", "contriever", "recency", "random", "mixed")
_DESCRIPTION = (
    "Answers a benchmark's questions and scores them; the official files are not included and nothing is downloaded. "
    "A causal model that was trained neither on instructions (then: --chat) nor on the task scores near the floor."
)


def add_benchmark_commands(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``lamp`` and ``longlamp`` to ``evaluate``, and what goes with them."""
    lamp = kinds.add_parser(
        "lamp", help="LaMP-1 to LaMP-7 and LaMP-QA, from their official files", description=_DESCRIPTION
    )
    longlamp = kinds.add_parser(
        "longlamp", help="LongLaMP's four tasks, from its official files", description=_DESCRIPTION
    )
    for verb, tasks in ((lamp, LAMP_TASKS), (longlamp, LONGLAMP_TASKS)):
        _add_prompt_options(verb, tasks, split="dev")
        verb.add_argument("--tokens", type=int, default=128, help="tokens of an answer, at most (the papers: 128)")
        verb.add_argument("--beams", type=int, default=1, help="1, the default, is greedy (the papers: 4)")
        verb.add_argument("--batch", type=int, default=8, help="questions answered at once")
        verb.add_argument("--json", action="store_true", help="print the JSON document instead of a table")
        verb.set_defaults(run=_run)
    examples = kinds.add_parser("lamp-examples", help="the same prompts with the right answers, for `train finetune`")
    _add_prompt_options(examples, (*LAMP_TASKS, *LONGLAMP_TASKS), split="train")
    examples.set_defaults(run=_examples)
    table = kinds.add_parser("lamp-table", help="results of several runs of lamp and longlamp in one Markdown table")
    table.add_argument("folders", nargs="+", type=Path, help="their --out folders")
    table.set_defaults(run=_table)


def _add_prompt_options(verb: argparse.ArgumentParser, tasks: tuple[str, ...], *, split: str) -> None:
    verb.add_argument("--task", choices=tasks, required=True)
    verb.add_argument("--data", type=Path, required=True, help="folder of the official files, or the questions' file")
    verb.add_argument("--split", choices=SPLITS, default=split)
    verb.add_argument(
        "--out", type=Path, required=True, help="folder of the results; evaluations go on where they were"
    )
    verb.add_argument("--model", default=None, help="folder of a causal or encoder-decoder model; default: the shipped")
    verb.add_argument("--retriever", choices=_RETRIEVERS, default="bm25")
    verb.add_argument("--encoder", type=Path, help="folder of the encoder for contriever and mixed")
    verb.add_argument("--k", type=int, default=4, help="items of the profile in the prompt; 0: no personalization")
    verb.add_argument("--index-dates", action="store_true", help="search the items' dates, too")
    verb.add_argument("--questions", type=int, help="how many to take, drawn by the seed (default: all)")
    verb.add_argument("--max-length", type=int, default=512, help="tokens of a prompt (the papers: 512)")
    verb.add_argument("--chat", action="store_true", help="put prompts into the model's own chat template")
    verb.add_argument("--seed", type=int, default=0)


def _run(arguments: argparse.Namespace) -> None:
    from assistant.evaluation.benchmarks.answering import load_answerer
    from assistant.evaluation.benchmarks.run import Method, record_signature, run_benchmark
    from assistant.evaluation.journal import Journal
    from assistant.evaluation.progress import Progress

    row, settings = _task(arguments.task), _settings(arguments)
    files = find_files(arguments.data, row.name, arguments.split)
    questions = read_questions(files, row.name, row.fields, ids_needed=row.has_ids)
    choose = _retriever(row, arguments)
    answerer = load_answerer(_model(arguments), settings.decoding)
    signature = answerer.signature | _data_signature(row, files, arguments)
    journal = Journal(arguments.out, record_signature(signature, settings))
    method = Method(answerer, choose, settings)
    outcome = run_benchmark(row, questions, journal, method, on_progress=Progress("questions"))
    document = _written(row, outcome, arguments.out, signature | _scoring_signature(files, settings))
    for remark in remarks(document):
        sys.stderr.write(f"note: {remark}\n")
    sys.stdout.write(json.dumps(document, indent=2) + "\n" if arguments.json else as_markdown([document]))


def _examples(arguments: argparse.Namespace) -> None:
    from assistant.evaluation.benchmarks.examples import read_learner, write_examples

    row = _task(arguments.task)
    files = find_files(arguments.data, row.name, arguments.split)
    questions = read_questions(files, row.name, row.fields, ids_needed=row.has_ids)
    choose, learner = _retriever(row, arguments), read_learner(_model(arguments))
    tokens = write_examples(row, questions, learner, choose, _settings(arguments), arguments.out)
    sys.stderr.write(f"{row.name}: {tokens:,} tokens in {arguments.out}\n")


def _task(name: str) -> "Benchmark":
    from assistant.evaluation.benchmarks.tasks import LAMP, LONGLAMP

    return (LAMP | LONGLAMP)[name]


def _model(arguments: argparse.Namespace) -> Path:
    from assistant.settings import SHIPPED_CHECKPOINT

    return Path(arguments.model or SHIPPED_CHECKPOINT)


def _settings(arguments: argparse.Namespace) -> "BenchmarkSettings":
    """The settings; what only answering needs keeps its default where only examples are written."""
    from assistant.evaluation.benchmarks.answering import Decoding
    from assistant.evaluation.benchmarks.run import BenchmarkSettings

    defaults, given = Decoding(), vars(arguments)
    return BenchmarkSettings(
        retriever=arguments.retriever,
        k=arguments.k,
        index_dates=arguments.index_dates,
        decoding=Decoding(
            max_length=arguments.max_length,
            tokens=given.get("tokens", defaults.tokens),
            beams=given.get("beams", defaults.beams),
            chat=arguments.chat,
        ),
        batch=given.get("batch", BenchmarkSettings().batch),
        questions=arguments.questions,
        seed=arguments.seed,
    )


def _retriever(row: "Benchmark", arguments: argparse.Namespace) -> "Choose":
    from assistant.evaluation.benchmarks.retrieval import retriever_named

    encoder = _encoder(arguments)
    return retriever_named(arguments.retriever, encoder=encoder, by_date=row.has_dates, seed=arguments.seed)


def _encoder(arguments: argparse.Namespace) -> "FolderEncoder | None":
    """The encoder that was named, if the retriever has a use for it."""
    from assistant.evaluation.benchmarks.dense import load_folder_encoder
    from assistant.evaluation.benchmarks.retrieval import WITH_ENCODER

    if arguments.encoder is None or arguments.retriever not in WITH_ENCODER:
        return None
    return load_folder_encoder(arguments.encoder)


def _data_signature(row: "Benchmark", files: "QuestionFiles", arguments: argparse.Namespace) -> dict[str, Any]:
    from assistant.evaluation.benchmarks.dense import encoder_signature
    from assistant.signature import file_hash

    signature = {
        "benchmark": row.name,
        "split": arguments.split,
        "questions": files.questions.name,
        "questions_sha256": file_hash(files.questions),
    }
    if arguments.retriever in ("contriever", "mixed"):
        signature |= encoder_signature(arguments.encoder)
    return signature


def _scoring_signature(files: "QuestionFiles", settings: "BenchmarkSettings") -> dict[str, Any]:
    from assistant.evaluation import metrics
    from assistant.signature import file_hash

    outputs = {} if files.outputs is None else {"outputs_sha256": file_hash(files.outputs)}
    return outputs | {"settings": asdict(settings), "metrics": metrics.signature()}


def _written(row: "Benchmark", outcome: "Outcome", out: Path, signature: dict[str, Any]) -> dict[str, Any]:
    """Write the answers and the result; returns the result."""
    from assistant.evaluation.benchmarks.submission import write_submission

    outputs = {answer.id: answer.output for answer in outcome.answers}
    predictions = write_submission(out, row.name, outputs, row.export)
    document = as_json(row, outcome, predictions, signature)
    (out / RESULT).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return document


def _table(arguments: argparse.Namespace) -> None:
    sys.stdout.write(as_markdown([read_result(folder) for folder in arguments.folders]))
