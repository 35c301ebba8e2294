"""Settings become a working assistant: the only module that knows every concrete part."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from assistant.embedding import Encoder
from assistant.generation.local import load_generator
from assistant.library.library import Library
from assistant.pipeline import EvidenceStages, Pipeline
from assistant.ranking import BestSnippetRanker, DocumentOrder, DocumentRanker, DocumentSource, SnippetRanker
from assistant.retrieval.bm25 import SnippetSource, SparseRetriever
from assistant.retrieval.dense import DenseRetriever, VectorIndex
from assistant.retrieval.documents import DenseDocuments, RecentDocuments, SparseDocuments
from assistant.retrieval.encoder import load_encoder
from assistant.retrieval.fusion import RankFusionRetriever
from assistant.retrieval.hybrid import HybridRetriever
from assistant.settings import RankingName, Settings, SummaryName, SynthesisName
from assistant.stages import Ranker, Retriever, Summarizer, Synthesizer
from assistant.summarization import ExtractiveSummarizer, GenericSummarizer, NoSummary
from assistant.synthesis import FrequentWords, ImportedVectors, KeywordSynthesizer, NoKeywords


@dataclass(frozen=True, slots=True)
class Assistant:
    """Everything a page or a command needs; close it when done."""

    settings: Settings
    library: Library
    pipeline: Pipeline
    encoder: Encoder

    def close(self) -> None:
        """Release the data folder."""
        self.library.close()


def load(settings: Settings) -> Assistant:
    """Open the library and load the models.

    :raises OwnhandError: if the data folder or a model cannot be used.
    """
    generator, template = load_generator(settings.generation.model)
    encoder = load_encoder()
    library = Library.open(settings.data_dir, encoder)
    pipeline = Pipeline(evidence_stages(library, encoder, settings), generator, template)
    return Assistant(settings, library, pipeline, encoder)


class EvidenceSource(SnippetSource, VectorIndex, DocumentSource, ImportedVectors, Protocol):
    """What the stages ask of a library, or of an archive that stands in for one."""


@dataclass(frozen=True, slots=True)
class _Ground:
    """What every stage is made from."""

    source: EvidenceSource
    encoder: Encoder
    settings: Settings

    def sparse(self) -> SparseRetriever:
        return SparseRetriever(self.source)

    def dense(self) -> DenseRetriever:
        return DenseRetriever(self.source, self.encoder)

    def hybrid(self) -> Retriever:
        return HybridRetriever(
            self.sparse(), self.dense(), index=self.source, encoder=self.encoder, settings=self.settings.retrieval
        )

    def in_order_of(self, order: DocumentOrder) -> tuple[Retriever, Ranker]:
        return self.hybrid(), DocumentRanker(order, self.source, self.settings.ranking)

    def by_best_snippet(self, retriever: Retriever) -> tuple[Retriever, Ranker]:
        return retriever, BestSnippetRanker(self.source, self.settings.ranking)


RANKINGS: dict[RankingName, Callable[[_Ground], tuple[Retriever, Ranker]]] = {
    "RankDocBySnpt": lambda ground: ground.by_best_snippet(ground.hybrid()),
    "RankDocBM25": lambda ground: ground.in_order_of(SparseDocuments(ground.source)),
    "RankDocDense": lambda ground: ground.in_order_of(DenseDocuments(ground.source, ground.encoder)),
    "RankSnippet": lambda ground: (ground.hybrid(), SnippetRanker(ground.source, ground.settings.ranking)),
    "RecentDoc": lambda ground: ground.in_order_of(RecentDocuments(ground.source)),
    "RankFusion": lambda ground: ground.by_best_snippet(RankFusionRetriever([ground.sparse(), ground.dense()])),
}
SUMMARIES: dict[SummaryName, Callable[[_Ground], Summarizer]] = {
    "SumByDraft": lambda ground: ExtractiveSummarizer(ground.source, ground.encoder, ground.settings.summary),
    "SumCtxInd": lambda ground: GenericSummarizer(ground.settings.summary),
    "none": lambda _: NoSummary(),
}
SYNTHESES: dict[SynthesisName, Callable[[_Ground], Synthesizer]] = {
    "SynByDraft": lambda ground: KeywordSynthesizer(ground.source, ground.encoder, ground.settings.keywords),
    "SynCtxInd": lambda ground: FrequentWords(ground.source, ground.settings.keywords),
    "none": lambda _: NoKeywords(),
}


def evidence_stages(source: EvidenceSource, encoder: Encoder, settings: Settings) -> EvidenceStages:
    """The first four stages over a library; training and evaluation run the same ones over an archive."""
    ground = _Ground(source, encoder, settings)
    retriever, ranker = RANKINGS[settings.ranking.method](ground)
    return EvidenceStages(
        retriever=retriever,
        ranker=ranker,
        summarizer=SUMMARIES[settings.summary.method](ground),
        synthesizer=SYNTHESES[settings.keywords.method](ground),
        settings=settings.retrieval,
    )
