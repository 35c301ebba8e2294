"""Tiny random models of the architectures that people bring, with tokenizers of their families trained on the spot."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    Gemma2Config,
    Gemma2ForCausalLM,
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    Lfm2Config,
    Lfm2ForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen3Config,
    Qwen3ForCausalLM,
    T5Config,
    T5ForConditionalGeneration,
)

PROSE = (
    "The keeper walked along the canal in the morning, and the sluice gate stood open. He had written to the council "
    "about the gate twice, and twice they had sent a man with a hammer. “It holds,” the man said, “for now.” "
    "I do not think he believed it.\n\nWe are short of two people on Thursday; could you send me the figures by noon? "
    "Thanks! The harvest of 1987 came late: the barley was wet, and so were we.\n\n"
    "Das Café öffnet um acht, naïve façade."
)
SIZE = 420
LAYERS = 4
WINDOW = 8

_SHAPE = {
    "hidden_size": 32,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "intermediate_size": 48,
    "max_position_embeddings": 512,
    "initializer_range": 0.3,
}


@dataclass(frozen=True)
class Family:
    """How one kind of model is made, and what its prompts must look like."""

    tokenizer: Callable[[], PreTrainedTokenizerFast]
    tokenizer_class: str
    model: Callable[[int], PreTrainedModel]
    opens_with: tuple[str, ...] = ()
    """The tokens before every prompt."""
    ends: tuple[str, ...] = ()
    """All tokens that end a text."""

    def write(self, folder: Path) -> Path:
        """Save it as it would come from the hub."""
        tokenizer = self.tokenizer()
        torch.manual_seed(0)
        model = self.model(len(tokenizer)).to(torch.bfloat16)
        ends = [tokenizer.convert_tokens_to_ids(end) for end in self.ends]
        model.generation_config.eos_token_id = ends if len(ends) > 1 else ends[0]
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        path = folder / "tokenizer_config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"tokenizer_class": self.tokenizer_class}))
        return folder


# ---- tokenizers ----


def _texts() -> Iterable[str]:
    return [PROSE] * 3


@cache
def byte_level(*, opens: bool) -> PreTrainedTokenizerFast:
    """Byte-level BPE without a marker of ours; with ``opens`` it puts a token before every text, as Llama 3 does."""
    tokenizer = Tokenizer(models.BPE())
    words = pre_tokenizers.Split(Regex(r"\s+(?=\s\S)|\s?\S+|\s+"), behavior="isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|begin_of_text|>", "<|endoftext|>", "<|im_end|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=SIZE, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(_texts(), trainer)
    if opens:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<|begin_of_text|> $A", special_tokens=[("<|begin_of_text|>", 0)]
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<|begin_of_text|>" if opens else None, eos_token="<|endoftext|>"
    )


def _sentencepiece_bpe(special: list[str], pre_tokenizer: pre_tokenizers.PreTokenizer) -> Tokenizer:
    """BPE over "▁" for spaces, with the 256 byte tokens that sentencepiece falls back to."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    trainer = trainers.BpeTrainer(vocab_size=SIZE - 256, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(_texts(), trainer)
    trained = json.loads(tokenizer.to_str())
    vocabulary = trained["model"]["vocab"]
    vocabulary |= {f"<0x{byte:02X}>": len(vocabulary) + byte for byte in range(256)}
    trained["model"] |= {"byte_fallback": True, "fuse_unk": True}
    tokenizer = Tokenizer.from_str(json.dumps(trained))
    tokenizer.pre_tokenizer = pre_tokenizer
    return tokenizer


@cache
def gemma() -> PreTrainedTokenizerFast:
    """No space before a text, ``<bos>`` before every text."""
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "<end_of_turn>"]
    tokenizer = _sentencepiece_bpe(special, pre_tokenizers.Split(" ", "merged_with_previous"))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", 2)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<bos>", eos_token="<eos>", unk_token="<unk>", pad_token="<pad>"
    )


@cache
def llama_2() -> PreTrainedTokenizerFast:
    """A space before a text, ``<s>`` before every text."""
    tokenizer = _sentencepiece_bpe(
        ["<unk>", "<s>", "</s>"], pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    )
    strip = decoders.Strip(content=" ", left=1)
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), strip])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>", pad_token="</s>"
    )


@cache
def t5() -> PreTrainedTokenizerFast:
    """Unigram; all white space is one space, what it does not know is ``<unk>``, and ``</s>`` closes every text."""
    tokenizer = Tokenizer(models.Unigram())
    metaspace = pre_tokenizers.Metaspace(prepend_scheme="always", split=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), metaspace])
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always", split=True)
    special = ["<pad>", "</s>", "<unk>"]
    trainer = trainers.UnigramTrainer(vocab_size=SIZE, special_tokens=special, unk_token="<unk>", show_progress=False)
    tokenizer.train_from_iterator(_texts(), trainer)
    sentinels = [f"<extra_id_{number}>" for number in range(99, -1, -1)]
    tokenizer.add_special_tokens(sentinels)
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="</s>",
        unk_token="<unk>",
        pad_token="<pad>",
        additional_special_tokens=sentinels,
    )


# ---- models ----


def _llama(size: int) -> PreTrainedModel:
    return LlamaForCausalLM(LlamaConfig(**_SHAPE, vocab_size=size, tie_word_embeddings=False))


def _smollm(size: int) -> PreTrainedModel:
    return LlamaForCausalLM(LlamaConfig(**_SHAPE, vocab_size=size, tie_word_embeddings=True))


def _qwen(size: int) -> PreTrainedModel:
    # Its matrices are padded: they have more rows than the tokenizer has tokens.
    return Qwen3ForCausalLM(Qwen3Config(**_SHAPE, vocab_size=size + 23, head_dim=16, tie_word_embeddings=True))


def _gemma_2(size: int) -> PreTrainedModel:
    return Gemma2ForCausalLM(Gemma2Config(**_SHAPE, vocab_size=size, head_dim=16, sliding_window=WINDOW))


def _gemma_3(size: int) -> PreTrainedModel:
    kinds = ["sliding_attention"] * (LAYERS - 1) + ["full_attention"]
    config = Gemma3TextConfig(**_SHAPE, vocab_size=size, head_dim=16, sliding_window=WINDOW, layer_types=kinds)
    return Gemma3ForCausalLM(config)


def _lfm2(size: int) -> PreTrainedModel:
    """Three layers in four have a state instead of keys and values."""
    return Lfm2ForCausalLM(
        Lfm2Config(**_SHAPE, vocab_size=size, layer_types=["conv", "conv", "full_attention", "conv"])
    )


def _t5(size: int, **differences: object) -> PreTrainedModel:
    shape = {"d_model": 32, "d_kv": 16, "d_ff": 48, "num_layers": 2, "num_heads": 2, "initializer_factor": 1.0}
    return T5ForConditionalGeneration(
        T5Config(**shape, vocab_size=size + 28, decoder_start_token_id=0, dropout_rate=0.0, **differences)
    )


def _flan_t5(size: int) -> PreTrainedModel:
    return _t5(size, feed_forward_proj="gated-gelu", tie_word_embeddings=False)


_BYTE_ENDS = ("<|endoftext|>", "<|im_end|>")
_GEMMA_ENDS = ("<eos>", "<end_of_turn>")

FAMILIES = {
    "llama": Family(llama_2, "LlamaTokenizer", _llama, ("<s>",), ("</s>",)),
    "llama 3": Family(
        lambda: byte_level(opens=True), "PreTrainedTokenizerFast", _llama, ("<|begin_of_text|>",), _BYTE_ENDS
    ),
    "smollm": Family(lambda: byte_level(opens=False), "GPT2Tokenizer", _smollm, (), ("<|endoftext|>",)),
    "qwen": Family(lambda: byte_level(opens=False), "Qwen2Tokenizer", _qwen, (), _BYTE_ENDS),
    "gemma 2": Family(gemma, "GemmaTokenizer", _gemma_2, ("<bos>",), _GEMMA_ENDS),
    "gemma 3": Family(gemma, "GemmaTokenizer", _gemma_3, ("<bos>",), _GEMMA_ENDS),
    "recurrent": Family(lambda: byte_level(opens=False), "PreTrainedTokenizerFast", _lfm2, (), _BYTE_ENDS),
    "t5": Family(t5, "T5Tokenizer", _t5, (), ("</s>",)),
    "flan-t5": Family(t5, "T5Tokenizer", _flan_t5, (), ("</s>",)),
}
ENCODER_DECODERS = ("t5", "flan-t5")
CAUSAL = tuple(name for name in FAMILIES if name not in ENCODER_DECODERS)
