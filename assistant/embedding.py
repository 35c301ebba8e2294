"""Texts as vectors: what the library, the stages and training ask of an encoder.

Apart from ``assistant.stages``, because it needs numpy and ``import assistant.pipeline`` shall not.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
"""One vector, (dimensions,), or one per row, (rows, dimensions)."""


@dataclass(frozen=True, slots=True, eq=False)
class PersonaPrefix:
    """What one language model reads before a prompt to know the writer. See ``assistant.stages.Persona``."""

    model: str
    vectors: Vectors
    """(vectors, width), read as if they were the embeddings of tokens."""
    signature: dict[str, object] = field(default_factory=dict)


class Encoder(Protocol):
    """Anything that turns texts into unit vectors."""

    @property
    def name(self) -> str:
        """What identifies the encoder: vectors of different names never mix."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Rows of unit length, (texts, dimensions)."""
        ...
