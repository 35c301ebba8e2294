"""The bytes behind a tokenizer's ids, and which ids may come next when some text is already given.

A draft rarely ends where a token ends: "the qui" or "the " would force the model to go on from a cut it never saw in
training. So the last word is taken back from the prompt and the model is made to write it again: the first tokens may
only spell what the writer has typed ("token healing"). What it then adds is the suggestion.

Two families of vocabularies are read: byte-level BPE (GPT-2, Llama 3, Qwen, SmolLM), and what comes from sentencepiece
(Llama 2, Gemma, T5), in which "▁" is a space and ``<0x0A>`` a byte that has no piece of its own.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from assistant.prompts import Part, Prompt, encode_prompt

# Text taken back is at most this long; a longer run without white space is a URL or a script without spaces.
_LONGEST_WORD = 40
# How sentencepiece writes a byte for which it has no piece; new lines are often among them.
_BYTE_TOKEN = re.compile("<0x([0-9A-F]{2})>")
# Any text will do to see what a tokenizer puts around it.
_PROBE = "a"

_SENTENCE_ENDS = {b".", b"!", b"?", b'."', b'?"', b'!"', ".”".encode(), "?”".encode(), "!”".encode()}


@dataclass(frozen=True)
class Vocabulary:
    """Ids, their bytes (None for markers) and the special ones."""

    tokenizer: PreTrainedTokenizerBase
    pieces: tuple[bytes | None, ...]
    end_ids: frozenset[int]
    opening: tuple[int, ...] = ()
    """Ids that the tokenizer puts before every text: the BOS token of those models that need one."""
    closing: tuple[int, ...] = ()
    """Ids that it puts after: the end of an encoder's input."""
    begins_with_space: bool = False
    """Whether a text on its own is read as if a space stood before it."""

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
    def words(self) -> Tensor:
        """For every id a number that it shares with those of the same letters, case aside; -1 where it has none."""
        numbers: dict[str, int] = {}
        return torch.tensor([_word_number(piece, numbers) for piece in self.pieces], dtype=torch.long)

    def spelling(self, wanted: bytes) -> list[int]:
        """Ids that spell a beginning of ``wanted`` from which the rest can be spelled too, or all of it and more."""
        rest_can = self._spellable_from(wanted)
        beginnings = (wanted[:end] for end in range(1, len(wanted)) if rest_can[end])
        return [i for piece in (*beginnings, *self._beyond(wanted)) for i in self._ids.get(piece, ())]

    def can_spell(self, wanted: bytes) -> bool:
        """Whether a sequence of pieces spells ``wanted``, the last one perhaps going beyond it."""
        return self._spellable_from(wanted)[0]

    def text(self, ids: Iterable[int]) -> bytes:
        """The bytes of a sequence of ids, markers left out."""
        return b"".join(self.pieces[i] or b"" for i in ids)

    def encode(self, prompt: Prompt) -> list[int]:
        """Ids of a prompt without what opens and closes it; neighbouring texts are read as one."""
        joined = (
            parts
            for is_marker, group in groupby(prompt, key=lambda part: part.is_marker)
            for parts in (group if is_marker else [Part("".join(part.text for part in group))])
        )
        return encode_prompt((part for part in joined if part.text), self.tokenizer)

    def heal(self, prompt: Prompt, *, stands_alone: bool = False) -> tuple[Prompt, bytes]:
        """Take back the last word of the draft; returns the prompt without it and the bytes to be spelled again.

        What the vocabulary cannot spell is not taken back. Some vocabularies know no white space but the space, and
        spell that instead.

        :param stands_alone: whether the draft is encoded apart from the parts before it.
        """
        kept, typed = take_back(prompt)
        if self.begins_with_space and not kept[-1].text and (stands_alone or all(p.is_marker for p in prompt[-2:-1])):
            typed = f" {typed.lstrip()}"
        for wanted in (typed.encode(), re.sub(r"\s+", " ", typed).encode()):
            if self.can_spell(wanted):
                return kept, wanted
        return prompt, b""

    @cached_property
    def _ids(self) -> dict[bytes, list[int]]:
        table: dict[bytes, list[int]] = {}
        for i, piece in enumerate(self.pieces):
            if piece:
                table.setdefault(piece, []).append(i)
        return table

    @cached_property
    def _in_order(self) -> list[bytes]:
        return sorted(self._ids)

    def _beyond(self, wanted: bytes) -> list[bytes]:
        """The pieces that begin with ``wanted``."""
        start = end = bisect_left(self._in_order, wanted)
        while end < len(self._in_order) and self._in_order[end].startswith(wanted):
            end += 1
        return self._in_order[start:end]

    def _begins_a_piece(self, wanted: bytes) -> bool:
        place = bisect_left(self._in_order, wanted)
        return place < len(self._in_order) and self._in_order[place].startswith(wanted)

    def _spellable_from(self, wanted: bytes) -> list[bool]:
        """For every offset, whether the text from there on can be spelled."""
        can = [False] * len(wanted) + [True]
        for start in reversed(range(len(wanted))):
            can[start] = self._begins_a_piece(wanted[start:]) or any(
                can[end] and wanted[start:end] in self._ids for end in range(start + 1, len(wanted))
            )
        return can


def read_vocabulary(tokenizer: PreTrainedTokenizerBase, *, size: int, ends: Iterable[int] = ()) -> Vocabulary:
    """Read a tokenizer's pieces as bytes.

    :param size: ids the model has; those beyond the tokenizer's, which pad its matrices, stand for nothing.
    :param ends: ids that end a text beside the tokenizer's own; models often name several.
    """
    decode = _byte_level_decoder() if _is_byte_level(tokenizer) else None
    markers = _markers(tokenizer)
    tokens = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    pieces = tuple(None if i in markers else _bytes(token, decode) for i, token in enumerate(tokens))
    end_ids = {i for i in (tokenizer.eos_token_id, *ends) if i is not None and i < size}
    opening, closing, begins_with_space = _frame(tokenizer, pieces)
    return Vocabulary(
        tokenizer,
        tuple(None if i in end_ids else piece for i, piece in enumerate(pieces)) + (None,) * (size - len(pieces)),
        frozenset(end_ids),
        opening,
        closing,
        begins_with_space,
    )


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


def _is_byte_level(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether its decoder turns characters into bytes; a "Ġ" alone proves nothing, it is a letter of Maltese."""
    decoder = tokenizer.backend_tokenizer.decoder
    return decoder is not None and b'"ByteLevel"' in decoder.__getstate__()


def _markers(tokenizer: PreTrainedTokenizerBase) -> set[int]:
    """Ids that stand for no text: the special ones, and those added to the vocabulary, runs of white space excepted."""
    added = tokenizer.added_tokens_decoder
    blank = {i for i, token in added.items() if not token.special and not token.content.strip("▁ \n\t\r")}
    return (set(tokenizer.all_special_ids) | set(added)) - blank


def _frame(
    tokenizer: PreTrainedTokenizerBase, pieces: tuple[bytes | None, ...]
) -> tuple[tuple[int, ...], tuple[int, ...], bool]:
    """What the tokenizer puts before and after a text, and whether it begins one with a space."""
    bare = tokenizer.encode(_PROBE, add_special_tokens=False)
    framed = tokenizer.encode(_PROBE, add_special_tokens=True)
    starts = range(len(framed) - len(bare) + 1)
    start = next((start for start in starts if framed[start : start + len(bare)] == bare), 0)
    first = pieces[bare[0]] if bare else None
    return tuple(framed[:start]), tuple(framed[start + len(bare) :]), bool(first and first.startswith(b" "))


def _bytes(token: str, decode: dict[str, int] | None) -> bytes:
    if decode is not None and all(character in decode for character in token):
        return bytes(decode[character] for character in token)
    if byte := _BYTE_TOKEN.fullmatch(token):
        return bytes([int(byte[1], 16)])
    return token.replace("▁", " ").encode()


def _word_number(piece: bytes | None, numbers: dict[str, int]) -> int:
    """The number of a piece's letters and digits, a new one if they are new."""
    text = (piece or b"").decode("utf-8", errors="ignore").casefold()
    letters = "".join(character for character in text if character.isalnum())
    return numbers.setdefault(letters, len(numbers)) if letters else -1


def _byte_level_decoder() -> dict[str, int]:
    """The table by which byte-level BPE writes bytes as printable characters, inverted (Radford et al. 2019)."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + n): byte for n, byte in enumerate(others)}
