"""``evaluate selectors``: how well each summary and each choice of words foresees what a document takes up of the past.

Held-out documents as drafts, as in the framework's table; the weak labels of "Teach LLMs to Personalize" (arXiv
2308.07968, sections 3.3 and 3.4) say which snippets and words of the ranked entries the finished document took up. All
stages read the same entries and choose as many. No text is generated, so a measurement takes minutes.
"""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Literal

from assistant.embedding import Encoder
from assistant.errors import CorpusError
from assistant.evaluation.held_out import MINIMUM_CHARACTERS, authors_on, chosen_documents, cut
from assistant.evaluation.statistics import Interval, PairedTest, holm, mean_interval, means_by_unit, paired_test
from assistant.evidence_methods import evidence_stages
from assistant.keyword_candidates import content_words
from assistant.selectors import Rarity
from assistant.settings import HelperSettings, Settings, SummaryName, SynthesisName
from assistant.stages import Summarizer, Synthesizer
from assistant.summarization.features import snippets_of
from assistant.training.archive import ARCHIVE_VOICE
from assistant.training.corpus import Split
from assistant.training.examples import Author, ExampleSettings
from assistant.training.occasions import LABEL_CHARACTERS, Occasion, OccasionMaker

Metric = Literal["precision", "recall", "foreseen"]
METRICS: tuple[Metric, ...] = ("precision", "recall", "foreseen")

# The paper keeps users with five examples, each of which has two earlier documents.
_MINIMUM_DOCUMENTS = 7


@dataclass(frozen=True, slots=True)
class SelectionSettings:
    """What is measured, and on how much."""

    summaries: tuple[SummaryName, ...] = ("SumCtx", "SumByDraft", "SumCtxInd")
    syntheses: tuple[SynthesisName, ...] = ("SynCtx", "SynByDraft", "SynCtxInd")
    authors: int = 60
    documents: int = 6
    """Documents per author, at most."""
    latest: int = 16
    """Documents of an author that are read, the last ones: their past."""
    split: Split | None = "test"
    """Side of the author split to take; None takes everyone, for corpora nothing was trained on."""
    maximum_characters: int = 4000
    label_characters: int = LABEL_CHARACTERS
    seed: int = 0


@dataclass(frozen=True, slots=True)
class StageRow:
    """One stage's means over authors.

    ``precision``: share of what was chosen that is in the label; ``recall``: share of the label that was chosen;
    ``foreseen``: share of the content words chosen (of a summary, of its words) that the document has after the cursor.
    """

    stage: str
    precision: Interval
    recall: Interval
    foreseen: Interval
    milliseconds: float
    """Of one choice, draft encoded beforehand."""


@dataclass(frozen=True, slots=True)
class StageTest:
    """A paired comparison of two stages over authors; ``p`` is corrected for the number of comparisons (Holm)."""

    better: str
    worse: str
    metric: Metric
    test: PairedTest
    p: float


@dataclass(frozen=True, slots=True)
class SelectionReport:
    """What was measured."""

    rows: tuple[StageRow, ...]
    tests: tuple[StageTest, ...]
    authors: int
    documents: int
    chance: float
    """Precision of snippets chosen by lot: the share of the entries' snippets that is in the label."""


@dataclass(frozen=True, slots=True)
class _Choice:
    """How one stage's choice for one document agrees with the label."""

    stage: str
    author: str
    scores: dict[Metric, float]
    milliseconds: float


def evaluate_selection(
    path: Path,
    encoder: Encoder,
    rarity: Rarity,
    helpers: HelperSettings,
    settings: SelectionSettings,
    *,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> SelectionReport:
    """Let every stage choose for the held-out documents of a corpus.

    :param rarity: says which words are too common for a label.
    :param on_progress: called with authors done and authors in all.
    :raises CorpusError: if fewer than two authors can be measured.
    """
    authors = _authors(path, settings)
    maker = OccasionMaker(encoder, rarity, label_characters=settings.label_characters)
    choices: list[_Choice] = []
    chances: list[tuple[str, float]] = []
    on_progress(0, len(authors))
    for done, author in enumerate(authors, start=1):
        for occasion in _occasions(author, maker, settings):
            if not occasion.keyword_label or not occasion.summary_label:
                continue  # nothing was taken up that could be foreseen
            encoder.encode([occasion.query])  # remembered: no stage is charged with it
            chances.append((author.name, len(occasion.summary_label) / len(occasion.snippet_vectors)))
            for summary in settings.summaries:
                choices.append(_summary_choice(summary, author.name, occasion, encoder, helpers))
            for synthesis in settings.syntheses:
                choices.append(_keyword_choice(synthesis, author.name, occasion, encoder, helpers))
        on_progress(done, len(authors))
    chance = means_by_unit(chances)
    if len(chance) < 2:
        raise CorpusError(f"{path.name}: {len(chance)} authors whose past bears on a document, expected at least 2")
    return SelectionReport(
        rows=tuple(_row(stage, choices) for stage in (*settings.summaries, *settings.syntheses)),
        tests=tuple(_tests([settings.summaries, settings.syntheses], choices)),
        authors=len(chance),
        documents=len(chances),
        chance=sum(chance.values()) / len(chance),
    )


def _authors(path: Path, settings: SelectionSettings) -> list[Author]:
    examples = ExampleSettings(
        documents=settings.latest,
        minimum_documents=_MINIMUM_DOCUMENTS,
        minimum_characters=MINIMUM_CHARACTERS,
        maximum_characters=settings.maximum_characters,
        seed=settings.seed,
    )
    return authors_on(settings.split, path, examples)[: settings.authors]


def _occasions(author: Author, maker: OccasionMaker, settings: SelectionSettings) -> list[Occasion]:
    records = author.records
    documents = chosen_documents(author.name, len(records), most=settings.documents, seed=settings.seed)
    cursors = [(i, len(cut(records[i], continuation_characters=1).before)) for i in documents]
    return list(maker.occasions(records, cursors))


def _summary_choice(
    name: SummaryName, author: str, occasion: Occasion, encoder: Encoder, helpers: HelperSettings
) -> _Choice:
    settings = Settings(helpers=helpers)
    settings = replace(settings, summary=replace(settings.summary, method=name))
    stage: Summarizer = evidence_stages(occasion.view, encoder, settings).summarizer
    started = perf_counter()
    summary = stage.summarize(occasion.query, occasion.entries, voice=ARCHIVE_VOICE)
    milliseconds = 1000 * (perf_counter() - started)
    snippets = snippets_of(occasion.entries)
    label = {snippets[place].id for place in occasion.summary_label}
    chosen = {sentence.snippet for sentence in summary.sentences}
    scores = _agreement(chosen, label, content_words(summary.text), occasion)
    return _Choice(name, author, scores, milliseconds)


def _keyword_choice(
    name: SynthesisName, author: str, occasion: Occasion, encoder: Encoder, helpers: HelperSettings
) -> _Choice:
    settings = Settings(helpers=helpers)
    keywords = replace(settings.keywords, method=name, frequent_count=settings.keywords.count)
    stage: Synthesizer = evidence_stages(occasion.view, encoder, replace(settings, keywords=keywords)).synthesizer
    started = perf_counter()
    words = [keyword.text for keyword in stage.synthesize(occasion.query, occasion.entries, voice=ARCHIVE_VOICE)]
    milliseconds = 1000 * (perf_counter() - started)
    return _Choice(name, author, _agreement(set(words), set(occasion.keyword_label), words, occasion), milliseconds)


def _agreement(
    chosen: AbstractSet[object], label: AbstractSet[object], words: Sequence[str], occasion: Occasion
) -> dict[Metric, float]:
    """An empty choice has precision 0: it foresaw nothing."""
    hits, written = len(chosen & label), set(content_words(occasion.written))
    return {
        "precision": hits / len(chosen) if chosen else 0.0,
        "recall": hits / len(label),
        "foreseen": sum(word in written for word in words) / len(words) if words else 0.0,
    }


def _by_author(stage: str, metric: Metric, choices: Sequence[_Choice]) -> dict[str, float]:
    return means_by_unit((choice.author, choice.scores[metric]) for choice in choices if choice.stage == stage)


def _row(stage: str, choices: Sequence[_Choice]) -> StageRow:
    means = {metric: mean_interval(list(_by_author(stage, metric, choices).values())) for metric in METRICS}
    times = [choice.milliseconds for choice in choices if choice.stage == stage]
    return StageRow(stage, **means, milliseconds=sum(times) / len(times))


def _tests(groups: Sequence[Sequence[str]], choices: Sequence[_Choice]) -> list[StageTest]:
    """The first stage of each group against the others, by every metric; the one with the higher mean stands first."""
    found: list[tuple[str, str, Metric, PairedTest]] = []
    for group in groups:
        first = group[0] if group else ""
        for other in group[1:]:
            for metric in METRICS:
                own, theirs = (_by_author(stage, metric, choices) for stage in (first, other))
                better, worse = (first, other) if sum(own.values()) >= sum(theirs.values()) else (other, first)
                pair = (own, theirs) if better == first else (theirs, own)
                test = paired_test(list(pair[0].values()), [pair[1][author] for author in pair[0]])
                found.append((better, worse, metric, test))
    corrected = holm([test.p for *_, test in found])
    return [StageTest(*comparison, p=p) for comparison, p in zip(found, corrected, strict=True)]
