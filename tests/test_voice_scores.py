"""The voice score: how typical of its writer a text is, measured on the demo corpora, and what it does not tell."""

from collections.abc import Sequence
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from assistant.library.demos import demo_corpora
from assistant.library.library import Library
from assistant.style import load_style_table
from assistant.types import VoiceId
from assistant.voice_scores import TOO_LITTLE, TOO_SHORT, VoiceScores, VoiceStyle

HELD_OUT = 6  # of each writer's documents, the latest


@cache
def works() -> dict[str, tuple[str, ...]]:
    """The texts of the demo writers, without their headings."""
    return {
        corpus.slug: tuple(
            path.read_text(encoding="utf-8").split("---", 2)[2] for path in sorted(corpus.folder.glob("*.md"))
        )
        for corpus in demo_corpora()
    }


@cache
def style(slug: str) -> VoiceStyle:
    """What is known of a writer without the latest documents."""
    return VoiceStyle.of(works()[slug][:-HELD_OUT], load_style_table())


def passages(slug: str, words: int) -> list[str]:
    """Stretches of the held-out documents."""
    stretches = []
    for text in works()[slug][-HELD_OUT:]:
        pieces = text.split()
        stretches += [" ".join(pieces[start : start + words]) for start in range(0, len(pieces) - words + 1, words)]
    return stretches


def percentiles(slug: str, texts: Sequence[str]) -> list[int]:
    found = [style(slug).score(text).percentile for text in texts]
    return [one for one in found if one is not None]


def chance_of_higher(own: Sequence[int], others: Sequence[int]) -> float:
    """How often an own passage has the higher score; ties count half."""
    pairs = list(product(own, others))
    return sum((left > right) + 0.5 * (left == right) for left, right in pairs) / len(pairs)


@pytest.mark.parametrize(("words", "at_least"), [(30, 0.7), (60, 0.78), (120, 0.82)])
def test_held_out_passages_score_higher_than_those_of_other_writers(words: int, at_least: float) -> None:
    told = []
    for slug in works():
        own = percentiles(slug, passages(slug, words))
        others = [one for other in works() if other != slug for one in percentiles(slug, passages(other, words))]
        told.append(chance_of_higher(own, others))
    assert min(told) > 0.6
    assert sum(told) / len(told) > at_least


def test_a_writers_own_passages_have_scores_from_low_to_high() -> None:
    scores = [score for slug in works() for score in percentiles(slug, passages(slug, 60))]
    assert 35 < sum(scores) / len(scores) < 65
    assert min(scores) < 15
    assert max(scores) > 85


def test_the_subject_makes_no_difference() -> None:
    text = passages("work-mail", 60)[0]
    swapped = " ".join("kettle" if word == "ferry" else word for word in text.split())
    longer = text.replace("Monday", "Friday")
    assert style("work-mail").score(text) == style("work-mail").score(longer)
    assert style("work-mail").score(swapped).percentile is not None


def test_a_few_words_are_too_short_to_tell() -> None:
    score = style("work-mail").score("We will see about that tomorrow.")
    assert (score.percentile, score.reason) == (None, TOO_SHORT)


def test_two_documents_or_few_passages_are_not_enough() -> None:
    text = passages("work-mail", 60)[0]
    two = VoiceStyle.of(works()["work-mail"][:2], load_style_table())
    little = VoiceStyle.of([each[:300] for each in works()["work-mail"][:5]], load_style_table())
    assert two.score(text).reason == little.score(text).reason == TOO_LITTLE


# ---- of a library ----


@pytest.fixture
def voice(library: Library) -> VoiceId:
    """A voice with the work mail but its latest letters."""
    writer = library.local_writer()
    made = library.create_voice(writer, "Mail").id
    corpus = next(corpus for corpus in demo_corpora() if corpus.slug == "work-mail")
    library.import_now(writer, made, sorted(corpus.folder.glob("*.md"))[:12])
    return made


def test_a_voice_is_counted_once_and_again_when_it_has_changed(
    library: Library, voice: VoiceId, tmp_path: Path
) -> None:
    text, scores = passages("work-mail", 60)[0], VoiceScores(library)
    before = scores.score(voice, text)
    assert before.percentile is not None
    assert scores.score(voice, text) == before
    writer = library.local_writer()
    library.delete_documents(writer, [document.id for document in library.documents(writer, voice)][2:])
    assert scores.score(voice, text).reason == TOO_LITTLE


def test_without_a_voice_or_after_its_deletion_there_is_nothing_to_tell_by(library: Library, voice: VoiceId) -> None:
    text, scores = passages("work-mail", 60)[0], VoiceScores(library)
    assert scores.score(None, text).reason == TOO_LITTLE
    scores.score(voice, text)
    library.delete_voice(library.local_writer(), voice)
    assert scores.score(voice, text).reason == TOO_LITTLE
