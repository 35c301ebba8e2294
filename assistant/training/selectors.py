"""Training of the fast selectors (``assistant.selectors``) on weak labels, out of fold.

Training authors fall into two halves. Each half gives a pair of scorers, which serves the other half's examples for the
generator; both together give the pair that serves writers. Held-out authors of the corpora are never read.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.embedding import Encoder, Vectors
from assistant.errors import CorpusError
from assistant.keyword_candidates import candidate_words
from assistant.selectors import Rarity, Scorer, SelectorPair, Selectors
from assistant.signature import file_hash
from assistant.summarization.features import snippet_features, snippets_of
from assistant.synthesis.features import word_features
from assistant.training.archive import ARCHIVE_VOICE
from assistant.training.examples import Author, ExampleSettings, chosen_authors, current_documents, cursor_of
from assistant.training.occasions import LABEL_CHARACTERS, Occasion, OccasionMaker
from assistant.training.prepare import tokenizer_texts
from assistant.training.weak_labels import ENCODER_DISTANCE, FOLDS, MINIMUM_IDF, fold_of

# Words in fewer texts than this are all equally rare.
_MINIMUM_TEXTS = 3
_ITERATIONS = 400

Labels = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class SelectorSettings:
    """Which documents the selectors learn from, and how."""

    authors: int = 120
    """Authors used, at most, the same number from each corpus."""
    documents: int = 20
    """Documents of one author used, at most (the latest)."""
    minimum_documents: int = 8
    """Authors with fewer are left out: of a short past there is nothing to choose."""
    per_author: int = 10
    """Occasions of one author, at most."""
    maximum_characters: int = 2000
    """Documents are read this far."""
    label_characters: int = LABEL_CHARACTERS
    rarity_characters: int = 8_000_000
    """Sampled from each corpus to count how many texts have a word."""
    rarity_words: int = 20_000
    """Words whose rarity is kept, the commonest."""
    penalty: float = 1000.0
    """How much the squared weights count beside the loss of all examples: 1 / C of scikit-learn."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Examples:
    """Candidates with their features, (candidates, features), and whether they are in the label, (candidates,)."""

    features: Vectors
    labels: Labels


def train_selectors(
    paths: Sequence[Path],
    encoder: Encoder,
    *,
    encoder_sha256: str,
    settings: SelectorSettings,
    on_author: Callable[[int, int], None] = lambda _done, _total: None,
) -> Selectors:
    """Learn all scorers from the training authors of the corpora.

    :raises CorpusError: if a half of the authors gives nothing to learn from.
    """
    rarity = word_rarity(
        tokenizer_texts(paths, characters_each=settings.rarity_characters, seed=settings.seed), settings
    )
    by_half = _examples_by_half(_authors(paths, settings), encoder, rarity, settings, on_author)
    halves = [_pair(examples, settings) for examples in by_half]
    served = _pair([example for examples in by_half for example in examples], settings)
    signature = {
        "settings": asdict(settings),
        "data": {path.name: file_hash(path) for path in paths},
        "minimum_idf": MINIMUM_IDF,
        "neighbour_distance": ENCODER_DISTANCE,
        "occasions": [len(examples) for examples in by_half],
    }
    return Selectors(encoder_sha256, rarity, served, (halves[0], halves[1]), signature)


def word_rarity(texts: Iterable[str], settings: SelectorSettings) -> dict[str, float]:
    """Inverse document frequency, ln(texts / texts with the word), of the commonest words, sorted by alphabet.

    :raises CorpusError: if there are too few texts to count in.
    """
    texts_with: Counter[str] = Counter()
    count = 0
    for text in texts:
        count += 1
        texts_with.update(candidate_words(text))
    kept = [word for word, times in texts_with.items() if times >= _MINIMUM_TEXTS]
    if not kept:
        raise CorpusError(f"{count} texts by training authors, no word in {_MINIMUM_TEXTS} of them: add documents")
    commonest = sorted(kept, key=lambda word: (-texts_with[word], word))[: settings.rarity_words]
    return {word: float(np.log(count / texts_with[word])) for word in sorted(commonest)}


def occasion_examples(occasion: Occasion, encoder: Encoder, rarity: Rarity) -> tuple[Examples, Examples] | None:
    """The snippets and the words of an occasion as examples, in the features that serving computes.

    None where the entries have no rare word, as in scripts that the words' list does not know.
    """
    query_vector = encoder.encode([occasion.query])[0]
    vectors = occasion.snippet_vectors
    snippets = snippet_features(occasion.query, query_vector, occasion.entries, vectors, rarity)
    taken = np.isin(np.arange(len(snippets)), occasion.summary_label)

    there = candidate_words("\n".join(entry.text for entry in occasion.entries))
    rare = [word for word in there if rarity.get(word, np.inf) >= MINIMUM_IDF]
    known = occasion.view.word_vectors(ARCHIVE_VOICE, rare)
    if not known:
        return None
    best = {snippet.id: row for row, snippet in enumerate(snippets_of(occasion.entries))}
    words = word_features(
        list(known),
        np.stack(list(known.values())),
        query=occasion.query,
        query_vector=query_vector,
        entries=occasion.entries,
        entry_vectors=vectors[[best[entry.best.id] for entry in occasion.entries]],
        rarity=rarity,
    )
    wanted = set(occasion.keyword_label)
    return Examples(snippets, taken), Examples(words, np.asarray([word in wanted for word in known]))


def _authors(paths: Sequence[Path], settings: SelectorSettings) -> list[Author]:
    examples = ExampleSettings(
        authors=settings.authors,
        documents=settings.documents,
        per_author=settings.per_author,
        minimum_documents=settings.minimum_documents,
        maximum_characters=settings.maximum_characters,
        seed=settings.seed,
    )
    return chosen_authors(paths, examples)


def _examples_by_half(
    authors: Sequence[Author],
    encoder: Encoder,
    rarity: Rarity,
    settings: SelectorSettings,
    on_author: Callable[[int, int], None],
) -> list[list[tuple[Examples, Examples]]]:
    maker = OccasionMaker(encoder, rarity, label_characters=settings.label_characters)
    choice = ExampleSettings(per_author=settings.per_author)
    by_half: list[list[tuple[Examples, Examples]]] = [[] for _ in range(FOLDS)]
    for done, author in enumerate(authors, start=1):
        generator = random.Random(f"{settings.seed}:{author.name}")
        records = author.records
        cursors = [(i, cursor_of(records[i], generator)) for i in current_documents(author, choice, generator)]
        for occasion in maker.occasions(records, cursors):
            if (examples := occasion_examples(occasion, encoder, rarity)) is not None:
                by_half[fold_of(author.name)].append(examples)
        on_author(done, len(authors))
    return by_half


def _pair(examples: Sequence[tuple[Examples, Examples]], settings: SelectorSettings) -> SelectorPair:
    return SelectorPair(*(_fit(list(of_stage), settings) for of_stage in zip(*examples, strict=True)))


def _fit(examples: Sequence[Examples], settings: SelectorSettings) -> Scorer:
    from sklearn.linear_model import LogisticRegression

    features = np.concatenate([example.features for example in examples])
    labels = np.concatenate([example.labels for example in examples])
    if labels.all() or not labels.any():
        raise CorpusError("the labels are all alike: expected documents that take up some of their author's past")
    mean = features.mean(axis=0)
    scale = np.maximum(features.std(axis=0), 1e-6)
    regression: Any = LogisticRegression(C=1 / settings.penalty, max_iter=_ITERATIONS)
    regression.fit((features - mean) / scale, labels)
    return Scorer(
        mean.astype(np.float32),
        scale.astype(np.float32),
        regression.coef_[0].astype(np.float32),
        regression.intercept_.astype(np.float32),
    )
