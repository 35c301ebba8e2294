"""Suggested, edited, own: spans stay with their words, are counted in words and told in a sentence."""

from assistant.library.merging import merge
from assistant.library.origins import WordCounts, carried, count_words, disclosure, from_json, merged, tidy, to_json
from assistant.types import Origin, OriginSpan

TEXT = "I went home. It was a quiet evening. Then I slept."
SUGGESTED = OriginSpan(13, 36, Origin.SUGGESTED)


def words_under(text: str, spans: tuple[OriginSpan, ...]) -> list[str]:
    return [text[span.start : span.end] for span in spans]


def test_words_are_counted_by_where_they_come_from() -> None:
    assert count_words(TEXT, [SUGGESTED]) == WordCounts(suggested=5, edited=0, own=6)
    edited = OriginSpan(13, 36, Origin.EDITED)
    assert count_words(TEXT, [edited]) == WordCounts(suggested=0, edited=5, own=6)


def test_a_word_partly_suggested_counts_as_edited() -> None:
    assert count_words("unbelievable luck", [OriginSpan(2, 12, Origin.SUGGESTED)]) == WordCounts(0, 1, 1)


def test_the_disclosure_is_a_sentence_with_counts_and_shares() -> None:
    assert disclosure(TEXT, [SUGGESTED]) == (
        "Of the 11 words of this text, 5 (45 %) were suggested by a language model and kept as they came, 0 (0 %) were "
        "suggested and then edited, and 6 (55 %) are the writer's own."
    )
    assert "under 1 %" in disclosure("word " * 500, [OriginSpan(0, 4, Origin.SUGGESTED)])
    assert "0 words" in disclosure("", [])


def test_spans_are_put_in_order_within_the_text_and_joined() -> None:
    messy = [OriginSpan(8, 99, Origin.EDITED), OriginSpan(3, 5, Origin.SUGGESTED), OriginSpan(0, 3, Origin.SUGGESTED)]
    assert tidy(messy, 10) == (OriginSpan(0, 5, Origin.SUGGESTED), OriginSpan(8, 10, Origin.EDITED))
    assert tidy([OriginSpan(7, 7, Origin.EDITED), OriginSpan(20, 30, Origin.EDITED)], 10) == ()


def test_spans_follow_their_words_through_a_change_made_elsewhere() -> None:
    changed = "Listen. " + TEXT.replace("quiet ", "")
    spans = carried([SUGGESTED], TEXT, changed)
    assert " ".join(words_under(changed, spans)) == "It was a evening."


def test_spans_follow_their_words_through_a_merge() -> None:
    mine = TEXT + " And dreamt."
    stored = TEXT.replace("I went", "We all went")
    together = merge(TEXT, stored, mine)
    spans = merged(
        together.pieces,
        stored=[OriginSpan(SUGGESTED.start + 5, SUGGESTED.end + 5, Origin.SUGGESTED)],
        mine=[SUGGESTED, OriginSpan(len(TEXT), len(mine), Origin.EDITED)],
    )
    assert together.text == "We all went home. It was a quiet evening. Then I slept. And dreamt."
    assert words_under(together.text, spans) == ["It was a quiet evening.", " And dreamt."]


def test_stored_spans_are_read_back() -> None:
    spans = (SUGGESTED, OriginSpan(40, 41, Origin.EDITED))
    assert from_json(to_json(spans)) == spans
