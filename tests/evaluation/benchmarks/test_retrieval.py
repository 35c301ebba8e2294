"""Which items are chosen, in which order, and what becomes of profiles of no item, of one, and of fewer than asked."""

from collections.abc import Sequence
from typing import get_args

import numpy as np
import pytest

from assistant.embedding import Vectors
from assistant.errors import CorpusError, SettingsError
from assistant.evaluation.benchmarks.questions import Item, Question
from assistant.evaluation.benchmarks.retrieval import Choose, RetrieverName, Search, retriever_named

TEXTS = ("the canal froze", "The Canal froze over", "a late harvest", "barley and rain", "canal canal harvest")
DATES = ("2019-05-30", "2021-01-02", "2020-12-31", "2018-07-07", "2021-01-02")
NAMES = get_args(RetrieverName)


class LetterEncoder:
    """As many of a vector's numbers as a text has of the letters c, h and b: longer texts have longer vectors."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        return np.array([[text.count(letter) for letter in "chb"] for text in texts], dtype=np.float32)


def search(query: str = "canal", size: int = 5, question: str = "1") -> Search:
    profile = tuple(Item({"text": text}, date) for text, date in zip(TEXTS[:size], DATES, strict=False))
    return Search(Question(question, "ann", query, profile), query, TEXTS[:size])


def retriever(name: RetrieverName, *, by_date: bool = True, seed: int = 0) -> Choose:
    return retriever_named(name, encoder=LetterEncoder(), by_date=by_date, seed=seed)


def chosen(name: RetrieverName, k: int, **about: object) -> list[str]:
    return [item.fields["text"] for item in retriever(name)(search(**about), k)]  # type: ignore[arg-type]


def test_bm25_tells_capitals_apart_and_prefers_the_word_that_comes_twice() -> None:
    assert chosen("bm25", 2) == ["canal canal harvest", "the canal froze"]


def test_bm25_ranks_as_the_formula_says() -> None:
    # Both texts hold the word once; the one of three words is shorter than the mean of 16 / 5 words, the other longer.
    assert chosen("bm25", 2, query="froze") == ["the canal froze", "The Canal froze over"]


def test_recency_goes_back_from_the_newest() -> None:
    assert chosen("recency", 3) == ["canal canal harvest", "The Canal froze over", "a late harvest"]


def test_without_dates_recent_is_what_stands_last_in_the_file() -> None:
    found = retriever("recency", by_date=False)(search(), 2)
    assert [item.fields["text"] for item in found] == ["canal canal harvest", "barley and rain"]


def test_years_alone_are_dates() -> None:
    profile = (Item({"text": "old"}, "1999"), Item({"text": "new"}, "2004"))
    found = retriever("recency")(Search(Question("1", "", "", profile), "", ("old", "new")), 1)
    assert found == [profile[1]]


@pytest.mark.parametrize("date", ["", "yesterday"])
def test_an_item_without_a_date_is_refused(date: str) -> None:
    question = Question("77", "", "", (Item({"text": "a"}, date),))
    with pytest.raises(CorpusError, match="question 77"):
        retriever("recency")(Search(question, "", ("a",)), 1)


def test_dense_compares_dot_products_not_angles() -> None:
    # Of the query's letters the texts have: c h b = 1 1 0 for "ch"; the dot products are 1, 1, 1, 0 and 2 + 1 = 3.
    assert chosen("contriever", 1, query="ch") == ["canal canal harvest"]


def test_mixed_is_half_dense_and_half_recent() -> None:
    assert chosen("mixed", 4, query="b") == [
        "barley and rain",
        "the canal froze",
        "canal canal harvest",
        "The Canal froze over",
    ]


def test_random_draws_with_replacement_and_the_same_again() -> None:
    many = [chosen("random", 4, question=str(number)) for number in range(40)]
    assert many == [chosen("random", 4, question=str(number)) for number in range(40)]
    assert any(len(set(drawn)) < 4 for drawn in many)
    assert {text for drawn in many for text in drawn} == set(TEXTS)
    other = retriever("random", seed=1)
    assert [[item.fields["text"] for item in other(search(question=str(n)), 4)] for n in range(40)] != many


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_chosen_of_an_empty_profile_or_with_k_0(name: RetrieverName) -> None:
    assert chosen(name, 4, size=0) == []
    assert chosen(name, 0) == []


@pytest.mark.parametrize("name", ["bm25", "contriever", "recency"])
def test_more_than_the_profile_has_gives_all_of_it_once(name: RetrieverName) -> None:
    assert sorted(chosen(name, 99)) == sorted(TEXTS)
    assert chosen(name, 4, size=1) == ["the canal froze"]


def test_items_without_a_word_are_given_in_their_order() -> None:
    profile = (Item({"text": ""}), Item({"text": " "}))
    assert retriever("bm25")(Search(Question("1", "", "canal", profile), "canal", ("", " ")), 1) == [profile[0]]


def test_an_empty_query_still_chooses() -> None:
    assert len(chosen("bm25", 2, query="")) == 2


@pytest.mark.parametrize("name", ["contriever", "mixed"])
def test_dense_retrievers_need_an_encoder(name: RetrieverName) -> None:
    with pytest.raises(SettingsError, match="--encoder"):
        retriever_named(name, encoder=None, by_date=True, seed=0)
