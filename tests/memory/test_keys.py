"""Keys on disk: what is read is what was written, and nothing else is taken for it."""

import numpy as np
import pytest
import torch
from safetensors.numpy import load, save

from assistant.errors import MemoryKeysError
from assistant.memory.keys import DocumentKeys
from tests.memory.voices import MODEL, document_keys, unit

CONTENT = "hash of the text"


def keys() -> DocumentKeys:
    return document_keys([3, 1, 4, 1, 5], unit(5, 6), text="a keeper and a gate")


def test_keys_come_back_as_they_were() -> None:
    wanted = keys()
    found = DocumentKeys.from_bytes(wanted.to_bytes(), model=MODEL, content=CONTENT)
    for name in ("tokens", "spans", "sentences", "words", "keys"):
        assert getattr(found, name).dtype == getattr(wanted, name).dtype
        assert np.array_equal(getattr(found, name), getattr(wanted, name))
    assert (found.model, found.content) == (MODEL, CONTENT)


def test_an_empty_document_has_keys_too() -> None:
    empty = document_keys([], torch.zeros(0, 6))
    assert len(DocumentKeys.from_bytes(empty.to_bytes(), model=MODEL, content=CONTENT).tokens) == 0


@pytest.mark.parametrize(("model", "content"), [("another", CONTENT), (MODEL, "another")])
def test_keys_of_another_model_or_text_are_refused(model: str, content: str) -> None:
    with pytest.raises(MemoryKeysError, match="not another: expected what this model made of this text"):
        DocumentKeys.from_bytes(keys().to_bytes(), model=model, content=content)


@pytest.mark.parametrize("cut", [0, 1, 8, 40, 200, -1])
def test_a_file_that_was_cut_short_is_damaged(cut: int) -> None:
    with pytest.raises(MemoryKeysError, match="make them again"):
        DocumentKeys.from_bytes(keys().to_bytes()[:cut], model=MODEL, content=CONTENT)


@pytest.mark.parametrize("name", ["tokens", "spans", "sentences", "keys"])
def test_arrays_that_do_not_fit_together_are_refused(name: str) -> None:
    arrays = load(keys().to_bytes())
    arrays[name] = arrays[name][:-1].copy()
    data = save(arrays, {"format": "1", "model": MODEL, "content": CONTENT})
    with pytest.raises(MemoryKeysError, match="do not fit together"):
        DocumentKeys.from_bytes(data, model=MODEL, content=CONTENT)


def test_keys_of_another_format_are_refused() -> None:
    data = save(load(keys().to_bytes()), {"format": "9", "model": MODEL, "content": CONTENT})
    with pytest.raises(MemoryKeysError, match="format 9, not 1"):
        DocumentKeys.from_bytes(data, model=MODEL, content=CONTENT)


def test_a_header_that_is_no_table_is_damaged() -> None:
    with pytest.raises(MemoryKeysError, match="damaged"):
        DocumentKeys.from_bytes(b"\x02" + b"\x00" * 7 + b"[]", model=MODEL, content=CONTENT)
