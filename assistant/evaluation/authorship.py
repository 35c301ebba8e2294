"""Whose hand is it? A style verifier that was trained on other authors and knows neither the model nor the evidence.

Pairs of texts by the same and by different authors teach a logistic regression how the two differ in character
n-grams. Only style is left to see: the letters of every word that is no function word are masked (text distortion,
Stamatatos 2017), so that a text does not pass for a writer's because it repeats their words.
"""

import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from assistant.errors import CorpusError
from assistant.keyword_candidates import content_words

KNOWN_CHARACTERS = 3000
"""Characters of a writer's own texts that a text is compared with."""
PIECE_CHARACTERS = 600
"""Characters of the text in question while training: about what the models write."""
FEWEST_AUTHORS = 10
"""Fewer authors teach nothing about the others."""
_PAIRS_PER_AUTHOR = 8
_FEATURES = 3000
# Every fifth author is kept from training, to see how often the verifier is right.
_CHECK_EVERY = 5


_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_DIGIT = re.compile(r"\d")


def mask_content(text: str) -> str:
    """The text with a ``*`` for every letter of all but function words and a ``#`` for every digit."""

    def masked(match: re.Match[str]) -> str:
        word = match.group()
        return "*" * len(word) if content_words(word) else word

    return _DIGIT.sub("#", _WORD.sub(masked, text))


@dataclass(frozen=True, slots=True)
class StyleVerifier:
    """A trained verifier; ``accuracy`` is the share of pairs by unseen authors told right, chance being 0.5."""

    vectorizer: Any
    classifier: Any
    accuracy: float

    def features(self, texts: Iterable[str]) -> Any:
        """What the verifier sees of some texts: a sparse matrix, (texts, n-grams)."""
        return self.vectorizer.transform(list(texts))

    def likeness(self, known: Any, texts: Any) -> npt.NDArray[np.float64]:
        """Log-odds that a text is by the author of a known one, (texts, known); both given as features."""
        asked = texts.toarray()
        columns = [self.classifier.decision_function(abs(asked - row)) for row in known.toarray()]
        scores: npt.NDArray[np.float64] = np.stack(columns, axis=1)
        return scores


def train_verifier(authors: Sequence[Sequence[str]], *, seed: int = 0) -> StyleVerifier:
    """Train on authors none of whom will be judged, each given by two or more texts.

    :raises CorpusError: if there are fewer than ten.
    """
    if len(authors) < FEWEST_AUTHORS:
        raise CorpusError(
            f"{len(authors)} authors to train the style verifier on, expected at least {FEWEST_AUTHORS} besides those "
            "who are measured: take fewer --authors or a larger corpus"
        )
    checked = authors[::_CHECK_EVERY]
    trained = [author for number, author in enumerate(authors) if number % _CHECK_EVERY]
    vectorizer = _vectorizer().fit([known_text(texts) for texts in trained])
    classifier = _classifier().fit(*_differences(trained, vectorizer, random.Random(seed)))
    accuracy = float(classifier.score(*_differences(checked, vectorizer, random.Random(seed + 1))))
    return StyleVerifier(vectorizer, classifier, accuracy)


def attributed_share(likeness: npt.NDArray[np.float64], writer: int) -> npt.NDArray[np.float64]:
    """For each text, the share of the other writers whom it is less like than its own, (texts,); ties count half.

    :param likeness: log-odds, (texts, writers).
    :param writer: the column of the writer whose texts they should be.
    """
    others = np.delete(likeness, writer, axis=1)
    own = likeness[:, [writer]]
    share: npt.NDArray[np.float64] = ((own > others) + 0.5 * (own == others)).mean(axis=1)
    return share


def known_text(texts: Sequence[str]) -> str:
    """What a writer is known by: the last of their texts, as many as fit."""
    return "\n\n".join(texts)[-KNOWN_CHARACTERS:]


@dataclass(frozen=True, slots=True)
class _Pair:
    known: str
    text: str
    same: bool


def _pairs(authors: Sequence[Sequence[str]], generator: random.Random) -> Iterator[_Pair]:
    """For every author as many pairs with a text of their own as with a stranger's."""
    for number, texts in enumerate(authors):
        strangers = [*authors[:number], *authors[number + 1 :]]
        for pair in range(_PAIRS_PER_AUTHOR):
            left_out = generator.randrange(len(texts))
            same = pair % 2 == 0
            text = texts[left_out] if same else generator.choice(generator.choice(strangers))
            start = generator.randint(0, max(0, len(text) - PIECE_CHARACTERS))
            rest = [*texts[:left_out], *texts[left_out + 1 :]]
            yield _Pair(known_text(rest), text[start : start + PIECE_CHARACTERS], same)


def _differences(authors: Sequence[Sequence[str]], vectorizer: Any, generator: random.Random) -> tuple[Any, list[bool]]:
    pairs = list(_pairs(authors, generator))
    known = vectorizer.transform([pair.known for pair in pairs])
    return abs(vectorizer.transform([pair.text for pair in pairs]) - known), [pair.same for pair in pairs]


def _vectorizer() -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(
        preprocessor=mask_content, analyzer="char", ngram_range=(2, 4), max_features=_FEATURES, sublinear_tf=True
    )


def _classifier() -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MaxAbsScaler

    return make_pipeline(MaxAbsScaler(), LogisticRegression(max_iter=2000))
