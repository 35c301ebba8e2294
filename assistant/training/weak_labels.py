"""Labels for the trained helpers, made from what a document really took up of its author's past.

"Teach LLMs to Personalize" (arXiv 2308.07968, sections 3.3 and 3.4) trains a summarizer (SumCtx) and a synthesizer
(SynCtx) without hand-made labels: the finished document says which passages and words of the past it needed. At use
the document is not known, so a helper learns to foresee them from the immediate context and the ranked entries.

The generator must learn from helpers' output as noisy as it will be in use. So no author's examples may get their
summary from a helper that was trained on them: authors fall into two halves, the helper of one half serves the other.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist

from assistant.keyword_candidates import content_words

Vectors = npt.NDArray[np.float32]
Relation = Callable[[Sequence[str], Sequence[str]], npt.NDArray[np.bool_]]
"""Which words of the document and of the past mean about the same: (document's words, past's words)."""

FOLDS = 2
MINIMUM_IDF = 1.5
GLOVE_DISTANCE = 4.0
"""The paper's Euclidean distance between GloVe vectors of neighbours."""
ENCODER_DISTANCE = 0.7
"""The same between the default encoder's unit vectors, a cosine of 0.755: "pasta" and "spaghetti" or two forms of one
word lie closer, "italy" and "sicily" do not."""


def fold_of(author: str) -> int:
    """The half an author falls in: a pure function of the name, so that every machine agrees."""
    digest = hashlib.sha256(f"helper:{author.strip().casefold()}".encode()).digest()
    return digest[0] % FOLDS


def serving_fold(author: str) -> int:
    """The half whose helper writes for this author: not their own."""
    return (fold_of(author) + 1) % FOLDS


def summary_label(document: Vectors, entries: Vectors) -> list[int]:
    """SumCtx: for each snippet of the document in order, the snippet of the entries most like it that is still free.

    There is no threshold, and a snippet already taken gives way to the next best.

    :param document: unit vectors of the document's snippets, (snippets, dimensions).
    :param entries: unit vectors of the ranked entries' snippets, (snippets, dimensions).
    :returns: rows of ``entries`` in the order they were taken; their texts, joined, are the label.
    """
    label: list[int] = []
    free = np.ones(len(entries), dtype=bool)
    for likeness in document @ entries.T:
        if not free.any():
            break
        best = int(np.argmax(np.where(free, likeness, -np.inf)))
        label.append(best)
        free[best] = False
    return label


def keyword_label(
    document: str, entries: Sequence[str], *, idf: Mapping[str, float], relations: Sequence[Relation] = ()
) -> list[str]:
    """SynCtx: the words of the entries that the document took up, in the same form or as a relation.

    Every occurrence of a word in the document selects each word of the entries that is identical or related. Stop words
    and words with an IDF below 1.5 count on neither side; a word without an IDF is rare.

    :returns: distinct words, those selected most often first, then the rarer.
    """

    def rare(words: Sequence[str]) -> list[str]:
        return [word for word in words if idf.get(word, math.inf) >= MINIMUM_IDF]

    sources = Counter(rare(content_words(document)))
    targets = list(dict.fromkeys(rare([word for entry in entries for word in content_words(entry)])))
    if not sources or not targets:
        return []
    chosen = np.asarray([[source == target for target in targets] for source in sources])
    for relation in relations:
        chosen = chosen | relation(list(sources), targets)
    times = np.asarray(list(sources.values())) @ chosen
    selected = {word: int(count) for word, count in zip(targets, times, strict=True) if count}
    return sorted(selected, key=lambda word: (-selected[word], -idf.get(word, math.inf), word))


def neighbours(vectors: Mapping[str, Vectors], *, distance: float = GLOVE_DISTANCE) -> Relation:
    """Words whose vectors lie closer than ``distance`` (Euclidean); a word without a vector has no neighbours."""

    def near(sources: Sequence[str], targets: Sequence[str]) -> npt.NDArray[np.bool_]:
        found = np.zeros((len(sources), len(targets)), dtype=np.bool_)
        rows = [row for row, word in enumerate(sources) if word in vectors]
        columns = [column for column, word in enumerate(targets) if word in vectors]
        if rows and columns:
            known = [
                np.stack([vectors[words[i]] for i in places]) for words, places in ((sources, rows), (targets, columns))
            ]
            found[np.ix_(rows, columns)] = cdist(*known) < distance
        return found

    return near


def wordnet_synonyms() -> Relation | None:
    """Words that share a synset of WordNet; None where its data is not on this machine (nothing is fetched)."""
    from nltk.corpus import wordnet

    try:
        wordnet.ensure_loaded()
    except LookupError:
        return None

    def share_a_synset(sources: Sequence[str], targets: Sequence[str]) -> npt.NDArray[np.bool_]:
        synonyms = [
            {name.casefold() for synset in wordnet.synsets(word) for name in synset.lemma_names()} for word in sources
        ]
        return np.asarray([[target in names for target in targets] for names in synonyms], dtype=np.bool_)

    return share_a_synset
