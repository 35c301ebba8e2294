"""``bench suggest``: the wait for evidence in libraries of different sizes, beside a reference of plain parts.

The libraries are made of sentences of the demo corpora, shuffled within a voice; both sides hold the same snippets with
the same vectors and are asked for the same drafts in turn. Of ours it also measures how much of an exact search its
index finds, and the wait for the first word, cold and at a pause after the page kept the model warm.
"""

import statistics
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from time import perf_counter

import numpy as np

from assistant.bench.bulk import VOICE, LibraryMaker
from assistant.bench.measuring import Lap, Stopwatch, Worker, percentiles_ms, wait_for
from assistant.bench.plain import PlainRetriever, PlainVoice, load_plain_encoder, open_plain_chroma, plain_stages
from assistant.bench.results import Json, processor_facts, signature
from assistant.bench.texts import ALL_DEMOS, Material, TypedDraft, typed_drafts
from assistant.embedding import Vectors
from assistant.events import Ranked, TextDelta
from assistant.library.library import Library
from assistant.pipeline import Clock, EvidenceStages, immediate_context
from assistant.sentence_evidence import SentenceEvidence
from assistant.settings import GenerationSettings, Settings
from assistant.terminal import say
from assistant.types import Request, VoiceId, WriterId

_LIBRARIES = ("torch", "transformers", "sentence-transformers", "chromadb", "bm25s", "rank-bm25", "keybert", "numpy")
_NEIGHBOURS = 10
# Similarities nearer than this are equal: either neighbour is right.
_TIE = 1e-5
# Characters typed until the page has the model read again (``WARM_AGAIN`` in ui/static/write/automatic.js).
WARM_AGAIN = 16
_STAGES = ("retrieve", "rank", "summarize", "synthesize")


@dataclass(frozen=True, slots=True)
class SuggestPlan:
    """The sizes of the libraries, the drafts asked for in each, the model, and the folder for the libraries."""

    folder: Path
    model: str
    sizes: tuple[int, ...] = (1_000, 10_000, 100_000)
    queries: int = 60
    material: Material = ALL_DEMOS
    seed: int = 0

    def drafts(self) -> tuple[TypedDraft, ...]:
        """One to warm up with, as many as are asked for evidence, and as many others for first words."""
        documents = list(chain.from_iterable(self.material.read()))
        return typed_drafts(documents, 1 + 2 * self.queries, seed=self.seed)


def bench_suggest(plan: SuggestPlan) -> Json:
    """Measure every size, the smallest first."""
    sizes: list[Json] = []
    with (
        Worker(partial(LibraryMaker, plan.material, plan.seed)) as maker,
        Worker(partial(OurEvidence, plan.model)) as ours,
        Worker(PlainEvidence) as reference,
    ):
        wait_for(maker, ours, reference)
        for size in sorted(plan.sizes):
            data_dir = plan.folder / f"library-{size}"
            say(f"making a library of {size:,} snippets")
            snippets = maker.do(LibraryMaker.make, data_dir, size)
            # The reference first: it reads its voice out of the library, which one process at a time can have.
            reference.do(PlainEvidence.open, data_dir)
            ours.do(OurEvidence.open, data_dir)
            sizes.append({"snippets": snippets, **_measure(plan, ours, reference)})
            say(f"ours {sizes[-1]['ours']['p50_ms']:.0f} ms, {sizes[-1]['ratio']:.1f} times as fast as the reference")
        facts = ours.do(OurEvidence.facts) | {"processor": ours.do(processor_facts)}
    smallest, largest = sizes[0], sizes[-1]
    settings = {"sizes": sorted(plan.sizes), "queries": plan.queries, "seed": plan.seed}
    return {
        "bench": "suggest",
        "sizes": sizes,
        "ratio": largest["ratio"],
        "growth": largest["ours"]["p50_ms"] / smallest["ours"]["p50_ms"],
        "recall_at_10": min(size["recall_at_10"] for size in sizes),
        "first_token": largest["first_token"],
        "signature": facts | signature(_LIBRARIES, settings=settings, **plan.material.signature()),
    }


def _measure(plan: SuggestPlan, ours: "Worker[OurEvidence]", reference: "Worker[PlainEvidence]") -> Json:
    """All numbers of the library that both sides have opened.

    Ours builds its word index when it is first asked after a change; ``first_ms`` says what that costs. Peak memory is
    that of the process so far, the smaller libraries included.
    """
    warm, *drafts = plan.drafts()
    asked, others = drafts[: plan.queries], drafts[plan.queries :]
    first = ours.do(OurEvidence.gather, warm)
    reference.do(PlainEvidence.gather, warm)
    laps = [(ours.do(OurEvidence.gather, draft), reference.do(PlainEvidence.gather, draft)) for draft in asked]
    waits = [ours.do(OurEvidence.first_words, draft) for draft in others]
    our_side, plain_side = (_latency(of_one) for of_one in zip(*laps, strict=True))
    return {
        "ours": {**our_side, "first_ms": 1000 * first.seconds},
        "reference": plain_side,
        "ratio": plain_side["p50_ms"] / our_side["p50_ms"],
        "recall_at_10": ours.do(OurEvidence.recall, asked),
        "reference_recall_at_10": reference.do(PlainEvidence.recall, asked),
        "first_token": {
            f"{state}_{share}": percentiles_ms(list(seconds))[share]
            for state, seconds in zip(("cold", "cached"), zip(*waits, strict=True), strict=True)
            for share in ("p50_ms", "p90_ms")
        },
        "peak_memory_mb": {"ours": ours.peak_memory_mb(), "reference": reference.peak_memory_mb()},
    }


def _latency(laps: Sequence[Lap]) -> Json:
    """Percentiles over all drafts, the median of every stage, and how many documents were found in the mean."""
    stages = {stage: statistics.median(lap.marks[stage] for lap in laps) for stage in _STAGES}
    entries = statistics.fmean(lap.marks["entries"] for lap in laps)
    return {**percentiles_ms([lap.seconds for lap in laps]), "stages_ms": stages, "mean_entries": entries}


class OurEvidence:
    """The assistant as the page has it, over one library at a time."""

    def __init__(self, model: str) -> None:
        from assistant.assembly import load

        self._load = load
        self._settings = Settings(generation=GenerationSettings(model=model))
        self._opened = ExitStack()

    def open(self, data_dir: Path) -> None:
        """Go over to a library."""
        self._opened.close()
        self._assistant = self._opened.enter_context(closing(self._load(replace(self._settings, data_dir=data_dir))))
        self._writer = self._assistant.library.local_writer()
        library, query = self._assistant.library, self._assistant.settings.retrieval.query_characters
        self._voice = library.voice_named(self._writer, VOICE).id
        self._sentences = SentenceEvidence(library.voice_revision, query)

    def gather(self, draft: TypedDraft) -> Lap:
        """The evidence for a draft."""
        return _gather(self._assistant.pipeline.stages, self._request(draft.title, draft.before))

    def first_words(self, draft: TypedDraft) -> tuple[float, float]:
        """Seconds until the first text for a draft, evidence included, and again when a few words have been added.

        In between the model is warmed as the page does while the words are typed.
        """
        cold = self._wait_for_text(self._request(draft.title, draft.before), reuse=False)
        warmed: tuple[Request, int] | None = None
        for length in range(len(draft.before) + 1, len(draft.later) + 1):
            request = self._request(draft.title, draft.later[:length])
            sentence = self._sentences.place(request).start
            if warmed is None or sentence != warmed[0] or length - warmed[1] >= WARM_AGAIN:
                self._wait_for_text(request, reuse=True)
                warmed = sentence, length
        return cold, self._wait_for_text(self._request(draft.title, draft.later), reuse=True)

    def recall(self, drafts: Sequence[TypedDraft]) -> float:
        """Share of the ten nearest snippets that the index finds, over these drafts."""
        library = self._assistant.library
        ids = [snippet.id for snippet in library.voice_snippets(self._voice)]
        rows = {snippet: row for row, snippet in enumerate(ids)}
        queries = self._assistant.encoder.encode(_queries(drafts, self._assistant.settings))
        return recall_at_10(
            lambda query: [rows[snippet] for snippet, _ in library.nearest(self._voice, query, _NEIGHBOURS)],
            library.snippet_vectors(self._voice, ids),
            queries,
        )

    def facts(self) -> Json:
        """What identifies models and settings."""
        return {**self._assistant.pipeline.generator.signature, "stages": self._assistant.settings.signature()}

    def _wait_for_text(self, request: Request, *, reuse: bool) -> float:
        started = perf_counter()
        with closing(self._sentences.write(self._assistant.pipeline, request, reuse=reuse)) as events:
            # Pieces are empty while the model still reads.
            next((event for event in events if isinstance(event, TextDelta) and event.text), None)
            return perf_counter() - started

    def _request(self, title: str, before: str) -> Request:
        return Request(self._writer, self._voice, title, before)


class PlainEvidence:
    """The plain stages over the same snippets and vectors."""

    def __init__(self) -> None:
        self._encoder = load_plain_encoder()
        self._settings = Settings()
        self._opened = ExitStack()

    def open(self, data_dir: Path) -> None:
        """Read a library, index it anew, and go over to that."""
        self._opened.close()
        self._voice = _read_voice(data_dir)
        client = self._opened.enter_context(
            closing(open_plain_chroma(data_dir.with_name(f"{data_dir.name}-reference")))
        )
        self._retriever = PlainRetriever(self._voice, self._encoder, client)
        self._stages = plain_stages(self._retriever, self._voice, self._encoder, self._settings)

    def gather(self, draft: TypedDraft) -> Lap:
        """The evidence for a draft."""
        return _gather(self._stages, Request(WriterId(0), VoiceId(0), draft.title, draft.before))

    def recall(self, drafts: Sequence[TypedDraft]) -> float:
        """Share of the ten nearest snippets that the index finds, over these drafts."""
        queries = self._encoder.encode(_queries(drafts, self._settings))
        return recall_at_10(
            lambda query: self._retriever.nearest(query, _NEIGHBOURS), self._voice.vectors, np.asarray(queries)
        )


def _gather(stages: EvidenceStages, request: Request) -> Lap:
    clock, watch, entries = Clock(), Stopwatch(), 0
    for event in stages.gather(request, clock):
        if isinstance(event, Ranked):
            entries = len(event.entries)
    return watch.lap(1, entries=entries, **clock.milliseconds)


def _queries(drafts: Sequence[TypedDraft], settings: Settings) -> list[str]:
    requests = (Request(WriterId(0), None, draft.title, draft.before) for draft in drafts)
    return [immediate_context(request, settings.retrieval.query_characters) for request in requests]


def _read_voice(data_dir: Path) -> PlainVoice:
    """The measured voice of a library, out of the library."""
    from assistant.retrieval.encoder import load_encoder

    with closing(Library.open(data_dir, load_encoder())) as library:
        voice = library.voice_named(library.local_writer(), VOICE).id
        snippets = library.voice_snippets(voice)
        documents = library.documents_by_id(voice, list({snippet.document for snippet in snippets}))
        return PlainVoice(snippets, library.snippet_vectors(voice, [snippet.id for snippet in snippets]), documents)


def recall_at_10(nearest: Callable[[Vectors], list[int]], vectors: Vectors, queries: Vectors) -> float:
    """Share of the ten rows most similar to each query that ``nearest`` finds; of equally similar ones any will do.

    :param vectors: (rows, dimensions), of any length.
    :param queries: (queries, dimensions).
    """
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    wanted = min(_NEIGHBOURS, len(unit))
    shares = []
    for query in queries:
        similarities = unit @ query
        least = np.partition(similarities, -wanted)[-wanted]
        shares.append(np.count_nonzero(similarities[nearest(query)] >= least - _TIE) / wanted)
    return float(np.mean(shares))
