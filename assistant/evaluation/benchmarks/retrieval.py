"""Which items of the profile stand in the prompt: the retrievers of the LaMP reference, by name.

- ``bm25``: Okapi by ``rank_bm25`` with its defaults, over words as white space divides them: no case folding, no stems.
- ``contriever``: dot products of mean-pooled vectors, see ``assistant.evaluation.benchmarks.dense``.
- ``recency``: the latest, newest first; by date, or by the order of the file where a task has no dates.
- ``random``: drawn with replacement, by a seed and the question's id.
- ``mixed``: half by ``contriever``, half by ``recency``, in this order.

Asking for more items than a profile has gives them all (the reference's Contriever fails there), and by ``random`` some
of them again.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from assistant.embedding import Vectors
from assistant.errors import CorpusError, SettingsError
from assistant.evaluation.benchmarks.questions import Item, Question

RetrieverName = Literal["bm25", "contriever", "recency", "random", "mixed"]
WITH_ENCODER = ("contriever", "mixed")


class DenseEncoder(Protocol):
    """Turns texts into vectors whose dot products are compared."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors of shape (texts, dimensions), of any length."""
        ...


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for in a question's profile: ``corpus`` holds a text for every item, in order."""

    question: Question
    query: str
    corpus: tuple[str, ...]

    @property
    def profile(self) -> tuple[Item, ...]:
        return self.question.profile


Choose = Callable[[Search, int], list[Item]]
"""The ``k`` items to show, best first."""


def retriever_named(name: RetrieverName, *, encoder: DenseEncoder | None, by_date: bool, seed: int) -> Choose:
    """The retriever of a name; none of them shows anything of an empty profile or with ``k`` 0.

    :param by_date: whether items carry the date by which they are recent.
    :raises SettingsError: if it needs an encoder and there is none.
    """
    if name in WITH_ENCODER and encoder is None:
        raise SettingsError(
            f"the retriever {name} needs an encoder: give --encoder the folder of a sentence-transformers or "
            "transformers model, such as a copy of facebook/contriever"
        )

    def recent(search: Search, k: int) -> list[Item]:
        return _recent(search, k, by_date=by_date)

    def dense(search: Search, k: int) -> list[Item]:
        assert encoder is not None  # refused above
        return _dense(search, k, encoder)

    def mixed(search: Search, k: int) -> list[Item]:
        return dense(search, k // 2) + recent(search, k // 2)

    def drawn(search: Search, k: int) -> list[Item]:
        return random.Random(f"{seed}:{search.question.id}").choices(search.profile, k=k)

    retrievers: dict[RetrieverName, Choose] = {
        "bm25": _sparse,
        "contriever": dense,
        "recency": recent,
        "random": drawn,
        "mixed": mixed,
    }
    choose = retrievers[name]
    return lambda search, k: choose(search, k) if search.profile and k > 0 else []


def _sparse(search: Search, k: int) -> list[Item]:
    from rank_bm25 import BM25Okapi

    words = [text.split() for text in search.corpus]
    if not any(words):  # the library would divide by zero
        return list(search.profile[:k])
    best: list[Item] = BM25Okapi(words).get_top_n(search.query.split(), search.profile, n=k)
    return best


def _dense(search: Search, k: int, encoder: DenseEncoder) -> list[Item]:
    scores = encoder.encode(search.corpus) @ encoder.encode([search.query])[0]
    return [search.profile[i] for i in np.argsort(-scores, kind="stable")[:k]]


def _recent(search: Search, k: int, *, by_date: bool) -> list[Item]:
    items = sorted(search.profile, key=lambda item: _date(item, search.question)) if by_date else search.profile
    return [] if k == 0 else list(reversed(items[-k:]))


def _date(item: Item, question: Question) -> tuple[int, ...]:
    """Year, month and day as far as they are given."""
    try:
        return tuple(int(part) for part in item.date.split("-"))
    except ValueError:
        raise CorpusError(
            f"an item of question {question.id} has {item.date!r} as its date: expected one such as 2019-05-30; "
            "LaMP's split by users has none, take the split by time or another retriever"
        ) from None
