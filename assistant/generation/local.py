"""A causal language model on this machine, decoding token by token in the reader's own thread.

No worker thread means that an error surfaces where the text is read, and that closing the stream stops the model at
once: there is nothing left running. The model keeps the cache of the last prompt it read, so that a draft that grew by
a few words costs a few tokens.
"""

import threading
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors import SafetensorError
from torch import Tensor
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    DynamicCache,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from assistant.errors import ModelError
from assistant.generation.decoding import draw, ends_sentence, forbid_loops, press_for_end
from assistant.generation.vocabulary import Vocabulary, read_vocabulary, take_back
from assistant.prompts import TEMPLATE_FILE, Prompt, PromptTemplate, encode_prompt
from assistant.signature import file_hash
from assistant.types import Finish, Sampling

# A suggestion may run this much past the length asked for to reach the end of its sentence.
_OVERTIME = 0.5
# From this share of the length on, the end of a sentence is the end of the suggestion.
_ENOUGH = 0.6
# Draft tokens that count as history when loops are ruled out.
_LOOP_MEMORY = 200


class LocalGenerator:
    """Continues prompts with a transformers causal model; one suggestion at a time.

    :param signature: what identifies the weights, see ``load_generator``.
    """

    def __init__(self, model: PreTrainedModel, vocabulary: Vocabulary, signature: dict[str, object]) -> None:
        self._model = model
        self._vocabulary = vocabulary
        self._signature = signature
        self._lock = threading.Lock()
        self._read: list[int] = []
        self._cache = DynamicCache()

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

    def stream(self, prompt: Prompt, sampling: Sampling) -> "LocalStream":
        return LocalStream(self, prompt, sampling)

    def _generate(self, stream: "LocalStream") -> Iterator[str]:
        with self._lock:
            try:
                yield from self._decode(stream)
            except RuntimeError as error:
                raise ModelError(f"the model stopped ({error}): try a shorter draft or another model") from error

    def _decode(self, stream: "LocalStream") -> Iterator[str]:
        sampling, vocabulary = stream.sampling, self._vocabulary
        prompt, typed = take_back(stream.prompt)
        *context, draft = (encode_prompt([part], vocabulary.tokenizer) for part in prompt)
        ids = self._fitting([*chain(*context), *draft], sampling.max_tokens, typed)
        writing = _Writing(vocabulary, typed, draft[-_LOOP_MEMORY:], sampling)
        logits = self._forward(ids)
        while writing.finish is None:
            token = writing.choose(logits)
            if piece := writing.take(token):
                yield piece
            if writing.finish is None:
                logits = self._forward([*ids, *writing.ids])
        if rest := writing.rest():
            yield rest
        stream.finished(writing.finish)

    @torch.no_grad()
    def _forward(self, ids: list[int]) -> Tensor:
        """Logits after ``ids``, (vocabulary,); only what the cache has not read yet is computed."""
        shared = _common_prefix(self._read, ids[:-1])
        if shared < len(self._read):
            self._cache.crop(shared - len(self._read))  # a negative number removes that many from the end
        self._read = self._read[:shared]
        new = torch.tensor([ids[shared:]], device=self._model.device)
        try:
            output = self._model(input_ids=new, past_key_values=self._cache, use_cache=True, logits_to_keep=1)
        except BaseException:
            self._forget()  # some layers' cache may have grown, others' not
            raise
        self._read = list(ids)
        logits: Tensor = output.logits[0, -1].float().cpu()
        return logits

    def _forget(self) -> None:
        self._read, self._cache = [], DynamicCache()

    def _fitting(self, ids: list[int], max_tokens: int, typed: str) -> list[int]:
        """The prompt, its beginning (the least relevant evidence) dropped if the model's context is too short."""
        context = getattr(self._model.config, "max_position_embeddings", 2048)
        spelling = len(typed.encode())  # a token for every byte, at worst
        room = context - int(max_tokens * (1 + _OVERTIME)) - spelling - 1
        if room < 1:
            raise ModelError(f"{max_tokens} tokens asked for, the model's context has {context}: ask for fewer")
        end = self._vocabulary.tokenizer.eos_token_id
        return ids[-room:] or [end if end is not None else 0]


class LocalStream:
    """One suggestion being generated; see ``assistant.stages.TextStream``."""

    def __init__(self, generator: LocalGenerator, prompt: Prompt, sampling: Sampling) -> None:
        self.prompt = prompt
        self.sampling = sampling
        self._finish: Finish = "cancelled"
        self._pieces = generator._generate(self)

    @property
    def finish(self) -> Finish:
        return self._finish

    def finished(self, finish: Finish) -> None:
        """Record why the text ended."""
        self._finish = finish

    def __iter__(self) -> Iterator[str]:
        return self._pieces

    def close(self) -> None:
        self._pieces.close()  # type: ignore[attr-defined]


class _Writing:
    """The state of one suggestion: what was typed, what is written, whether to go on."""

    def __init__(self, vocabulary: Vocabulary, typed: str, history: Sequence[int], sampling: Sampling) -> None:
        self._vocabulary = vocabulary
        self._typed = typed.encode()
        self._history = list(history)
        self._sampling = sampling
        self._random = torch.Generator().manual_seed(sampling.seed)
        self._shown = 0
        self._spelled = 0
        self.ids: list[int] = []
        self.finish: Finish | None = None

    def choose(self, logits: Tensor) -> int:
        """Draw the next token under the rules."""
        logits[self._vocabulary.banned] = -torch.inf
        written = self._vocabulary.text(self.ids)
        if len(written) < len(self._typed):
            return self._spell(logits, self._typed[len(written) :])
        forbid_loops(logits, [*self._history, *self.ids])
        overtime = self._length - self._sampling.max_tokens
        if overtime > 0:
            press_for_end(logits, self._vocabulary.sentence_ends, overtime=overtime)
        if not self._new_text().rstrip("\ufffd").strip():  # an empty suggestion helps nobody
            logits[list(self._vocabulary.end_ids)] = -torch.inf
        return draw(logits, temperature=self._sampling.temperature, top_p=self._sampling.top_p, generator=self._random)

    def take(self, token: int) -> str:
        """Add a token; returns the text that became certain."""
        if token in self._vocabulary.end_ids:
            self.finish = "stop"
            return ""
        self.ids.append(token)
        if not self._new_text():
            self._spelled += 1
        if self._length >= self._sampling.max_tokens * _ENOUGH and ends_sentence(self._new_text()):
            self.finish = "stop"
        elif self._length >= self._sampling.max_tokens * (1 + _OVERTIME):
            self.finish = "length"
        return self._certain()

    @property
    def _length(self) -> int:
        """Tokens written, without those that only spelled again what was typed."""
        return len(self.ids) - self._spelled

    def rest(self) -> str:
        """What was held back because a character was incomplete."""
        text = self._new_text()
        piece, self._shown = text[self._shown :], len(text)
        return piece.rstrip("\ufffd")

    def _spell(self, logits: Tensor, wanted: bytes) -> int:
        allowed = torch.tensor(self._vocabulary.spelling(wanted), dtype=torch.long)
        if len(allowed) == 0:  # bytes no token spells: not with a byte-level vocabulary
            raise ModelError("the model's vocabulary cannot spell the draft: choose another model")
        scores = torch.full_like(logits, -torch.inf)
        scores[allowed] = logits[allowed]
        return draw(scores, temperature=self._sampling.temperature, top_p=self._sampling.top_p, generator=self._random)

    def _new_text(self) -> str:
        return self._vocabulary.text(self.ids)[len(self._typed) :].decode("utf-8", errors="replace")

    def _certain(self) -> str:
        if len(self._vocabulary.text(self.ids)) <= len(self._typed):
            return ""
        text = self._new_text().rstrip("\ufffd")
        piece, self._shown = text[self._shown :], max(self._shown, len(text))
        return piece


def load_generator(name: str, *, allow_download: bool = False) -> tuple[LocalGenerator, PromptTemplate]:
    """Load a causal model, its tokenizer and its prompt template from a folder or, if allowed, from the hub.

    :raises ModelError: if it is missing, damaged, not a causal language model, or does not fit its tokenizer.
    """
    if not Path(name).is_dir() and not allow_download:
        raise ModelError(
            f"no checkpoint at {name}: expected a folder with config.json, model.safetensors and a tokenizer; "
            "give --model a folder, or allow downloads to fetch it by name"
        )
    model, tokenizer = _load(name, local_files_only=not allow_download)
    size = model.get_input_embeddings().num_embeddings
    if len(tokenizer) > size:
        raise ModelError(
            f"{name}: the tokenizer has {len(tokenizer)} tokens, the model {size}: they do not belong together; "
            "restore the folder or choose another model"
        )
    template = PromptTemplate.load(Path(name))
    if lacking := sorted(template.markers - set(tokenizer.get_vocab())):
        raise ModelError(
            f"{name}: {TEMPLATE_FILE} needs the marker {lacking[0]}, which the tokenizer lacks: they do not belong "
            "together; restore the folder or choose another model"
        )
    device = "cuda" if torch.cuda.is_available() else "cpu"
    vocabulary = read_vocabulary(tokenizer, size=size)
    generator = LocalGenerator(model.to(device).eval(), vocabulary, _signature(name))
    return generator, template


def _load(name: str, *, local_files_only: bool) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Read model and tokenizer; only safetensors weights are read, and no code that comes with a model is run."""
    transformers.utils.logging.disable_progress_bar()
    try:
        # Left to itself, transformers asks on the terminal whether to run a model's own code.
        given: dict[str, Any] = {"local_files_only": local_files_only, "trust_remote_code": False}
        config = AutoConfig.from_pretrained(name, **given)
        if config.is_encoder_decoder:  # of some kinds transformers would load the decoder alone
            raise ModelError(
                f"{name} is an encoder-decoder ({config.model_type}): expected a causal language model; choose another"
            )
        model, report = AutoModelForCausalLM.from_pretrained(
            name, config=config, dtype=torch.bfloat16, use_safetensors=True, output_loading_info=True, **given
        )
        tokenizer = AutoTokenizer.from_pretrained(name, **given)
    except (OSError, ValueError, RuntimeError, LookupError, TypeError, AttributeError, SafetensorError) as error:
        raise ModelError(
            f"cannot load a causal language model from {name} ({_first_line(error)}): expected config.json, "
            "model.safetensors and a tokenizer; restore the folder or choose another model"
        ) from error
    if absent := sorted(report["missing_keys"]):  # transformers would go on with random values
        raise ModelError(f"{name} lacks {len(absent)} weights, {absent[0]} among them: restore the folder")
    return model, tokenizer


def _signature(name: str) -> dict[str, object]:
    weights = Path(name) / "model.safetensors"
    return {
        "model": Path(name).name,
        "weights_sha256": file_hash(weights) if weights.is_file() else None,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }


def _common_prefix(left: Sequence[int], right: Sequence[int]) -> int:
    for index, (a, b) in enumerate(zip(left, right, strict=False)):
        if a != b:
            return index
    return min(len(left), len(right))


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
