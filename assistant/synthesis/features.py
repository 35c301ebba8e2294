"""What a scorer knows of a word: the same for training and serving."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from assistant.embedding import Vectors
from assistant.keyword_candidates import content_words
from assistant.selectors import Rarity
from assistant.types import RankedEntry


def word_features(  # noqa: PLR0913 - what is known, all by name
    words: Sequence[str],
    vectors: Vectors,
    *,
    query: str,
    query_vector: Vectors,
    entries: Sequence[RankedEntry],
    entry_vectors: Vectors,
    rarity: Rarity,
) -> Vectors:
    """One row for every word, (words, features).

    Some numbers say how it lies to the draft, the entries and the other words, how rare it is and where it stands; then
    come its vector multiplied with the draft's, place by place, and its vector itself.

    :param vectors: the words' unit vectors, (words, dimensions).
    :param query_vector: the draft's unit vector, (dimensions,).
    :param entry_vectors: those of the entries' best snippets, (entries, dimensions).
    """
    closeness = vectors @ query_vector
    to_entries = vectors @ entry_vectors.T
    columns = [
        closeness,
        to_entries.mean(axis=1),
        to_entries.max(axis=1),
        vectors @ vectors.mean(axis=0),
        (closeness[:, None] > closeness[None, :]).mean(axis=1),
        *_counted(words, query, entries, rarity),
    ]
    plain = np.stack([np.asarray(column, dtype=np.float32) for column in columns], axis=1)
    features: Vectors = np.concatenate([plain, vectors * query_vector, vectors], axis=1)
    return features


def _counted(
    words: Sequence[str], query: str, entries: Sequence[RankedEntry], rarity: Rarity
) -> list[tuple[float, ...]]:
    """Rarity, counts in the entries and the draft, share and best rank of the entries with it, in a title, length."""
    rarest = max(rarity.values(), default=1.0)
    in_draft = Counter(content_words(query))
    in_entries = [Counter(content_words(entry.text)) for entry in entries]
    in_titles = {word for entry in entries for word in content_words(entry.title)}
    rows = []
    for word in words:
        counts = [counter[word] for counter in in_entries]
        first = next((rank for rank, count in enumerate(counts, start=1) if count), len(entries) + 1)
        rows.append(
            (
                rarity.get(word, rarest),
                float(word in rarity),
                np.log1p(sum(counts)),
                sum(count > 0 for count in counts) / len(entries),
                1 / first,
                float(word in in_draft),
                np.log1p(in_draft[word]),
                float(word in in_titles),
                len(word) / 10,
                np.log(len(words)),
            )
        )
    return list(zip(*rows, strict=True))
