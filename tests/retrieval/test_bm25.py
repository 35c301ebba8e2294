"""Sparse retrieval: the fast scorer against the reference formula, and an index that follows its voice."""

import random
from collections.abc import Sequence

import numpy as np
import pytest

from assistant.keyword_candidates import content_words
from assistant.retrieval.bm25 import SCORERS, FastScorer, ReferenceScorer, ScorerName, SparseRetriever
from assistant.types import DocumentId, Snippet, SnippetId, Source, Span, VoiceId

VOICE = VoiceId(1)
OTHER = VoiceId(2)


class Voices:
    """Snippets per voice, and a count of how often all of them were asked for."""

    def __init__(self, **texts: Sequence[str]) -> None:
        self.reads = 0
        self.revision = 0
        self._texts = {VOICE: texts.get("own", ()), OTHER: texts.get("other", ())}

    def write(self, *texts: str) -> None:
        self._texts[VOICE] = [*self._texts[VOICE], *texts]
        self.revision += 1

    def forget(self, text: str) -> None:
        self._texts[VOICE] = [kept for kept in self._texts[VOICE] if kept != text]
        self.revision += 1

    def voice_revision(self, voice: VoiceId) -> int:
        return self.revision

    def voice_snippets(self, voice: VoiceId) -> tuple[Snippet, ...]:
        self.reads += 1
        return tuple(
            Snippet(SnippetId(100 * voice + i), DocumentId(i), 0, Span(0, len(text)), text)
            for i, text in enumerate(self._texts[voice])
        )


def random_corpus(seed: int) -> list[list[str]]:
    """Documents of common words of a Zipf-like tail, each rare word in exactly three of them."""
    generator = random.Random(seed)
    common = [f"common{i}" for i in range(40)]
    corpus = [
        generator.choices(common, weights=[1 / (i + 1) for i in range(40)], k=generator.randint(5, 60))
        for _ in range(150)
    ]
    for rare in range(20):
        for document in generator.sample(corpus, 3):
            document.insert(generator.randrange(len(document)), f"rare{rare}")
    return corpus


@pytest.mark.parametrize("seed", range(5))
def test_both_scorers_rank_alike_by_rare_words(seed: int) -> None:
    # The two differ in the weight of a word, by a factor that is the same for words equally rare.
    corpus = random_corpus(seed)
    fast, reference = FastScorer(corpus), ReferenceScorer(corpus)
    generator = random.Random(seed)
    for _ in range(20):
        query = [f"rare{i}" for i in generator.sample(range(20), 3)]
        ours, theirs = fast.scores(query), reference.scores(query)
        assert ours.shape == theirs.shape == (150,)
        assert (ours > 0).sum() >= 3
        found = theirs > 0
        assert (found == (ours > 0)).all()
        ratios = theirs[found] / ours[found]
        assert ratios == pytest.approx(ratios[0], rel=1e-4)


@pytest.mark.parametrize("scorer", SCORERS)
def test_a_word_asked_for_twice_counts_twice(scorer: ScorerName) -> None:
    scores = SCORERS[scorer](random_corpus(0))
    assert scores.scores(["rare1", "rare1"]) == pytest.approx(2 * scores.scores(["rare1"]), rel=1e-5)


@pytest.mark.parametrize("scorer", SCORERS)
@pytest.mark.parametrize("corpus", [[], [[]], [[], []], [["gate"], []]])
@pytest.mark.parametrize("query", [[], ["unknown"]])
def test_nothing_in_common_scores_nothing(scorer: ScorerName, corpus: list[list[str]], query: list[str]) -> None:
    assert SCORERS[scorer](corpus).scores(query).tolist() == [0] * len(corpus)


@pytest.mark.parametrize("scorer", SCORERS)
def test_hits_share_words_with_the_query_best_first(scorer: ScorerName) -> None:
    texts = ["The sluice gate stuck.", "Barley and rain.", "A gate.", "Kettle.", "The stove.", "The weir in May."]
    hits = SparseRetriever(Voices(own=texts), scorer=scorer).retrieve("our sluice gate", voice=VOICE, limit=5)
    assert [hit.snippet.text for hit in hits] == ["The sluice gate stuck.", "A gate."]
    assert hits[0].score > hits[1].score > 0
    assert {hit.source for hit in hits} == {Source.BM25}


RARE = [f"rare{letter}x" for letter in "abcdefghijklmnopqrstuvwxyz"]


def voice_of(*snippets: str, size: int) -> Voices:
    """Those snippets among others of six words that occur nowhere else."""
    spelled = [str(number).translate(str.maketrans("0123456789", "qwertyuiop")) for number in range(size)]
    return Voices(own=[*snippets, *(" ".join(f"other{kind}{name}" for kind in "abcdef") for name in spelled)])


def share(voices: Voices, query: str, scorer: ScorerName) -> float:
    return SparseRetriever(voices, scorer=scorer).retrieve(query, voice=VOICE, limit=1)[0].score


@pytest.mark.parametrize("scorer", SCORERS)
def test_a_score_is_a_share_of_the_best_in_small_and_large_voices(scorer: ScorerName) -> None:
    snippet = " ".join(RARE[:6])
    for size in (20, 2000):
        voices = voice_of(snippet, size=size)
        assert share(voices, " ".join(RARE[:6]), scorer) == pytest.approx(1, abs=0.02)
        assert share(voices, " ".join(RARE[:3]), scorer) == pytest.approx(1, abs=0.02)
        # Words that no snippet holds weigh a little more than those that one holds.
        assert share(voices, " ".join(RARE[3:9]), scorer) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("scorer", SCORERS)
def test_of_a_long_draft_no_snippet_need_hold_every_word(scorer: ScorerName) -> None:
    voices = voice_of(" ".join(RARE[:6]), size=500)
    assert share(voices, " ".join(RARE[:6]), scorer) > share(voices, " ".join(RARE[:12]), scorer) > 0.5
    assert share(voices, " ".join(RARE[:12]), scorer) == pytest.approx(share(voices, " ".join(RARE), scorer), abs=0.05)


@pytest.mark.parametrize("scorer", SCORERS)
def test_one_common_word_of_a_strange_draft_is_a_small_share(scorer: ScorerName) -> None:
    voices = voice_of(*(f"harbour {rare}" for rare in RARE), size=60)
    assert share(voices, "harbour", scorer) > 0.9
    assert share(voices, f"harbour {' '.join(f'strange{rare}' for rare in RARE[:8])}", scorer) < 0.1


def test_at_most_the_limit_is_found() -> None:
    texts = [f"gate number{i}x" for i in range(30)]
    assert len(SparseRetriever(Voices(own=texts)).retrieve("gate", voice=VOICE, limit=7)) == 7


@pytest.mark.parametrize("query", ["", "the and of", "12 34", "…"])
def test_a_query_of_no_content_finds_nothing(query: str) -> None:
    assert SparseRetriever(Voices(own=["the gate and the keeper"])).retrieve(query, voice=VOICE, limit=5) == ()


def test_an_empty_voice_and_one_without_words_find_nothing() -> None:
    assert SparseRetriever(Voices()).retrieve("gate", voice=VOICE, limit=5) == ()
    assert SparseRetriever(Voices(own=["12 34", "…"])).retrieve("gate", voice=VOICE, limit=5) == ()


def test_the_index_is_kept_until_the_voice_changes() -> None:
    voices = Voices(own=["The gate stuck."])
    retriever = SparseRetriever(voices)
    for _ in range(3):
        assert retriever.retrieve("barley", voice=VOICE, limit=5) == ()
    assert voices.reads == 1
    voices.write("The barley was wet.")
    assert [hit.snippet.text for hit in retriever.retrieve("barley", voice=VOICE, limit=5)] == ["The barley was wet."]
    assert voices.reads == 2


def test_an_index_that_followed_its_voice_is_that_of_a_new_one() -> None:
    voices = Voices(own=["The gate stuck.", "The kettle, the gate and the stove."])
    retriever = SparseRetriever(voices)
    retriever.retrieve("gate", voice=VOICE, limit=5)
    voices.write("Barley at the gate.", "A sluice.")
    voices.forget("The gate stuck.")
    for query in ("gate", "kettle stove", "barley gate sluice", "stuck"):
        fresh = SparseRetriever(voices).retrieve(query, voice=VOICE, limit=5)
        assert retriever.retrieve(query, voice=VOICE, limit=5) == fresh
        assert all(hit.snippet.text != "The gate stuck." for hit in fresh)


def test_an_index_that_took_its_words_from_a_larger_one_is_that_of_a_new_one() -> None:
    voices = Voices(own=["The gate stuck.", "The kettle, the gate and the stove."])
    whole = SparseRetriever(Voices(own=["The gate stuck.", "A gate.", "The kettle, the gate and the stove."]))
    for query in ("gate", "kettle stove", "stuck"):
        found = SparseRetriever(voices, whole=whole).retrieve(query, voice=VOICE, limit=5)
        assert found == SparseRetriever(voices).retrieve(query, voice=VOICE, limit=5)


@pytest.mark.parametrize("limit", [1, 5, 39, 40, 41])
def test_of_equally_good_snippets_the_first_are_found(limit: int) -> None:
    texts = [f"gate {'kettle' if number % 3 else 'stove'}" for number in range(40)]
    hits = SparseRetriever(Voices(own=texts)).retrieve("gate stove", voice=VOICE, limit=limit)
    stoves, kettles = [i for i in range(40) if i % 3 == 0], [i for i in range(40) if i % 3]
    assert [hit.snippet.document for hit in hits] == (stoves + kettles)[:limit]


def test_voices_do_not_mix() -> None:
    retriever = SparseRetriever(Voices(own=["The gate stuck."], other=["The gate of another."]))
    for voice, text in [(VOICE, "The gate stuck."), (OTHER, "The gate of another."), (VOICE, "The gate stuck.")]:
        assert [hit.snippet.text for hit in retriever.retrieve("gate", voice=voice, limit=5)] == [text]


def test_scores_are_single_numbers_whatever_the_query_repeats() -> None:
    scores = FastScorer([content_words("gate keeper"), content_words("gate")]).scores(["gate"] * 500)
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()
