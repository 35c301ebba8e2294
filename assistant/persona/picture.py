"""Documents in two dimensions: places along the two directions in which some fixed texts differ most (PCA)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assistant.embedding import Vectors

OPENING_CHARACTERS = 500
"""Of each of the fixed texts so much is enough to find the directions by."""


@dataclass(frozen=True, slots=True, eq=False)
class Axes:
    """Where a picture's middle is, and which directions lead right and up."""

    middle: Vectors
    """(width,)."""
    directions: Vectors
    """(2, width), orthogonal and of length one."""
    reach: float
    """How far from the middle the fixed texts themselves stand, at most."""

    def places(self, vectors: Vectors) -> Vectors:
        """Places of vectors, (vectors, 2): right and up."""
        return ((vectors - self.middle) @ self.directions.T).astype(np.float32)


def fit_axes(vectors: Vectors) -> Axes:
    """The axes of some vectors, (three or more, width); the same vectors give the same axes.

    A direction and its opposite are equally good to the arithmetic, and which one it gives depends on the machine: the
    one is taken whose largest part is positive.
    """
    middle = vectors.mean(axis=0)
    _, _, found = np.linalg.svd(vectors - middle, full_matrices=False)
    two = found[:2]
    largest = np.take_along_axis(two, np.abs(two).argmax(axis=1)[:, None], axis=1)
    directions = two * np.where(largest < 0, -1, 1)
    reach = float(np.abs((vectors - middle) @ directions.T).max())
    return Axes(middle.astype(np.float32), directions.astype(np.float32), reach)


def spread_choice(hashes: Sequence[str], most: int) -> list[int]:
    """Positions of at most so many texts by the hashes of them, in order; one more text moves at most one of them."""
    chosen = sorted(range(len(hashes)), key=hashes.__getitem__)[:most]
    return sorted(chosen)
