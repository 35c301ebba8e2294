"""A language model on this machine, decoding token by token in the reader's own thread.

No worker thread means that an error surfaces where the text is read, and that closing the stream stops the model at
once: there is nothing left running. What the model has read is kept (``reading``), the rules of a suggestion are in
``writing``.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from assistant.embedding import PersonaPrefix
from assistant.errors import ModelError
from assistant.generation.keying import KeyMaker
from assistant.generation.llama import llama_engine
from assistant.generation.loading import LanguageModel, load_language_model
from assistant.generation.reading import model_input, reader_for
from assistant.generation.recalling import Recaller, Start
from assistant.generation.scoring import scores_of
from assistant.generation.vocabulary import Vocabulary
from assistant.generation.writing import OVERTIME, Writing
from assistant.memory.copying import CopyGuard, LongRuns, word_fingerprints
from assistant.memory.fitted import FittedMemory, load_memory, unfitted_memory
from assistant.memory.foresight import ReadText
from assistant.memory.keys import DocumentKeys
from assistant.memory.search import VoiceMemory
from assistant.prompts import Part, Prompt, PromptTemplate
from assistant.stages import Persona, Recollection
from assistant.types import Finish, Recall, Sampling

# Whoever waits for the model is asked this often, in seconds, whether to go on waiting.
_PATIENCE = 0.03
# Draft tokens that count as history when loops are ruled out.
_LOOP_MEMORY = 200
# Of models that do not say how long their context is.
_USUAL_CONTEXT = 2048
# Encoders of the T5 family know distances between tokens, not positions: they have no hard limit, but were trained on
# 512 tokens, and the evidence and the draft together are about 1000.
_ENCODER_CONTEXT = 1024


@dataclass(frozen=True, slots=True)
class Begun:
    """A suggestion before its first token."""

    start: Start
    writing: Writing
    recaller: Recaller | None
    """None: nothing is recalled."""


class LocalGenerator:
    """Continues prompts with a transformers model; one suggestion at a time.

    :param memory: what was fitted to it for recalling; None: nothing was.
    """

    def __init__(self, loaded: LanguageModel, memory: FittedMemory | None = None) -> None:
        self._model = loaded.model
        self._vocabulary = loaded.vocabulary()
        self._memory = memory or unfitted_memory(str(loaded.signature.get("weights_sha256")))
        self._signature = loaded.signature | {"memory_gate_sha256": self._memory.gate_sha256}
        self._template = loaded.template
        self._lock = threading.Lock()
        self._reader = reader_for(self._model, self._memory.keys, llama_engine(self._model, loaded.packed))

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

    @property
    def vocabulary(self) -> Vocabulary:
        """Its tokens as bytes."""
        return self._vocabulary

    @property
    def memory(self) -> FittedMemory:
        """How it leans on memories, and what its keys are made with; ``memory.model`` names them."""
        return self._memory

    @property
    def can_recall(self) -> bool:
        """Whether it can have a memory: the decoder of an encoder-decoder begins anew with every draft."""
        return not self._model.config.is_encoder_decoder

    def keys_of(self, title: str, text: str, pause: Callable[[], None] = lambda: None) -> DocumentKeys | None:
        """The keys of a document, to be remembered; None if this kind of model cannot recall.

        :param pause: called before every batch of at most some thousand tokens; it may take long to return, or raise.
        """
        if not self.can_recall:
            return None
        return self.key_maker().keys_of(title, text, pause)

    @torch.no_grad()
    def read(self, prompt: Prompt, continuation: str, persona: Persona | None = None) -> ReadText:
        """Read a prompt with what follows it, for measuring how well that was foreseen."""
        vocabulary = self._vocabulary
        context = [*vocabulary.opening, *vocabulary.encode(prompt)]
        drafted = len(vocabulary.encode(prompt[-1:]))
        ids = [*context, *vocabulary.encode((Part(continuation),))]
        output = self._model(
            **model_input(self._model, ids, self._prefix(persona)), use_cache=False, output_hidden_states=True
        )
        logits, states = output.logits[0, -len(ids) :], output.hidden_states[-1][0, -len(ids) :]
        spoken = logits[len(context) - 1 : -1].float().cpu().log_softmax(1)
        first = max(1, len(context) - drafted)
        return ReadText(torch.tensor(ids), self._memory.keys(states), first, len(context), spoken)

    def spare_room(self, prompt: Prompt, max_tokens: int) -> int:
        """Tokens that the context has left beside a prompt and a text of this length; below 0 the prompt is cut."""
        return self._left(max_tokens, b"", vectors=0) - len(self._vocabulary.encode(prompt))

    def scores(self, prompts: Sequence[Prompt], text: str, persona: Persona | None = None) -> Iterator[float | None]:
        """The log-likelihood of a text after each of several prompts, see ``assistant.stages.Scorer``.

        A suggestion that is being written goes first.
        """
        steps = scores_of(self._model, self._vocabulary, self._context(), prompts, text, self._prefix(persona))
        while True:
            while not self._lock.acquire(timeout=_PATIENCE):
                yield None
            try:
                step = next(steps)
            except StopIteration:
                return
            finally:
                self._lock.release()
            yield step

    def key_maker(self) -> KeyMaker:
        """What makes its keys."""
        return KeyMaker(self._model, self._vocabulary, self._template, self._memory, self._context())

    def stream(
        self,
        prompt: Prompt,
        sampling: Sampling,
        recollection: Recollection | None = None,
        persona: Persona | None = None,
    ) -> "LocalStream":
        return LocalStream(self, prompt, sampling, recollection, persona)

    def _generate(self, stream: "LocalStream") -> Iterator[str]:
        while not self._lock.acquire(timeout=_PATIENCE):
            yield ""
        try:
            yield from self._decode(stream)
        except RuntimeError as error:
            raise ModelError(f"the model stopped ({error}): try a shorter draft or another model") from error
        finally:
            self._lock.release()

    def _decode(self, stream: "LocalStream") -> Iterator[str]:
        begun = self.begin(stream.prompt, stream.sampling, stream.recollection, stream.persona)
        start, writing, recaller = begun.start, begun.writing, begun.recaller
        stream.recaller, stream.writing = recaller, writing
        logits = yield from self._reader.read(start.source, start.target, start.prefix)
        while writing.finish is None:
            if recaller is not None and self._reader.keys is not None:
                logits = recaller.mix(logits, self._reader.keys, writing.ids)
            token = writing.choose(logits)
            if recaller is not None:
                recaller.note(token)
            if piece := writing.take(token):
                yield piece
            if writing.finish is None:
                logits = yield from self._reader.read(start.source, [*start.target, *writing.ids], start.prefix)
        if rest := writing.rest():
            yield rest
        stream.finished(writing.finish)

    def begin(
        self, prompt: Prompt, sampling: Sampling, recollection: Recollection | None, persona: Persona | None = None
    ) -> Begun:
        """A suggestion before its first token: what is to be read for it, and the rules it is written under.

        :raises ModelError: if the context has no room for a suggestion of this length, or the persona was made for
            another model.
        """
        start = self._start(prompt, sampling, self._prefix(persona))
        recaller = self._recaller(start, recollection)
        guard = _guard(recollection, recaller, prompt[-1].text)
        return Begun(start, Writing(self._vocabulary, start.typed, start.history, sampling, guard), recaller)

    def _prefix(self, persona: Persona | None) -> Tensor | None:
        """What is to be read first, as the model's own embeddings are."""
        if persona is None:
            return None
        own = self._signature.get("weights_sha256")
        if not isinstance(persona, PersonaPrefix) or persona.model != own:
            raise ModelError(
                f"the persona was made for a model with the weights {persona.model}, not for {own}: train another with "
                "`python -m assistant train persona`"
            )
        return torch.from_numpy(persona.vectors).to(self._model.device, self._model.dtype)

    def _start(self, prompt: Prompt, sampling: Sampling, prefix: Tensor | None) -> Start:
        """Turn a prompt into ids, its least relevant end dropped if the model's context is too short."""
        vocabulary, is_encoder_decoder = self._vocabulary, self._model.config.is_encoder_decoder
        kept, typed = vocabulary.heal(prompt, stands_alone=is_encoder_decoder)
        draft = vocabulary.encode((Part(kept[-1].text),))
        first = 0 if prefix is None else len(prefix)
        room = self._room(sampling.max_tokens, typed, vectors=0 if is_encoder_decoder else first)
        if is_encoder_decoder:
            source = vocabulary.encode(kept[:-1])[: _ENCODER_CONTEXT - first - len(vocabulary.closing)]
            source, target = [*source, *vocabulary.closing], draft[-room:]
        else:
            source, target = [*vocabulary.opening, *vocabulary.encode(kept)[-room:]], []
        return Start(source or [self._any_end()], target, typed, draft[-_LOOP_MEMORY:], len(draft), prefix)

    def _recaller(self, start: Start, recollection: Recollection | None) -> Recaller | None:
        """What recalls for a suggestion; None if there is nothing of this model's to recall."""
        if recollection is None or not self.can_recall:
            return None
        memory = recollection.memory
        if not isinstance(memory, VoiceMemory) or memory.model != self._memory.model:
            return None  # the keys of another model; those of this one are being made
        return Recaller(memory, self._memory.gate, recollection.strength, self._vocabulary, start)

    def _room(self, max_tokens: int, typed: bytes, *, vectors: int) -> int:
        """Tokens of the prompt for which the context has room beside the suggestion and the vectors read first."""
        room = self._left(max_tokens, typed, vectors=vectors)
        if room < 1:
            raise ModelError(f"{max_tokens} tokens asked for, the model's context has {self._context()}: ask for fewer")
        return room

    def _left(self, max_tokens: int, typed: bytes, *, vectors: int) -> int:
        spelling = len(typed)  # a token for every byte, at worst
        framing = len(self._vocabulary.opening) + vectors + 1
        return int(self._context() - int(max_tokens * (1 + OVERTIME)) - spelling - framing)

    def _context(self) -> int:
        config = self._model.config.get_text_config(decoder=True)
        return getattr(config, "max_position_embeddings", None) or _USUAL_CONTEXT

    def _any_end(self) -> int:
        """An empty prompt is written from as after the end of another text."""
        return min(self._vocabulary.end_ids, default=0)


def _guard(recollection: Recollection | None, recaller: Recaller | None, draft: str) -> CopyGuard | None:
    """What keeps a suggestion from copying at length, from what is remembered and from what is shown."""
    if recollection is None or recollection.longest_copy is None:
        return None
    shown = LongRuns(map(word_fingerprints, recollection.shown), recollection.longest_copy)
    remembered = () if recaller is None else (recaller.long_runs(recollection.longest_copy),)
    return CopyGuard((shown, *remembered), draft)


class LocalStream:
    """One suggestion being generated; see ``assistant.stages.TextStream``."""

    def __init__(
        self,
        generator: LocalGenerator,
        prompt: Prompt,
        sampling: Sampling,
        recollection: Recollection | None,
        persona: Persona | None,
    ) -> None:
        self.prompt = prompt
        self.sampling = sampling
        self.recollection = recollection
        self.persona = persona
        self.recaller: Recaller | None = None
        self.writing: Writing | None = None
        self._finish: Finish = "cancelled"
        self._pieces = generator._generate(self)

    @property
    def finish(self) -> Finish:
        return self._finish

    @property
    def recalls(self) -> tuple[Recall, ...]:
        return () if self.recaller is None else self.recaller.recalls()

    @property
    def confidence(self) -> float | None:
        return None if self.writing is None else self.writing.confidence

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
    memory = load_memory(Path(folder), str(loaded.signature["weights_sha256"]))
    return LocalGenerator(loaded, memory), loaded.template
