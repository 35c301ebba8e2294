"""Vectors of common words, ready-made: most words of most texts need no encoding.

Every document brings some hundreds of words that may become keywords, and all writers share most of them. The file
holds the vectors of the commonest as bytes, each row with a scale of its own: the cosine to the vector itself is above
0.9999, closer than what bfloat16 leaves of it. It belongs to one encoder's weights, which its metadata names by their
hash. ``python -m assistant train words`` makes it.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from assistant.embedding import Vectors
from assistant.errors import ModelError
from assistant.whole_files import replacing

READY_WORDS = Path(__file__).resolve().parent / "common_words.safetensors"

_LARGEST = 127
_VECTORS, _SCALES = "vectors", "scales"
_WORDS, _WEIGHTS = "words", "encoder_sha256"


class ReadyWords:
    """Words with their vectors, in a byte a number.

    :param numbers: (words, dimensions), each row as large as a byte allows.
    :param scales: what makes each row's numbers those of a vector, (words,).
    """

    def __init__(self, words: Sequence[str], numbers: npt.NDArray[np.int8], scales: npt.NDArray[np.float32]) -> None:
        self.words = tuple(words)
        self._numbers = numbers
        self._scales = scales
        self._rows = {word: row for row, word in enumerate(self.words)}

    @classmethod
    def of(cls, words: Sequence[str], vectors: Vectors) -> "ReadyWords":
        """Keep vectors, (words, dimensions), none of them zero."""
        scales = np.abs(vectors).max(axis=1) / _LARGEST
        return cls(words, np.rint(vectors / scales[:, None]).astype(np.int8), scales.astype(np.float32))

    @classmethod
    def none(cls) -> "ReadyWords":
        """No words, for encoders nobody has prepared any for."""
        return cls((), np.zeros((0, 0), np.int8), np.zeros(0, np.float32))

    def find(self, texts: Sequence[str]) -> tuple[list[int], Vectors]:
        """Positions of those texts that are among the words, and their vectors, (positions, dimensions)."""
        positions = [position for position, text in enumerate(texts) if text in self._rows]
        rows = [self._rows[texts[position]] for position in positions]
        return positions, self._numbers[rows] * self._scales[rows, None]


def save_ready_words(ready: ReadyWords, path: Path, *, weights_sha256: str) -> None:
    """Write words that an encoder with these weights has encoded."""
    from safetensors.numpy import save

    metadata = {_WORDS: "\n".join(ready.words), _WEIGHTS: weights_sha256}
    with replacing(path) as (new,):
        new.write_bytes(save({_VECTORS: ready._numbers, _SCALES: ready._scales}, metadata))


def load_ready_words(path: Path, *, weights_sha256: str) -> ReadyWords:
    """Read ready words; none if there is no file, or another encoder made it.

    :raises ModelError: if the file is damaged.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        return ReadyWords.none()
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            if metadata.get(_WEIGHTS) != weights_sha256:
                return ReadyWords.none()
            words = metadata[_WORDS].split("\n")
            numbers, scales = file.get_tensor(_VECTORS), file.get_tensor(_SCALES)
    except (SafetensorError, OSError, KeyError) as error:
        raise ModelError(
            f"cannot read the ready-made words in {path} ({error}): restore the file, or remove it to do without"
        ) from error
    if not len(words) == len(numbers) == len(scales):
        raise ModelError(
            f"{path} has {len(words)} words, {len(numbers)} vectors and {len(scales)} scales, expected as many of "
            "each: restore the file, or remove it to do without"
        )
    return ReadyWords(words, numbers, scales)
