"""Settings become a working assistant: the only module that knows every concrete part."""

from dataclasses import dataclass
from typing import Protocol

from assistant.embedding import Encoder
from assistant.generation.local import load_generator
from assistant.library.library import Library
from assistant.pipeline import EvidenceStages, Pipeline
from assistant.ranking import BestSnippetRanker, DocumentSource
from assistant.retrieval.bm25 import SnippetSource, SparseRetriever
from assistant.retrieval.dense import DenseRetriever, VectorIndex
from assistant.retrieval.encoder import load_encoder
from assistant.retrieval.hybrid import HybridRetriever
from assistant.settings import Settings
from assistant.summarization import ExtractiveSummarizer
from assistant.synthesis import ImportedVectors, KeywordSynthesizer


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
    generator, template = load_generator(settings.generation.model, allow_download=settings.generation.allow_download)
    encoder = load_encoder()
    library = Library.open(settings.data_dir, encoder)
    pipeline = Pipeline(evidence_stages(library, encoder, settings), generator, template)
    return Assistant(settings, library, pipeline, encoder)


class EvidenceSource(SnippetSource, VectorIndex, DocumentSource, ImportedVectors, Protocol):
    """What the stages ask of a library, or of an archive that stands in for one."""


def evidence_stages(source: EvidenceSource, encoder: Encoder, settings: Settings) -> EvidenceStages:
    """The first four stages over a library; training and evaluation run the same ones over an archive."""
    retriever = HybridRetriever(
        SparseRetriever(source),
        DenseRetriever(source, encoder),
        index=source,
        encoder=encoder,
        settings=settings.retrieval,
    )
    return EvidenceStages(
        retriever=retriever,
        ranker=BestSnippetRanker(source, settings.ranking),
        summarizer=ExtractiveSummarizer(source, encoder, settings.summary),
        synthesizer=KeywordSynthesizer(source, encoder, settings.keywords),
        settings=settings.retrieval,
    )
