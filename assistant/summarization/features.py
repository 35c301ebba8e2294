"""What a scorer knows of a snippet: the same for training and serving.

Nothing here encodes anything but the draft: the snippets' vectors were made at import.
"""

from collections.abc import Sequence

import numpy as np

from assistant.embedding import Vectors
from assistant.keyword_candidates import content_words
from assistant.selectors import Rarity
from assistant.types import RankedEntry, Snippet

_USUAL_LENGTH = 250


def snippets_of(entries: Sequence[RankedEntry]) -> list[Snippet]:
    """The snippets of all entries in their order: the candidates."""
    return [snippet for entry in entries for snippet in entry.snippets]


def snippet_features(
    query: str, query_vector: Vectors, entries: Sequence[RankedEntry], vectors: Vectors, rarity: Rarity
) -> Vectors:
    """One row for every snippet of the entries, (snippets, features).

    Some twenty numbers say how it lies to the draft, to the other candidates and in its entry; then come its vector
    multiplied with the draft's, place by place (a scorer over that is a likeness of its own), and its vector itself.

    :param query_vector: the draft's unit vector, (dimensions,).
    :param vectors: the snippets' unit vectors, (snippets, dimensions).
    """
    closeness = vectors @ query_vector
    columns = [closeness, *_among(closeness), *_standing(vectors), *_place(entries), *_shared(query, entries, rarity)]
    plain = np.stack([np.asarray(column, dtype=np.float32) for column in columns], axis=1)
    features: Vectors = np.concatenate([plain, vectors * query_vector, vectors], axis=1)
    return features


def _among(closeness: Vectors) -> tuple[Vectors, Vectors]:
    """The share of candidates that are less close, and how far below the closest each one lies."""
    below = (closeness[:, None] > closeness[None, :]).mean(axis=1)
    return below, closeness - closeness.max()


def _standing(vectors: Vectors) -> tuple[Vectors, Vectors, Vectors]:
    """Mean and greatest likeness to the other candidates (what a writer says often, they say again); how many."""
    count = len(vectors)
    likeness = vectors @ vectors.T
    mean = (likeness.sum(axis=1) - likeness.diagonal()) / max(1, count - 1)
    others = likeness - 2 * np.eye(count, dtype=np.float32)
    return mean, others.max(axis=1) if count > 1 else mean, np.full(count, np.log(count), dtype=np.float32)


def _place(entries: Sequence[RankedEntry]) -> list[list[float]]:
    rows = [
        (
            1 / rank,
            entry.score,
            float(snippet.id == entry.best.id),
            place / len(entry.snippets),
            float(snippet.position == 0),
            np.log1p(snippet.position),
            len(snippet.text) / _USUAL_LENGTH,
        )
        for rank, entry in enumerate(entries, start=1)
        for place, snippet in enumerate(entry.snippets)
    ]
    return [list(column) for column in zip(*rows, strict=True)]


def _shared(query: str, entries: Sequence[RankedEntry], rarity: Rarity) -> list[list[float]]:
    """Rarity of the words shared with the draft: in all, as a share of the draft's and of the snippet's; own words."""
    rarest = max(rarity.values(), default=1.0)

    def weight(words: set[str]) -> float:
        return sum(rarity.get(word, rarest) for word in words)

    wanted = set(content_words(query))
    rows = []
    for snippet in snippets_of(entries):
        own = set(content_words(snippet.text))
        shared = weight(own & wanted)
        rows.append((shared, shared / (weight(wanted) or 1), shared / (weight(own) or 1), np.log1p(len(own))))
    return [list(column) for column in zip(*rows, strict=True)]
