"""The shape of a language model that is trained from nothing: a small Llama, made for two CPU cores."""

from dataclasses import dataclass

import torch
from transformers import LlamaConfig, LlamaForCausalLM


@dataclass(frozen=True, slots=True)
class ModelSize:
    """Dimensions of a Llama; the defaults give 15.7 million parameters with 8,192 tokens."""

    hidden: int = 384
    layers: int = 8
    heads: int = 6
    key_value_heads: int = 2
    feed_forward: int = 1024
    context: int = 2048


def new_model(size: ModelSize, *, vocabulary_size: int, end_id: int, seed: int) -> LlamaForCausalLM:
    """Build a fresh model whose blocks start as the identity.

    The last projection of each block starts at zero: with orthogonalized updates (Muon) small models learn faster from
    there than from random values.
    """
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=vocabulary_size,
        hidden_size=size.hidden,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        num_key_value_heads=size.key_value_heads,
        intermediate_size=size.feed_forward,
        max_position_embeddings=size.context,
        tie_word_embeddings=True,
        bos_token_id=end_id,
        eos_token_id=end_id,
        pad_token_id=end_id,
    )
    model = LlamaForCausalLM(config)
    for layer in model.model.layers:
        torch.nn.init.zeros_(layer.self_attn.o_proj.weight)
        torch.nn.init.zeros_(layer.mlp.down_proj.weight)
    return model
