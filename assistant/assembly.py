"""Settings become a working assistant: the only module that knows every concrete part."""

from dataclasses import dataclass

from assistant.generation.local import load_generator
from assistant.library.library import Library
from assistant.pipeline import EvidenceStages, Pipeline
from assistant.ranking import BestSnippetRanker
from assistant.retrieval.bm25 import SparseRetriever
from assistant.retrieval.dense import DenseRetriever
from assistant.retrieval.encoder import Encoder, load_encoder
from assistant.retrieval.hybrid import HybridRetriever
from assistant.settings import Settings
from assistant.summarization import ExtractiveSummarizer
from assistant.synthesis import KeywordSynthesizer


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
    retriever = HybridRetriever(
        SparseRetriever(library),
        DenseRetriever(library, encoder),
        index=library,
        encoder=encoder,
        settings=settings.retrieval,
    )
    stages = EvidenceStages(
        retriever=retriever,
        ranker=BestSnippetRanker(library, settings.ranking),
        summarizer=ExtractiveSummarizer(library, encoder, settings.summary),
        synthesizer=KeywordSynthesizer(library, encoder, settings.keywords),
        settings=settings.retrieval,
    )
    pipeline = Pipeline(stages, generator, template)
    return Assistant(settings, library, pipeline, encoder)
