"""Ready-made vectors of words: the shipped ones are the encoder's own, and belong to its weights alone."""

import random
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import ModelError
from assistant.retrieval.encoder import DEFAULT_WEIGHTS_SHA256, load_encoder
from assistant.retrieval.ready_words import READY_WORDS, ReadyWords, load_ready_words, save_ready_words

WORDS = ["kettle", "harbour", "ledger", "sluice"]


@pytest.fixture
def vectors() -> np.ndarray:
    rows = np.random.default_rng(0).normal(size=(4, 384)).astype(np.float32)
    unit: np.ndarray = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def cosines(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    products: np.ndarray = np.einsum("ij,ij->i", one, other)
    lengths: np.ndarray = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    found: np.ndarray = products / lengths
    return found


def test_words_are_found_among_other_texts(vectors: np.ndarray) -> None:
    positions, found = ReadyWords.of(WORDS, vectors).find(["a gate", "ledger", "Kettle", "kettle", "ledger"])
    assert positions == [1, 3, 4]
    assert cosines(found, vectors[[2, 0, 2]]).min() > 0.9999


def test_without_words_nothing_is_found() -> None:
    positions, found = ReadyWords.none().find(WORDS)
    assert positions == []
    assert len(found) == 0


def test_what_was_saved_is_read_back(tmp_path: Path, vectors: np.ndarray) -> None:
    ready = ReadyWords.of(WORDS, vectors)
    save_ready_words(ready, tmp_path / "words.safetensors", weights_sha256="a")
    again = load_ready_words(tmp_path / "words.safetensors", weights_sha256="a")
    assert again.words == ready.words
    assert (again.find(WORDS)[1] == ready.find(WORDS)[1]).all()


def test_words_of_other_weights_are_ignored(tmp_path: Path, vectors: np.ndarray) -> None:
    save_ready_words(ReadyWords.of(WORDS, vectors), tmp_path / "words.safetensors", weights_sha256="a")
    assert load_ready_words(tmp_path / "words.safetensors", weights_sha256="b").words == ()
    assert load_ready_words(tmp_path / "none.safetensors", weights_sha256="b").words == ()


def test_a_damaged_file_is_refused_with_a_next_step(tmp_path: Path, vectors: np.ndarray) -> None:
    path = tmp_path / "words.safetensors"
    save_ready_words(ReadyWords.of(WORDS, vectors), path, weights_sha256="a")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ModelError, match=r"words\.safetensors.*restore"):
        load_ready_words(path, weights_sha256="a")


def test_a_file_of_more_words_than_vectors_is_refused(tmp_path: Path, vectors: np.ndarray) -> None:
    path = tmp_path / "words.safetensors"
    save_ready_words(ReadyWords([*WORDS, "gate"], *_parts(vectors)), path, weights_sha256="a")
    with pytest.raises(ModelError, match="5 words, 4 vectors"):
        load_ready_words(path, weights_sha256="a")


def test_the_shipped_words_have_the_vectors_that_the_encoder_gives_them() -> None:
    shipped = load_ready_words(READY_WORDS, weights_sha256=DEFAULT_WEIGHTS_SHA256)
    assert len(shipped.words) == 25_000
    words = random.Random(0).sample(shipped.words, 300)
    computed = load_encoder(with_ready_words=False).encode(words)
    assert cosines(shipped.find(words)[1], computed).min() > 0.9995


def _parts(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scales = np.abs(vectors).max(axis=1) / 127
    return np.rint(vectors / scales[:, None]).astype(np.int8), scales
