"""Reciprocal ranks, worked out by hand."""

import pytest

from assistant.retrieval.fusion import RankFusionRetriever
from assistant.types import DocumentId, Hit, Snippet, SnippetId, Source, Span, VoiceId

VOICE = VoiceId(1)


class Found:
    """A retriever with a fixed answer; its scores have a scale of their own."""

    def __init__(self, *snippets: int) -> None:
        self._snippets = snippets

    def retrieve(self, query: str, *, voice: VoiceId, limit: int) -> tuple[Hit, ...]:
        hits = [
            Hit(Snippet(SnippetId(i), DocumentId(i), 0, Span(0, 4), "Text"), 100.0 - rank, Source.BM25)
            for rank, i in enumerate(self._snippets)
        ]
        return tuple(hits[:limit])


def fused(*retrievers: Found, limit: int = 9) -> list[tuple[int, float]]:
    hits = RankFusionRetriever(retrievers).retrieve("gate", voice=VOICE, limit=limit)
    assert {hit.source for hit in hits} <= {Source.FUSED}
    return [(hit.snippet.id, hit.score) for hit in hits]


def test_reciprocal_ranks_are_summed_and_scaled_to_one() -> None:
    half = 61 / 2
    found = fused(Found(7, 8, 9), Found(9, 7))
    assert [snippet for snippet, _ in found] == [7, 9, 8]
    expected = [half * (1 / 61 + 1 / 62), half * (1 / 63 + 1 / 61), half / 62]
    assert [score for _, score in found] == pytest.approx(expected)


def test_what_is_first_everywhere_has_the_score_one() -> None:
    (snippet, score), *_ = fused(Found(3, 4), Found(3, 5))
    assert snippet == 3
    assert score == pytest.approx(1.0)


def test_equal_ranks_are_ordered_by_snippet_and_the_limit_holds() -> None:
    assert [snippet for snippet, _ in fused(Found(2), Found(1), limit=1)] == [1]


def test_nothing_found_is_nothing_fused() -> None:
    assert fused(Found(), Found()) == []
