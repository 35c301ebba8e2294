"""Bits per character: how well a model foresees what a writer really went on to write."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from assistant.prompts import Part, Prompt, encode_prompt


@dataclass(frozen=True, slots=True)
class Language:
    """A causal model with its tokenizer."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase


@torch.no_grad()
def continuation_nats(language: Language, prompt: Prompt, continuation: str) -> float:
    """Negative log-likelihood of a continuation after a prompt, in nats."""
    context = encode_prompt(prompt, language.tokenizer)
    rest = encode_prompt([Part(continuation)], language.tokenizer)
    ids = torch.tensor([[*context, *rest]], device=language.model.device)
    logits = language.model(input_ids=ids[:, :-1], use_cache=False, logits_to_keep=len(rest)).logits[0].float()
    return float(functional.cross_entropy(logits, ids[0, -len(rest) :], reduction="sum"))


def bits_per_character(language: Language, prompt: Prompt, continuation: str) -> float:
    """Bits the model needs per character of the continuation."""
    return in_bits(continuation_nats(language, prompt, continuation), continuation)


def in_bits(nats: float, continuation: str) -> float:
    """The nats that a continuation took, in bits per character."""
    return nats / math.log(2) / len(continuation)


@torch.no_grad()
def preferred_answer(language: Language, prompt: Prompt, answers: Sequence[str]) -> int:
    """Index of the answer the model finds likeliest after a prompt."""
    nats = [continuation_nats(language, prompt, answer) for answer in answers]
    return nats.index(min(nats))
