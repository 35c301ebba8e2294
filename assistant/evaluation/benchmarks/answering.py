"""A model answers prompts in batches: its likeliest tokens, or beam search, and nothing else.

The rules of a suggestion (a draft's last word is spelled again, no loops, no empty text) have no place in a benchmark:
the reference decodes with transformers' ``generate``, and so does this. Of a model's own generation settings only its
end tokens are kept, so that greedy means greedy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import GenerationConfig, PreTrainedTokenizerBase

from assistant.errors import ModelError
from assistant.evaluation.benchmarks.prompts import TokenCutter, spell
from assistant.generation.loading import LanguageModel, load_language_model


@dataclass(frozen=True, slots=True)
class Decoding:
    """How answers are written. The papers' Flan-T5: 512 tokens of input, 128 of answer, 4 beams."""

    max_length: int = 512
    """Tokens of a prompt; of a longer one an encoder-decoder loses the end, as in the reference, a causal model the
    beginning, because it goes on from the end."""
    tokens: int = 128
    """Tokens of an answer, at most."""
    beams: int = 1
    """1 is greedy."""
    chat: bool = False
    """Whether a prompt is put as a person's message, in the model's own chat template: for instructed models."""


class Answerer:
    """Answers prompts with one model.

    :raises ModelError: if prompt and answer do not fit into the model's context, or it lacks a chat template that is
        asked for.
    """

    def __init__(self, loaded: LanguageModel, decoding: Decoding) -> None:
        self._model = loaded.model
        self._tokenizer = loaded.tokenizer
        self._decoding = decoding
        self.signature = loaded.signature
        self.cutter = TokenCutter(loaded.tokenizer)
        self._is_encoder_decoder = bool(loaded.model.config.is_encoder_decoder)
        _check_chat(loaded, decoding)
        _check_room(loaded, decoding)
        self._ends = sorted({i for i in (loaded.tokenizer.eos_token_id, *loaded.ends) if i is not None})
        padding = loaded.tokenizer.pad_token_id
        self._padding = padding if padding is not None else next(iter(self._ends), 0)
        # In the model's place: what a call leaves open, transformers would take from the model's own settings.
        loaded.model.generation_config = GenerationConfig(
            max_new_tokens=decoding.tokens,
            num_beams=decoding.beams,
            do_sample=False,
            eos_token_id=self._ends or None,
            pad_token_id=self._padding,
            bos_token_id=loaded.tokenizer.bos_token_id,
            decoder_start_token_id=_decoder_start(loaded),
        )

    @torch.no_grad()
    def answer(self, prompts: Sequence[str]) -> list[str]:
        """One answer for every prompt, in order; an answer may be empty."""
        ids = [self._ids(prompt) for prompt in prompts]
        longest = max(map(len, ids))
        filled = [self._pad(own, longest) for own in ids]
        masks = [self._pad([1] * len(own), longest, padding=0) for own in ids]
        device = self._model.device
        written = self._model.generate(
            input_ids=torch.tensor(filled, device=device),
            attention_mask=torch.tensor(masks, device=device),
        )
        start = 1 if self._is_encoder_decoder else longest
        return [spell(self._tokenizer, self._until_end(row[start:])) for row in written.tolist()]

    def _until_end(self, ids: list[int]) -> list[int]:
        """Tokens before the first end; not every end is a special token that the decoder would leave out."""
        return ids[: next((place for place, token in enumerate(ids) if token in self._ends), len(ids))]

    def _ids(self, prompt: str) -> list[int]:
        ids = prompt_ids(self._tokenizer, prompt, self._decoding, is_encoder_decoder=self._is_encoder_decoder)
        return ids or [self._padding]  # an empty prompt is gone on from as after the end of another text

    def _pad(self, values: list[int], length: int, *, padding: int | None = None) -> list[int]:
        """Fill a row up: an encoder's after its text, a causal model's before, so that answers begin in one place."""
        rest = [self._padding if padding is None else padding] * (length - len(values))
        return values + rest if self._is_encoder_decoder else rest + values


def prompt_ids(
    tokenizer: PreTrainedTokenizerBase, prompt: str, decoding: Decoding, *, is_encoder_decoder: bool
) -> list[int]:
    """A prompt as the model reads it, at most ``max_length`` tokens and a chat template long."""
    most = decoding.max_length
    if is_encoder_decoder:
        return list(tokenizer(prompt, max_length=most, truncation=True)["input_ids"])
    if decoding.chat:
        kept = tokenizer(prompt, add_special_tokens=False)["input_ids"][-most:]
        return _as_message(tokenizer, tokenizer.decode(kept))
    return list(tokenizer(prompt)["input_ids"][-most:])


def load_answerer(folder: Path, decoding: Decoding) -> Answerer:
    """Load a causal or encoder-decoder model.

    :raises ModelError: if it cannot be used.
    """
    return Answerer(load_language_model(folder), decoding)


def _as_message(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """A person's message and the opening of its answer; what looks like a marker of the template stays text."""
    messages = [{"role": "user", "content": text}]
    ids: list[int] = tokenizer.apply_chat_template(
        messages, add_generation_prompt=True, return_dict=False, sanitize_control_tokens=True
    )
    return ids


def _check_room(loaded: LanguageModel, decoding: Decoding) -> None:
    """Causal models have one context for both; T5's encoder knows no positions and takes any length."""
    context = getattr(loaded.model.config.get_text_config(decoder=True), "max_position_embeddings", None)
    needed = decoding.tokens + (0 if loaded.model.config.is_encoder_decoder else decoding.max_length)
    if decoding.chat:
        needed += len(_as_message(loaded.tokenizer, ""))
    if context is not None and needed > context:
        raise ModelError(
            f"{decoding.max_length} tokens of prompt and {decoding.tokens} of answer asked for, the model's context "
            f"has {context}: give a smaller --max-length or --tokens"
        )


def _check_chat(loaded: LanguageModel, decoding: Decoding) -> None:
    if decoding.chat and (loaded.model.config.is_encoder_decoder or not loaded.tokenizer.chat_template):
        raise ModelError(
            f"{loaded.signature.get('model')} has no chat template: expected a causal model trained on instructions; "
            "leave out --chat or choose another"
        )


def _decoder_start(loaded: LanguageModel) -> int | None:
    for settings in (loaded.model.generation_config, loaded.model.config):
        if (start := getattr(settings, "decoder_start_token_id", None)) is not None:
            return int(start)
    return None
