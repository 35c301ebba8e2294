"""A large vocabulary cut down to what some texts use, so that a small model need not carry the rest.

Byte-level BPE builds every token from two shorter ones. A subset of the tokens that holds, with each, the two it is
built from is a vocabulary of its own: merged in the old order it spells any text, in old tokens, and those keep their
trained embeddings. Words whose token is gone come in two or three pieces; a model gets used to that in a few hundred
thousand tokens. The special tokens give way to the markers of our prompt format.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from assistant.errors import TrainingError
from assistant.prompts import DRAFT, END, FIRST, MARKERS, PAST, PLAIN_TEMPLATE, SAME, SECOND, SUMMARY, TITLE, WORDS
from assistant.training.tokenizer import RESERVED

# What a marker stands for in plain words: their mean embedding is where the marker's starts.
_MEANINGS = {
    PAST: PLAIN_TEMPLATE.past,
    SUMMARY: PLAIN_TEMPLATE.summary,
    WORDS: PLAIN_TEMPLATE.words,
    TITLE: PLAIN_TEMPLATE.title,
    DRAFT: PLAIN_TEMPLATE.draft,
    FIRST: "\n\nFirst passage:\n",
    SECOND: "\n\nSecond passage:\n",
    SAME: "\n\nSame author:",
}
_TEXTS_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class TrimmedVocabulary:
    """A smaller tokenizer, and for each of its ids the one it had before: None for markers, which are new."""

    tokenizer: PreTrainedTokenizerFast
    earlier: tuple[int | None, ...]


def trimmed_vocabulary(
    tokenizer: PreTrainedTokenizerBase, texts: Iterable[str], *, size: int, end_token: str
) -> TrimmedVocabulary:
    """Keep the tokens that some texts use most, with all that they are built from.

    :param size: number of ids in all, markers and the 256 bytes included.
    :param end_token: the token that separated documents while the model was trained; END takes its place.
    :raises TrainingError: if the tokenizer is not byte-level BPE, lacks the end token, or is no larger than that.
    """
    description = json.loads(tokenizer.backend_tokenizer.to_str())
    _check(description, tokenizer, size=size, end_token=end_token)
    kept = _most_used(description, _counts(tokenizer, texts), size=size - len(MARKERS) - len(RESERVED))
    names = [*MARKERS, *RESERVED]
    ids: dict[str, int] = description["model"]["vocab"]
    pieces = sorted(kept, key=ids.__getitem__)
    smaller = _described(description, names, pieces)
    return TrimmedVocabulary(
        PreTrainedTokenizerFast(tokenizer_object=smaller, eos_token=END, pad_token=END),
        (tokenizer.convert_tokens_to_ids(end_token), *[None] * (len(names) - 1), *(ids[piece] for piece in pieces)),
    )


def use_vocabulary(model: PreTrainedModel, vocabulary: TrimmedVocabulary) -> None:
    """Give a causal model with tied embeddings the smaller vocabulary.

    :raises TrainingError: if its input and output embeddings are two matrices.
    """
    if not model.config.tie_word_embeddings:
        raise TrainingError("the model has output embeddings of its own: expected one that shares them with the input")
    before: Tensor = model.get_input_embeddings().weight.detach()
    tokenizer = vocabulary.tokenizer
    rows = torch.stack([before.mean(dim=0) if i is None else before[i] for i in vocabulary.earlier])
    for marker, meaning in _MEANINGS.items():
        spelled = tokenizer.encode(meaning, add_special_tokens=False, split_special_tokens=True)
        rows[tokenizer.convert_tokens_to_ids(marker)] = rows[spelled].mean(dim=0)
    model.resize_token_embeddings(len(rows), mean_resizing=False)
    model.get_input_embeddings().weight.data.copy_(rows)
    end = tokenizer.convert_tokens_to_ids(END)
    for config in (model.config, model.generation_config):
        config.bos_token_id = config.eos_token_id = config.pad_token_id = end


def _check(description: Mapping[str, Any], tokenizer: PreTrainedTokenizerBase, *, size: int, end_token: str) -> None:
    kind, decoder = description["model"]["type"], (description.get("decoder") or {}).get("type")
    if (kind, decoder) != ("BPE", "ByteLevel"):
        raise TrainingError(f"the tokenizer is {kind} with the decoder {decoder}: expected byte-level BPE")
    if end_token not in tokenizer.get_vocab():
        raise TrainingError(f"the tokenizer has no token {end_token}: give --end-token the one that ends its documents")
    least = len(MARKERS) + len(RESERVED) + 256
    if not least <= size < len(tokenizer):
        raise TrainingError(f"--vocabulary {size}: expected {least} to {len(tokenizer) - 1}, fewer than there are now")


def _counts(tokenizer: PreTrainedTokenizerBase, texts: Iterable[str]) -> Counter[str]:
    """How often each token occurs in some texts."""
    counts: Counter[int] = Counter()
    remaining = iter(texts)
    while some := list(islice(remaining, _TEXTS_AT_ONCE)):
        for ids in tokenizer(some, add_special_tokens=False, split_special_tokens=True)["input_ids"]:
            counts.update(ids)
    names = tokenizer.convert_ids_to_tokens(list(counts))
    return Counter(dict(zip(names, counts.values(), strict=True)))


def _merges(description: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Pairs of pieces in the order in which they are joined; older files have them as one string."""
    pairs = (merge.split(" ") if isinstance(merge, str) else merge for merge in description["model"]["merges"])
    return [(first, second) for first, second in pairs]


def _most_used(description: Mapping[str, Any], counts: Counter[str], *, size: int) -> set[str]:
    """At most ``size`` pieces: the bytes, and the most frequent tokens with all that they are built from."""
    built_from: dict[str, tuple[str, str]] = {}
    for first, second in _merges(description):
        built_from.setdefault(first + second, (first, second))
    special = {token["content"] for token in description["added_tokens"]}
    kept = {piece for piece in description["model"]["vocab"] if len(piece) == 1 and piece not in special}
    for piece, _ in counts.most_common():
        if piece in special:
            continue
        needed = set(_missing(piece, kept, built_from))
        if len(kept) + len(needed) > size:
            break
        kept |= needed
    return kept


def _missing(piece: str, kept: set[str], built_from: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    """A piece and the pieces under it that are not kept yet."""
    if piece not in kept:
        yield piece
        for part in built_from.get(piece, ()):
            yield from _missing(part, kept, built_from)


def _described(description: Mapping[str, Any], names: Sequence[str], pieces: Sequence[str]) -> Tokenizer:
    """The tokenizer with these special tokens and these pieces, and otherwise as it was."""
    kept = set(pieces)
    merges = [list(pair) for pair in _merges(description) if {*pair, "".join(pair)} <= kept]
    model = dict(description["model"])
    model |= {"vocab": {token: i for i, token in enumerate([*names, *pieces])}, "merges": merges}
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    added = [{"id": i, "content": name} | flags for i, name in enumerate(names)]
    smaller = dict(description) | {"model": model, "added_tokens": added, "post_processor": None}
    return Tokenizer.from_str(json.dumps(smaller))
