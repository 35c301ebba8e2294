"""Libraries of any size in minutes: imported as ever, only that made-up text gets its vectors cheaply.

A snippet of shuffled sentences gets the mean of its sentences' vectors, which are encoded once, and a little noise of
its own. That keeps the geometry of real writing: near things stay near, at the distances the encoder gives them. Words
are encoded for real.
"""

import zlib
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from assistant.bench.texts import Material, shuffled_texts, usable_sentences
from assistant.embedding import Encoder, Vectors
from assistant.library.library import Library
from assistant.sentences import split_sentences

VOICE = "Measured"
# Length of the noise, against vectors of length 1: as far apart as two wordings of one thing.
_NOISE = 0.2


class BulkEncoder:
    """Means of known sentences' vectors; everything else goes to the real encoder, under whose name it stands."""

    def __init__(self, encoder: Encoder, known: Mapping[str, Vectors]) -> None:
        self._encoder = encoder
        self._known = known

    @property
    def name(self) -> str:
        return self._encoder.name

    @property
    def dimensions(self) -> int:
        return self._encoder.dimensions

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Rows of unit length, (texts, dimensions)."""
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        foreign = []
        for row, text in enumerate(texts):
            sentences = split_sentences(text)
            if sentences and all(sentence in self._known for sentence in sentences):
                vectors[row] = self._mean(text, sentences)
            else:
                foreign.append(row)
        if foreign:
            vectors[foreign] = self._encoder.encode([texts[row] for row in foreign])
        return vectors

    def _mean(self, text: str, sentences: Sequence[str]) -> Vectors:
        mean = np.mean([self._known[sentence] for sentence in sentences], axis=0)
        noise = np.random.default_rng(zlib.crc32(text.encode())).standard_normal(self.dimensions)
        vector = mean / np.linalg.norm(mean) + _NOISE * noise / np.linalg.norm(noise)
        unit: Vectors = (vector / np.linalg.norm(vector)).astype(np.float32)
        return unit


class LibraryMaker:
    """Makes libraries of given sizes from the demo corpora."""

    def __init__(self, material: Material, seed: int) -> None:
        from assistant.retrieval.encoder import load_encoder

        encoder = load_encoder()
        self._seed = seed
        self._voices = [usable_sentences(documents) for documents in material.read()]
        sentences = list(dict.fromkeys(sentence for voice in self._voices for sentence in voice))
        self._encoder = BulkEncoder(encoder, dict(zip(sentences, encoder.encode(sentences), strict=True)))

    def make(self, data_dir: Path, snippets: int) -> int:
        """Import a voice of so many snippets into a new library; returns how many it has."""
        with TemporaryDirectory(dir=data_dir.parent) as texts:
            for number, text in enumerate(shuffled_texts(self._voices, snippets=snippets, seed=self._seed)):
                (Path(texts) / f"{number:06}.txt").write_text(text, encoding="utf-8")
            with closing(Library.open(data_dir, self._encoder)) as library:
                writer = library.local_writer()
                voice = library.create_voice(writer, VOICE)
                return library.import_now(writer, voice.id, [Path(texts)]).snippets
