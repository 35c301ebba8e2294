"""``evaluate framework`` and what says its results again: arguments in, a table out."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from assistant.errors import CorpusError, SettingsError
from assistant.evaluation.paper_table import Domain
from assistant.evaluation.progress import Progress
from assistant.options import add_helper_options, count, helper_settings
from assistant.settings import Settings

if TYPE_CHECKING:
    from assistant.evaluation.framework_desk import OneProcess
    from assistant.evaluation.framework_tasks import FrameworkSettings

Json = dict[str, Any]


def add_framework_commands(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the table's verbs to ``evaluate``."""
    _add_framework(kinds)
    beside = kinds.add_parser("beside-paper", help="a table of `evaluate framework` beside the paper's, as Markdown")
    beside.add_argument("result", type=Path, help="framework.json of a run, or a file of docs/results")
    beside.add_argument("--domain", choices=get_args(Domain), required=True, help="which of the paper's data sets")
    beside.set_defaults(run=_beside_paper)
    domains = kinds.add_parser("domains", help="corpora in the numbers of the paper's table of data, by its rules")
    domains.add_argument("corpora", nargs="+", type=Path, help="JSON Lines files (.jsonl, .gz, .xz)")
    domains.add_argument("--json", action="store_true", help="print a JSON document instead of the table")
    domains.set_defaults(run=_domains)


def _add_framework(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    framework = kinds.add_parser("framework", help="every ranking, summary and synthesis, and controls, in one table")
    framework.add_argument("--data", type=Path, required=True, help="JSON Lines of author, title, date, text")
    framework.add_argument("--out", type=Path, required=True, help="folder of the results; a second run goes on")
    _add_models(framework)
    _add_amounts(framework)
    framework.add_argument(
        "--batch", type=count, default=32, help="prompts continued together at most (default: 32); 1: one by one"
    )
    framework.add_argument("--processes", type=count, default=1, help="processes that share the authors (default: 1)")
    framework.add_argument("--temperature", type=float, default=0.0, help="0, the default, is greedy")
    framework.add_argument("--seed", type=int, default=0)
    framework.add_argument("--dry-run", action="store_true", help="say what there is to do and about how long it takes")
    framework.add_argument("--json", action="store_true", help="print the JSON document instead of the table")
    framework.set_defaults(run=_framework)


def _add_models(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--model", default=None, help="checkpoint folder that rows share; default: the shipped one")
    verb.add_argument(
        "--checkpoint",
        action="append",
        default=[],
        metavar="NAME=FOLDER",
        help="a checkpoint of its own for the rows that end in @NAME; again for each",
    )
    verb.add_argument(
        "--zero-shot-model", metavar="FOLDER", help="an instruction-tuned model: adds the row LLMZeroShot"
    )
    add_helper_options(verb)


def _add_amounts(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--authors", type=count, default=60)
    verb.add_argument("--documents", type=count, default=10, help="per author, at most")
    verb.add_argument(
        "--rows",
        nargs="+",
        metavar="ROW",
        help="such as ImmedCtx RankDocBySnpt+SumByDraft UserID@NAME; default: all whose models are there",
    )
    verb.add_argument(
        "--fewer",
        action="append",
        default=[],
        metavar="ROW=DOCUMENTS",
        help="a row on fewer documents per author, the first of the others'; it is compared on those alone",
    )
    verb.add_argument(
        "--typing-documents", type=int, default=1, help="documents per author that are typed through (default: 1)"
    )
    verb.add_argument("--typing-rows", nargs="+", metavar="ROW", help="rows that type; default: none, served, memory")
    verb.add_argument(
        "--split", choices=("test", "validation", "all"), default="test", help="authors to take (default: test)"
    )


@dataclass(frozen=True, slots=True)
class _Models:
    """Where the models lie; says how to load them, in any process."""

    shared: str | None
    zero_shot: str | None
    own: Mapping[str, str]

    def load(self) -> "OneProcess":
        from assistant.evaluation.framework_desk import OneProcess
        from assistant.evaluation.subjects import load_subject
        from assistant.evaluation.zero_shot import load_zero_shot
        from assistant.retrieval.encoder import load_encoder

        return OneProcess(
            load_subject(self.shared),
            load_encoder(),
            load_zero_shot(self.zero_shot) if self.zero_shot else None,
            {name: load_subject(folder) for name, folder in self.own.items()},
        )


def _framework(arguments: argparse.Namespace) -> None:
    from assistant.evaluation.framework import record_signature, run_framework
    from assistant.evaluation.framework_workers import Workers
    from assistant.evaluation.journal import Journal

    models = _Models(arguments.model, arguments.zero_shot_model, pairs(arguments.checkpoint, "NAME=FOLDER"))
    one = models.load()
    settings = _settings(arguments, one)
    signature = _signature(arguments.data, one)
    kept = record_signature(signature, settings)
    if arguments.dry_run:
        _say_estimate(arguments, one, settings, kept)
        return
    by = Workers(arguments.processes, models.load) if arguments.processes > 1 else one
    journal = Journal(arguments.out, kept)
    outcome = run_framework(arguments.data, journal, by, settings, on_progress=Progress("records"))
    _publish(arguments, outcome, settings, _whole(signature, one, settings))


def _settings(arguments: argparse.Namespace, one: "OneProcess") -> "FrameworkSettings":
    from assistant.evaluation.framework_tasks import FrameworkSettings
    from assistant.evaluation.rows import TYPING_ROWS, rows_for

    helpers = helper_settings(arguments)
    fewer = {row: int(number) for row, number in pairs(arguments.fewer, "ROW=DOCUMENTS").items() if number.isdecimal()}
    if len(fewer) < len(arguments.fewer):
        raise SettingsError(f"--fewer {' '.join(arguments.fewer)}: expected ROW=DOCUMENTS, a number for every row once")
    typing = tuple(arguments.typing_rows or TYPING_ROWS)
    rows = arguments.rows or rows_for(helpers, zero_shot=one.zero_shot is not None)
    if arguments.rows and one.zero_shot is not None:
        rows = [*rows, "LLMZeroShot"]
    return FrameworkSettings(
        rows=tuple(dict.fromkeys((*rows, *(arguments.typing_rows or ())))),
        authors=arguments.authors,
        documents=arguments.documents,
        typing_documents=arguments.typing_documents,
        typing_rows=typing,
        split=None if arguments.split == "all" else arguments.split,
        temperature=arguments.temperature,
        seed=arguments.seed,
        helpers=helpers,
        batch=arguments.batch,
        fewer=fewer,
        checkpoints={name: weights_of(subject.generator.signature) for name, subject in one.checkpoints.items()},
    )


def weights_of(signature: Mapping[str, object]) -> str:
    """The hash of a model's weights."""
    return str(signature["weights_sha256"])


def pairs(given: Sequence[str], form: str) -> dict[str, str]:
    """Options of the form NAME=VALUE.

    :raises SettingsError: if one has another form.
    """
    found = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise SettingsError(f"{text!r}: expected {form}")
        found[name] = value
    return found


def _signature(data: Path, one: "OneProcess") -> Json:
    from assistant.evaluation.subjects import data_signature

    generator = one.subject.generator
    signature: Json = generator.signature | data_signature(data) | {"encoder": one.encoder.name}
    signature |= {"memory": generator.memory.model}
    if one.zero_shot is not None:
        signature |= {"zero_shot": one.zero_shot.generator.signature}
    return signature


def _whole(signature: Json, one: "OneProcess", settings: "FrameworkSettings") -> Json:
    """The signature of the table: the records', and what it was made of."""
    from assistant.evaluation import metrics
    from assistant.evidence_methods import helper_signature

    return signature | {
        "settings": {name: value for name, value in asdict(settings).items() if name != "helpers"},
        "checkpoints": {name: subject.generator.signature for name, subject in one.checkpoints.items()},
        "metrics": metrics.signature(),
        "helpers": helper_signature(Settings(helpers=settings.helpers)),
    }


def _say_estimate(arguments: argparse.Namespace, one: "OneProcess", settings: "FrameworkSettings", kept: Json) -> None:
    from assistant.evaluation.framework import known_tasks
    from assistant.evaluation.framework_estimate import as_text, estimate_framework
    from assistant.evaluation.journal import Journal

    known = known_tasks(Journal(arguments.out, kept), settings) if arguments.out.is_dir() else set()
    estimate = estimate_framework(arguments.data, one, settings, known)
    sys.stdout.write(json.dumps(asdict(estimate), indent=2) + "\n" if arguments.json else as_text(estimate))


def _publish(arguments: argparse.Namespace, outcome: Any, settings: "FrameworkSettings", signature: Json) -> None:
    from assistant.evaluation.framework_details import details_as_markdown
    from assistant.evaluation.framework_plot import write_plots
    from assistant.evaluation.framework_report import as_json, as_markdown
    from assistant.evaluation.framework_table import tabulate

    document = as_json(tabulate(outcome, settings), signature)
    (arguments.out / "framework.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    shown = as_markdown(document) + details_as_markdown(document)
    pictures = write_plots(document, arguments.out)
    (arguments.out / "framework.md").write_text(shown + pictures, encoding="utf-8")
    sys.stdout.write(json.dumps(document, indent=2) + "\n" if arguments.json else shown)


def _domains(arguments: argparse.Namespace) -> None:
    from assistant.evaluation.subjects import data_signature
    from assistant.training.domains import describe_domain, domains_as_markdown

    domains = [describe_domain(path) for path in arguments.corpora]
    if arguments.json:
        signature = [data_signature(path) for path in arguments.corpora]
        document = {"domains": [asdict(domain) for domain in domains], "signature": signature}
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        sys.stdout.write(domains_as_markdown(domains))


def _beside_paper(arguments: argparse.Namespace) -> None:
    from assistant.evaluation.paper_table import beside_paper

    try:
        document = json.loads(arguments.result.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CorpusError(
            f"no result in {arguments.result} ({error}): expected the framework.json that `evaluate framework` wrote"
        ) from error
    sys.stdout.write(beside_paper(document, arguments.domain))
