"""The keys of a document: for every token the model's state before it, so that a like state can find it again.

kNN-LM (Khandelwal et al. 2020, section 2): a datastore of (representation of the context, next token). Here the
representation is the state after the model's last normalization, turned and shortened by the checkpoint's metric where
it has one (``assistant.memory.fitted``), to unit length.
"""

import json
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from assistant.errors import MemoryKeysError

_FORMAT = "1"
_EXPECTED = "expected what this model made of this text; make them again"


@dataclass(frozen=True, slots=True, eq=False)
class DocumentKeys:
    """The keys of one document with n tokens and m words."""

    model: str
    """What made them: a hash of the model's weights and of its metric."""
    content: str
    """SHA-256 of the document's text, as UTF-8."""
    tokens: npt.NDArray[np.int32]
    """(n,) ids of the text."""
    spans: npt.NDArray[np.int32]
    """(n, 2) for every token the characters of the word it belongs to, from and to."""
    sentences: npt.NDArray[np.int32]
    """(n,) for every token the number of its sentence."""
    words: npt.NDArray[np.uint32]
    """(m,) fingerprints of the words in order, see ``assistant.memory.copying``."""
    keys: npt.NDArray[np.float16]
    """(n, width) the state before every token, of length one."""

    def to_bytes(self) -> bytes:
        """The content of a safetensors file."""
        arrays: dict[str, npt.NDArray[Any]] = {name: np.ascontiguousarray(getattr(self, name)) for name in _TYPES}
        return save(arrays, {"format": _FORMAT, "model": self.model, "content": self.content})

    @classmethod
    def from_bytes(cls, data: bytes, *, model: str, content: str) -> "DocumentKeys":
        """Read what ``to_bytes`` wrote.

        :param model: what the keys must have been made by.
        :param content: SHA-256 of the text they must have been made of.
        :raises MemoryKeysError: if they are damaged, or of another model or text.
        """
        try:
            metadata, arrays = _metadata(data), load(data)
        except (SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise MemoryKeysError(f"damaged keys ({error}): {_EXPECTED}") from error
        for name, wanted in (("format", _FORMAT), ("model", model), ("content", content)):
            if metadata.get(name) != wanted:
                raise MemoryKeysError(f"keys of the {name} {metadata.get(name)}, not {wanted}: {_EXPECTED}")
        if {name: array.dtype.type for name, array in arrays.items()} != _TYPES or not _fit(arrays):
            raise MemoryKeysError(f"keys that do not fit together: {_EXPECTED}")
        return cls(model=model, content=content, **arrays)


_TYPES: dict[str, type] = {field.name: np.int32 for field in fields(DocumentKeys)[2:]} | {
    "words": np.uint32,
    "keys": np.float16,
}


def _metadata(data: bytes) -> dict[str, str]:
    """What stands in the header beside the arrays: eight bytes of length, then JSON."""
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    metadata: dict[str, str] = header["__metadata__"]
    return metadata


def _fit(arrays: dict[str, npt.NDArray[Any]]) -> bool:
    """Whether there is one of each for every token."""
    count = len(arrays["tokens"])
    return (
        arrays["tokens"].shape == arrays["sentences"].shape == (count,)
        and arrays["spans"].shape == (count, 2)
        and arrays["keys"].ndim == 2
        and len(arrays["keys"]) == count
        and arrays["words"].ndim == 1
    )
