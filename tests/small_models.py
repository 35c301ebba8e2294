"""A tokenizer and a language model small enough to be made within a test, in the form of a shipped checkpoint."""

from functools import cache
from pathlib import Path

import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel, PreTrainedTokenizerFast

from assistant.generation.loading import LanguageModel
from assistant.prompts import PLAIN_TEMPLATE, PromptTemplate
from assistant.training.checkpoints import write_checkpoint
from assistant.training.tokenizer import train_tokenizer

VOCABULARY = 500
CONTEXT = 512

_PROSE = (
    "The keeper walked along the canal in the morning and the sluice gate stood open. He had written to the council",
    "about the gate twice, and twice they had sent a man with a hammer. “It holds,” the man said, “for now.” I do not",
    "think he believed it. We are short of two people on Thursday, so could you please send me the figures by noon?",
    "Thanks! The harvest of 1987 came late; the barley was wet, and so were we. Once upon a time there was a fox who",
    "kept a diary. It isn't much, but it's ours: a kettle, a stove, and a view of the weir. What would she have said?",
    "Das Café öffnet um acht, naïve façade — Straße, žluťoučký kůň, 漢字とかな, привет мир, 🙂 and so on…",
)
# Words that are to be single tokens.
_OFTEN = (" the canal and the morning, the gate and the sluice. It holds for now and was late",)


@cache
def small_tokenizer() -> PreTrainedTokenizerFast:
    """A byte-level tokenizer of 500 ids, trained on a few lines of prose."""
    return train_tokenizer([*_PROSE, *_OFTEN * 9], vocabulary_size=VOCABULARY)


def small_model(*, seed: int = 0, vocabulary: int | None = None, spread: float = 0.3) -> LlamaForCausalLM:
    """A random Llama of two layers; the wider its weights are spread, the surer it is of its nonsense."""
    tokenizer = small_tokenizer()
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=vocabulary or len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        intermediate_size=64,
        max_position_embeddings=CONTEXT,
        initializer_range=spread,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.eos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.eos_token_id,
    )
    return LlamaForCausalLM(config).to(torch.bfloat16)


def write_small_checkpoint(folder: Path, model: LlamaForCausalLM | None = None) -> Path:
    """Write a small model as ``train export`` would."""
    write_checkpoint(
        folder, model or small_model(), small_tokenizer(), template=PromptTemplate(), signature={"model": "small"}
    )
    return folder


def as_loaded(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast | None = None, /, **signature: object
) -> LanguageModel:
    """A model as if it had been loaded from a folder."""
    return LanguageModel(model, tokenizer or small_tokenizer(), PLAIN_TEMPLATE, VOCABULARY, (), signature)
