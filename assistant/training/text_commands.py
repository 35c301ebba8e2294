"""The verbs of ``train`` that read corpora: tokenizer, prepare, words, style, selectors. Training needs no texts."""

import argparse
import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from assistant.options import add_helper_options, count, helper_settings
from assistant.settings import RankingName, Settings, SummaryName, SynthesisName
from assistant.terminal import say

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_KINDS = ("pretrain", "repeats", "neighbours", "distinction", "finetune", "summaries", "keywords")


def add_text_commands(steps: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verbs to ``train``."""
    _add_tokenizer(steps)
    _add_prepare(steps)
    _add_words(steps)
    _add_style(steps)
    _add_selectors(steps)


def _add_tokenizer(steps: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    tokenizer = steps.add_parser("tokenizer", help="learn the byte-level BPE tokenizer from corpora")
    tokenizer.add_argument("corpora", nargs="+", type=Path, help="JSON Lines files (.jsonl, .gz, .xz)")
    tokenizer.add_argument("--out", type=Path, required=True)
    tokenizer.add_argument("--vocabulary", type=count, default=8192)
    tokenizer.add_argument("--characters", type=count, default=8_000_000, help="sampled from each corpus")
    tokenizer.set_defaults(run=_tokenizer)


def _add_prepare(steps: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    prepare = steps.add_parser("prepare", help="text work: corpora become token shards")
    prepare.add_argument("kind", choices=_KINDS)
    prepare.add_argument("corpora", nargs="+", type=Path)
    prepare.add_argument("--tokenizer", type=Path, required=True)
    prepare.add_argument("--out", type=Path, required=True)
    prepare.add_argument(
        "--held-out", nargs="*", type=Path, default=[], help="pre-training: corpora whose test authors to leave out"
    )
    prepare.add_argument("--window", type=count, default=1024, help="tokens a pre-training window")
    prepare.add_argument("--authors", type=count, default=600, help="examples: authors used at most")
    prepare.add_argument("--documents", type=count, default=24, help="examples: documents of one author at most")
    prepare.add_argument(
        "--per-author", type=count, default=8, help="examples: documents of one author written at most"
    )
    prepare.add_argument(
        "--continuation-characters", type=count, default=1100, help="examples: characters written after the cursor"
    )
    prepare.add_argument("--windows", type=count, default=4000, help="repeats: windows made of each corpus")
    prepare.add_argument("--pairs", type=count, default=10_000, help="distinction: pairs of documents")
    prepare.add_argument(
        "--architecture",
        choices=("causal", "encoder-decoder"),
        default="causal",
        help="examples: the kind of model that is to learn them",
    )
    prepare.add_argument(
        "--split", choices=("train", "validation"), default="train", help="whose documents; validation for --validation"
    )
    prepare.add_argument(
        "--half",
        type=int,
        choices=(0, 1),
        help="examples: authors of one half only; summaries, keywords: default 0, for a model that serves "
        "`finetune --half 1`",
    )
    _add_evidence(prepare)
    prepare.add_argument("--seed", type=int, default=0)
    prepare.set_defaults(run=_prepare)


def _add_evidence(prepare: argparse.ArgumentParser) -> None:
    """Add the choice of the stages that give the evidence of examples for the generator, or of what stands for it."""
    defaults = Settings()
    which = prepare.add_mutually_exclusive_group()
    which.add_argument(
        "--mixture",
        action="store_true",
        help="finetune: every format of `evaluate framework`, drawn by lot, for one model that serves all its rows",
    )
    which.add_argument(
        "--user-id",
        action="store_true",
        help="finetune: an id of the author in the place of evidence, for the baseline UserID",
    )
    which.add_argument(
        "--without-history", action="store_true", help="finetune: never any evidence, for the control of that name"
    )
    rankings = get_args(RankingName)
    prepare.add_argument("--ranking", choices=rankings, default=defaults.ranking.method, help="finetune: who ranks")
    summaries, syntheses = get_args(SummaryName), get_args(SynthesisName)
    prepare.add_argument("--summary", choices=summaries, default=defaults.summary.method, help="finetune: who sums up")
    prepare.add_argument(
        "--keywords", choices=syntheses, default=defaults.keywords.method, help="finetune: who chooses the words"
    )
    add_helper_options(prepare)


def _add_words(steps: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    words = steps.add_parser("words", help="encode the commonest words of corpora, for the encoder to ship with")
    words.add_argument("corpora", nargs="+", type=Path)
    words.add_argument("--out", type=Path, required=True, help="a safetensors file")
    words.add_argument("--count", type=count, default=25_000)
    words.add_argument("--characters", type=count, default=8_000_000, help="sampled from each corpus")
    words.set_defaults(run=_words)


def _add_style(steps: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    style = steps.add_parser("style", help="count how writers at large write, for the voice score")
    style.add_argument("corpora", nargs="+", type=Path, help="JSON Lines files whose authors are named")
    style.add_argument("--out", type=Path, required=True, help="a JSON file")
    style.add_argument("--documents", type=count, default=8, help="of an author at most (default: 8)")
    style.add_argument("--characters", type=count, default=4000, help="of a document at most (default: 4000)")
    style.add_argument("--fewest", type=count, default=300, help="times that a mark occurs at least (default: 300)")
    style.set_defaults(run=_style)


def _add_selectors(steps: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    selectors = steps.add_parser("selectors", help="learn the fast scorers behind SumCtx, SynCtx and SynCtxNew")
    selectors.add_argument("corpora", nargs="+", type=Path)
    selectors.add_argument("--out", type=Path, required=True, help="a safetensors file")
    selectors.add_argument("--authors", type=count, default=120)
    selectors.add_argument(
        "--characters", type=count, default=8_000_000, help="sampled from each corpus to count words"
    )
    selectors.add_argument("--seed", type=int, default=0)
    selectors.set_defaults(run=_selectors)


def _tokenizer(arguments: argparse.Namespace) -> None:
    from assistant.training.prepare import tokenizer_texts
    from assistant.training.tokenizer import known_words, save_known_words, save_tokenizer, train_tokenizer

    def texts() -> Iterator[str]:
        return tokenizer_texts(arguments.corpora, characters_each=arguments.characters, seed=0)

    save_tokenizer(train_tokenizer(texts(), vocabulary_size=arguments.vocabulary), arguments.out)
    save_known_words(known_words(texts()), arguments.out)
    say(f"tokenizer written to {arguments.out}")


def _words(arguments: argparse.Namespace) -> None:
    from assistant.retrieval.encoder import DEFAULT_WEIGHTS_SHA256, load_encoder
    from assistant.retrieval.ready_words import ReadyWords, save_ready_words
    from assistant.training.common_words import common_words
    from assistant.training.prepare import tokenizer_texts

    encoder = load_encoder(with_ready_words=False)
    words = common_words(
        tokenizer_texts(arguments.corpora, characters_each=arguments.characters, seed=0), arguments.count
    )
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    save_ready_words(ReadyWords.of(words, encoder.encode(words)), arguments.out, weights_sha256=DEFAULT_WEIGHTS_SHA256)
    say(f"{len(words):,} words written to {arguments.out}")


def _selectors(arguments: argparse.Namespace) -> None:
    from assistant.retrieval.encoder import load_encoder, weights_of
    from assistant.selectors import save_selectors
    from assistant.training.selectors import SelectorSettings, train_selectors

    encoder = load_encoder()
    settings = SelectorSettings(authors=arguments.authors, rarity_characters=arguments.characters, seed=arguments.seed)
    selectors = train_selectors(
        arguments.corpora,
        encoder,
        encoder_sha256=weights_of(encoder.name),
        settings=settings,
        on_author=_say_author,
    )
    save_selectors(selectors, arguments.out)
    say(f"selectors written to {arguments.out}")


def _prepare(arguments: argparse.Namespace) -> None:
    from assistant.training.shards import note_tokenizer
    from assistant.training.tokenizer import load_tokenizer, vocabulary_fingerprint

    tokenizer = load_tokenizer(arguments.tokenizer)
    prepare = _prepare_windows if arguments.kind in ("pretrain", "repeats") else _prepare_examples
    prepare(arguments, tokenizer)
    note_tokenizer(arguments.out, vocabulary_fingerprint(tokenizer))


def _prepare_windows(arguments: argparse.Namespace, tokenizer: "PreTrainedTokenizerBase") -> None:
    from assistant.training.encodings import require_markers
    from assistant.training.prepare import held_out_fingerprints, prepare_pretraining
    from assistant.training.repeats import prepare_repeats

    require_markers(tokenizer)
    held_out = held_out_fingerprints(arguments.held_out) if arguments.split == "train" else frozenset()
    prefix = ""
    prepare: Callable[..., int] = prepare_pretraining
    if arguments.kind == "repeats":
        prefix, prepare = "repeats-", functools.partial(prepare_repeats, windows=arguments.windows)
    for path in arguments.corpora:
        name = f"{prefix}{path.parent.name}-{path.name.split('.')[0]}"
        tokens = prepare(
            path,
            tokenizer,
            arguments.out / name,
            held_out=held_out,
            window=arguments.window,
            seed=arguments.seed,
            split=arguments.split,
        )
        say(f"{name}: {tokens:,} tokens")


def _prepare_examples(arguments: argparse.Namespace, tokenizer: "PreTrainedTokenizerBase") -> None:
    from assistant.training.examples import (
        ExampleSettings,
        prepare_distinction,
        prepare_finetuning,
        prepare_neighbours,
    )
    from assistant.training.formats import table_formats

    corpora, out = arguments.corpora, arguments.out
    settings = ExampleSettings(
        authors=arguments.authors,
        documents=arguments.documents,
        per_author=arguments.per_author,
        continuation_characters=arguments.continuation_characters,
        seed=arguments.seed,
        architecture=arguments.architecture,
        split=arguments.split,
        half=_half(arguments),
        with_history=not arguments.without_history,
        formats=table_formats(helper_settings(arguments)) if arguments.mixture else (),
        evidence=_evidence(arguments),
    )
    sources: Iterable[tuple[str, int]]
    if arguments.kind == "finetune" and arguments.user_id:
        from assistant.training.user_ids import prepare_user_ids

        tokens = prepare_user_ids(corpora, tokenizer, out, settings=settings, on_author=_say_author)
        sources = [("user_ids", tokens)]
    elif arguments.kind == "neighbours":
        tokens = prepare_neighbours(corpora, tokenizer, out, settings=settings, on_author=_say_author)
        sources = [("neighbours", tokens)]
    elif arguments.kind == "distinction":
        tokens = prepare_distinction(corpora, tokenizer, out, settings=settings, pairs=arguments.pairs)
        sources = [("distinction", tokens)]
    elif arguments.kind in ("summaries", "keywords"):
        from assistant.retrieval.encoder import load_encoder
        from assistant.training.helpers import prepare_helper

        tokens = prepare_helper(
            arguments.kind, corpora, tokenizer, out, settings=settings, encoder=load_encoder(), on_author=_say_author
        )
        sources = [(arguments.kind, tokens)]
    else:
        from assistant.retrieval.encoder import load_encoder

        sources = prepare_finetuning(
            corpora, tokenizer, out, settings=settings, encoder=load_encoder(), on_author=_say_author
        )
    for name, tokens in sources:
        say(f"{name}: {tokens:,} tokens")


def _style(arguments: argparse.Namespace) -> None:
    from assistant.signature import file_hash
    from assistant.style import StyleTable
    from assistant.training.style_texts import style_texts

    texts = style_texts(arguments.corpora, documents=arguments.documents, characters=arguments.characters)
    table = StyleTable.of(texts, fewest=arguments.fewest)
    signature = {
        "corpora": {path.name: file_hash(path) for path in arguments.corpora},
        "documents": arguments.documents,
        "characters": arguments.characters,
        "fewest": arguments.fewest,
    }
    table.save(arguments.out, signature)
    say(f"{len(table.counts):,} marks and pairs of {table.marks:,} marks written to {arguments.out}")


def _half(arguments: argparse.Namespace) -> Literal[0, 1] | None:
    """The half of the training authors asked for; a helper that writes gets one, so that it can serve the other."""
    if arguments.half is None and arguments.kind in ("summaries", "keywords") and arguments.split == "train":
        return 0
    half: Literal[0, 1] | None = arguments.half
    return half


def _evidence(arguments: argparse.Namespace) -> Settings:
    defaults = Settings()
    return replace(
        defaults,
        ranking=replace(defaults.ranking, method=arguments.ranking),
        summary=replace(defaults.summary, method=arguments.summary),
        keywords=replace(defaults.keywords, method=arguments.keywords),
        helpers=helper_settings(arguments),
    )


def _say_author(done: int, total: int) -> None:
    if done % 20 == 0 or done == total:
        say(f"{done} of {total} authors")
