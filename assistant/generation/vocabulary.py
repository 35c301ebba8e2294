"""The bytes behind a tokenizer's ids, and which ids may come next when some text is already given.

A draft rarely ends where a token ends: "the qui" or "the " would force the model to go on from a cut it never saw in
training. So the last word is taken back from the prompt and the model is made to write it again: the first tokens may
only spell what the writer has typed ("token healing"). What it then adds is the suggestion.
"""

import re
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from assistant.prompts import Part, Prompt

# Text taken back is at most this long; a longer run without white space is a URL or a script without spaces.
_LONGEST_WORD = 40
# How sentencepiece writes a byte for which it has no piece; new lines are often among them.
_BYTE_TOKEN = re.compile("<0x([0-9A-F]{2})>")


@dataclass(frozen=True)
class Vocabulary:
    """Ids, their bytes (None for markers) and the special ones."""

    tokenizer: PreTrainedTokenizerBase
    pieces: tuple[bytes | None, ...]
    end_ids: frozenset[int]

    @cached_property
    def banned(self) -> Tensor:
        """Ids that never belong in a suggestion: every marker but the end."""
        return torch.tensor(
            [i for i, piece in enumerate(self.pieces) if piece is None and i not in self.end_ids], dtype=torch.long
        )

    @cached_property
    def sentence_ends(self) -> Tensor:
        """Ids whose text ends a sentence."""
        return torch.tensor([i for i, piece in enumerate(self.pieces) if piece in _SENTENCE_ENDS], dtype=torch.long)

    @cached_property
    def _by_first_byte(self) -> dict[int, list[int]]:
        table: dict[int, list[int]] = {}
        for i, piece in enumerate(self.pieces):
            if piece:
                table.setdefault(piece[0], []).append(i)
        return table

    def spelling(self, wanted: bytes) -> list[int]:
        """Ids that spell a beginning of ``wanted``, or all of it and more."""
        candidates = self._by_first_byte.get(wanted[0], [])
        pieces = self.pieces
        return [i for i in candidates if (p := pieces[i]) and (wanted.startswith(p) or p.startswith(wanted))]

    def text(self, ids: list[int]) -> bytes:
        """The bytes of a sequence of ids, markers left out."""
        return b"".join(self.pieces[i] or b"" for i in ids)


_SENTENCE_ENDS = {b".", b"!", b"?", b'."', b'?"', b'!"', ".”".encode(), "?”".encode(), "!”".encode()}


def read_vocabulary(tokenizer: PreTrainedTokenizerBase, *, size: int) -> Vocabulary:
    """Read a tokenizer's pieces as bytes (byte-level and sentencepiece-like vocabularies).

    :param size: ids the model has; those beyond the tokenizer's, which pad its matrices, stand for nothing.
    """
    special = set(tokenizer.all_special_ids) | set(tokenizer.added_tokens_decoder)
    tokens = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    decode = _byte_level_decoder() if any(token.startswith("Ġ") for token in tokens) else None
    pieces = tuple(None if i in special else _bytes(token, decode) for i, token in enumerate(tokens))
    ends = {i for i in (tokenizer.eos_token_id,) if i is not None}
    return Vocabulary(tokenizer, pieces + (None,) * (size - len(pieces)), frozenset(ends))


def take_back(prompt: Prompt) -> tuple[Prompt, str]:
    """Split a prompt before its last word: the prompt without it, and the text to be spelled again.

    The white space before the word goes with it, because tokens begin with white space.
    """
    text = prompt[-1].text
    start = len(text)
    while start > 0 and not text[start - 1].isspace():
        start -= 1
    while start > 0 and text[start - 1].isspace():
        start -= 1
    if len(text) - start > _LONGEST_WORD:
        start = len(text)
    return (*prompt[:-1], Part(text[:start])), text[start:]


def _bytes(token: str, decode: dict[str, int] | None) -> bytes:
    if decode is not None:
        return bytes(decode[character] for character in token)
    if byte := _BYTE_TOKEN.fullmatch(token):
        return bytes([int(byte[1], 16)])
    return token.replace("▁", " ").encode()


def _byte_level_decoder() -> dict[str, int]:
    """The table by which byte-level BPE writes bytes as printable characters, inverted (Radford et al. 2019)."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + n): byte for n, byte in enumerate(others)}
