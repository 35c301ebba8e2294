"""``python -m assistant train VERB``: arguments in, a run out; the work is in the modules beside this one."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import SettingsError
from assistant.options import count
from assistant.terminal import say
from assistant.training.memory_commands import add_memory_command
from assistant.training.persona_commands import add_persona_command
from assistant.training.shrink_command import add_shrink_command
from assistant.training.text_commands import add_text_commands

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from assistant.training.loop import LoopSettings, TrainingRun
    from assistant.training.shards import Source
    from assistant.training.validation import Validation


def add_train_commands(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``train`` and its verbs to the command line."""
    train = verbs.add_parser(
        "train", help="make a checkpoint: prepare, tokenizer, pretrain, finetune, export; or words, selectors"
    )
    steps = train.add_subparsers(dest="step", required=True)

    add_text_commands(steps)
    add_shrink_command(steps)
    _add_run(steps, "pretrain", help_text="train from scratch, or go on from --init")
    _add_run(steps, "finetune", help_text="train on the prompt format")
    _add_export(steps)
    add_memory_command(steps)
    add_persona_command(steps)


def _add_run(steps: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, *, help_text: str) -> None:
    run = steps.add_parser(name, help=help_text)
    run.add_argument("--shards", type=Path, required=True)
    run.add_argument("--tokenizer", type=Path, required=True)
    run.add_argument("--out", type=Path, required=True)
    run.add_argument("--init", required=name == "finetune", help="checkpoint, run or model name to start from")
    run.add_argument("--allow-download", action="store_true", help="fetch the model named by --init from the hub")
    run.add_argument("--lora-rank", type=int, help="train an adapter of this rank over the frozen weights")
    run.add_argument("--tokens", type=int, required=True)
    run.add_argument("--mix", nargs="*", default=[], metavar="SOURCE=EPOCHS")
    run.add_argument("--tokens-per-batch", type=count, default=8192)
    run.add_argument("--accumulation", type=count, default=1)
    run.add_argument(
        "--matrix-optimizer", choices=("muon", "adamw"), default="muon", help="adamw: for pre-trained weights"
    )
    run.add_argument("--matrix-rate", type=float, help="default: 0.02 by muon, 0.001 by adamw")
    run.add_argument("--other-rate", type=float, help="default: 0.003, for adapters 0.0003")
    run.add_argument("--warmup-tokens", type=int, default=400_000)
    run.add_argument("--decay-share", type=float, default=0.0 if name == "pretrain" else 1.0)
    run.add_argument(
        "--separate-documents", action="store_true", help="no attention across the documents of one window"
    )
    run.add_argument(
        "--quantized", action="store_true", help="compute with four bits a weight, as `export --pack` will write them"
    )
    run.add_argument("--validation", type=Path, metavar="SHARDS", help="held-out shards to stop early by")
    run.add_argument("--validate-every", type=count, default=1_000_000, metavar="TOKENS")
    run.add_argument("--patience", type=count, default=3, help="checks without a better loss before the run ends")
    run.add_argument("--save-minutes", type=float, default=10)
    run.add_argument("--seed", type=int, default=0)
    run.add_argument("--dry-run", action="store_true", help="say what memory and time it takes; write nothing")
    run.set_defaults(run=_train)


def _add_export(steps: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    export = steps.add_parser("export", help="write a run's best or else latest weights as a checkpoint")
    export.add_argument("run_folder", type=Path)
    export.add_argument("--tokenizer", type=Path, required=True)
    export.add_argument("--out", type=Path, required=True)
    export.add_argument("--last", action="store_true", help="the latest weights, even if others validated better")
    export.add_argument("--keep-adapter", action="store_true", help="write the adapter alone, not merged into its base")
    export.add_argument(
        "--pack", action="store_true", help="four bits a weight, a quarter of the size: for weights trained --quantized"
    )
    export.set_defaults(run=_export)


def _train(arguments: argparse.Namespace) -> None:
    from assistant.training.estimate import as_text, estimate_run
    from assistant.training.progress import ProgressDisplay

    run = _training_run(arguments)
    if arguments.dry_run:
        estimate = estimate_run(run)
        if run.is_main:
            sys.stdout.write(as_text(estimate))
        return
    updates = run.run(save_minutes=arguments.save_minutes)
    if not run.is_main:
        for _ in updates:
            pass
        return
    with ProgressDisplay(total=arguments.tokens, done=run.state.tokens) as display:
        for progress in updates:
            display.show(progress)
    if run.state.tokens < arguments.tokens:
        say(f"stopped early: no better validation loss in {arguments.patience} checks")


def _training_run(arguments: argparse.Namespace) -> "TrainingRun":
    """The run that the arguments describe, its tokenizer, data and weights checked against each other."""
    from assistant.training.loop import TrainingRun
    from assistant.training.shards import load_sources, noted_tokenizer
    from assistant.training.starting import check_tokenizer
    from assistant.training.tokenizer import load_tokenizer

    tokenizer = load_tokenizer(arguments.tokenizer)
    sources = load_sources(arguments.shards, _mix(arguments.mix))
    settings = _loop_settings(arguments, tokenizer)
    signature: dict[str, Any] = {"data": _data_signature(arguments.shards, sources)}
    validation = _validation(arguments)
    if validation is not None:
        signature["validation_data"] = _data_signature(arguments.validation, validation.sources)
    model = _starting_model(arguments, tokenizer, signature)
    for folder in (arguments.shards, arguments.validation):
        check_tokenizer(tokenizer, model, shards=noted_tokenizer(folder) if folder else None)
    return TrainingRun(model, sources, settings, folder=arguments.out, signature=signature, validation=validation)


def _loop_settings(arguments: argparse.Namespace, tokenizer: "PreTrainedTokenizerBase") -> "LoopSettings":
    from assistant.training.loop import LoopSettings
    from assistant.training.optimizer import Rates

    matrix_rate = arguments.matrix_rate
    if matrix_rate is None:
        matrix_rate = 0.02 if arguments.matrix_optimizer == "muon" else 0.001
    usual_rate = 0.003 if arguments.lora_rank is None else 0.0003
    other_rate = usual_rate if arguments.other_rate is None else arguments.other_rate
    return LoopSettings(
        tokens=arguments.tokens,
        tokens_per_batch=arguments.tokens_per_batch,
        accumulation=arguments.accumulation,
        rates=Rates(matrix=matrix_rate, other=other_rate, matrix_optimizer=arguments.matrix_optimizer),
        warmup_tokens=arguments.warmup_tokens,
        decay_share=arguments.decay_share,
        seed=arguments.seed,
        separator=tokenizer.eos_token_id if arguments.separate_documents else None,
        quantized=arguments.quantized,
    )


def _validation(arguments: argparse.Namespace) -> "Validation | None":
    from assistant.training.shards import load_sources
    from assistant.training.validation import Validation

    if arguments.validation is None:
        return None
    return Validation(load_sources(arguments.validation), arguments.validate_every, arguments.patience)


def _data_signature(folder: Path, sources: "Sequence[Source]") -> dict[str, list[Any]]:
    from assistant.signature import file_hash

    return {source.name: [source.epochs, file_hash(folder / source.name / "tokens.npy")] for source in sources}


def _starting_model(
    arguments: argparse.Namespace, tokenizer: "PreTrainedTokenizerBase", signature: dict[str, Any]
) -> "PreTrainedModel":
    """A new model, or the one to go on from, whose identity is added to the signature."""
    from assistant.training.adapters import add_adapter
    from assistant.training.checkpoints import is_run
    from assistant.training.model import ModelSize, new_model
    from assistant.training.starting import load_start

    if arguments.init is None:
        if arguments.lora_rank is not None:
            raise SettingsError("--lora-rank without --init: an adapter needs a trained model; give --init one")
        return new_model(
            ModelSize(), vocabulary_size=len(tokenizer), end_id=tokenizer.eos_token_id, seed=arguments.seed
        )
    if arguments.lora_rank is not None and is_run(Path(arguments.init)):
        raise SettingsError(
            f"--lora-rank over the run {arguments.init}, whose folders change: `train export` it first, and give "
            "--init the checkpoint"
        )
    start = load_start(arguments.init, allow_download=arguments.allow_download)
    signature["init"] = start.identity
    if arguments.lora_rank is not None:
        signature["lora"] = {"rank": arguments.lora_rank}
        add_adapter(start.model, rank=arguments.lora_rank, seed=arguments.seed)
    return start.model


def _export(arguments: argparse.Namespace) -> None:
    from assistant.training.adapters import copy_adapter, is_adapter
    from assistant.training.checkpoints import (
        current_model,
        replacing_checkpoint,
        saved_recipe,
        write_belongings,
        write_checkpoint,
    )
    from assistant.training.encodings import template_for
    from assistant.training.starting import load_start
    from assistant.training.tokenizer import load_known_words, load_tokenizer, save_known_words

    source = current_model(arguments.run_folder, last=arguments.last)
    tokenizer = load_tokenizer(arguments.tokenizer)
    model = load_start(str(source)).model
    template = template_for(tokenizer, is_encoder_decoder=model.config.is_encoder_decoder)
    signature = saved_recipe(arguments.run_folder)
    if arguments.keep_adapter and not is_adapter(source):
        raise SettingsError(f"--keep-adapter: {arguments.run_folder} trained whole weights; leave it out")
    with replacing_checkpoint(arguments.out) as out:
        if arguments.keep_adapter:
            copy_adapter(source, out)
            write_belongings(out, tokenizer, template=template, signature=signature)
        else:
            write_checkpoint(out, model, tokenizer, template=template, signature=signature, packed=arguments.pack)
        if known := load_known_words(arguments.tokenizer):
            save_known_words(sorted(known), out)
    say(f"checkpoint written to {arguments.out}")


def _mix(pairs: list[str]) -> dict[str, float]:
    try:
        return {name: float(epochs) for name, epochs in (pair.split("=") for pair in pairs)}
    except ValueError as error:
        raise SettingsError(f"--mix {' '.join(pairs)}: expected SOURCE=EPOCHS, for example wiki=2") from error
