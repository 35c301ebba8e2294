"""A document's keys: the states a model has while it reads the text as a draft stands in a prompt.

The text is read after the same title and heading that a draft has, so that what the model knows at a place is alike
when the writer is at work. Long documents are read in overlapping windows about as long as the prompts of use; of every
window but the first, the overlap serves as context alone.
"""

import hashlib
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from transformers import PreTrainedModel

from assistant.generation.vocabulary import Vocabulary
from assistant.memory.copying import word_fingerprints
from assistant.memory.fitted import FittedMemory
from assistant.memory.keys import DocumentKeys
from assistant.prompts import PromptTemplate, build_prompt
from assistant.sentences import sentence_spans
from assistant.types import Evidence

_WINDOW = 512
_OVERLAP = 128
# Windows computed at a time; between batches others may go first. A processor is a fifth faster with one.
_BATCH = 8
# A word as a reader sees it; what is neither letter nor digit stands alone.
_WORD = re.compile(r"\w+(?:['’\-]\w+)*|\S")


@dataclass(frozen=True, slots=True)
class _Reading:
    """A document as the model reads it: ids, those of the document from ``start`` on, and their characters."""

    ids: list[int]
    start: int
    spans: list[tuple[int, int]]


class KeyMaker:
    """Makes keys with a causal model.

    :param context: tokens the model can read at once.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        vocabulary: Vocabulary,
        template: PromptTemplate,
        memory: FittedMemory,
        context: int,
    ) -> None:
        self._model = model
        self._vocabulary = vocabulary
        self._template = template
        self._memory = memory
        self._window = min(_WINDOW, context) - len(vocabulary.opening)
        self._overlap = min(_OVERLAP, self._window // 4)

    def keys_of(self, title: str, text: str, pause: Callable[[], None]) -> DocumentKeys:
        """The keys of a document.

        :param pause: called before every batch; it may take long to return, or raise to end this.
        """
        reading = self._read(title, text)
        keys = [self._memory.keys(states) for states in self._states(reading.ids, pause)]
        # The state after a token is the key of the next one.
        made = torch.cat([*keys, self._memory.keys(torch.zeros(0, self._width))])[reading.start - 1 : -1]
        return DocumentKeys(
            model=self._memory.model,
            content=hashlib.sha256(text.encode()).hexdigest(),
            tokens=np.array(reading.ids[reading.start :], dtype=np.int32),
            spans=_word_spans(text, reading.spans),
            sentences=_sentence_numbers(text, reading.spans),
            words=word_fingerprints(text),
            keys=made.half().numpy(),
        )

    @property
    def _width(self) -> int:
        config = self._model.config.get_text_config(decoder=True)
        return int(config.hidden_size)

    def _read(self, title: str, text: str) -> _Reading:
        """Encode a document after the head of a prompt; where that is plain text, both are encoded as one."""
        vocabulary = self._vocabulary
        prompt = build_prompt(self._template, Evidence(), title=title, before="")
        markers = [number for number, part in enumerate(prompt) if part.is_marker]
        first = markers[-1] + 1 if markers else 0
        head, joined = prompt[:first], "".join(part.text for part in prompt[first:])
        encoded = vocabulary.tokenizer(
            joined + text, add_special_tokens=False, split_special_tokens=True, return_offsets_mapping=True
        )
        spans = [(start - len(joined), end - len(joined)) for start, end in encoded["offset_mapping"]]
        of_head = sum(end <= 0 for _, end in spans)
        before = [*vocabulary.opening, *vocabulary.encode(head)]
        start = len(before) + of_head
        if not start:  # nothing stands before the text: its first token has no state before it
            before, start = [min(vocabulary.end_ids, default=0)], 1
        return _Reading([*before, *encoded["input_ids"]], start, spans[of_head:])

    @torch.no_grad()
    def _states(self, ids: Sequence[int], pause: Callable[[], None]) -> Iterator[Tensor]:
        """The states after every token, in order, (n, width) at a time."""
        opening = list(self._vocabulary.opening)
        windows = list(_windows(len(ids), self._window, self._overlap))
        size = 1 if self._model.device.type == "cpu" else _BATCH
        for batch in (windows[i : i + size] for i in range(0, len(windows), size)):
            pause()
            rows = [(opening if start else []) + list(ids[start:end]) for start, _, end in batch]
            longest = max(map(len, rows))
            # What is filled up stands behind, where a causal model does not see it.
            filled = torch.tensor([row + [0] * (longest - len(row)) for row in rows], device=self._model.device)
            states = final_states(self._model, filled)
            for (start, new, end), row in zip(batch, states, strict=True):
                skipped = len(opening) if start else 0
                yield row[skipped + new - start : skipped + end - start]


def final_states(model: PreTrainedModel, ids: Tensor) -> Tensor:
    """The states after the last normalization, (rows, n, width), without computing what would be said next."""
    inner = model.base_model
    if inner is model:
        states: Tensor = model(input_ids=ids, use_cache=False, output_hidden_states=True).hidden_states[-1]
    else:
        states = inner(input_ids=ids, use_cache=False).last_hidden_state
    return states


def _windows(length: int, window: int, overlap: int) -> Iterator[tuple[int, int, int]]:
    """Where each window begins, where what no window before it had begins, and where it ends."""
    start = new = 0
    while True:
        end = min(length, start + window)
        yield start, new, end
        if end == length:
            return
        start, new = end - overlap, end


def _word_spans(text: str, spans: Sequence[tuple[int, int]]) -> npt.NDArray[np.int32]:
    """For every token the word that it is the whole, a part or the beginning of."""
    words = [match.span() for match in _WORD.finditer(text)]
    starts = [start for start, _ in words]
    found = [_word_at(text, start, end, words, starts) for start, end in spans]
    return np.array(found, dtype=np.int32).reshape(len(spans), 2)


def _word_at(
    text: str, start: int, end: int, words: Sequence[tuple[int, int]], starts: Sequence[int]
) -> tuple[int, int]:
    piece = text[max(start, 0) : end]
    inside = max(start, 0) + len(piece) - len(piece.lstrip())
    number = bisect_right(starts, inside) - 1
    return words[number] if number >= 0 and inside < words[number][1] else (max(start, 0), end)


def _sentence_numbers(text: str, spans: Sequence[tuple[int, int]]) -> npt.NDArray[np.int32]:
    starts = [span.start for span in sentence_spans(text)]
    return np.array([bisect_right(starts, end - 1) - 1 for _, end in spans], dtype=np.int32)
