"""A working assistant around a library of the test's own, with a generator that writes what it is told."""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from assistant.assembly import Assistant
from assistant.library.library import Library
from assistant.pipeline import EvidenceStages, Pipeline
from assistant.prompts import PLAIN_TEMPLATE, Prompt
from assistant.ranking import BestSnippetRanker
from assistant.retrieval.bm25 import SparseRetriever
from assistant.retrieval.dense import DenseRetriever
from assistant.retrieval.hybrid import HybridRetriever
from assistant.settings import Settings
from assistant.summarization import ExtractiveSummarizer
from assistant.synthesis import KeywordSynthesizer
from assistant.types import Finish, Sampling
from tests.hashing_encoder import HashingEncoder


@dataclass
class Script:
    """What the generator writes and how: with a pause before each piece, and an error at the end if there is one."""

    pieces: Sequence[str] = (" It", " held", ".")
    pause: float = 0.0
    failure: Exception | None = None
    closed: threading.Event = field(default_factory=threading.Event)
    samplings: list[Sampling] = field(default_factory=list)
    signature: dict[str, object] = field(default_factory=lambda: {"model": "script"})

    def stream(self, prompt: Prompt, sampling: Sampling) -> "ScriptedStream":
        self.samplings.append(sampling)
        return ScriptedStream(self)


class ScriptedStream:
    """One run of the script."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.finish: Finish = "cancelled"

    def __iter__(self) -> Iterator[str]:
        for piece in self._script.pieces:
            time.sleep(self._script.pause)
            yield piece
        if self._script.failure is not None:
            raise self._script.failure
        self.finish = "stop"

    def close(self) -> None:
        self._script.closed.set()


def assistant_with(library: Library, script: Script, data_dir: Path) -> Assistant:
    """The parts put together as ``assistant.assembly.load`` does."""
    encoder, settings = HashingEncoder(), Settings(data_dir=data_dir)
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
    return Assistant(settings, library, Pipeline(stages, script, PLAIN_TEMPLATE), encoder)
