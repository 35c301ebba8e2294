"""Settings become the first four stages: every ranking, summary and choice of words under its name.

Training and evaluation build the very stages that serve, over an archive in the place of a library.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path

from assistant.embedding import Encoder
from assistant.evidence_source import EvidenceSource, LeavingOut
from assistant.generation.local import load_generator
from assistant.models.store import ModelStore
from assistant.pipeline import Choices, EvidenceStages
from assistant.prompts import PromptTemplate
from assistant.ranking import (
    BestSnippetRanker,
    ClosestPassages,
    DocumentOrder,
    DocumentRanker,
    SnippetRanker,
)
from assistant.retrieval.bm25 import SparseRetriever
from assistant.retrieval.dense import DenseRetriever
from assistant.retrieval.documents import DenseDocuments, RecentDocuments, SparseDocuments
from assistant.retrieval.encoder import DEFAULT_WEIGHTS_SHA256, weights_of
from assistant.retrieval.fusion import RankFusionRetriever
from assistant.retrieval.hybrid import HybridRetriever
from assistant.selectors import Selectors, load_selectors
from assistant.settings import (
    SHIPPED_SELECTORS,
    WRITTEN,
    RankingName,
    Settings,
    SummaryName,
    SynthesisName,
)
from assistant.signature import file_hash
from assistant.stages import Ranker, Retriever, Summarizer, Synthesizer, TextGenerator
from assistant.summarization import (
    ExtractiveSummarizer,
    GenericSummarizer,
    GenericWriter,
    NoSummary,
    TrainedSummarizer,
    WrittenSummarizer,
)
from assistant.synthesis import (
    FrequentWords,
    KeywordSynthesizer,
    NewWords,
    NoKeywords,
    TrainedSynthesizer,
    WrittenSynthesizer,
)
from assistant.types import DocumentId

# What stages know of a voice without some documents is made anew for each choice of them, in about 20 ms for every
# thousand snippets, and kept for the drafts between which a writer goes back and forth.
_LEFT_OUT_KEPT = 3


@dataclass(frozen=True, slots=True)
class _Ground:
    """What every stage is made from."""

    source: EvidenceSource
    encoder: Encoder
    settings: Settings
    sparse: SparseRetriever

    def leaving_out(self, documents: frozenset[DocumentId]) -> "_Ground":
        source = LeavingOut(self.source, documents)
        return replace(self, source=source, sparse=SparseRetriever(source, whole=self.sparse))

    def dense(self) -> DenseRetriever:
        return DenseRetriever(self.source, self.encoder)

    def hybrid(self) -> Retriever:
        return HybridRetriever(
            self.sparse, self.dense(), index=self.source, encoder=self.encoder, settings=self.settings.retrieval
        )

    def in_order_of(self, order: DocumentOrder) -> tuple[Retriever, Ranker]:
        return self.hybrid(), DocumentRanker(order, self.source, self.settings.ranking)

    def by_best_snippet(self, retriever: Retriever) -> tuple[Retriever, Ranker]:
        return retriever, BestSnippetRanker(self.source, self.settings.ranking)

    def selectors(self) -> Selectors:
        return _selectors(self.settings.helpers.selectors, weights_of(self.encoder.name))

    def trained_summary(self) -> Summarizer:
        selectors, settings = self.selectors(), self.settings
        scorer = selectors.pair(settings.helpers.half).summary
        return TrainedSummarizer(self.source, self.encoder, scorer, selectors.rarity, settings.summary)

    def trained_synthesis(self) -> TrainedSynthesizer:
        selectors, settings = self.selectors(), self.settings
        scorer = selectors.pair(settings.helpers.half).keywords
        return TrainedSynthesizer(self.source, self.encoder, scorer, selectors.rarity, settings.keywords)

    def written_synthesis(self) -> Synthesizer:
        return WrittenSynthesizer(*self.helper(self.settings.helpers.keyword_model), self.settings.keywords)

    def helper(self, name: str | None) -> tuple[TextGenerator, PromptTemplate]:
        assert name is not None  # the settings have checked it
        return _helper(ModelStore(self.settings.data_dir).find(name))


@cache
def _selectors(path: Path, encoder_sha256: str) -> Selectors:
    return load_selectors(path, encoder_sha256=encoder_sha256)


@cache
def _helper(folder: Path) -> tuple[TextGenerator, PromptTemplate]:
    return load_generator(folder)


def settings_for(encoder: Encoder, settings: Settings) -> Settings:
    """The settings as this encoder can serve them: the shipped selectors know the vectors of the default one alone.

    With another encoder their untrained counterparts stand in for them; selectors that were named are never replaced.
    """
    if settings.helpers.selectors != SHIPPED_SELECTORS or weights_of(encoder.name) == DEFAULT_WEIGHTS_SHA256:
        return settings
    summary, keywords = settings.summary, settings.keywords
    if summary.method == "SumCtx":
        summary = replace(summary, method="SumByDraft")
    if keywords.method in ("SynCtx", "SynCtxNew"):
        keywords = replace(keywords, method="SynByDraft")
    return replace(settings, summary=summary, keywords=keywords)


def evidence_signature(settings: Settings) -> dict[str, object]:
    """What the evidence depends on: the settings, and the files of those helpers that are in use."""
    in_use = {settings.summary.method, settings.keywords.method}
    known = helper_signature(settings)
    return settings.signature() | {name: known[name] for name in known if in_use.intersection(_USERS[name])}


def helper_signature(settings: Settings) -> dict[str, object]:
    """The hashes of the helpers that the settings name and this machine has."""
    helpers, store = settings.helpers, ModelStore(settings.data_dir)
    found: dict[str, object] = {}
    if helpers.selectors.is_file():
        found["selectors_sha256"] = file_hash(helpers.selectors)
    for entry, _ in WRITTEN.values():
        name: str | None = getattr(helpers, entry)
        if name is not None:
            found[f"{entry}_sha256"] = _helper(store.find(name))[0].signature["weights_sha256"]
    return found


# Which stages the files in a signature stand behind.
_USERS: dict[str, set[str]] = {
    "selectors_sha256": {"SumCtx", "SynCtx", "SynCtxNew"},
    **{f"{entry}_sha256": {method} for method, (entry, _) in WRITTEN.items()},
}


RANKINGS: dict[RankingName, Callable[[_Ground], tuple[Retriever, Ranker]]] = {
    "RankDocBySnpt": lambda ground: ground.by_best_snippet(ground.hybrid()),
    "RankDocBM25": lambda ground: ground.in_order_of(SparseDocuments(ground.source)),
    "RankDocDense": lambda ground: ground.in_order_of(DenseDocuments(ground.source, ground.encoder)),
    "RankSnippet": lambda ground: (ground.hybrid(), SnippetRanker(ground.source, ground.settings.ranking)),
    "RecentDoc": lambda ground: ground.in_order_of(RecentDocuments(ground.source)),
    "RankFusion": lambda ground: ground.by_best_snippet(RankFusionRetriever([ground.sparse, ground.dense()])),
}
SUMMARIES: dict[SummaryName, Callable[[_Ground], Summarizer]] = {
    "SumByDraft": lambda ground: ExtractiveSummarizer(ground.source, ground.encoder, ground.settings.summary),
    "SumCtx": lambda ground: ground.trained_summary(),
    "SumCtxWritten": lambda ground: WrittenSummarizer(*ground.helper(ground.settings.helpers.summary_model)),
    "SumCtxInd": lambda ground: GenericSummarizer(ground.settings.summary),
    "SumCtxIndWritten": lambda ground: GenericWriter(*ground.helper(ground.settings.helpers.generic_summary_model)),
    "none": lambda _: NoSummary(),
}
SYNTHESES: dict[SynthesisName, Callable[[_Ground], Synthesizer]] = {
    "SynByDraft": lambda ground: KeywordSynthesizer(ground.source, ground.encoder, ground.settings.keywords),
    "SynCtx": lambda ground: ground.trained_synthesis(),
    "SynCtxNew": lambda ground: NewWords(ground.trained_synthesis(), ground.settings.keywords),
    "SynCtxWritten": lambda ground: ground.written_synthesis(),
    "SynCtxInd": lambda ground: FrequentWords(ground.source, ground.settings.keywords),
    "none": lambda _: NoKeywords(),
}


def _summarizer(ground: _Ground, name: SummaryName) -> Summarizer:
    """Another summary than the settings'; one for which this encoder or a model is lacking, as for the settings'."""
    summary = replace(ground.settings.summary, method=name)
    settings = settings_for(ground.encoder, replace(ground.settings, summary=summary))
    return SUMMARIES[settings.summary.method](replace(ground, settings=settings))


def _synthesizer(ground: _Ground, name: SynthesisName) -> Synthesizer:
    """Another choice of words, likewise."""
    keywords = replace(ground.settings.keywords, method=name)
    settings = settings_for(ground.encoder, replace(ground.settings, keywords=keywords))
    return SYNTHESES[settings.keywords.method](replace(ground, settings=settings))


def evidence_stages(source: EvidenceSource, encoder: Encoder, settings: Settings) -> EvidenceStages:
    """The first four stages over a library; training and evaluation run the same ones over an archive."""
    return _stages(_Ground(source, encoder, settings_for(encoder, settings), SparseRetriever(source)))


def _stages(ground: _Ground) -> EvidenceStages:
    settings = ground.settings
    ranking = cache(lambda name: RANKINGS[name](ground))  # what a ranking knows of a voice is kept in its parts
    retriever, ranker = ranking(settings.ranking.method)
    return EvidenceStages(
        retriever=retriever,
        ranker=ranker,
        summarizer=SUMMARIES[settings.summary.method](ground),
        synthesizer=SYNTHESES[settings.keywords.method](ground),
        settings=settings.retrieval,
        choices=Choices(
            quoter=ClosestPassages(ground.source, ground.encoder, settings.ranking),
            ranking=ranking,
            summarizer=cache(lambda name: _summarizer(ground, name)),
            synthesizer=cache(lambda name: _synthesizer(ground, name)),
            leaving_out=lru_cache(_LEFT_OUT_KEPT)(lambda documents: _stages(ground.leaving_out(documents))),
        ),
    )
