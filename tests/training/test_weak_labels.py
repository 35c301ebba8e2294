"""Labels worked out by hand."""

from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np
import numpy.typing as npt
import pytest

from assistant.training.weak_labels import (
    fold_of,
    keyword_label,
    neighbours,
    serving_fold,
    summary_label,
    wordnet_synonyms,
)
from tests.training.corpora import names


def rows(*values: list[float]) -> npt.NDArray[np.float32]:
    return np.array(values, dtype=np.float32)


def test_each_snippet_takes_the_one_most_like_it() -> None:
    entries = rows([1, 0, 0], [0, 1, 0], [0, 0, 1])
    document = rows([0.1, 0.9, 0.2], [0.8, 0.1, 0.1])
    assert summary_label(document, entries) == [1, 0]


def test_what_is_taken_gives_way_to_the_next_best() -> None:
    # All three are most like the first row; the second snippet's next best is row 2, the third's row 1 is left.
    entries = rows([1, 0, 0], [0, 1, 0], [0, 0, 1])
    document = rows([0.9, 0, 0], [0.9, 0.1, 0.2], [0.9, 0.1, 0.2])
    assert summary_label(document, entries) == [0, 2, 1]


def test_there_is_no_threshold() -> None:
    assert summary_label(rows([-1, 0]), rows([1, 0], [0, -1])) == [1]
    assert summary_label(rows([-1, 0]), rows([1, 0])) == [0]


def test_a_longer_document_takes_everything_once() -> None:
    entries = rows([1, 0], [0, 1])
    assert summary_label(rows(*[[0.0, 1.0]] * 5), entries) == [1, 0]


def test_without_entries_or_document_there_is_no_label() -> None:
    none = np.zeros((0, 2), dtype=np.float32)
    assert summary_label(rows([1, 0]), none) == []
    assert summary_label(none, rows([1, 0])) == []


IDF = {"gate": 2.0, "weir": 3.0, "sluice": 2.5, "water": 1.4, "lock": 2.0}


def test_identical_words_are_selected_as_often_as_the_document_has_them() -> None:
    document = "The gate, the gate and the weir. Barley."
    label = keyword_label(document, ["A weir and a gate.", "The sluice gate."], idf=IDF)
    assert label == ["gate", "weir"]


def test_equally_often_the_rarer_comes_first() -> None:
    assert keyword_label("gate weir lock", ["lock gate weir"], idf=IDF) == ["weir", "gate", "lock"]


def test_common_words_and_stop_words_are_skipped_on_both_sides() -> None:
    def all_alike(sources: Sequence[str], targets: Sequence[str]) -> npt.NDArray[np.bool_]:
        return np.ones((len(sources), len(targets)), dtype=np.bool_)

    assert keyword_label("the water", ["gate"], idf=IDF, relations=[all_alike]) == []
    assert keyword_label("gate", ["the water"], idf=IDF, relations=[all_alike]) == []


def test_a_word_without_an_idf_is_rare() -> None:
    assert keyword_label("the weir and the barley", ["weir, barley"], idf=IDF) == ["barley", "weir"]


def test_related_words_are_selected_and_counts_add_up() -> None:
    vectors = {"gate": rows([0, 0])[0], "sluice": rows([0, 3])[0], "weir": rows([0, 5])[0]}
    label = keyword_label("gate gate weir", ["The sluice and the weir."], idf=IDF, relations=[neighbours(vectors)])
    # "gate" lies 3 from "sluice" (twice) and 5 from "weir"; "weir" lies 2 from "sluice" and is itself there.
    assert label == ["sluice", "weir"]
    assert keyword_label("gate", ["weir"], idf=IDF, relations=[neighbours(vectors)]) == []


def test_neighbours_lie_closer_than_the_distance() -> None:
    vectors = {"gate": rows([0, 0])[0], "sluice": rows([0, 4])[0]}
    assert not neighbours(vectors)(["gate"], ["sluice"]).any()
    assert neighbours(vectors, distance=4.1)(["gate"], ["sluice"]).all()
    near = neighbours(vectors, distance=9)(["unknown", "gate"], ["sluice", "unknown", "gate"])
    assert near.tolist() == [[False, False, False], [True, False, True]]


def test_synonyms_need_data_that_nobody_fetches(monkeypatch: pytest.MonkeyPatch) -> None:
    import nltk

    monkeypatch.setattr(nltk.data, "path", [])
    assert wordnet_synonyms() is None


class Synset:
    """Stands in for the data, which nobody may fetch; the lookup is what nltk offers."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def lemma_names(self) -> list[str]:
        return list(self._names)


def test_words_of_one_synset_are_synonyms(monkeypatch: pytest.MonkeyPatch) -> None:
    import nltk

    synsets = {"gate": [Synset("gate", "barrier"), Synset("gate", "logic_gate")], "weir": [Synset("weir", "Dam")]}
    data = SimpleNamespace(ensure_loaded=lambda: None, synsets=lambda word: synsets.get(word, []))
    monkeypatch.setattr(nltk.corpus, "wordnet", data)
    synonyms = wordnet_synonyms()
    assert synonyms is not None
    assert synonyms(["gate", "weir", "barley"], ["barrier", "dam"]).tolist() == [
        [True, False],
        [False, True],
        [False, False],
    ]
    assert keyword_label("gate weir gate", ["the barrier, the dam"], idf={}, relations=[synonyms]) == ["barrier", "dam"]


def test_nobody_is_served_by_a_helper_that_learnt_from_them() -> None:
    authors = names("train", 200)
    assert all(serving_fold(author) != fold_of(author) for author in authors)
    assert 70 < sum(fold_of(author) for author in authors) < 130
    assert fold_of(" Writer 3 ") == fold_of("writer 3")
