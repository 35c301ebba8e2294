"""Important words without training: keywords of the ranked entries, chosen for this draft by KeyBERT.

KeyBERT ranks candidate words by the closeness of their vectors to a document's. Here the "document" lies between the
draft and the entries, so that the words serve what is being written (SynCtx of arXiv 2308.07968, section 3.4, is the
trained counterpart), and the candidates' vectors were made at import, which takes the cost from a quarter of a second
to a few milliseconds.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from assistant.embedding import Vectors
from assistant.keyword_candidates import candidate_words
from assistant.settings import KeywordSettings
from assistant.types import Keyword, RankedEntry, SnippetId, VoiceId

# How far the target lies from the entries towards the draft.
_DRAFT_SHARE = 0.5


class QueryEncoder(Protocol):
    """Turns the draft into a unit vector."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Rows of unit length."""
        ...


class ImportedVectors(Protocol):
    """The vectors made at import."""

    def snippet_vectors(self, voice: VoiceId, ids: Sequence[SnippetId]) -> Vectors:
        """Unit vectors in the order of the ids."""
        ...

    def word_vectors(self, voice: VoiceId, words: Sequence[str]) -> dict[str, npt.NDArray[np.float32]]:
        """Vectors of those words that have one."""
        ...


class KeywordSynthesizer:
    """KeyBERT over the words of the entries."""

    def __init__(self, vectors: ImportedVectors, encoder: QueryEncoder, settings: KeywordSettings) -> None:
        from keybert import KeyBERT
        from keybert.backend import BaseEmbedder

        # KeyBERT would fetch a model of its own unless it is handed one; every vector it needs is passed to it.
        self._keybert = KeyBERT(model=BaseEmbedder())
        self._vectors = vectors
        self._encoder = encoder
        self._settings = settings

    def synthesize(self, query: str, entries: Sequence[RankedEntry], *, voice: VoiceId | None) -> tuple[Keyword, ...]:
        """Words of the entries, most important first, weights in 0 to 1."""
        if voice is None or not entries:
            return ()
        text = "\n".join(entry.text for entry in entries)
        known = self._vectors.word_vectors(voice, candidate_words(text))
        if not known:
            return ()
        words = sorted(known)
        found = self._keybert.extract_keywords(
            [text],
            vectorizer=_vectorizer(words),
            top_n=self._settings.count,
            use_mmr=True,
            diversity=self._settings.diversity,
            doc_embeddings=self._target(query, entries, voice)[None, :],
            word_embeddings=np.stack([known[word] for word in words]),
        )
        keywords = [Keyword(word, max(0.0, min(1.0, float(weight)))) for word, weight in found]
        return tuple(sorted(keywords, key=lambda keyword: -keyword.weight))

    def _target(self, query: str, entries: Sequence[RankedEntry], voice: VoiceId) -> npt.NDArray[np.float32]:
        best = self._vectors.snippet_vectors(voice, [entry.best.id for entry in entries]).mean(axis=0)
        draft = self._encoder.encode([query])[0]
        target: npt.NDArray[np.float32] = _DRAFT_SHARE * draft + (1 - _DRAFT_SHARE) * best
        return target


def _vectorizer(words: Sequence[str]) -> Any:
    from sklearn.feature_extraction.text import CountVectorizer

    return CountVectorizer(vocabulary=list(words), tokenizer=candidate_words, token_pattern=None, lowercase=False)
