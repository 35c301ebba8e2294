"""Many suggestions at once, each under the very rules of a single one: for measuring, where nobody waits for the first.

Three things make it several times as fast as one by one. A step of a batch reads the weights once for all its rows.
What several prompts begin with (the same past passages under another summary) is read once. And what the writer really
went on to write is scored on the way, from the same reading of the prompt.

Under greedy decoding the texts are those of ``LocalGenerator.stream``, but for what rounding does: a sum over a padded
row is taken in another order. In float32 that changes nothing to be seen. Logits in bfloat16 have three digits, near
ties are many, and a long text meets one more often than not.
"""

import inspect
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter

import torch
from torch import Tensor
from torch.nn import functional
from transformers import DynamicCache
from transformers.cache_utils import Cache, DynamicLayer

from assistant.errors import ModelError
from assistant.generation.batch_cache import batch_of
from assistant.generation.local import Begun, LocalGenerator
from assistant.generation.reading import common_prefix, model_input
from assistant.memory.foresight import ReadText, foresee
from assistant.memory.search import VoiceMemory
from assistant.prompts import Part, Prompt, encode_prompt
from assistant.stages import Persona, Recollection
from assistant.types import Finish, Sampling

# Rows of a batch, at most. More are not faster: from here on attention, which nothing is shared of, takes the time.
_ROWS = 32
# Bytes that the keys and values of a batch may take.
_CACHE_BYTES = 1_000_000_000
# A prefix is worth reading for itself if it is so many tokens long, and at least half of what it was for fewer prompts.
_SHORTEST_PREFIX = 32
# Finished rows are dropped once they are one in so many: dropping them copies all the others.
_DROPPED_TOGETHER = 8


@dataclass(frozen=True, slots=True)
class Wanted:
    """A prompt to be continued.

    ``follows`` is what the writer really went on to write, to be scored; empty: nothing is scored.
    """

    prompt: Prompt
    sampling: Sampling
    recollection: Recollection | None = None
    follows: str = ""
    persona: Persona | None = None


@dataclass(frozen=True, slots=True)
class Continued:
    """What became of it.

    ``bits`` are those per character of what followed, under the distribution that suggestions are drawn from, the
    memory's part in full; NaN if nothing was to be scored. ``milliseconds`` are its share of the time its batch took.
    """

    text: str
    finish: Finish
    bits: float
    milliseconds: float


@dataclass(slots=True)
class _Row:
    """A prompt on its way: ids to be read for writing, ids to be read for scoring, and what both begin with."""

    number: int
    wanted: Wanted
    begun: Begun
    scored: list[int]
    """The prompt and what followed, as scoring reads them; empty if nothing is scored."""
    followed: int
    """How many of these are to be foreseen."""
    shared: int
    """How many ids are read before scoring and writing part."""
    keys: Tensor | None = None
    """(tokens read, width); None where nothing is recalled."""
    bits: float = math.nan
    text: str = ""

    @property
    def source(self) -> list[int]:
        return self.begun.start.source

    @property
    def base(self) -> list[int]:
        """The ids that are read before scoring and writing part."""
        return self.source[: self.shared]

    @property
    def prefix(self) -> Tensor | None:
        """The vectors that are read before all ids."""
        return self.begun.start.prefix

    @property
    def kind(self) -> tuple[bool, bytes]:
        """Rows that begin alike share what they read if this is the same: whether they recall, and the prefix."""
        prefix = b"" if self.prefix is None else self.prefix.float().cpu().numpy().tobytes()
        return self.begun.recaller is not None, prefix


def can_batch(generator: LocalGenerator) -> bool:
    """Whether a model's past can be padded: a decoder that attends to all of it, from positions that it is told."""
    model = generator.model
    if model.config.is_encoder_decoder or "position_ids" not in inspect.signature(model.forward).parameters:
        return False
    return all(type(layer) is DynamicLayer for layer in DynamicCache(config=model.config).layers)


def continue_all(
    generator: LocalGenerator, wanted: Sequence[Wanted], *, rows: int = _ROWS
) -> Iterator[tuple[int, Continued]]:
    """Continue prompts batch by batch; yields the number of each and what became of it, in no order.

    :param rows: prompts of one batch, at most.
    :raises ModelError: if the model stops, its context is too short, or ``can_batch`` says no.
    """
    if not can_batch(generator):
        raise ModelError("this kind of model cannot read a padded batch: continue prompts one by one")
    groups = _groups([_row(generator, number, each) for number, each in enumerate(wanted)])
    for batch in _batches(groups, rows, _most_tokens(generator)):
        started = perf_counter()
        try:
            _Batch(generator, batch).run()
        except RuntimeError as error:
            raise ModelError(f"the model stopped ({error}): try fewer rows or another model") from error
        members = [row for _, group in batch for row in group]
        milliseconds = (perf_counter() - started) * 1000 / len(members)
        for row in members:
            finish = row.begun.writing.finish
            assert finish is not None  # a batch runs until all its rows are finished
            yield row.number, Continued(row.text, finish, row.bits, milliseconds)


def texts_of(generator: LocalGenerator, wanted: Sequence[Wanted]) -> list[str]:
    """What a model writes after each prompt, in their order: batch by batch if it can, else one by one.

    :raises ModelError: if the model stops, or its context is too short.
    """
    if can_batch(generator):
        found = dict(continue_all(generator, wanted))
        return [found[number].text for number in range(len(wanted))]
    streams = (generator.stream(each.prompt, each.sampling, each.recollection, each.persona) for each in wanted)
    return ["".join(stream) for stream in streams]


# ---- what is read together ----

_Group = tuple[list[int], list[_Row]]
"""Ids that some rows begin with, and these rows."""


def _row(generator: LocalGenerator, number: int, wanted: Wanted) -> _Row:
    begun = generator.begin(wanted.prompt, wanted.sampling, wanted.recollection, wanted.persona)
    source = begun.start.source
    shared = len(source) - 1  # the last id is read for its logits
    if not wanted.follows:
        return _Row(number, wanted, begun, [], 0, shared)
    context, rest = _scored_ids(generator, wanted, recalls=begun.recaller is not None)
    shared = min(shared, len(context) - 1, common_prefix(source, context))
    return _Row(number, wanted, begun, [*context, *rest], len(rest), max(0, shared))


def _scored_ids(generator: LocalGenerator, wanted: Wanted, *, recalls: bool) -> tuple[list[int], list[int]]:
    """Ids of the prompt and of what followed, as one-by-one scoring has them: with a memory, or without."""
    vocabulary, follows = generator.vocabulary, (Part(wanted.follows),)
    if recalls:
        return [*vocabulary.opening, *vocabulary.encode(wanted.prompt)], vocabulary.encode(follows)
    return encode_prompt(wanted.prompt, generator.tokenizer), encode_prompt(follows, generator.tokenizer)


def _groups(rows: Sequence[_Row]) -> list[_Group]:
    """Rows that begin alike together, with what they share; rows of each kind apart."""
    groups: list[_Group] = []
    for row in sorted(rows, key=lambda row: (row.kind, row.base)):
        base = row.base
        if groups:
            prefix, members = groups[-1]
            shared = common_prefix(prefix, base)
            if members[-1].kind == row.kind and shared >= max(_SHORTEST_PREFIX, len(prefix) // 2):
                groups[-1] = (prefix[:shared], [*members, row])
                continue
        groups.append((base, [row]))
    return groups


def _batches(groups: Sequence[_Group], rows: int, tokens: int) -> Iterator[list[_Group]]:
    """Groups of about the same length side by side, so many rows and tokens at most; a large group is divided."""
    batch: list[_Group] = []
    size = longest = 0
    in_order = sorted(groups, key=lambda group: (group[1][0].begun.recaller is not None, len(group[1][0].source)))
    for prefix, members in in_order:
        for row in members:
            length = len(row.source) + int(row.wanted.sampling.max_tokens * 1.5)
            mixed = batch and (batch[0][1][0].begun.recaller is None) != (row.begun.recaller is None)
            if batch and (mixed or size == rows or (size + 1) * max(longest, length) > tokens):
                yield batch
                batch, size, longest = [], 0, 0
            if batch and batch[-1][0] is prefix:
                batch[-1][1].append(row)
            else:
                batch.append((prefix, [row]))
            size, longest = size + 1, max(longest, length)
    if batch:
        yield batch


def _most_tokens(generator: LocalGenerator) -> int:
    """Tokens whose keys and values fit into the memory of a batch."""
    config = generator.model.config.get_text_config(decoder=True)
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    per_token = 2 * config.num_hidden_layers * heads * width * generator.model.dtype.itemsize
    return int(_CACHE_BYTES // per_token)


# ---- a batch ----


class _Batch:
    """Rows that are read and written together."""

    def __init__(self, generator: LocalGenerator, groups: Sequence[_Group]) -> None:
        self._generator = generator
        self._model = generator.model
        self._device = generator.model.device
        self._groups = groups
        self._rows = [row for _, members in groups for row in members]
        self._recalls = any(row.begun.recaller is not None for row in self._rows)
        self._cache: Cache = DynamicCache()
        self._seen = torch.zeros(len(self._rows), 0, dtype=torch.bool)
        """(rows, columns of the cache): whether a column holds a token of the row."""

    @torch.no_grad()
    def run(self) -> None:
        """Read, score and write all rows."""
        self._read_prefixes()
        owner = [number for number, (_, members) in enumerate(self._groups) for _ in members]
        lengths = [len(self._groups[number][0]) for number in owner]
        self._read([row.base[length:] for row, length in zip(self._rows, lengths, strict=True)])
        self._score()
        logits = self._read([row.source[row.shared :] for row in self._rows])
        while True:
            tokens = [self._write(row, each) for row, each in zip(self._rows, logits.float().cpu(), strict=True)]
            going = [number for number, row in enumerate(self._rows) if row.begun.writing.finish is None]
            if not going:
                return
            if len(going) <= len(self._rows) * (1 - 1 / _DROPPED_TOGETHER):
                self._keep(going)
                tokens = [tokens[number] for number in going]
            logits = self._read([[token] for token in tokens])

    def _write(self, row: _Row, logits: Tensor) -> int:
        """The row's next token; a finished row waits with any to be dropped."""
        writing, recaller = row.begun.writing, row.begun.recaller
        if writing.finish is not None:
            return 0
        if recaller is not None and row.keys is not None:
            logits = recaller.mix(logits, row.keys, writing.ids)
        token = writing.choose(logits)
        if recaller is not None:
            recaller.note(token)
        row.text += writing.take(token)
        if writing.finish is not None:
            row.text += writing.rest()
        return token

    def _read_prefixes(self) -> None:
        """Read what each group begins with, by itself: without padding, and once for all its rows."""
        prefixes, owner = [], []
        for number, (ids, members) in enumerate(self._groups):
            cache = DynamicCache()
            keys = self._read_prefix(ids, members[0].prefix, cache)
            for row in members:
                row.keys = keys
            prefixes.append(cache)
            owner += [number] * len(members)
        lengths = torch.tensor([prefixes[number].get_seq_length() for number in owner])
        longest = int(lengths.max())
        self._seen = torch.arange(longest) >= longest - lengths[:, None]
        self._cache = batch_of(prefixes, owner)

    def _read_prefix(self, ids: list[int], prefix: Tensor | None, cache: DynamicCache) -> Tensor | None:
        """Read some ids behind what stands before all of them; returns their keys where anything is recalled."""
        if not ids and prefix is None:
            return None
        output = self._model(
            **model_input(self._model, ids, prefix),
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
            output_hidden_states=self._recalls,
        )
        if not self._recalls or not ids:
            return None
        return self._generator.memory.keys(output.hidden_states[-1][0, -len(ids) :])

    def _read(self, blocks: Sequence[Sequence[int]], keep: int = 1) -> Tensor:
        """Read on in all rows, blocks that end in the same column, and note the keys of what was read.

        :returns: logits after the last ``keep`` columns, (rows, vocabulary) for one, else (rows, keep, vocabulary).
        """
        width = max(map(len, blocks))
        if width == 0:
            return torch.zeros(len(blocks), 0)
        ids = torch.zeros(len(blocks), width, dtype=torch.long)
        new = torch.zeros(len(blocks), width, dtype=torch.bool)
        for number, block in enumerate(blocks):
            ids[number, width - len(block) :] = torch.tensor(block, dtype=torch.long)
            new[number, width - len(block) :] = True
        positions = (self._seen.sum(1, keepdim=True) + new.cumsum(1) - 1).clamp_min(0)
        self._seen = torch.cat([self._seen, new], 1)
        output = self._model(
            input_ids=ids.to(self._device),
            attention_mask=self._seen.long().to(self._device),
            position_ids=positions.to(self._device),
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=keep,
            output_hidden_states=self._recalls,
        )
        if self._recalls:
            for row, states, block in zip(self._rows, output.hidden_states[-1], blocks, strict=True):
                self._note_keys(row, states[width - len(block) :])
        logits: Tensor = output.logits
        return logits[:, -1] if keep == 1 else logits

    def _note_keys(self, row: _Row, states: Tensor) -> None:
        new = self._generator.memory.keys(states)
        row.keys = new if row.keys is None else torch.cat([row.keys, new])

    def _score(self) -> None:
        """Read what really followed, score it, and forget it again."""
        blocks = [row.scored[row.shared : -1] for row in self._rows]
        width, keep = max(map(len, blocks)), max(row.followed for row in self._rows)
        if width == 0:
            return
        before, known = self._seen, [row.keys for row in self._rows]
        logits = self._read(blocks, keep=max(2, keep))
        for row, each, keys in zip(self._rows, logits, known, strict=True):
            if row.followed:
                nats = self._nats(row, each[-row.followed :].float().cpu())
                row.bits = nats / math.log(2) / len(row.wanted.follows)
            row.keys = keys
        self._seen = before
        self._cache.crop(-width)

    def _nats(self, row: _Row, logits: Tensor) -> float:
        """Negative log-likelihood of what followed."""
        ids = torch.tensor(row.scored)
        recollection = row.wanted.recollection
        if row.begun.recaller is None or recollection is None or row.keys is None:
            return float(functional.cross_entropy(logits, ids[-row.followed :], reduction="sum"))
        assert isinstance(recollection.memory, VoiceMemory)  # else there would be no recaller
        first = len(ids) - row.followed
        drafted = len(self._generator.vocabulary.encode(row.wanted.prompt[-1:]))
        # The key of the last token is asked for by nobody; it stands for the state after the end.
        keys = torch.cat([row.keys, row.keys[-1:]])
        read = ReadText(ids, keys, max(1, first - drafted), first, logits.log_softmax(1))
        return -float(foresee(self._generator.memory.gate, read, recollection.memory).sum())

    def _keep(self, going: Sequence[int]) -> None:
        """Drop the rows that are finished."""
        self._rows = [self._rows[number] for number in going]
        chosen = torch.tensor(going)
        self._seen = self._seen[chosen]
        self._cache.batch_select_indices(chosen.to(self._device))
