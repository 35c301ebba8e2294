"""SynCtx as a fast selector: words of the entries that the finished document is most likely to take up.

The paper trains a language model to write those words (arXiv 2308.07968, section 3.4). Here a scorer trained on the
same labels (``train selectors``) picks them, by vectors that were made at import. ``assistant.synthesis.written`` is
the paper's own way.
"""

from collections.abc import Sequence

import numpy as np

from assistant.keyword_candidates import candidate_words
from assistant.selectors import Rarity, Scorer
from assistant.settings import KeywordSettings
from assistant.synthesis.by_draft import ImportedVectors, QueryEncoder
from assistant.synthesis.features import word_features
from assistant.types import Keyword, RankedEntry, VoiceId


class TrainedSynthesizer:
    """Scores the words of the entries; the weight of a word is how likely it is to be taken up."""

    def __init__(
        self, vectors: ImportedVectors, encoder: QueryEncoder, scorer: Scorer, rarity: Rarity, settings: KeywordSettings
    ) -> None:
        self._vectors = vectors
        self._encoder = encoder
        self._scorer = scorer
        self._rarity = rarity
        self._settings = settings

    def synthesize(self, query: str, entries: Sequence[RankedEntry], *, voice: VoiceId | None) -> tuple[Keyword, ...]:
        """Words of the entries, most likely first."""
        return self.ranked(query, entries, voice=voice)[: self._settings.count]

    def ranked(self, query: str, entries: Sequence[RankedEntry], *, voice: VoiceId | None) -> tuple[Keyword, ...]:
        """All words of the entries that may be chosen, most likely first."""
        if voice is None or not entries:
            return ()
        known = self._vectors.word_vectors(voice, candidate_words("\n".join(entry.text for entry in entries)))
        words = [word for word in known if self._rarity.get(word, np.inf) >= self._settings.minimum_idf]
        if not words:
            return ()
        features = word_features(
            words,
            np.stack([known[word] for word in words]),
            query=query,
            query_vector=self._encoder.encode([query])[0],
            entries=entries,
            entry_vectors=self._vectors.snippet_vectors(voice, [entry.best.id for entry in entries]),
            rarity=self._rarity,
        )
        chances = self._scorer.probabilities(features)
        return tuple(Keyword(words[row], float(chances[row])) for row in np.argsort(-chances, kind="stable"))
