"""Hits become entries: the best snippet decides, the budget holds, every passage is a piece of its document."""

import random
from collections.abc import Sequence

import pytest

from assistant.library.snippets import snippet_spans
from assistant.ranking import BestSnippetRanker, DocumentRanker, SnippetRanker, best_per_document, passage_around
from assistant.settings import RankingSettings
from assistant.types import Document, DocumentId, Hit, RankedEntry, Snippet, SnippetId, Source, Span, VoiceId

VOICE = VoiceId(1)


class Shelf:
    """Documents in memory, cut as the library cuts them."""

    def __init__(self, *texts: str) -> None:
        self.documents = {
            DocumentId(i): Document(DocumentId(i), VOICE, f"Title {i}", None, text) for i, text in enumerate(texts)
        }
        self.snippets = {i: self._cut(document) for i, document in self.documents.items()}

    def _cut(self, document: Document) -> tuple[Snippet, ...]:
        return tuple(
            Snippet(SnippetId(1000 * document.id + i), document.id, i, span, document.text[span.start : span.end])
            for i, span in enumerate(snippet_spans(document.text))
        )

    def documents_by_id(self, voice: VoiceId, ids: Sequence[DocumentId]) -> dict[DocumentId, Document]:
        return {i: self.documents[i] for i in ids if i in self.documents}

    def document_snippets(self, voice: VoiceId, document: DocumentId) -> tuple[Snippet, ...]:
        return self.snippets[document]

    def hit(self, document: int, position: int, score: float) -> Hit:
        return Hit(self.snippets[DocumentId(document)][position], score, Source.FUSED)

    def rank(self, hits: Sequence[Hit], **settings: int) -> tuple[RankedEntry, ...]:
        return BestSnippetRanker(self, _settings(**settings)).rank("query", hits, voice=VOICE)


def _settings(*, budget_characters: int = 2500, passage_characters: int = 500) -> RankingSettings:
    return RankingSettings(budget_characters=budget_characters, passage_characters=passage_characters)


def prose(generator: random.Random, sentences: int) -> str:
    """Sentences of very different lengths, some far too long for a snippet."""
    lengths = [generator.choice([3, 8, 15, 30, 120]) for _ in range(sentences)]
    return " ".join(" ".join(f"word{generator.randint(0, 99)}" for _ in range(length)) + ". Then" for length in lengths)


def test_documents_come_in_the_order_of_their_best_snippets() -> None:
    shelf = Shelf(*("A sentence of some length about the canal. " * 20 for _ in range(3)))
    hits = [shelf.hit(0, 0, 0.3), shelf.hit(1, 1, 0.5), shelf.hit(0, 2, 0.9), shelf.hit(2, 0, 0.4)]
    entries = shelf.rank(hits)
    assert [(entry.document, entry.score, entry.best.position) for entry in entries] == [
        (0, 0.9, 2),
        (1, 0.5, 1),
        (2, 0.4, 0),
    ]
    assert [entry.title for entry in entries] == ["Title 0", "Title 1", "Title 2"]


def test_every_document_has_one_entry_however_many_of_its_snippets_were_found() -> None:
    shelf = Shelf("A sentence of some length about the canal. " * 60)
    hits = [shelf.hit(0, position, 0.5 + position / 100) for position in range(8)]
    (entry,) = shelf.rank(hits)
    assert entry.best.position == 7


def test_equal_scores_are_ordered_by_document() -> None:
    shelf = Shelf(*("A sentence about the canal. " * 9 for _ in range(4)))
    hits = [shelf.hit(number, 0, 0.5) for number in (3, 1, 2, 0)]
    assert [hit.snippet.document for hit in best_per_document(hits)] == [0, 1, 2, 3]


@pytest.mark.parametrize("seed", range(30))
def test_the_budget_holds_and_passages_are_pieces_of_their_documents(seed: int) -> None:
    generator = random.Random(seed)
    shelf = Shelf(*(prose(generator, generator.randint(1, 40)) for _ in range(12)))
    hits = [
        shelf.hit(number, generator.randrange(len(snippets)), generator.random())
        for number, snippets in shelf.snippets.items()
        for _ in range(2)
    ]
    entries = shelf.rank(hits)
    assert entries
    assert sum(len(entry.text) for entry in entries) <= 2500
    assert len({entry.document for entry in entries}) == len(entries)
    assert [entry.score for entry in entries] == sorted((entry.score for entry in entries), reverse=True)
    for entry in entries:
        text = shelf.documents[entry.document].text
        assert entry.text == text[entry.span.start : entry.span.end].strip()
        assert entry.text in text
        assert entry.best in entry.snippets
        assert [snippet.position for snippet in entry.snippets] == list(
            range(entry.snippets[0].position, entry.snippets[-1].position + 1)
        )
        assert all(
            entry.span.start <= snippet.span.start < snippet.span.end <= entry.span.end for snippet in entry.snippets
        )


@pytest.mark.parametrize("budget", [500, 700, 1300])
def test_a_smaller_budget_holds_too(budget: int) -> None:
    shelf = Shelf(*("A sentence of some length about the canal. " * 60 for _ in range(9)))
    entries = shelf.rank([shelf.hit(number, 3, 0.5) for number in range(9)], budget_characters=budget)
    assert 0 < sum(len(entry.text) for entry in entries) <= budget


def test_the_best_document_is_heard_however_long_its_snippet() -> None:
    # A short sentence before one that had to be cut at 500 characters makes a snippet of more than 500.
    shelf = Shelf("It was late. Then " + "on and on " * 80 + "it went.", "The gate was mended. " * 30)
    assert len(shelf.snippets[DocumentId(0)][0].text) > 500
    entries = shelf.rank([shelf.hit(0, 0, 0.9), shelf.hit(1, 0, 0.4)], passage_characters=500)
    assert [entry.document for entry in entries] == [0, 1]
    assert entries[0].snippets == (shelf.snippets[DocumentId(0)][0],)


def test_what_does_not_fit_the_rest_makes_room_for_what_does() -> None:
    shelf = Shelf(*("A sentence of some length about the canal. " * 60 for _ in range(2)), "Only a line.")
    hits = [shelf.hit(0, 3, 0.9), shelf.hit(1, 3, 0.8), shelf.hit(2, 0, 0.7)]
    entries = shelf.rank(hits, budget_characters=500)
    assert [entry.document for entry in entries] == [0, 2]


def test_a_passage_reads_on_before_it_reads_back() -> None:
    snippets = Shelf("A sentence of some length about the canal. " * 60).snippets[DocumentId(0)]
    passage = passage_around(snippets[4], snippets, 3 * 260)
    assert [snippet.position for snippet in passage] == [4, 5, 6]
    at_the_end = passage_around(snippets[-1], snippets, 3 * 260)
    assert [snippet.position for snippet in at_the_end] == list(range(len(snippets) - len(at_the_end), len(snippets)))
    assert len(at_the_end) == 3


def test_a_passage_is_at_least_its_best_snippet() -> None:
    snippets = Shelf("A sentence of some length about the canal. " * 20).snippets[DocumentId(0)]
    assert passage_around(snippets[1], snippets, 10) == (snippets[1],)


def test_a_document_deleted_meanwhile_is_passed_over() -> None:
    shelf = Shelf("The gate was mended. " * 9, "The weir was not. " * 9)
    hits = [shelf.hit(0, 0, 0.9), shelf.hit(1, 0, 0.4)]
    del shelf.documents[DocumentId(0)]
    assert [entry.document for entry in shelf.rank(hits)] == [1]


def test_without_a_voice_or_hits_there_are_no_entries() -> None:
    shelf = Shelf("The gate was mended.")
    assert shelf.rank([]) == ()
    assert BestSnippetRanker(shelf, RankingSettings()).rank("gate", [shelf.hit(0, 0, 0.5)], voice=None) == ()


def test_spans_and_text_stay_whole_around_white_space() -> None:
    shelf = Shelf("\n\nThe gate was mended, they say, on the very day on which it froze.  \n\n" * 4)
    (entry,) = shelf.rank([shelf.hit(0, 0, 0.5)])
    assert entry.span == Span(entry.snippets[0].span.start, entry.snippets[-1].span.end)
    assert entry.text == entry.text.strip()


# Other rankings


class Order:
    """Documents in an order that is given."""

    def __init__(self, *documents: int) -> None:
        self._documents = [DocumentId(i) for i in documents]

    def best_documents(self, query: str, *, voice: VoiceId, limit: int) -> list[tuple[DocumentId, float]]:
        return [(document, 1.0 - rank / 10) for rank, document in enumerate(self._documents)][:limit]


def rank_in_order(shelf: Shelf, order: Order, hits: Sequence[Hit], **settings: int) -> tuple[RankedEntry, ...]:
    return DocumentRanker(order, shelf, _settings(**settings)).rank("query", hits, voice=VOICE)


def test_snippets_win_for_themselves_several_of_one_document_too() -> None:
    shelf = Shelf(*("A sentence of some length about the canal. " * 20 for _ in range(2)))
    hits = [shelf.hit(0, 2, 0.4), shelf.hit(0, 0, 0.9), shelf.hit(1, 1, 0.7)]
    entries = SnippetRanker(shelf, RankingSettings()).rank("query", hits, voice=VOICE)
    assert [(entry.document, entry.best.position) for entry in entries] == [(0, 0), (1, 1), (0, 2)]
    assert all(entry.snippets == (entry.best,) for entry in entries)
    assert all(entry.text == entry.best.text.strip() for entry in entries)


def test_snippets_keep_the_budget() -> None:
    shelf = Shelf("A sentence of some length about the canal. " * 200)
    hits = [shelf.hit(0, position, 0.5) for position in range(20)]
    entries = SnippetRanker(shelf, RankingSettings()).rank("query", hits, voice=VOICE)
    assert 2500 - 260 < sum(len(entry.text) for entry in entries) <= 2500


def test_documents_come_in_the_order_given_whatever_the_hits_say() -> None:
    shelf = Shelf(*("A sentence of some length about the canal. " * 20 for _ in range(3)))
    entries = rank_in_order(shelf, Order(2, 0, 1), [shelf.hit(0, 2, 0.9)])
    assert [(entry.document, entry.score) for entry in entries] == [(2, 1.0), (0, 0.9), (1, 0.8)]


def test_a_document_is_quoted_around_its_best_hit_or_from_its_beginning() -> None:
    shelf = Shelf(*("A sentence of some length about the canal. " * 60 for _ in range(2)))
    hits = [shelf.hit(0, 2, 0.4), shelf.hit(0, 5, 0.8)]
    found, unfound = rank_in_order(shelf, Order(0, 1), hits)
    assert found.best.position == 5
    assert unfound.best.position == 0


def test_the_papers_whole_documents_are_a_passage_as_long_as_the_budget() -> None:
    shelf = Shelf(*(f"The weir of number {number} was mended in the spring. " * 15 for number in range(4)))
    entries = rank_in_order(shelf, Order(3, 1, 0, 2), [], passage_characters=2500)
    assert [entry.text for entry in entries[:2]] == [shelf.documents[DocumentId(i)].text.strip() for i in (3, 1)]


def test_documents_without_snippets_are_passed_over() -> None:
    shelf = Shelf("The gate was mended.", "The weir was not.")
    shelf.snippets[DocumentId(0)] = ()
    assert [entry.document for entry in rank_in_order(shelf, Order(0, 1), [])] == [1]


def test_without_a_voice_nothing_is_ranked() -> None:
    shelf = Shelf("The gate was mended.")
    ranker = DocumentRanker(Order(0), shelf, RankingSettings())
    assert ranker.rank("gate", [], voice=None) == ()
    assert SnippetRanker(shelf, RankingSettings()).rank("gate", [shelf.hit(0, 0, 0.5)], voice=None) == ()
