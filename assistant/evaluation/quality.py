"""Faults of generated text that need no reference: loops, invented words, broken-off sentences."""

from collections.abc import Collection, Sequence

from assistant.generation.decoding import ends_sentence
from assistant.keyword_candidates import words

_LOOP_WORDS = 4


def has_loop(text: str) -> bool:
    """Whether any four words in a row occur twice."""
    sequence = words(text)
    runs = [tuple(sequence[i : i + _LOOP_WORDS]) for i in range(len(sequence) - _LOOP_WORDS + 1)]
    return len(set(runs)) < len(runs)


def known_word_share(texts: Sequence[str], vocabulary: Collection[str]) -> float:
    """Share of the words of some texts that are real words: in the vocabulary."""
    found = [word for text in texts for word in words(text)]
    return sum(word in vocabulary for word in found) / len(found) if found else 1.0


def sentence_end_rate(texts: Sequence[str]) -> float:
    """Share of texts that stop at the end of a sentence."""
    return sum(ends_sentence(text) for text in texts) / len(texts) if texts else 1.0
