"""The fast selectors: linear scorers over the frozen encoder's features that stand in for the paper's trained helpers.

"Teach LLMs to Personalize" (arXiv 2308.07968, sections 3.3 and 3.4) fine-tunes a language model to write which snippets
(SumCtx) and words (SynCtx) of the past the finished document will take up. Those labels are extractive, so picking
serves as well as writing: a logistic regression scores each candidate, which takes a millisecond instead of seconds.

One file holds three pairs of scorers: the one served, and one for each half of the training authors. The examples of an
author get their evidence from the pair that was trained without them (the paper's half split). It also holds how rare
words are, and it belongs to one encoder, which its metadata names by the hash of its weights.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from assistant.embedding import Vectors
from assistant.errors import ModelError
from assistant.whole_files import replacing

Half = Literal[0, 1]
"""One of the two halves of the training authors."""
Rarity = Mapping[str, float]
"""Inverse document frequency of words, ln(texts / texts with the word); a word that is missing is rare."""

_PAIRS = ("served", "half-0", "half-1")
_STAGES = ("summary", "keywords")
_PARTS = ("mean", "scale", "weights", "bias")
_IDF, _WORDS, _ENCODER, _SIGNATURE = "idf", "words", "encoder_sha256", "signature"


@dataclass(frozen=True, slots=True)
class Scorer:
    """A logistic regression over standardized features.

    :param mean: of every feature over the training examples, (features,); ``scale`` its standard deviation.
    :param bias: the intercept, (1,).
    """

    mean: Vectors
    scale: Vectors
    weights: Vectors
    bias: Vectors

    def probabilities(self, features: Vectors) -> Vectors:
        """How likely each candidate belongs to the label, 0 to 1; ``features`` is (candidates, features)."""
        logits = (features - self.mean) / self.scale @ self.weights + self.bias
        chances: Vectors = (1 / (1 + np.exp(-np.clip(logits, -50, 50)))).astype(np.float32)
        return chances


@dataclass(frozen=True, slots=True)
class SelectorPair:
    """One scorer of snippets and one of words, trained on the same authors."""

    summary: Scorer
    keywords: Scorer


@dataclass(frozen=True, slots=True)
class Selectors:
    """All scorers of a file; ``encoder_sha256`` is the hash of the weights whose vectors they were trained on."""

    encoder_sha256: str
    rarity: Rarity
    served: SelectorPair
    halves: tuple[SelectorPair, SelectorPair]
    """Trained on one half of the training authors each."""
    signature: Mapping[str, object]

    def pair(self, half: Half | None) -> SelectorPair:
        """The pair trained on one half alone; None is the one served."""
        return self.served if half is None else self.halves[half]


def save_selectors(selectors: Selectors, path: Path) -> None:
    """Write the scorers as one safetensors file."""
    from safetensors.numpy import save

    tensors = {
        f"{name}.{stage}.{part}": getattr(getattr(pair, stage), part)
        for name, pair in zip(_PAIRS, (selectors.served, *selectors.halves), strict=True)
        for stage in _STAGES
        for part in _PARTS
    }
    tensors[_IDF] = np.asarray(list(selectors.rarity.values()), dtype=np.float16)
    metadata = {
        _WORDS: "\n".join(selectors.rarity),
        _ENCODER: selectors.encoder_sha256,
        _SIGNATURE: json.dumps(selectors.signature, sort_keys=True),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as (new,):
        new.write_bytes(save(tensors, metadata))


def load_selectors(path: Path, *, encoder_sha256: str) -> Selectors:
    """Read the scorers of a file.

    :raises ModelError: if the file is missing or damaged, or was made for another encoder.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise ModelError(f"no selectors at {path}: make them by `train selectors`, or choose another summary and words")
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        return _checked(_selectors(tensors, metadata), path, encoder_sha256)
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise ModelError(f"cannot read the selectors in {path} ({error}): restore the file or train it anew") from error


def _selectors(tensors: Mapping[str, npt.NDArray[np.floating]], metadata: Mapping[str, str]) -> Selectors:
    def scorer(pair: str, stage: str) -> Scorer:
        return Scorer(*(tensors[f"{pair}.{stage}.{part}"].astype(np.float32) for part in _PARTS))

    served, *halves = (SelectorPair(*(scorer(pair, stage) for stage in _STAGES)) for pair in _PAIRS)
    idf = (float(value) for value in tensors[_IDF])
    rarity = dict(zip(metadata[_WORDS].split("\n"), idf, strict=True))
    return Selectors(
        metadata[_ENCODER], rarity, served, (halves[0], halves[1]), json.loads(metadata.get(_SIGNATURE, "{}"))
    )


def _checked(selectors: Selectors, path: Path, encoder_sha256: str) -> Selectors:
    if selectors.encoder_sha256 != encoder_sha256:
        raise ModelError(
            f"{path} was trained for the encoder {selectors.encoder_sha256[:12]}, expected {encoder_sha256[:12]}: "
            "make selectors for this encoder by `train selectors`"
        )
    return selectors
