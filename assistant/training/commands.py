"""``python -m assistant train VERB``: arguments in, a run out; the work is in the modules beside this one."""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import SettingsError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def add_train_commands(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``train`` and its verbs to the command line."""
    train = verbs.add_parser("train", help="make a checkpoint: prepare, tokenizer, pretrain, finetune, export")
    steps = train.add_subparsers(dest="step", required=True)

    _add_tokenizer(steps)
    _add_prepare(steps)
    _add_run(steps, "pretrain", help_text="train from scratch, or go on from --init")
    _add_run(steps, "finetune", help_text="train on the prompt format")
    _add_export(steps)


def _add_tokenizer(steps: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    tokenizer = steps.add_parser("tokenizer", help="learn the byte-level BPE tokenizer from corpora")
    tokenizer.add_argument("corpora", nargs="+", type=Path, help="JSON Lines files (.jsonl, .gz, .xz)")
    tokenizer.add_argument("--out", type=Path, required=True)
    tokenizer.add_argument("--vocabulary", type=int, default=8192)
    tokenizer.add_argument("--characters", type=int, default=8_000_000, help="sampled from each corpus")
    tokenizer.set_defaults(run=_tokenizer)


def _add_prepare(steps: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    prepare = steps.add_parser("prepare", help="text work: corpora become token shards")
    prepare.add_argument("kind", choices=("pretrain", "neighbours", "distinction", "finetune"))
    prepare.add_argument("corpora", nargs="+", type=Path)
    prepare.add_argument("--tokenizer", type=Path, required=True)
    prepare.add_argument("--out", type=Path, required=True)
    prepare.add_argument(
        "--held-out", nargs="*", type=Path, default=[], help="pre-training: corpora whose test authors to leave out"
    )
    prepare.add_argument("--window", type=int, default=1024, help="tokens a pre-training window")
    prepare.add_argument("--authors", type=int, default=600, help="examples: authors used at most")
    prepare.add_argument("--documents", type=int, default=24, help="examples: documents of one author at most")
    prepare.add_argument("--per-author", type=int, default=8, help="examples: documents of one author written at most")
    prepare.add_argument(
        "--continuation-characters", type=int, default=1100, help="examples: characters written after the cursor"
    )
    prepare.add_argument("--pairs", type=int, default=10_000, help="distinction: pairs of documents")
    prepare.add_argument("--seed", type=int, default=0)
    prepare.set_defaults(run=_prepare)


def _add_run(steps: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, *, help_text: str) -> None:
    run = steps.add_parser(name, help=help_text)
    run.add_argument("--shards", type=Path, required=True)
    run.add_argument("--tokenizer", type=Path, required=True)
    run.add_argument("--out", type=Path, required=True)
    run.add_argument("--init", type=Path, required=name == "finetune", help="checkpoint or run to start from")
    run.add_argument("--tokens", type=int, required=True)
    run.add_argument("--mix", nargs="*", default=[], metavar="SOURCE=EPOCHS")
    run.add_argument("--tokens-per-batch", type=int, default=8192)
    run.add_argument("--accumulation", type=int, default=1)
    run.add_argument("--matrix-rate", type=float, default=0.02)
    run.add_argument("--other-rate", type=float, default=0.003)
    run.add_argument("--warmup-tokens", type=int, default=400_000)
    run.add_argument("--decay-share", type=float, default=0.0 if name == "pretrain" else 1.0)
    run.add_argument("--save-minutes", type=float, default=10)
    run.add_argument("--seed", type=int, default=0)
    run.set_defaults(run=_train)


def _add_export(steps: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    export = steps.add_parser("export", help="write a run's latest weights as a checkpoint")
    export.add_argument("run_folder", type=Path)
    export.add_argument("--tokenizer", type=Path, required=True)
    export.add_argument("--out", type=Path, required=True)
    export.set_defaults(run=_export)


def _tokenizer(arguments: argparse.Namespace) -> None:
    from assistant.training.prepare import tokenizer_texts
    from assistant.training.tokenizer import known_words, save_known_words, save_tokenizer, train_tokenizer

    def texts() -> Iterator[str]:
        return tokenizer_texts(arguments.corpora, characters_each=arguments.characters, seed=0)

    save_tokenizer(train_tokenizer(texts(), vocabulary_size=arguments.vocabulary), arguments.out)
    save_known_words(known_words(texts()), arguments.out)
    _say(f"tokenizer written to {arguments.out}")


def _prepare(arguments: argparse.Namespace) -> None:
    from assistant.training.prepare import held_out_fingerprints, prepare_pretraining
    from assistant.training.tokenizer import load_tokenizer

    tokenizer = load_tokenizer(arguments.tokenizer)
    if arguments.kind != "pretrain":
        _prepare_examples(arguments, tokenizer)
        return
    held_out = held_out_fingerprints(arguments.held_out)
    for path in arguments.corpora:
        name = f"{path.parent.name}-{path.name.split('.')[0]}"
        tokens = prepare_pretraining(
            path, tokenizer, arguments.out / name, held_out=held_out, window=arguments.window, seed=arguments.seed
        )
        _say(f"{name}: {tokens:,} tokens")


def _prepare_examples(arguments: argparse.Namespace, tokenizer: "PreTrainedTokenizerBase") -> None:
    from assistant.training.examples import (
        ExampleSettings,
        prepare_distinction,
        prepare_finetuning,
        prepare_neighbours,
    )

    corpora, out = arguments.corpora, arguments.out
    settings = ExampleSettings(
        authors=arguments.authors,
        documents=arguments.documents,
        per_author=arguments.per_author,
        continuation_characters=arguments.continuation_characters,
        seed=arguments.seed,
    )
    sources: Iterable[tuple[str, int]]
    if arguments.kind == "neighbours":
        tokens = prepare_neighbours(corpora, tokenizer, out, settings=settings, on_author=_say_author)
        sources = [("neighbours", tokens)]
    elif arguments.kind == "distinction":
        tokens = prepare_distinction(corpora, tokenizer, out, settings=settings, pairs=arguments.pairs)
        sources = [("distinction", tokens)]
    else:
        from assistant.retrieval.encoder import load_encoder

        sources = prepare_finetuning(
            corpora, tokenizer, out, settings=settings, encoder=load_encoder(), on_author=_say_author
        )
    for name, tokens in sources:
        _say(f"{name}: {tokens:,} tokens")


def _train(arguments: argparse.Namespace) -> None:
    from transformers import AutoModelForCausalLM

    from assistant.signature import file_hash
    from assistant.training.checkpoints import current_model
    from assistant.training.loop import LoopSettings, TrainingRun
    from assistant.training.model import ModelSize, new_model
    from assistant.training.optimizer import Rates
    from assistant.training.shards import load_sources
    from assistant.training.tokenizer import load_tokenizer

    settings = LoopSettings(
        tokens=arguments.tokens,
        tokens_per_batch=arguments.tokens_per_batch,
        accumulation=arguments.accumulation,
        rates=Rates(matrix=arguments.matrix_rate, other=arguments.other_rate),
        warmup_tokens=arguments.warmup_tokens,
        decay_share=arguments.decay_share,
        seed=arguments.seed,
    )
    sources = load_sources(arguments.shards, _mix(arguments.mix))
    signature: dict[str, Any] = {
        "data": {s.name: [s.epochs, file_hash(arguments.shards / s.name / "tokens.npy")] for s in sources}
    }
    if arguments.init is None:
        tokenizer = load_tokenizer(arguments.tokenizer)
        model = new_model(
            ModelSize(), vocabulary_size=len(tokenizer), end_id=tokenizer.eos_token_id, seed=settings.seed
        )
    else:
        init = arguments.init if (arguments.init / "config.json").is_file() else current_model(arguments.init)
        model = AutoModelForCausalLM.from_pretrained(init)
        signature["init"] = file_hash(init / "model.safetensors")
    run = TrainingRun(model, sources, settings, folder=arguments.out, signature=signature)
    for progress in run.run(save_minutes=arguments.save_minutes):
        if progress.step % 10 == 0:
            _say(
                f"step {progress.step}  tokens {progress.tokens / 1e6:.2f} M  loss {progress.loss:.3f}  "
                f"{progress.tokens_per_second:,.0f} tokens/s  {progress.seconds_left / 60:.0f} min left"
            )


def _export(arguments: argparse.Namespace) -> None:
    from transformers import AutoModelForCausalLM

    from assistant.prompts import PromptTemplate
    from assistant.training.checkpoints import current_model, write_checkpoint
    from assistant.training.tokenizer import load_known_words, load_tokenizer, save_known_words

    source = current_model(arguments.run_folder)
    write_checkpoint(
        arguments.out,
        AutoModelForCausalLM.from_pretrained(source),
        load_tokenizer(arguments.tokenizer),
        template=PromptTemplate(),
        signature=json.loads((source.parent / "state.json").read_text()),
    )
    save_known_words(sorted(load_known_words(arguments.tokenizer)), arguments.out)
    _say(f"checkpoint written to {arguments.out}")


def _mix(pairs: list[str]) -> dict[str, float]:
    try:
        return {name: float(epochs) for name, epochs in (pair.split("=") for pair in pairs)}
    except ValueError as error:
        raise SettingsError(f"--mix {' '.join(pairs)}: expected SOURCE=EPOCHS, for example wiki=2") from error


def _say_author(done: int, total: int) -> None:
    if done % 20 == 0 or done == total:
        _say(f"{done} of {total} authors")


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
