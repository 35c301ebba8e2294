"""Bands and kinds of evidence: the rules as they are stated, with their reasons in words."""

import pytest

from assistant.bands import Band, Kind, Level, band, bearing
from assistant.types import DocumentId, RankedEntry, Snippet, SnippetId, Span

DRAFT = "The bow door\nPiet says that the hydraulic ram of the ferry is leaking, and the lorry drivers wait."


def entry(text: str) -> RankedEntry:
    snippet = Snippet(SnippetId(1), DocumentId(1), 0, Span(0, len(text)), text)
    return RankedEntry(DocumentId(1), "", None, text, snippet.span, snippet, (snippet,), 0.5)


@pytest.mark.parametrize(
    ("passage", "kind", "shared"),
    [
        ("The ram was replaced, and the ferry sailed.", Kind.CONTENT, ("ram", "ferry")),
        ("The FERRY'S door stuck.", Kind.CONTENT, ("ferry", "door")),
        ("The ferry sailed, and the ferry came back on the ferry.", Kind.STYLE, ("ferry",)),  # distinct words count
        ("She said that it was and that it is.", Kind.STYLE, ()),  # words that say nothing do not
        ("Nobody has ever asked me why.", Kind.STYLE, ()),
        ("", Kind.STYLE, ()),
    ],
)
def test_a_passage_says_this_if_it_shares_two_telling_words(passage: str, kind: Kind, shared: tuple[str, ...]) -> None:
    found = bearing(passage, DRAFT)
    assert (found.kind, found.shared) == (kind, shared)


def test_the_reason_names_the_words_and_how_many_more_there_are() -> None:
    assert bearing("The ram of the ferry.", DRAFT).reason == "It shares “ram”, “ferry” with your draft."
    many = bearing("Bow door, hydraulic ram, ferry, lorry.", DRAFT).reason
    assert many == "It shares “bow”, “door”, “hydraulic”, “ram” and 2 more with your draft."
    assert "only “ferry”" in bearing("A ferry.", DRAFT).reason
    assert "its manner, not its matter" in bearing("A kettle.", DRAFT).reason


@pytest.mark.parametrize(
    ("passages", "level", "reason"),
    [
        ((), Level.NONE, "Nothing in your past writing bears on this."),
        (("A kettle.", "A stove."), Level.WEAK, "No passage says this; they only sound like it."),
        (
            ("The ram of the ferry.", "A stove."),
            Level.WEAK,
            "Only one passage says this; it shares 2 words with your draft.",
        ),
        (
            ("Bow door, hydraulic ram, ferry.",),
            Level.STRONG,
            "One passage says this; it shares 5 words with your draft.",
        ),
        (
            ("The ram of the ferry.", "A stove.", "A lorry at the door."),
            Level.STRONG,
            "2 of 3 passages say this.",
        ),
    ],
)
def test_the_band_of_the_evidence_and_why(passages: tuple[str, ...], level: Level, reason: str) -> None:
    assert band([entry(passage) for passage in passages], DRAFT) == Band(level, reason)
