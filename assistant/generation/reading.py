"""How a model reads: what it has read already is kept, so that a draft that grew by a few words costs a few tokens.

A reader is given a source and a target and returns the logits after them. For a causal model they are one text; an
encoder-decoder encodes the source once and goes on from the target, which its decoder takes for its own writing.
Vectors may be read before the source, as if they were embeddings; what is kept holds for these vectors alone.
"""

from collections.abc import Callable, Generator, Sequence
from typing import Protocol

import torch
from torch import Tensor
from transformers import DynamicCache, EncoderDecoderCache, PreTrainedModel
from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer
from transformers.modeling_outputs import BaseModelOutput

# A long prompt is read in stretches of about this many multiplications, less than a tenth of a second for two cores;
# between them the reader of the text may close it. Small models read any prompt in one.
_STRETCH_OPERATIONS = 9_000_000_000
_SHORTEST_STRETCH = 64
# Layers whose past is a list of keys and values, one per token: it can be kept whole and cut at any place.
_CUTTABLE = (DynamicLayer, DynamicSlidingWindowLayer)

Reading = Generator[str, None, Tensor]
"""Yields empty pieces while it reads, returns the logits after the last token, (vocabulary,) in float32."""


class Reader(Protocol):
    """Reads for one kind of model."""

    @property
    def keys(self) -> Tensor | None:
        """What a memory knows the places by, (tokens read, width): the keys of the states after each; None: nothing."""
        ...

    def read(self, source: Sequence[int], target: Sequence[int], prefix: Tensor | None = None) -> Reading:
        """Read what is new since the last time.

        :param prefix: (vectors, width).
        """
        ...


class Engine(Protocol):
    """Computes with a causal model, and keeps what it needs of the text that it has read."""

    def forward(self, ids: Sequence[int], prefix: Tensor | None) -> tuple[Tensor, Tensor]:
        """Read on.

        :param prefix: vectors to be read before the ids, (vectors, width); only at the beginning of a text.
        :returns: logits after the last id, (vocabulary,) in float32, and the normalized states after all that was read
            now, (n, width).
        :raises RuntimeError: if that does not fit; then ``forget``.
        """
        ...

    def drop(self, count: int) -> None:
        """Forget the last so many tokens; only of what ``is_cuttable``."""
        ...

    def forget(self) -> None:
        """Forget all that was read."""
        ...


class CausalReader:
    """Reads with a causal model and keeps what it has read.

    What ``is_cuttable`` says no to has a state that cannot be cut: there, anything but going on means to read anew, in
    one go.
    """

    def __init__(self, model: PreTrainedModel, key: Callable[[Tensor], Tensor], engine: Engine) -> None:
        self._engine = engine
        self._key = key
        self._keys: list[Tensor] = []
        self._is_cuttable = is_cuttable(model)
        self._stretch = stretch_of(model)
        self._prefix: Tensor | None = None
        self._read: list[int] = []

    @property
    def keys(self) -> Tensor:
        self._keys = [torch.cat(self._keys)]
        return self._keys[0]

    def read(self, source: Sequence[int], target: Sequence[int], prefix: Tensor | None = None) -> Reading:
        """Read the part of source and target that is new."""
        ids = [*source, *target]
        if not _same(prefix, self._prefix):
            self._forget()
            self._prefix = prefix
        self._cut(ids)
        while self._is_cuttable and len(ids) - len(self._read) > self._stretch:
            self._forward(ids[: len(self._read) + self._stretch])
            yield ""
        return self._forward(ids)

    def _cut(self, ids: list[int]) -> None:
        """Keep what the new ids begin with; the last one is read again, for its logits."""
        shared = common_prefix(self._read, ids[:-1])
        if shared == len(self._read):
            return
        if not self._is_cuttable or shared == 0:
            self._forget()
            return
        self._engine.drop(len(self._read) - shared)
        self._read = self._read[:shared]
        self._keys = [self.keys[:shared]]

    def _forward(self, ids: list[int]) -> Tensor:
        new = ids[len(self._read) :]
        try:
            logits, states = self._engine.forward(new, None if self._read else self._prefix)
        except BaseException:
            self._forget()  # some layers may have kept what they read, others not
            raise
        self._read = list(ids)
        self._keys.append(self._key(states[-len(new) :]))
        return logits

    def _forget(self) -> None:
        self._engine.forget()
        self._read, self._keys = [], []


class TransformersEngine:
    """Any causal model, computed by transformers.

    Layers with a sliding window get a whole cache too (the window is then only a mask), so that it can be cut where a
    draft was changed.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model
        self._is_cuttable = is_cuttable(model)
        self._cache = self._new_cache()

    @torch.no_grad()
    def forward(self, ids: Sequence[int], prefix: Tensor | None) -> tuple[Tensor, Tensor]:
        output = self._model(
            **model_input(self._model, ids, prefix),
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
            output_hidden_states=True,
        )
        return _last_row(output.logits), output.hidden_states[-1][0]

    def drop(self, count: int) -> None:
        self._cache.crop(-count)  # a negative number removes that many from the end

    def forget(self) -> None:
        self._cache = self._new_cache()

    def _new_cache(self) -> DynamicCache:
        return DynamicCache() if self._is_cuttable else DynamicCache(config=self._model.config)


class EncoderDecoderReader:
    """Encodes a source once, and decodes from its start token and the target on."""

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model
        self._prefix: Tensor | None = None
        self._source: list[int] = []
        self._encoded: BaseModelOutput | None = None
        self._read: list[int] = []
        self._cache = _empty_pair()

    @property
    def keys(self) -> None:
        """None: what its decoder has read begins anew with every draft."""

    def read(self, source: Sequence[int], target: Sequence[int], prefix: Tensor | None = None) -> Reading:
        """Encode the source if it is another than before, and read the new part of the target."""
        if self._encoded is None or list(source) != self._source or not _same(prefix, self._prefix):
            self._encode(list(source), prefix)
            yield ""
        ids = [_start_of(self._model), *target]
        if common_prefix(self._read, ids[:-1]) < len(self._read):
            self._forget()
        return self._forward(ids)

    @torch.no_grad()
    def _encode(self, source: list[int], prefix: Tensor | None) -> None:
        self._forget()
        self._encoded = None
        encoded = self._model.get_encoder()(**model_input(self._model, source, prefix))
        self._encoded = BaseModelOutput(last_hidden_state=encoded.last_hidden_state)
        self._source, self._prefix = source, prefix

    @torch.no_grad()
    def _forward(self, ids: list[int]) -> Tensor:
        new = torch.tensor([ids[len(self._read) :]], device=self._model.device)
        try:
            output = self._model(
                encoder_outputs=self._encoded, decoder_input_ids=new, past_key_values=self._cache, use_cache=True
            )
        except BaseException:
            self._forget()
            raise
        self._read = ids
        return _last_row(output.logits)

    def _forget(self) -> None:
        self._read, self._cache = [], _empty_pair()


def is_cuttable(model: PreTrainedModel) -> bool:
    """Whether what a causal model has read can be kept up to any place of the text."""
    return all(type(layer) in _CUTTABLE for layer in DynamicCache(config=model.config).layers)


def stretch_of(model: PreTrainedModel) -> int:
    """So many tokens a model reads between two moments at which it can be stopped."""
    return max(_SHORTEST_STRETCH, _STRETCH_OPERATIONS // int(model.num_parameters()))


def reader_for(model: PreTrainedModel, key: Callable[[Tensor], Tensor], engine: Engine | None = None) -> Reader:
    """The reader for this kind of model.

    :param key: makes keys, (n, width), of states, (n, state width).
    :param engine: what computes a causal model; None: transformers does.
    """
    if model.config.is_encoder_decoder:
        return EncoderDecoderReader(model)
    return CausalReader(model, key, engine or TransformersEngine(model))


def model_input(model: PreTrainedModel, ids: Sequence[int], prefix: Tensor | None) -> dict[str, Tensor]:
    """Ids as a model takes them; behind vectors that are to be read first, as embeddings."""
    new = torch.tensor([list(ids)], dtype=torch.long, device=model.device)
    if prefix is None:
        return {"input_ids": new}
    return {"inputs_embeds": torch.cat([prefix[None], model.get_input_embeddings()(new)], dim=1)}


def _same(left: Tensor | None, right: Tensor | None) -> bool:
    """Whether what is read first is the same."""
    if left is None or right is None:
        return left is right
    return left.shape == right.shape and torch.equal(left, right)


def _empty_pair() -> EncoderDecoderCache:
    """The caches of a decoder: of its own tokens and of the encoder's."""
    return EncoderDecoderCache(DynamicCache(), DynamicCache())


def _start_of(model: PreTrainedModel) -> int:
    """The id from which its decoder begins."""
    for settings in (model.generation_config, model.config):
        if (start := getattr(settings, "decoder_start_token_id", None)) is not None:
            return int(start)
    return int(model.config.pad_token_id or 0)


def _last_row(logits: Tensor) -> Tensor:
    row: Tensor = logits[0, -1].float().cpu()
    return row


def common_prefix(left: Sequence[int], right: Sequence[int]) -> int:
    """How many ids two sequences begin with alike."""
    for index, (a, b) in enumerate(zip(left, right, strict=False)):
        if a != b:
            return index
    return min(len(left), len(right))
