"""The nearest places: exactly those of the formula, in a small memory and in a large one."""

import numpy as np
import pytest
import torch

from assistant.memory import search
from assistant.memory.copying import CopyGuard
from assistant.memory.search import (
    Places,
    Scoring,
    VoiceMemory,
    nearest_of_many,
    recent_tokens,
    tokens_before,
)
from assistant.types import DocumentId, Span
from tests.memory.voices import MODEL, document_keys, random_memory, unit

SCORING = Scoring(9.0, (0.0, -0.2, 0.6, 1.0, 1.4, 1.5, 1.6, 2.0, 3.0))
RECENT = recent_tokens(torch.tensor([3, 1, 4, 1, 5, 9, 2, 6, 5, 3]))[-1]


def expected(memory: VoiceMemory, query: torch.Tensor, recent: torch.Tensor) -> list[tuple[int, float, int]]:
    """Position, score and match of every place, best first, place by place."""
    found = []
    for place in range(len(memory)):
        match = 0
        while match < 8 and memory.before[place, match] >= 0 and memory.before[place, match] == recent[match]:
            match += 1
        score = SCORING.temperature * float(memory.keys[place] @ query) + SCORING.bonus[match]
        found.append((place, score, match))
    return sorted(found, key=lambda each: -each[1])


def as_rows(places: Places) -> list[tuple[int, float, int]]:
    scores = places.similarities * SCORING.temperature + SCORING.tensor()[places.matches]
    rows = zip(places.positions[0].tolist(), scores[0].tolist(), places.matches[0].tolist(), strict=True)
    return sorted(rows, key=lambda each: -each[1])


@pytest.mark.parametrize("limit", [1, 7, 500])
def test_search_finds_the_best_places_of_all(limit: int) -> None:
    memory, query = random_memory(vocabulary=4), unit(6, seed=1)
    recent = memory.before[25]
    found, wanted = as_rows(memory.nearest(query, recent, SCORING, limit)), expected(memory, query, recent)[:limit]
    assert [(place, match) for place, _, match in found] == [(place, match) for place, _, match in wanted]
    assert [score for _, score, _ in found] == pytest.approx([score for _, score, _ in wanted], abs=1e-4)
    assert limit < 500 or max(match for _, _, match in found) == 8


def test_a_large_memory_finds_what_a_small_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    lot = torch.Generator().manual_seed(3)
    keys = torch.randn(3000, 48, generator=lot) * torch.logspace(0, -2, 48)  # a few axes matter most, as in a model
    tokens = torch.randint(5000, (3000,), generator=lot).tolist()
    documents = [(DocumentId(1), document_keys(tokens, keys))]
    exact = VoiceMemory(MODEL, documents)
    monkeypatch.setattr(search, "_EXACT", 1000)
    coarse = VoiceMemory(MODEL, documents)
    query, recent = torch.nn.functional.normalize(keys[17] + 0.1, dim=0), exact.before[17]
    assert coarse._coarse is not None
    assert as_rows(coarse.nearest(query, recent, SCORING, 64)) == as_rows(exact.nearest(query, recent, SCORING, 64))


def test_places_after_the_same_words_are_found_though_nothing_else_speaks_for_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search, "_EXACT", 0)
    monkeypatch.setattr(search, "_CANDIDATES", 20)
    lot = torch.Generator().manual_seed(3)
    keys = torch.randn(2000, 40, generator=lot)
    memory = VoiceMemory(MODEL, [(DocumentId(1), document_keys(list(range(2000)), keys))])
    query = -memory.keys[1234]  # as far from it as can be
    sure = Scoring(9.0, (0.0, 0.0, 30.0, 30.0, 30.0, 30.0, 30.0, 30.0, 30.0))
    assert 1234 in memory.nearest(query, memory.before[1234], sure, 5).positions[0].tolist()


def test_many_steps_at_once_find_what_each_finds_alone() -> None:
    memory, queries = random_memory(vocabulary=5), unit(9, 6, seed=2)
    recent = memory.before[30:39]
    together = nearest_of_many(memory, queries, recent, SCORING)
    for step in range(9):
        alone = memory.nearest(queries[step], recent[step], SCORING)
        row = Places(*(getattr(together, name)[step : step + 1] for name in Places.__slots__))
        assert [place for place, _, _ in as_rows(row)] == [place for place, _, _ in as_rows(alone)]


def test_the_tokens_before_a_place_stop_at_its_document() -> None:
    before = tokens_before(torch.tensor([7, 8, 9]))
    assert before.tolist() == [[-1] * 8, [7] + [-1] * 7, [8, 7] + [-1] * 6]
    memory = random_memory(documents=2, tokens=5)
    assert memory.before[5].tolist() == [-1] * 8


def test_what_lies_beyond_the_beginning_of_both_texts_is_no_match() -> None:
    memory = random_memory()
    places = memory.nearest(unit(6), torch.full((8,), -1), SCORING, 500)
    assert places.matches.max() == 0


def test_a_place_knows_its_document_word_and_sentence() -> None:
    memory = random_memory(documents=3, tokens=40)
    assert memory.source(0) == (DocumentId(1), Span(0, 1), 0)
    assert memory.source(40) == (DocumentId(2), Span(0, 1), 0)
    assert memory.source(119) == (DocumentId(3), Span(39, 40), 0)


def test_an_empty_voice_is_a_memory_of_nothing() -> None:
    assert len(VoiceMemory(MODEL, [])) == 0
    empty = VoiceMemory(MODEL, [(DocumentId(1), document_keys([], torch.zeros(0, 6)))])
    assert len(empty) == 0
    assert isinstance(empty.tokens.numpy(), np.ndarray)


# ---- without some documents ----


@pytest.mark.parametrize("limit", [1, 7, 500])
@pytest.mark.parametrize("is_large", [False, True])
def test_without_a_document_it_finds_what_a_memory_that_never_held_it_finds(
    monkeypatch: pytest.MonkeyPatch, *, is_large: bool, limit: int
) -> None:
    if is_large:
        monkeypatch.setattr(search, "_EXACT", 0)
        monkeypatch.setattr(search, "_CANDIDATES", 30)
    whole = random_memory(documents=4, tokens=60, width=64, vocabulary=4)
    query, recent = unit(64, seed=1), whole.before[70]
    whole.nearest(query, recent, SCORING, limit)  # what is kept of this must not be taken over
    partial = whole.without({DocumentId(1), DocumentId(3)})
    never = VoiceMemory(MODEL, [one for one in whole.documents if one[0] in (2, 4)])
    assert len(partial) == len(never) == 120
    found, wanted = partial.nearest(query, recent, SCORING, limit), never.nearest(query, recent, SCORING, limit)
    for name in ("similarities", "matches", "tokens", "found"):
        assert torch.equal(getattr(found, name), getattr(wanted, name)), name
    places = zip(found.positions[0].tolist(), wanted.positions[0].tolist(), strict=True)
    assert all(partial.source(one) == never.source(other) for one, other in places)


def test_without_a_document_the_keys_of_the_others_are_shared_and_the_whole_stays_as_it_was() -> None:
    whole = random_memory(documents=3, tokens=40)
    partial = whole.without({DocumentId(2)})
    assert partial.keys is whole.keys
    assert [document for document, _ in partial.documents] == [1, 3]
    assert len(whole) == 120
    assert len(partial.without({DocumentId(1)})) == 40
    assert len(partial.without({DocumentId(1), DocumentId(3)})) == 0
    assert whole.without({DocumentId(9)}) is whole


def test_many_steps_at_once_pass_over_what_is_left_out_too() -> None:
    whole, queries = random_memory(vocabulary=5), unit(9, 6, seed=2)
    partial = whole.without({DocumentId(2)})
    together = nearest_of_many(partial, queries, whole.before[30:39], SCORING)
    for step in range(9):
        alone = partial.nearest(queries[step], whole.before[30 + step], SCORING)
        assert set(together.positions[step, together.found[step]].tolist()) == set(alone.positions[0].tolist())


def test_the_guard_does_not_know_what_is_left_out() -> None:
    documents = [
        (DocumentId(number), document_keys([number], torch.ones(1, 6), text=text))
        for number, text in enumerate(("one two three four", "five six seven eight"), start=1)
    ]
    whole = VoiceMemory(MODEL, documents)
    assert CopyGuard((whole.long_runs(2),)).forbids("one two three")
    partial = whole.without({DocumentId(1)})
    assert not CopyGuard((partial.long_runs(2),)).forbids("one two three")
    assert CopyGuard((partial.long_runs(2),)).forbids("five six seven")
