"""A batch's cache of keys and values, with room to grow: adding a token to every row copies nothing that is there."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor
from transformers import DynamicCache
from transformers.cache_utils import Cache, DynamicLayer

# Tokens for which room is made at a time.
_ROOM = 64


class _RoomyLayer(DynamicLayer):  # type: ignore[misc]  # transformers' caches are not typed
    """Keys and values in buffers that are longer than what is in them, (rows, heads, room, width)."""

    keys: Tensor
    values: Tensor
    _buffers: tuple[Tensor, Tensor] | None = None

    def update(self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        length = self.get_seq_length()
        end = length + key_states.shape[-2]
        buffers = self._buffers
        if buffers is None or end > buffers[0].shape[-2] or len(buffers[0]) != len(key_states):
            buffers = self._make_room(key_states, length, end), self._make_room(value_states, length, end)
            if length:
                buffers[0][:, :, :length] = self.keys
                buffers[1][:, :, :length] = self.values
            self._buffers = buffers
        buffers[0][:, :, length:end] = key_states
        buffers[1][:, :, length:end] = value_states
        self.keys, self.values = buffers[0][:, :, :end], buffers[1][:, :, :end]
        return self.keys, self.values

    def batch_select_indices(self, indices: Tensor) -> None:
        super().batch_select_indices(indices)
        self._buffers = None  # what was selected is a copy

    def _make_room(self, states: Tensor, length: int, end: int) -> Tensor:
        rows, heads, _, width = states.shape
        room = end if length == 0 else end + _ROOM
        return states.new_zeros(rows, heads, room, width)


def batch_of(prefixes: Sequence[DynamicCache], rows: Sequence[int]) -> Cache:
    """A batch of which each row begins with one of some texts that were read one by one.

    :param prefixes: caches of one row.
    :param rows: for every row the number of its prefix. All of them end in the same column; what stands before a
        shorter one is to be hidden by the attention mask.
    """
    longest = max(prefix.get_seq_length() for prefix in prefixes)
    if longest == 0:
        return Cache(layer_class_to_replicate=_RoomyLayer)
    count = max(len(prefix.layers) for prefix in prefixes)
    batch = Cache(layers=[_RoomyLayer() for _ in range(count)])
    for number, layer in enumerate(batch.layers):
        read = {owner: prefix.layers[number] for owner, prefix in enumerate(prefixes) if prefix.layers}
        keys = {owner: each.keys for owner, each in read.items()}
        values = {owner: each.values for owner, each in read.items()}
        layer.update(_stack(keys, rows, longest), _stack(values, rows, longest))
    return batch


def _stack(states: Mapping[int, Tensor], rows: Sequence[int], longest: int) -> Tensor:
    """States of shape (1, heads, length, width) under each other, right-aligned; zeros where there are none."""
    like = next(iter(states.values()))
    stacked = like.new_zeros(len(rows), like.shape[1], longest, like.shape[3])
    for row, number in enumerate(rows):
        if (known := states.get(number)) is not None:
            stacked[row, :, longest - known.shape[2] :] = known[0]
    return stacked
