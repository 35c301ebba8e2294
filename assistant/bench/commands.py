"""``python -m assistant bench VERB``: our speed beside the plain reference's, in one run."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from assistant.options import count
from assistant.settings import SHIPPED_CHECKPOINT

if TYPE_CHECKING:
    from assistant.bench.texts import Material


def add_bench_commands(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``bench`` and its verbs to the command line."""
    bench = verbs.add_parser("bench", help="our speed beside the same libraries put together plainly")
    kinds = bench.add_subparsers(dest="kind", required=True)
    _add_suggest(kinds)
    _add_import(kinds)
    _add_decode(kinds)
    _add_train(kinds)
    _add_start(kinds)
    _add_memory(kinds)
    _add_persona(kinds)


def _add_suggest(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    suggest = _add(kinds, "suggest", "the wait for evidence and for the first word, by size of the library")
    suggest.add_argument("--snippets", type=_sizes, default=(1_000, 10_000, 100_000), metavar="N,N,...")
    suggest.add_argument("--queries", type=count, default=60, help="drafts per size (default: %(default)s)")
    _add_model(suggest)
    _add_material(suggest)
    suggest.set_defaults(run=_suggest)


def _add_import(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    import_ = _add(kinds, "import", "snippets a second, importing the demo voices")
    _add_rounds(import_, 3)
    _add_material(import_)
    import_.set_defaults(run=_import)


def _add_decode(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    decode = _add(kinds, "decode", "tokens a second and the wait for the first, beside transformers' generate")
    decode.add_argument("--prompt-tokens", type=count, default=900, help="(default: %(default)s)")
    decode.add_argument("--tokens", type=count, default=60, help="of a suggestion (default: %(default)s)")
    _add_rounds(decode, 10)
    _add_model(decode)
    decode.set_defaults(run=_decode)


def _add_train(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    train = _add(kinds, "train", "tokens a second of the training loop, beside transformers' Trainer")
    train.add_argument("--hidden", type=count, default=384, help="width, a multiple of 64 (default: %(default)s)")
    train.add_argument("--layers", type=count, default=8, help="(default: %(default)s)")
    train.add_argument("--window", type=count, default=512, help="tokens of an example (default: %(default)s)")
    train.add_argument("--batch", type=count, default=24, help="examples of an update (default: %(default)s)")
    train.add_argument("--steps", type=count, default=4, help="updates timed in a round (default: %(default)s)")
    train.add_argument("--warmup", type=count, default=2, help="updates before those (default: %(default)s)")
    _add_rounds(train, 3)
    train.set_defaults(run=_train)


def _add_start(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    start = _add(kinds, "start", "seconds to an app that answers, beside the imports alone")
    _add_rounds(start, 5)
    _add_model(start)
    start.set_defaults(run=_start)


def _add_memory(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    memory = _add(kinds, "memory", "what recalling adds to a token, by the size of the memory")
    memory.add_argument("--keys", type=_sizes, default=(20_000, 200_000), metavar="N,N,...")
    _add_rounds(memory, 60)
    _add_model(memory)
    memory.set_defaults(run=_memory)


def _add_persona(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    persona = _add(kinds, "persona", "what a persona adds to a suggestion, by the number of documents")
    persona.add_argument("--items", type=_sizes, default=(500, 5_000, 10_000), metavar="N,N,...")
    _add_rounds(persona, 60)
    _add_model(persona)
    persona.set_defaults(run=_persona)


def _persona(arguments: argparse.Namespace) -> None:
    from assistant.bench.personas import bench_persona

    _publish(arguments, bench_persona(Path(arguments.model), arguments.items, rounds=arguments.rounds))


def _memory(arguments: argparse.Namespace) -> None:
    from assistant.bench.remembering import bench_memory

    _publish(arguments, bench_memory(Path(arguments.model), arguments.keys, rounds=arguments.rounds))


def _add(
    kinds: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, help_text: str
) -> argparse.ArgumentParser:
    parser = kinds.add_parser(name, help=help_text)
    parser.add_argument(
        "--data-dir", type=Path, help="make temporary libraries below this folder (default: the system's)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    parser.add_argument("--out", type=Path, metavar="FILE", help="also write the JSON document here")
    return parser


def _add_rounds(parser: argparse.ArgumentParser, rounds: int) -> None:
    parser.add_argument("--rounds", type=count, default=rounds, help="turns of each side (default: %(default)s)")


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", default=str(SHIPPED_CHECKPOINT), help="checkpoint folder; default: the shipped one")


def _add_material(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--voices", type=count, default=4, help="demo voices used, at most (default: all)")
    parser.add_argument("--documents", type=count, default=1000, help="of each voice, at most (default: all)")


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(sorted({count(part) for part in text.split(",")}))


def _suggest(arguments: argparse.Namespace) -> None:
    from assistant.bench.suggesting import SuggestPlan, bench_suggest

    with _folder(arguments) as folder:
        plan = SuggestPlan(
            folder,
            arguments.model,
            sizes=arguments.snippets,
            queries=arguments.queries,
            material=_material(arguments),
        )
        _publish(arguments, bench_suggest(plan))


def _import(arguments: argparse.Namespace) -> None:
    from assistant.bench.importing import ImportPlan, bench_import

    with _folder(arguments) as folder:
        _publish(arguments, bench_import(ImportPlan(folder, _material(arguments), arguments.rounds)))


def _decode(arguments: argparse.Namespace) -> None:
    from assistant.bench.decoding import DecodePlan, bench_decode

    plan = DecodePlan(
        arguments.model,
        prompt_tokens=arguments.prompt_tokens,
        tokens=arguments.tokens,
        rounds=arguments.rounds,
    )
    _publish(arguments, bench_decode(plan))


def _train(arguments: argparse.Namespace) -> None:
    from assistant.bench.training import TrainPlan, bench_train

    with _folder(arguments) as folder:
        plan = TrainPlan(
            folder,
            hidden=arguments.hidden,
            layers=arguments.layers,
            window=arguments.window,
            batch=arguments.batch,
            steps=arguments.steps,
            warmup=arguments.warmup,
            rounds=arguments.rounds,
        )
        _publish(arguments, bench_train(plan))


def _start(arguments: argparse.Namespace) -> None:
    from assistant.bench.starting import StartPlan, bench_start

    with _folder(arguments) as folder:
        _publish(arguments, bench_start(StartPlan(folder, arguments.model, arguments.rounds)))


def _material(arguments: argparse.Namespace) -> "Material":
    from assistant.bench.texts import Material

    return Material(arguments.voices, arguments.documents)


@contextmanager
def _folder(arguments: argparse.Namespace) -> Iterator[Path]:
    """A folder for what the measurement makes, gone afterwards."""
    if arguments.data_dir is not None:
        arguments.data_dir.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="ownhand-bench-", dir=arguments.data_dir) as folder:
        yield Path(folder)


def _publish(arguments: argparse.Namespace, document: dict[str, Any]) -> None:
    from assistant.bench.results import publish

    publish(document, out=arguments.out, as_json=arguments.json)
