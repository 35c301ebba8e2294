"""Token shards: the border between text work (``train prepare``) and training.

A source is a folder with ``tokens.npy`` (uint16, all examples end to end), ``offsets.npy`` (int64, one more than there
are examples) and, where the loss is not the same for every token, ``weights.npy`` (uint8, tenths). Plain arrays,
memory-mapped, so that a data set may be larger than memory and training needs nothing but numpy and torch.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from assistant.errors import TrainingError

FULL_WEIGHT = 10

# Lengths are rounded up to multiples of this: every shape a processor meets for the first time costs it compiled code
# and memory that is kept, and a run over thousands of different lengths was seen to take a gigabyte every four minutes.
_LENGTH_STEP = 64

Tokens = npt.NDArray[np.uint16]
Weights = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Source:
    """The examples of one source, memory-mapped. ``epochs`` says how often each is seen per pass over the mix."""

    name: str
    tokens: Tokens
    offsets: npt.NDArray[np.int64]
    weights: Weights | None
    epochs: float = 1.0

    def __len__(self) -> int:
        """Number of examples."""
        return len(self.offsets) - 1

    def example(self, index: int) -> tuple[Tokens, Weights]:
        """The token ids and the loss weights (tenths) of one example, of equal length."""
        start, end = int(self.offsets[index]), int(self.offsets[index + 1])
        tokens = self.tokens[start:end]
        if self.weights is None:
            return tokens, np.full(len(tokens), FULL_WEIGHT, dtype=np.uint8)
        return tokens, self.weights[start:end]


class ShardWriter:
    """Collects examples and writes them as one source folder on ``close``."""

    def __init__(self, folder: Path, *, weighted: bool) -> None:
        self._folder = folder
        self._tokens: list[Tokens] = []
        self._weights: list[Weights] | None = [] if weighted else None

    def add(self, tokens: Sequence[int], weights: Sequence[int] | None = None) -> None:
        """Append an example; ``weights`` are tenths, one per token."""
        self._tokens.append(np.asarray(tokens, dtype=np.uint16))
        if self._weights is not None:
            self._weights.append(np.asarray(weights, dtype=np.uint8))

    def close(self) -> int:
        """Write the arrays and return the number of tokens.

        :raises TrainingError: if nothing was added.
        """
        if not self._tokens:
            raise TrainingError(f"no examples for {self._folder.name}: the corpus holds no document long enough")
        self._folder.mkdir(parents=True, exist_ok=True)
        lengths = [len(tokens) for tokens in self._tokens]
        np.save(self._folder / "offsets.npy", np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))
        np.save(self._folder / "tokens.npy", np.concatenate(self._tokens))
        if self._weights is not None:
            np.save(self._folder / "weights.npy", np.concatenate(self._weights))
        return int(sum(lengths))


def load_sources(folder: Path, epochs: dict[str, float] | None = None) -> tuple[Source, ...]:
    """Open every source below a prepared folder, in name order.

    :param epochs: how often each named source is seen per pass; one not named is seen once, 0 leaves it out.
    :raises TrainingError: if there is nothing to train on, or a named source does not exist.
    """
    paths = {path.parent.name: path.parent for path in sorted(folder.glob("*/offsets.npy"))}
    wanted = epochs or {}
    unknown = set(wanted) - set(paths)
    if not paths or unknown:
        raise TrainingError(
            f"{folder} holds the sources {sorted(paths) or 'none'}, not {sorted(unknown)}: run `train prepare` first"
        )
    return tuple(_open(path, wanted.get(name, 1.0)) for name, path in paths.items() if wanted.get(name, 1.0) > 0)


def _open(folder: Path, epochs: float) -> Source:
    weights = folder / "weights.npy"
    return Source(
        name=folder.name,
        tokens=np.load(folder / "tokens.npy", mmap_mode="r", allow_pickle=False),
        offsets=np.load(folder / "offsets.npy", allow_pickle=False),
        weights=np.load(weights, mmap_mode="r", allow_pickle=False) if weights.is_file() else None,
        epochs=epochs,
    )


def padded_length(tokens: int) -> int:
    """The length to which a batch is padded whose longest example has so many tokens."""
    return -(-(tokens - 1) // _LENGTH_STEP) * _LENGTH_STEP + 1  # one more than the model reads: the last is a target


def plan_batches(
    sources: Sequence[Source], *, tokens_per_batch: int, seed: int, round_number: int
) -> list[list[tuple[int, int]]]:
    """Order one pass over the mix: batches of (source, example), each at most ``tokens_per_batch`` when padded.

    Examples are shuffled, then sorted by length within pools, so that little of a batch is padding; the batches are
    shuffled again. The result depends on the arguments alone, which is what makes a resumed run an exact one.
    """
    generator = np.random.default_rng((seed, round_number))
    chosen = [pair for number, source in enumerate(sources) for pair in _draw(number, source, generator)]
    order = generator.permutation(len(chosen))
    lengths = [np.diff(source.offsets) for source in sources]
    pool_size = max(1, 64 * tokens_per_batch // 1024)
    batches: list[list[tuple[int, int]]] = []
    for start in range(0, len(order), pool_size):
        pool = [chosen[index] for index in order[start : start + pool_size]]
        pool.sort(key=lambda pair: int(lengths[pair[0]][pair[1]]))
        batches.extend(_fill(pool, lengths, tokens_per_batch))
    return [batches[index] for index in generator.permutation(len(batches))]


def _draw(number: int, source: Source, generator: np.random.Generator) -> Iterator[tuple[int, int]]:
    whole, part = divmod(source.epochs, 1)
    for _ in range(int(whole)):
        yield from ((number, index) for index in range(len(source)))
    for index in generator.permutation(len(source))[: round(part * len(source))]:
        yield number, int(index)


def _fill(
    pool: list[tuple[int, int]], lengths: list[npt.NDArray[np.int64]], tokens_per_batch: int
) -> Iterator[list[tuple[int, int]]]:
    batch: list[tuple[int, int]] = []
    for pair in pool:  # sorted by length: the one to come is the longest of its batch
        if batch and (len(batch) + 1) * padded_length(int(lengths[pair[0]][pair[1]])) > tokens_per_batch:
            yield batch
            batch = []
        batch.append(pair)
    if batch:
        yield batch
