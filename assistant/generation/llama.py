"""A packed Llama on a processor, computed without the detours that transformers takes, in about a third of its time.

Writing a token with a small model is not arithmetic: most of the time goes into Python between the operations, and the
rest into fetching every weight from memory. Here a layer is some fifteen operations, the keys and values lie in one
buffer that nothing is copied in or out of, and a few new tokens are multiplied with the weights in their four bits, a
quarter of the bytes. Longer stretches, where arithmetic counts, use the unpacked weights, and attend block by block as
in training (``assistant.training.attention``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from transformers import PreTrainedModel

from assistant.generation.packing import PackedMatrix
from assistant.processors import one_thread

# Rows up to which the product with four-bit weights is the faster one.
_FEW = 12
# Queries of one block, see ``assistant.training.attention``.
_BLOCK = 128
_GROUP = 32
# The product takes the levels as -8 to 7.
_MIDDLE_LEVEL = 8


@dataclass(frozen=True, slots=True)
class _Projection:
    """Weight matrices that are applied to the same input; their outputs side by side."""

    weights: tuple[Tensor, ...]
    levels: Tensor
    """All of them in four bits, laid out for torch's product."""
    scales: Tensor
    """(groups of a row, rows, 2): the distance of the levels, and the middle one."""

    def __call__(self, rows: Tensor) -> Tensor:
        if len(rows) <= _FEW:
            product: Tensor = torch.ops.aten._weight_int4pack_mm_for_cpu(rows, self.levels, _GROUP, self.scales)
            return product
        outputs = [functional.linear(rows, weight) for weight in self.weights]
        return outputs[0] if len(outputs) == 1 else torch.cat(outputs, dim=-1)


@dataclass(frozen=True, slots=True)
class _Layer:
    """A layer's projections and the weights of its norms."""

    attention_norm: Tensor
    queries_keys_values: _Projection
    output: _Projection
    feed_forward_norm: Tensor
    gate_up: _Projection
    down: _Projection


class LlamaEngine:
    """Reads ids with a packed Llama, and keeps the keys and values of what it has read.

    :param model: see ``llama_engine``.
    :param packed: its matrices as its file holds them.
    """

    def __init__(self, model: PreTrainedModel, packed: Mapping[str, PackedMatrix]) -> None:
        config = model.config
        self._heads, self._shared_heads = config.num_attention_heads, config.num_key_value_heads
        self._width = config.hidden_size
        self._head_width = getattr(config, "head_dim", None) or self._width // self._heads
        self._epsilon = config.rms_norm_eps
        inner: Any = model.base_model
        self._embeddings = inner.embed_tokens.weight.detach()
        self._norm = inner.norm.weight.detach()
        self._layers = [_layer(layer, f"model.layers.{i}.", packed) for i, layer in enumerate(inner.layers)]
        head = "lm_head.weight" if "lm_head.weight" in packed else "model.embed_tokens.weight"
        self._head = _projection([model.get_output_embeddings().weight], [head], packed)
        self._cosines, self._sines = _rotations(inner.rotary_emb, self._embeddings, config.max_position_embeddings)
        size = (len(self._layers), self._shared_heads, config.max_position_embeddings, self._head_width)
        self._keys, self._values = torch.empty(size, dtype=model.dtype), torch.empty(size, dtype=model.dtype)
        self._length = 0

    @torch.no_grad()
    def forward(self, ids: Sequence[int], prefix: Tensor | None) -> tuple[Tensor, Tensor]:
        """See ``reading.Engine``."""
        rows = functional.embedding(torch.tensor(list(ids)), self._embeddings)
        rows = rows if prefix is None else torch.cat([prefix, rows])
        if len(rows) > _FEW:
            return self._computed(rows)
        with one_thread():
            return self._computed(rows)

    def _computed(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Put rows, (n, width), through all layers; see ``forward``."""
        start, end = self._length, self._length + len(rows)
        if end > self._keys.shape[2]:
            raise RuntimeError(f"{end} tokens, its context has {self._keys.shape[2]}")
        turn = self._cosines[start:end], self._sines[start:end]
        for number, layer in enumerate(self._layers):
            normed = self._normed(rows, layer.attention_norm)
            rows = rows + layer.output(self._attended(number, layer.queries_keys_values(normed), turn))
            gate, up = layer.gate_up(self._normed(rows, layer.feed_forward_norm)).chunk(2, dim=-1)
            rows = rows + layer.down(functional.silu(gate) * up)
        self._length = end
        states = self._normed(rows, self._norm)
        return self._head(states[-1:])[0].float(), states

    def drop(self, count: int) -> None:
        """See ``reading.Engine``."""
        self._length -= count

    def forget(self) -> None:
        """See ``reading.Engine``."""
        self._length = 0

    def _normed(self, rows: Tensor, weight: Tensor) -> Tensor:
        return functional.rms_norm(rows, (self._width,), weight, self._epsilon)

    def _attended(self, layer: int, projected: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
        """What the queries see of all keys up to their own, (n, width); the new keys and values are kept."""
        count, heads, shared = len(projected), self._heads, self._shared_heads
        start, end = self._length, self._length + count
        by_head = projected.view(count, heads + 2 * shared, self._head_width)
        turned = _turned(by_head[:, :-shared], *turn)
        keys, values = self._keys[layer, :, :end], self._values[layer, :, :end]
        keys[:, start:] = turned[:, heads:].transpose(0, 1)
        values[:, start:] = by_head[:, -shared:].transpose(0, 1)
        # A key head serves several query heads, whose rows go into one product: (shared, heads per key, n, width).
        queries = turned[:, :heads] * self._head_width**-0.5
        queries = queries.view(count, shared, -1, self._head_width).permute(1, 2, 0, 3)
        blocks = [
            _attended_block(queries[:, :, first : first + _BLOCK], keys, values, before=start + first)
            for first in range(0, count, _BLOCK)
        ]
        return blocks[0] if len(blocks) == 1 else torch.cat(blocks)


def llama_engine(model: PreTrainedModel, packed: Mapping[str, PackedMatrix]) -> LlamaEngine | None:
    """What computes a model whose file held these matrices; None: it is no packed Llama as above, transformers can."""
    if not packed or not _can_compute(model):
        return None
    with one_thread():
        return LlamaEngine(model, packed)


def _can_compute(model: PreTrainedModel) -> bool:
    """Whether a model is a plain Llama in bfloat16, on a processor, of sizes that torch's four-bit product takes."""
    config = model.config
    if config.model_type != "llama" or model.device.type != "cpu" or model.dtype != torch.bfloat16:
        return False
    is_plain = config.hidden_act == "silu" and not (config.attention_bias or config.mlp_bias)
    sizes = (config.hidden_size, config.intermediate_size, config.vocab_size)
    return is_plain and config.rope_parameters["rope_type"] == "default" and all(size % _GROUP == 0 for size in sizes)


def _attended_block(queries: Tensor, keys: Tensor, values: Tensor, *, before: int) -> Tensor:
    """Attention of neighbouring queries, (shared, per key, n, width), of which the first sees ``before`` others."""
    shared, per_key, count, width = queries.shape
    end = before + count
    scores = queries.reshape(shared, per_key * count, width) @ keys[:, :end].transpose(1, 2)
    if count > 1:
        future = torch.full((count, count), -torch.inf, dtype=scores.dtype).triu(1)
        scores[..., before:] += future.repeat(per_key, 1)
    seen = (scores.softmax(dim=-1) @ values[:, :end]).view(shared, per_key, count, width)
    return seen.permute(2, 0, 1, 3).reshape(count, -1)


def _turned(heads: Tensor, cosines: Tensor, sines: Tensor) -> Tensor:
    """Rotary positions: each number turned with the one half a head away."""
    return heads * cosines + heads.roll(heads.shape[-1] // 2, -1) * sines


def _rotations(rotary: Any, like: Tensor, positions: int) -> tuple[Tensor, Tensor]:
    """Cosines and sines for every position, (positions, 1, head width); the first half of the sines is negative."""
    cosines, sines = rotary(like, torch.arange(positions)[None])
    half = sines.shape[-1] // 2
    signed = torch.cat([-sines[0, :, :half], sines[0, :, half:]], dim=-1)
    return cosines[0, :, None], signed[:, None]


def _layer(layer: Any, name: str, packed: Mapping[str, PackedMatrix]) -> _Layer:
    def projection(module: Any, part: str, *names: str) -> _Projection:
        weights = [getattr(module, each).weight for each in names]
        return _projection(weights, [f"{name}{part}.{each}.weight" for each in names], packed)

    return _Layer(
        layer.input_layernorm.weight.detach(),
        projection(layer.self_attn, "self_attn", "q_proj", "k_proj", "v_proj"),
        projection(layer.self_attn, "self_attn", "o_proj"),
        layer.post_attention_layernorm.weight.detach(),
        projection(layer.mlp, "mlp", "gate_proj", "up_proj"),
        projection(layer.mlp, "mlp", "down_proj"),
    )


def _projection(weights: Sequence[Tensor], names: Sequence[str], packed: Mapping[str, PackedMatrix]) -> _Projection:
    """Weights of a model and, by their names, the same as its file holds them."""
    matrices = [packed[name] for name in names]
    levels = torch.cat([matrix.levels for matrix in matrices]).int()
    low, distance = (torch.cat(parts) for parts in zip(*(matrix.interval for matrix in matrices), strict=True))
    scales = torch.stack([distance, low + _MIDDLE_LEVEL * distance], dim=-1).transpose(0, 1).contiguous()
    return _Projection(
        tuple(weight.detach() for weight in weights),
        torch.ops.aten._convert_weight_to_int4pack_for_cpu(levels, 1),
        scales.to(weights[0].dtype),
    )
