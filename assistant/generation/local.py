"""A language model on this machine, decoding token by token in the reader's own thread.

No worker thread means that an error surfaces where the text is read, and that closing the stream stops the model at
once: there is nothing left running. What the model has read is kept (``reading``), the rules of a suggestion are in
``writing``.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from assistant.errors import ModelError
from assistant.generation.loading import load_language_model
from assistant.generation.reading import reader_for
from assistant.generation.vocabulary import Vocabulary, read_vocabulary
from assistant.generation.writing import OVERTIME, Writing
from assistant.prompts import Part, Prompt, PromptTemplate
from assistant.stages import Recollection
from assistant.types import Finish, Recall, Sampling

# Draft tokens that count as history when loops are ruled out.
_LOOP_MEMORY = 200
# Of models that do not say how long their context is.
_USUAL_CONTEXT = 2048
# Encoders of the T5 family know distances between tokens, not positions: they have no hard limit, but were trained on
# 512 tokens, and the evidence and the draft together are about 1000.
_ENCODER_CONTEXT = 1024


@dataclass(frozen=True, slots=True)
class _Start:
    """Where a suggestion starts: what is read, what is to be spelled again, and the draft's last ids."""

    source: list[int]
    target: list[int]
    typed: bytes
    history: list[int]


class LocalGenerator:
    """Continues prompts with a transformers model; one suggestion at a time.

    :param signature: what identifies the weights, see ``load_generator``.
    """

    def __init__(self, model: PreTrainedModel, vocabulary: Vocabulary, signature: dict[str, object]) -> None:
        self._model = model
        self._vocabulary = vocabulary
        self._signature = signature
        self._lock = threading.Lock()
        self._reader = reader_for(model)

    @property
    def signature(self) -> dict[str, object]:
        return self._signature

    @property
    def model(self) -> PreTrainedModel:
        """The model itself, for scoring."""
        return self._model

    @property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """Its tokenizer."""
        return self._vocabulary.tokenizer

    def stream(self, prompt: Prompt, sampling: Sampling, recollection: Recollection | None = None) -> "LocalStream":
        return LocalStream(self, prompt, sampling, recollection)

    def _generate(self, stream: "LocalStream") -> Iterator[str]:
        with self._lock:
            try:
                yield from self._decode(stream)
            except RuntimeError as error:
                raise ModelError(f"the model stopped ({error}): try a shorter draft or another model") from error

    def _decode(self, stream: "LocalStream") -> Iterator[str]:
        start = self._start(stream.prompt, stream.sampling)
        writing = Writing(self._vocabulary, start.typed, start.history, stream.sampling)
        logits = yield from self._reader.read(start.source, start.target)
        while writing.finish is None:
            token = writing.choose(logits)
            if piece := writing.take(token):
                yield piece
            if writing.finish is None:
                logits = yield from self._reader.read(start.source, [*start.target, *writing.ids])
        if rest := writing.rest():
            yield rest
        stream.finished(writing.finish)

    def _start(self, prompt: Prompt, sampling: Sampling) -> _Start:
        """Turn a prompt into ids, its least relevant end dropped if the model's context is too short."""
        vocabulary, is_encoder_decoder = self._vocabulary, self._model.config.is_encoder_decoder
        kept, typed = vocabulary.heal(prompt, stands_alone=is_encoder_decoder)
        draft = vocabulary.encode((Part(kept[-1].text),))
        room = self._room(sampling.max_tokens, typed)
        if is_encoder_decoder:
            source = vocabulary.encode(kept[:-1])[: _ENCODER_CONTEXT - len(vocabulary.closing)]
            source, target = [*source, *vocabulary.closing], draft[-room:]
        else:
            source, target = [*vocabulary.opening, *vocabulary.encode(kept)[-room:]], []
        return _Start(source or [self._any_end()], target, typed, draft[-_LOOP_MEMORY:])

    def _room(self, max_tokens: int, typed: bytes) -> int:
        """Tokens of the prompt for which the context has room beside the suggestion."""
        config = self._model.config.get_text_config(decoder=True)
        context = getattr(config, "max_position_embeddings", None) or _USUAL_CONTEXT
        spelling = len(typed)  # a token for every byte, at worst
        room = int(context - int(max_tokens * (1 + OVERTIME)) - spelling - len(self._vocabulary.opening) - 1)
        if room < 1:
            raise ModelError(f"{max_tokens} tokens asked for, the model's context has {context}: ask for fewer")
        return room

    def _any_end(self) -> int:
        """An empty prompt is written from as after the end of another text."""
        return min(self._vocabulary.end_ids, default=0)


class LocalStream:
    """One suggestion being generated; see ``assistant.stages.TextStream``."""

    def __init__(
        self, generator: LocalGenerator, prompt: Prompt, sampling: Sampling, recollection: Recollection | None
    ) -> None:
        self.prompt = prompt
        self.sampling = sampling
        self.recollection = recollection
        self._finish: Finish = "cancelled"
        self._pieces = generator._generate(self)

    @property
    def finish(self) -> Finish:
        return self._finish

    @property
    def recalls(self) -> tuple[Recall, ...]:
        return ()

    def finished(self, finish: Finish) -> None:
        """Record why the text ended."""
        self._finish = finish

    def __iter__(self) -> Iterator[str]:
        return self._pieces

    def close(self) -> None:
        self._pieces.close()  # type: ignore[attr-defined]


def load_generator(folder: str | Path) -> tuple[LocalGenerator, PromptTemplate]:
    """Load a causal or encoder-decoder model, its tokenizer and its prompt template from a folder.

    :raises ModelError: if it is missing, damaged, no language model, too big, or does not fit its tokenizer.
    """
    loaded = load_language_model(Path(folder))
    vocabulary = read_vocabulary(loaded.tokenizer, size=loaded.vocabulary_size, ends=loaded.ends)
    return LocalGenerator(loaded.model, vocabulary, loaded.signature), loaded.template
