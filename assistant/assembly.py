"""Settings become a working assistant: the only module that knows every concrete part."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Protocol

from assistant.embedding import Encoder
from assistant.errors import ModelError
from assistant.generation.local import LocalGenerator, load_generator
from assistant.library.library import Library
from assistant.models.catalogue import SHIPPED
from assistant.models.store import ModelStore
from assistant.pipeline import Choices, EvidenceStages, Pipeline
from assistant.prompts import PromptTemplate
from assistant.ranking import (
    BestSnippetRanker,
    ClosestPassages,
    DocumentOrder,
    DocumentRanker,
    DocumentSource,
    SnippetRanker,
)
from assistant.retrieval.bm25 import SnippetSource, SparseRetriever
from assistant.retrieval.dense import DenseRetriever, VectorIndex
from assistant.retrieval.documents import DenseDocuments, RecentDocuments, SparseDocuments
from assistant.retrieval.encoder import DEFAULT_WEIGHTS_SHA256, load_encoder, weights_of
from assistant.retrieval.fusion import RankFusionRetriever
from assistant.retrieval.hybrid import HybridRetriever
from assistant.selectors import Selectors, load_selectors
from assistant.settings import SHIPPED_CHECKPOINT, SHIPPED_SELECTORS, RankingName, Settings, SummaryName, SynthesisName
from assistant.signature import file_hash
from assistant.stages import Ranker, Retriever, Summarizer, Synthesizer, TextGenerator
from assistant.summarization import (
    ExtractiveSummarizer,
    GenericSummarizer,
    NoSummary,
    TrainedSummarizer,
    WrittenSummarizer,
)
from assistant.synthesis import (
    FrequentWords,
    ImportedVectors,
    KeywordSynthesizer,
    NoKeywords,
    TrainedSynthesizer,
    WrittenSynthesizer,
)
from assistant.types import Document, DocumentId, Request, Suggestion
from assistant.voice_memories import WHY_NONE, GeneratorKeys, VoiceMemories
from assistant.voice_personas import load_personas

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Assistant:
    """Everything a page or a command needs; close it when done.

    ``pipeline`` is replaced as a whole when another model is taken into use: read it anew for every suggestion.
    ``model`` is the name of the one in use, ``trouble`` why it is not the one that was chosen. ``keys`` make what it
    remembers a voice by; None where it cannot recall.
    """

    settings: Settings
    library: Library
    pipeline: Pipeline
    encoder: Encoder
    model: str = SHIPPED
    trouble: str = ""
    keys: GeneratorKeys | None = None

    def use_model(self, name: str) -> None:
        """Load another model of this machine, write with it from the next suggestion on, and keep the choice.

        :raises OwnhandError: if it is not here, cannot be loaded or kept; then the old one stays in use.
        """
        store = ModelStore(self.settings.data_dir)
        folder = store.find(name)
        generator, template = load_generator(folder)
        store.choose(name)
        self.keys = _keys(generator)
        memory = _memory(self.library, self.keys)
        personas = load_personas(folder, generator, self.encoder, self.library)
        self.pipeline = replace(self.pipeline, generator=generator, template=template, memory=memory, personas=personas)
        self.model, self.trouble = name, ""
        self.learn()

    def learn(self) -> None:
        """Learn the wording of all voices for the model in use, in the background; now and whenever documents come."""
        self.library.learn_with(self.keys, why_none="" if self.keys else WHY_NONE)

    def recalled_documents(self, request: Request, suggestion: Suggestion) -> dict[DocumentId, Document]:
        """The documents that words of a suggestion leaned on, but for those deleted meanwhile."""
        if request.voice is None:
            return {}
        wanted = {support.document for recall in suggestion.recalls for support in recall.supports}
        return self.library.documents_by_id(request.voice, sorted(wanted))

    def close(self) -> None:
        """Release the data folder."""
        self.library.close()


def load(settings: Settings) -> Assistant:
    """Open the library and load the models.

    :raises OwnhandError: if the data folder or a model that was asked for cannot be used.
    """
    first = _first_model(settings)
    encoder = load_encoder()
    library = Library.open(settings.data_dir, encoder)
    stages = evidence_stages(library, encoder, settings)
    keys = _keys(first.generator)
    pipeline = Pipeline(
        stages,
        first.generator,
        first.template,
        evidence_signature(settings_for(encoder, settings)),
        memory=_memory(library, keys),
        undisturbed=library.undisturbed,
        personas=load_personas(first.folder, first.generator, encoder, library),
    )
    return Assistant(settings, library, pipeline, encoder, first.name, first.trouble, keys)


def key_maker(settings: Settings) -> GeneratorKeys | None:
    """What learns the wording of voices for the model that the settings name; None where that cannot recall."""
    return _keys(_first_model(settings).generator)


def _keys(generator: LocalGenerator) -> GeneratorKeys | None:
    return GeneratorKeys(generator) if generator.can_recall else None


def _memory(library: Library, keys: GeneratorKeys | None) -> VoiceMemories | None:
    return VoiceMemories(library, keys.generator.memory.model) if keys is not None else None


@dataclass(frozen=True, slots=True)
class _FirstModel:
    """The model that a process starts with."""

    name: str
    folder: Path
    generator: LocalGenerator
    template: PromptTemplate
    trouble: str = ""


def _first_model(settings: Settings) -> _FirstModel:
    """The model the settings name, or the one chosen in the app; if that one fails, the shipped one and the reason."""
    store, asked = ModelStore(settings.data_dir), settings.generation.model
    if asked is not None:
        folder = store.find(asked)
        name = SHIPPED if folder.resolve() == SHIPPED_CHECKPOINT else asked
        return _FirstModel(name, folder, *load_generator(folder))
    chosen = store.chosen()
    try:
        folder = store.find(chosen)
        return _FirstModel(chosen, folder, *load_generator(folder))
    except ModelError as error:
        if chosen == SHIPPED:
            raise
        trouble = f"the model chosen last, {chosen}, cannot be used: {error}"
        _log.warning("%s; writing with the shipped one", trouble)
        return _FirstModel(SHIPPED, SHIPPED_CHECKPOINT, *load_generator(SHIPPED_CHECKPOINT), trouble)


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

    def selectors(self) -> Selectors:
        return _selectors(self.settings.helpers.selectors, weights_of(self.encoder.name))

    def trained_summary(self) -> Summarizer:
        selectors, settings = self.selectors(), self.settings
        scorer = selectors.pair(settings.helpers.half).summary
        return TrainedSummarizer(self.source, self.encoder, scorer, selectors.rarity, settings.summary)

    def trained_synthesis(self) -> Synthesizer:
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
    if keywords.method == "SynCtx":
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
    for entry, name in (("summary_model", helpers.summary_model), ("keyword_model", helpers.keyword_model)):
        if name is not None:
            found[f"{entry}_sha256"] = _helper(store.find(name))[0].signature["weights_sha256"]
    return found


# Which stages the files in a signature stand behind.
_USERS: dict[str, set[str]] = {
    "selectors_sha256": {"SumCtx", "SynCtx"},
    "summary_model_sha256": {"SumCtxWritten"},
    "keyword_model_sha256": {"SynCtxWritten"},
}


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
    "SumCtx": lambda ground: ground.trained_summary(),
    "SumCtxWritten": lambda ground: WrittenSummarizer(*ground.helper(ground.settings.helpers.summary_model)),
    "SumCtxInd": lambda ground: GenericSummarizer(ground.settings.summary),
    "none": lambda _: NoSummary(),
}
SYNTHESES: dict[SynthesisName, Callable[[_Ground], Synthesizer]] = {
    "SynByDraft": lambda ground: KeywordSynthesizer(ground.source, ground.encoder, ground.settings.keywords),
    "SynCtx": lambda ground: ground.trained_synthesis(),
    "SynCtxWritten": lambda ground: ground.written_synthesis(),
    "SynCtxInd": lambda ground: FrequentWords(ground.source, ground.settings.keywords),
    "none": lambda _: NoKeywords(),
}


def evidence_stages(source: EvidenceSource, encoder: Encoder, settings: Settings) -> EvidenceStages:
    """The first four stages over a library; training and evaluation run the same ones over an archive."""
    settings = settings_for(encoder, settings)
    ground = _Ground(source, encoder, settings)
    ranking = cache(lambda name: RANKINGS[name](ground))  # what a ranking knows of a voice is kept in its parts
    retriever, ranker = ranking(settings.ranking.method)
    return EvidenceStages(
        retriever=retriever,
        ranker=ranker,
        summarizer=SUMMARIES[settings.summary.method](ground),
        synthesizer=SYNTHESES[settings.keywords.method](ground),
        settings=settings.retrieval,
        choices=Choices(
            ClosestPassages(source, encoder, settings.ranking), ranking, settings.ranking.budget_characters
        ),
    )
