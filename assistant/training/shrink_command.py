"""``train shrink``: a trained model of others, cut down to what can be shipped and healed on two cores."""

import argparse
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import SettingsError
from assistant.terminal import say

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedTokenizerBase

# Enough to tell layers apart; every layer tried reads all of it.
_WINDOWS, _WINDOW = 12, 200


def add_shrink_command(steps: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``shrink`` to ``train``."""
    shrink = steps.add_parser("shrink", help="cut vocabulary and depth of a trained model, to be trained on from there")
    shrink.add_argument("model", type=Path, help="a folder with a Llama-like model and its byte-level tokenizer")
    shrink.add_argument("corpora", nargs="+", type=Path, help="what its tokens and layers are chosen by")
    shrink.add_argument("--out", type=Path, required=True)
    shrink.add_argument("--vocabulary", type=int, default=16_384)
    shrink.add_argument("--end-token", default="<|endoftext|>", help="the token that ended its training documents")
    shrink.add_argument("--layers", type=int, help="layers to keep; default: all")
    shrink.add_argument("--context", type=int, default=2048, help="longest context it is used with")
    shrink.add_argument("--characters", type=int, default=8_000_000, help="sampled from each corpus to count tokens")
    shrink.set_defaults(run=_shrink)


def _shrink(arguments: argparse.Namespace) -> None:
    from assistant.training.checkpoints import replacing_checkpoint
    from assistant.training.prepare import tokenizer_texts
    from assistant.training.pruning import prune_depth
    from assistant.training.starting import load_start
    from assistant.training.tokenizer import known_words, load_tokenizer, save_known_words, save_tokenizer
    from assistant.training.trimming import trimmed_vocabulary, use_vocabulary

    def texts() -> Iterator[str]:
        return tokenizer_texts(arguments.corpora, characters_each=arguments.characters, seed=0)

    model = load_start(str(arguments.model)).model
    vocabulary = trimmed_vocabulary(
        load_tokenizer(arguments.model), texts(), size=arguments.vocabulary, end_token=arguments.end_token
    )
    use_vocabulary(model, vocabulary)
    if arguments.layers is not None:
        windows = _windows(texts(), vocabulary.tokenizer)
        prune_depth(
            model,
            windows,
            layers=arguments.layers,
            on_layer=lambda left, loss: say(f"{left} layers: {loss:.3f} nats a token"),
        )
    model.config.max_position_embeddings = arguments.context
    known = known_words(texts())
    with replacing_checkpoint(arguments.out) as out:
        model.save_pretrained(out)
        save_tokenizer(vocabulary.tokenizer, out)
        save_known_words(known, out)
    say(f"{model.num_parameters():,} parameters written to {arguments.out}")


def _windows(texts: Iterator[str], tokenizer: "PreTrainedTokenizerBase") -> "Tensor":
    """The beginnings of some texts, all of one length, each behind the end of the one before it."""
    import torch

    encoded = (tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True) for text in texts)
    long_enough = ([tokenizer.eos_token_id, *ids[:_WINDOW]] for ids in encoded if len(ids) >= _WINDOW)
    windows = list(islice(long_enough, _WINDOWS))
    if not windows:
        raise SettingsError(f"no text of {_WINDOW} tokens in the corpora: expected some, to choose layers by")
    return torch.tensor(windows)
