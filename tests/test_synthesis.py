"""The important words: words of the entries, weighted for this draft, by a KeyBERT that fetches nothing."""

import socket
from collections.abc import Sequence
from typing import NoReturn

import numpy as np
import numpy.typing as npt
import pytest

from assistant.keyword_candidates import candidate_words, content_words, words
from assistant.settings import KeywordSettings
from assistant.synthesis import FrequentWords, KeywordSynthesizer, NoKeywords
from assistant.synthesis.frequent import inverse_document_frequency
from assistant.types import DocumentId, Keyword, RankedEntry, Snippet, SnippetId, Span, VoiceId
from tests.hashing_encoder import HashingEncoder

VOICE = VoiceId(1)
ENCODER = HashingEncoder()
TEXTS = (
    "The sluice gate stuck again. The keeper’s man fetched a hammer and a well-worn wedge, in the rain of 1987.",
    "Barley stood in the field until the first frost. Grandmother's kettle sang; the naïve visitors drank tea.",
)


class ImportedVectors:
    """Encodes snippets and those of the words that are said to be known."""

    def __init__(self, known: Sequence[str] | None = None) -> None:
        self._known = known

    def snippet_vectors(self, voice: VoiceId, ids: Sequence[SnippetId]) -> npt.NDArray[np.float32]:
        return ENCODER.encode([TEXTS[i] for i in ids])

    def word_vectors(self, voice: VoiceId, words: Sequence[str]) -> dict[str, npt.NDArray[np.float32]]:
        known = [word for word in words if self._known is None or word in self._known]
        return dict(zip(known, ENCODER.encode(known), strict=True))


def entries() -> tuple[RankedEntry, ...]:
    snippets = [Snippet(SnippetId(i), DocumentId(i), 0, Span(0, len(text)), text) for i, text in enumerate(TEXTS)]
    return tuple(RankedEntry(s.document, "", None, s.text, s.span, s, (s,), 0.5) for s in snippets)


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No connection, however it is tried."""

    def refuse(*_: object, **__: object) -> NoReturn:
        pytest.fail("a connection was opened")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


def synthesize(query: str, known: Sequence[str] | None = None, **settings: float) -> tuple[Keyword, ...]:
    chosen = KeywordSettings(**settings)  # type: ignore[arg-type]
    return KeywordSynthesizer(ImportedVectors(known), ENCODER, chosen).synthesize(query, entries(), voice=VOICE)


@pytest.mark.parametrize("query", ["the sluice gate", "tea with grandmother", "", "quarterly figures"])
def test_keywords_are_words_of_the_entries_weighed_best_first(query: str) -> None:
    keywords = synthesize(query)
    text = " ".join(TEXTS).lower().replace("’", "'")
    assert len(keywords) == KeywordSettings().count
    assert all(keyword.text in text for keyword in keywords)
    assert len({keyword.text for keyword in keywords}) == len(keywords)
    weights = [keyword.weight for keyword in keywords]
    assert weights == sorted(weights, reverse=True)
    assert all(0 <= weight <= 1 for weight in weights)


def test_the_draft_decides_which_words_count_most() -> None:
    assert "sluice" in [keyword.text for keyword in synthesize("sluice sluice sluice", count=2)]
    assert "kettle" in [keyword.text for keyword in synthesize("kettle kettle kettle", count=2)]


@pytest.mark.parametrize("count", [1, 3, 100])
def test_there_are_at_most_as_many_as_set(count: int) -> None:
    assert len(synthesize("gate", count=count)) == min(count, len(candidate_words("\n".join(TEXTS))))


def test_one_known_word_is_one_keyword() -> None:
    assert [keyword.text for keyword in synthesize("gate", known=["hammer"])] == ["hammer"]


def test_words_without_a_vector_are_no_keywords() -> None:
    assert {keyword.text for keyword in synthesize("gate", known=["hammer", "kettle"])} == {"hammer", "kettle"}
    assert synthesize("gate", known=[]) == ()


def test_without_a_voice_or_entries_there_are_none() -> None:
    synthesizer = KeywordSynthesizer(ImportedVectors(), ENCODER, KeywordSettings())
    assert synthesizer.synthesize("gate", entries(), voice=None) == ()
    assert synthesizer.synthesize("gate", (), voice=VOICE) == ()


# Frequent words


class Voice:
    """A voice of snippets given as texts."""

    def __init__(self, *texts: str) -> None:
        self._snippets = tuple(
            Snippet(SnippetId(i), DocumentId(i), 0, Span(0, len(text)), text) for i, text in enumerate(texts)
        )

    def voice_snippets(self, voice: VoiceId) -> tuple[Snippet, ...]:
        return self._snippets


def frequent(*texts: str, **settings: float) -> list[Keyword]:
    chosen = KeywordSettings(**settings)  # type: ignore[arg-type]
    return list(FrequentWords(Voice(*texts), chosen).synthesize("any draft", entries(), voice=VOICE))


# "keeper" is in all ten snippets (IDF 0), "weir" in three (IDF 1.204), "sluice" in two, four times (IDF 1.609),
# "hammer" in two, twice, "barley" in one, twice (IDF 2.303), "wedge" once.
COUNTED = (
    ["The keeper saw the sluice, sluice, weir and hammer."] * 2
    + ["The keeper saw the weir, the barley, and the barley."]
    + ["The keeper saw the wedge."]
    + ["The keeper was here."] * 6
)


def test_frequent_words_are_sorted_by_frequency_then_by_rarity() -> None:
    found = frequent(*COUNTED)
    assert [keyword.text for keyword in found] == ["sluice", "barley", "hammer"]
    assert [keyword.weight for keyword in found] == [1.0, 0.5, 0.5]


def test_how_rare_a_word_must_be_is_a_setting() -> None:
    assert "weir" in [keyword.text for keyword in frequent(*COUNTED, minimum_idf=1.2)]
    assert [keyword.text for keyword in frequent(*COUNTED, minimum_idf=2)] == ["barley"]


def test_frequent_words_are_twenty_at_most() -> None:
    words = [f"word{chr(97 + i)}" for i in range(25)]
    texts = [*(f"{word} {word}" for word in words), *["nothing"] * 5]
    assert len(frequent(*texts)) == 20
    assert len(frequent(*texts, frequent_count=3)) == 3


def test_without_evidence_there_are_no_frequent_words() -> None:
    synthesizer = FrequentWords(Voice(*COUNTED), KeywordSettings())
    assert synthesizer.synthesize("gate", entries(), voice=None) == ()
    assert synthesizer.synthesize("gate", (), voice=VOICE) == ()
    assert FrequentWords(Voice(), KeywordSettings()).synthesize("gate", entries(), voice=VOICE) == ()


def test_inverse_document_frequency_by_hand() -> None:
    idf = inverse_document_frequency([["gate", "gate"], ["gate", "weir"], [], []])
    assert idf == {"gate": pytest.approx(0.6931, abs=1e-4), "weir": pytest.approx(1.3863, abs=1e-4)}


def test_no_keywords_are_none() -> None:
    assert NoKeywords().synthesize("gate", entries(), voice=VOICE) == ()


# Words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Don’t stop; it's the KEEPER'S well-worn gate.",
            ["don't", "stop", "it's", "the", "keeper's", "well-worn", "gate"],
        ),
        ("Straße, naïve, Łódź", ["straße", "naïve", "łódź"]),
        ("1987 a_b x2", ["a", "b", "x"]),
        ("привет мир", ["привет", "мир"]),
        ("- ' ’ --", []),
        ("", []),
    ],
)
def test_words_are_letters_with_inner_apostrophes_and_hyphens(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_content_words_leave_out_what_says_nothing() -> None:
    assert content_words("I don't think that the keeper is at it, but the gate is!") == ["keeper", "gate"]


def test_the_owner_of_a_thing_is_a_word_like_any_other() -> None:
    assert content_words("The keeper's gate and the gates’ keeper; that's it’s") == [
        "keeper",
        "gate",
        "gates",
        "keeper",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("窗外的雪，很久。", ["窗外", "外的", "的雪", "很久"]),
        ("我", ["我"]),
        ("東京タワーの雪を見ました", ["東京", "タワー", "雪", "見"]),
        ("mix东京ok the 东京", ["mix", "东京", "东京"]),
        ("학교에서 친구를 나", ["학교에서", "친구를"]),
        ("ไป", ["ไป"]),
    ],
)
def test_scripts_without_spaces_are_cut(text: str, expected: list[str]) -> None:
    assert content_words(text) == expected


def test_letters_with_marks_stay_together_and_become_no_keywords() -> None:
    pairs = content_words("ที่โรงเรียน")
    assert len(pairs) == len("ที่โรงเรียน") - 1
    assert set(content_words("โรงเรียน")) <= set(pairs)
    assert candidate_words("ที่โรงเรียน gate") == ("gate",)


def test_candidates_are_distinct_in_order_of_first_occurrence() -> None:
    assert candidate_words("Gate, keeper, gate; KEEPER, weir") == ("gate", "keeper", "weir")
