"""Token shards: the border between text work (``train prepare``) and training.

A source is a folder with ``tokens.npy`` (uint16, or uint32 for large vocabularies; all examples end to end),
``offsets.npy`` (int64, one more than there are examples) and, where the loss is not the same for every token,
``weights.npy`` (uint8, tenths). Sources for encoder-decoders also have ``borders.npy`` (int64): how many tokens of each
example are read; the others are written. Plain arrays, memory-mapped, so that a data set may be larger than memory and
training needs nothing but numpy and torch. Beside the sources, ``tokenizer.sha256`` says what the ids mean.
"""

import tempfile
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from assistant.errors import TrainingError

FULL_WEIGHT = 10
_TOKENIZER_FILE = "tokenizer.sha256"
_ARRAYS = ("offsets", "borders", "weights", "tokens")
_UNFINISHED = ".unfinished"
_PIECE = 2**20  # bytes written at once

# Lengths are rounded up to multiples of this: every shape a processor meets for the first time costs it compiled code
# and memory that is kept, and a run over thousands of different lengths was seen to take a gigabyte every four minutes.
_LENGTH_STEP = 64

Tokens = npt.NDArray[np.uint16 | np.uint32]
Weights = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Source:
    """The examples of one source, memory-mapped. ``epochs`` says how often each is seen per pass over the mix."""

    name: str
    tokens: Tokens
    offsets: npt.NDArray[np.int64]
    weights: Weights | None
    epochs: float = 1.0
    borders: npt.NDArray[np.int64] | None = None

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

    def length(self, index: int) -> int:
        """Tokens of one example."""
        return int(self.offsets[index + 1] - self.offsets[index])

    def pair(self, index: int) -> tuple[Tokens, Tokens, Weights]:
        """What is read, what is written and the loss weights of the latter, of an encoder-decoder's example."""
        assert self.borders is not None  # the run has checked that its sources fit its model
        tokens, weights = self.example(index)
        border = int(self.borders[index])
        return tokens[:border], tokens[border:], weights[border:]

    def largest_id(self) -> int:
        """The largest token id there is, to be compared with a vocabulary."""
        return int(self.tokens.max())

    def sides(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Lengths of what is read apart (0 for causal models) and of the rest, for every example."""
        lengths = np.diff(self.offsets)
        read = np.zeros_like(lengths) if self.borders is None else self.borders
        return read, lengths - read


class ShardWriter:
    """Collects examples and writes them as one source folder on ``close``.

    They wait on disk, not in memory: a data set may be larger. The source is then whole, or as it was before.

    :raises TrainingError: here, in ``add`` and in ``close``, if the disk does not take it.
    """

    def __init__(self, folder: Path, *, weighted: bool) -> None:
        self._folder = folder
        with _writing(folder):
            folder.parent.mkdir(parents=True, exist_ok=True)
            self._tokens = _Column(folder.parent, np.uint32)
            self._weights = _Column(folder.parent, np.uint8) if weighted else None
        self._offsets = array("q", [0])
        self._borders = array("q")
        self._largest = 0

    def add(self, tokens: Sequence[int], weights: Sequence[int] | None = None) -> None:
        """Append an example; ``weights`` are tenths, one per token."""
        with _writing(self._folder):
            self._tokens.extend(tokens)
            if self._weights is not None and weights is not None:
                self._weights.extend(weights)
        self._largest = max(self._largest, max(tokens, default=0))
        self._offsets.append(self._offsets[-1] + len(tokens))

    def add_pair(self, read: Sequence[int], written: Sequence[int], weights: Sequence[int]) -> None:
        """Append an encoder-decoder's example; ``weights`` are tenths, one per token written."""
        self.add([*read, *written], [*([0] * len(read)), *weights])
        self._borders.append(len(read))

    def close(self) -> int:
        """Write the arrays and return the number of tokens.

        :raises TrainingError: if nothing was added.
        """
        if len(self._offsets) == 1:
            raise TrainingError(f"no examples for {self._folder.name}: the corpus holds no document long enough")
        with _writing(self._folder):
            self._folder.mkdir(exist_ok=True)
            try:
                self._write()
            finally:
                for left in self._folder.glob(f"*{_UNFINISHED}"):
                    left.unlink()
        return self._offsets[-1]

    def _write(self) -> None:
        """Write all arrays beside those that are there, then let them take their places."""
        self._tokens.save(self._unfinished("tokens"), np.uint16 if self._largest < 2**16 else np.uint32)
        if self._weights is not None:
            self._weights.save(self._unfinished("weights"), np.uint8)
        if self._borders:
            _save(self._unfinished("borders"), np.asarray(self._borders, dtype=np.int64))
        _save(self._unfinished("offsets"), np.asarray(self._offsets, dtype=np.int64))
        for name in _ARRAYS:  # without offsets it is no source: they go first and come last
            (self._folder / f"{name}.npy").unlink(missing_ok=True)
        for name in reversed(_ARRAYS):
            if self._unfinished(name).is_file():
                self._unfinished(name).replace(self._folder / f"{name}.npy")

    def _unfinished(self, name: str) -> Path:
        return self._folder / f"{name}{_UNFINISHED}"


class _Column:
    """Numbers that wait in a file without a name, which vanishes with its owner."""

    def __init__(self, folder: Path, dtype: type[np.uint8 | np.uint32]) -> None:
        self._dtype = np.dtype(dtype)
        self._count = 0
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - open as long as its owner

    def extend(self, numbers: Sequence[int]) -> None:
        """Append some."""
        self._file.write(np.asarray(numbers, dtype=self._dtype).tobytes())
        self._count += len(numbers)

    def save(self, path: Path, dtype: type[np.unsignedinteger[Any]]) -> None:
        """Write all of them as an array, a piece at a time."""
        self._file.seek(0)
        with path.open("wb") as out:
            header = {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": (self._count,)}
            np.lib.format.write_array_header_1_0(out, header)
            while piece := self._file.read(_PIECE):
                out.write(np.frombuffer(piece, self._dtype).astype(dtype).tobytes())


def _save(path: Path, numbers: npt.NDArray[np.int64]) -> None:
    with path.open("wb") as out:
        np.save(out, numbers)


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TrainingError(
            f"the shards {folder} could not be written ({error.strerror or error}): expected a folder to write to with "
            "room for them; free some space or give another --out, and run it again"
        ) from error


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


def note_tokenizer(folder: Path, fingerprint: str) -> None:
    """Write beside prepared sources which tokenizer their ids belong to."""
    (folder / _TOKENIZER_FILE).write_text(fingerprint + "\n", encoding="utf-8")


def noted_tokenizer(folder: Path) -> str | None:
    """The fingerprint of the tokenizer that prepared a folder; None where it was not noted."""
    path = folder / _TOKENIZER_FILE
    return path.read_text(encoding="utf-8").strip() if path.is_file() else None


def _open(folder: Path, epochs: float) -> Source:
    try:
        offsets, borders = (_array(folder / f"{name}.npy") for name in ("offsets", "borders"))
        tokens, weights = (_array(folder / f"{name}.npy", mmap_mode="r") for name in ("tokens", "weights"))
    except (OSError, ValueError, EOFError) as error:
        raise TrainingError(f"{folder} is damaged ({error}): run `train prepare` again") from error
    if tokens is None or offsets is None or len(offsets) < 2 or offsets[-1] != len(tokens):
        raise TrainingError(f"{folder} holds no examples, or half of them: run `train prepare` again")
    return Source(folder.name, tokens, offsets, weights, epochs, borders)


def _array(path: Path, mmap_mode: Literal["r"] | None = None) -> npt.NDArray[Any] | None:
    return np.load(path, mmap_mode=mmap_mode, allow_pickle=False) if path.is_file() else None


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
    sides = [source.sides() for source in sources]
    pool_size = max(1, 64 * tokens_per_batch // 1024)
    batches: list[list[tuple[int, int]]] = []
    for start in range(0, len(order), pool_size):
        pool = [_pick(sides, *chosen[index]) for index in order[start : start + pool_size]]
        pool.sort(key=lambda pick: pick.read + pick.written)
        batches.extend(_fill(pool, tokens_per_batch))
    return [batches[index] for index in generator.permutation(len(batches))]


class _Pick(NamedTuple):
    source: int
    example: int
    read: int
    written: int


def _pick(sides: Sequence[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]], source: int, example: int) -> _Pick:
    read, written = sides[source]
    return _Pick(source, example, int(read[example]), int(written[example]))


def _draw(number: int, source: Source, generator: np.random.Generator) -> Iterator[tuple[int, int]]:
    whole, part = divmod(source.epochs, 1)
    for _ in range(int(whole)):
        yield from ((number, index) for index in range(len(source)))
    for index in generator.permutation(len(source))[: round(part * len(source))]:
        yield number, int(index)


def _fill(pool: list[_Pick], tokens_per_batch: int) -> Iterator[list[tuple[int, int]]]:
    batch: list[tuple[int, int]] = []
    longest = (0, 0)
    for pick in pool:
        longest = max(longest[0], pick.read), max(longest[1], pick.written)
        padded = padded_length(longest[1]) + (padded_length(longest[0]) if longest[0] else 0)
        if batch and (len(batch) + 1) * padded > tokens_per_batch:
            yield batch
            batch, longest = [], (pick.read, pick.written)
        batch.append((pick.source, pick.example))
    if batch:
        yield batch
