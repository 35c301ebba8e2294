"""SynCtxInd: the frequent words of all that the writer wrote before (arXiv 2308.07968, section 3.4).

Stop words, words that occur once and words with an inverse document frequency below 1.5 are dropped; the rest is
sorted by frequency, then by IDF, and cut at 20. The paper does not say over what its IDF runs: here over the writer's
own snippets, ln(snippets / snippets with the word), so that a word counts as common when more than a fifth of what
they wrote has it.
"""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from assistant.keyword_candidates import content_words
from assistant.settings import KeywordSettings
from assistant.types import Keyword, RankedEntry, Snippet, VoiceId


class SnippetSource(Protocol):
    """Where the snippets of a voice come from."""

    def voice_snippets(self, voice: VoiceId) -> tuple[Snippet, ...]:
        """All of them."""
        ...


class FrequentWords:
    """Counts; knows neither the draft nor the entries."""

    def __init__(self, source: SnippetSource, settings: KeywordSettings) -> None:
        self._source = source
        self._settings = settings

    def synthesize(self, query: str, entries: Sequence[RankedEntry], *, voice: VoiceId | None) -> tuple[Keyword, ...]:
        """Words of the voice, the most frequent first; its weight is 1. Without evidence there are none."""
        if voice is None or not entries:
            return ()
        tokenized = [content_words(snippet.text) for snippet in self._source.voice_snippets(voice)]
        counts = Counter(word for words in tokenized for word in words)
        idf = inverse_document_frequency(tokenized)
        kept = [word for word, count in counts.items() if count > 1 and idf[word] >= self._settings.minimum_idf]
        kept.sort(key=lambda word: (-counts[word], -idf[word], word))
        return tuple(Keyword(word, counts[word] / counts[kept[0]]) for word in kept[: self._settings.frequent_count])


def inverse_document_frequency(tokenized: Sequence[Sequence[str]]) -> dict[str, float]:
    """ln(texts / texts with the word), for every word."""
    spread = Counter(word for words in tokenized for word in set(words))
    return {word: math.log(len(tokenized) / count) for word, count in spread.items()}
