"""SumCtx and SynCtx: what the scorers prefer is what is chosen, from the entries and nowhere else."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from assistant.selectors import Scorer
from assistant.settings import KeywordSettings, SummarySettings
from assistant.summarization import TrainedSummarizer
from assistant.summarization.features import snippet_features
from assistant.synthesis import NewWords, TrainedSynthesizer
from assistant.synthesis.features import word_features
from assistant.types import DocumentId, Keyword, RankedEntry, Snippet, SnippetId, Span, Summary, VoiceId
from tests.hashing_encoder import DIMENSIONS, HashingEncoder

VOICE = VoiceId(1)
ENCODER = HashingEncoder()
TEXTS = (
    "The sluice gate stuck again in the morning. The keeper went to fetch the man with the hammer.",
    "The barley came late that year and it was wet. We stood in the field until the frost came.",
    "My grandmother kept a kettle on the stove all day. Whoever came in was given tea at once.",
)
RARITY = {"came": 0.5, "sluice": 4.0, "gate": 3.0, "barley": 4.0, "kettle": 5.0, "tea": 2.0}


class Imported:
    """Encodes what is asked for, as the import did."""

    def snippet_vectors(self, voice: VoiceId, ids: Sequence[SnippetId]) -> npt.NDArray[np.float32]:
        return ENCODER.encode([TEXTS[i] for i in ids])

    def word_vectors(self, voice: VoiceId, words: Sequence[str]) -> dict[str, npt.NDArray[np.float32]]:
        return dict(zip(words, ENCODER.encode(words), strict=True))


def entries() -> tuple[RankedEntry, ...]:
    snippets = [Snippet(SnippetId(i), DocumentId(i), i, Span(0, len(text)), text) for i, text in enumerate(TEXTS)]
    return tuple(RankedEntry(s.document, "", None, s.text, s.span, s, (s,), 0.5) for s in snippets)


def preferring(columns: int, column: int) -> Scorer:
    """A scorer that hears one feature alone."""
    weights = np.zeros(columns, np.float32)
    weights[column] = 1
    return Scorer(np.zeros_like(weights), np.ones_like(weights), weights, np.zeros(1, np.float32))


SNIPPET_COLUMNS = snippet_features(
    "", np.zeros(DIMENSIONS, np.float32), entries(), ENCODER.encode(TEXTS), RARITY
).shape[1]
WORD_COLUMNS = word_features(
    ["gate"],
    ENCODER.encode(["gate"]),
    query="",
    query_vector=np.zeros(DIMENSIONS, np.float32),
    entries=entries(),
    entry_vectors=ENCODER.encode(TEXTS),
    rarity=RARITY,
).shape[1]


def summarize(query: str, *, column: int = 0, sentences: int = 3, voice: VoiceId | None = VOICE) -> Summary:
    scorer = preferring(SNIPPET_COLUMNS, column)
    stage = TrainedSummarizer(Imported(), ENCODER, scorer, RARITY, SummarySettings(sentences=sentences))
    return stage.summarize(query, entries(), voice=voice)


def synthesize(query: str, *, column: int = 0, count: int = 3, voice: VoiceId | None = VOICE) -> tuple[Keyword, ...]:
    scorer = preferring(WORD_COLUMNS, column)
    stage = TrainedSynthesizer(Imported(), ENCODER, scorer, RARITY, KeywordSettings(count=count))
    return stage.synthesize(query, entries(), voice=voice)


@pytest.mark.parametrize(
    ("query", "document"), [("the sluice gate stuck", 0), ("barley, wet, late that year", 1), ("tea kettle", 2)]
)
def test_the_snippet_with_the_best_score_is_quoted(query: str, document: int) -> None:
    (sentence,) = summarize(query, sentences=1).sentences
    assert sentence.document == document
    assert sentence.text in TEXTS[document]


def test_every_snippet_is_quoted_once_before_one_is_quoted_twice() -> None:
    assert [sentence.document for sentence in summarize("the sluice gate").sentences] == [0, 1, 2]
    assert [sentence.document for sentence in summarize("the sluice gate", sentences=4).sentences] == [0, 0, 1, 2]
    assert len(summarize("the sluice gate", sentences=20).sentences) == 6


def test_of_a_snippet_the_sentence_with_the_drafts_rare_words_is_quoted() -> None:
    (sentence,) = summarize("barley came and came", sentences=1).sentences
    assert "barley" in sentence.text


def test_without_entries_or_voice_nothing_is_chosen() -> None:
    assert summarize("gate", voice=None) == Summary()
    assert synthesize("gate", voice=None) == ()
    summary = TrainedSummarizer(Imported(), ENCODER, preferring(SNIPPET_COLUMNS, 0), RARITY, SummarySettings())
    keywords = TrainedSynthesizer(Imported(), ENCODER, preferring(WORD_COLUMNS, 0), RARITY, KeywordSettings())
    assert summary.summarize("gate", (), voice=VOICE) == Summary()
    assert keywords.synthesize("gate", (), voice=VOICE) == ()


def test_new_words_are_the_best_of_those_that_the_draft_does_not_have() -> None:
    chosen = KeywordSettings(count=4)
    chooser = TrainedSynthesizer(Imported(), ENCODER, preferring(WORD_COLUMNS, 0), RARITY, chosen)
    query = "Barley\nThe SLUICE, and the keeper’s gate"
    ranked = chooser.ranked(query, entries(), voice=VOICE)
    drafted = {"barley", "sluice", "keeper", "gate"}
    assert {
        keyword.text for keyword in chooser.synthesize(query, entries(), voice=VOICE)
    } & drafted  # as the paper has it
    found = NewWords(chooser, chosen).synthesize(query, entries(), voice=VOICE)
    assert found == tuple(keyword for keyword in ranked if keyword.text not in drafted)[:4]
    assert len(found) == 4
    assert NewWords(chooser, chosen).synthesize(query, (), voice=VOICE) == ()


def test_the_words_with_the_best_scores_are_chosen_in_their_order() -> None:
    found = synthesize("sluice")
    assert found[0].text == "sluice"
    assert [keyword.weight for keyword in found] == sorted((keyword.weight for keyword in found), reverse=True)
    assert all(0 <= keyword.weight <= 1 for keyword in found)


def test_words_too_common_for_a_label_are_not_chosen() -> None:
    words = [keyword.text for keyword in synthesize("came", count=100)]
    assert "came" not in words
    assert {"sluice", "barley", "kettle", "hammer"} <= set(words)


def test_entries_of_common_words_alone_give_no_words() -> None:
    snippet = Snippet(SnippetId(0), DocumentId(0), 0, Span(0, 4), "came")
    entry = RankedEntry(DocumentId(0), "", None, "came", snippet.span, snippet, (snippet,), 0.5)
    stage = TrainedSynthesizer(Imported(), ENCODER, preferring(WORD_COLUMNS, 0), RARITY, KeywordSettings())
    assert stage.synthesize("came", (entry,), voice=VOICE) == ()


def test_features_are_numbers_even_of_a_single_snippet_and_an_empty_draft() -> None:
    alone = snippet_features("", np.zeros(DIMENSIONS, np.float32), entries()[:1], ENCODER.encode(TEXTS[:1]), {})
    assert alone.shape == (1, SNIPPET_COLUMNS)
    assert np.isfinite(alone).all()
