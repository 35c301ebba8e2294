"""Drafts of the past with what their finished documents took up: what the helpers are trained on, and measured by.

An occasion is a document as it stood at its beginning, the ranked entries the product would have shown for it, and the
weak labels (``assistant.training.weak_labels``) that the finished document gives.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from assistant.embedding import Encoder, Vectors
from assistant.evidence_methods import evidence_stages
from assistant.keyword_candidates import candidate_words
from assistant.pipeline import immediate_context
from assistant.selectors import Rarity
from assistant.settings import KeywordSettings, Settings, SummarySettings
from assistant.summarization.features import snippets_of
from assistant.training.archive import ARCHIVE_VOICE, Archive, ArchiveView, WordVectors, build_archive
from assistant.training.corpus import Record
from assistant.training.weak_labels import (
    ENCODER_DISTANCE,
    Relation,
    keyword_label,
    neighbours,
    summary_label,
    wordnet_synonyms,
)
from assistant.types import RankedEntry, Request, WriterId

LABEL_CHARACTERS = 1100
"""Characters after the cursor whose snippets and words make the labels: as far as an example for the generator goes."""
# Entries alone: helpers read what the ranking gives.
_RANKING_ONLY = replace(Settings(), summary=SummarySettings(method="none"), keywords=KeywordSettings(method="none"))


@dataclass(frozen=True, slots=True)
class Occasion:
    """A draft, its ranked entries, and the labels."""

    query: str
    entries: tuple[RankedEntry, ...]
    view: ArchiveView
    """What the author had written before."""
    snippet_vectors: Vectors
    """Of the entries' snippets, in order."""
    summary_label: tuple[int, ...]
    """Places of snippets among those of the entries, in the order in which the document took them up."""
    keyword_label: tuple[str, ...]
    """Words of the entries that the document took up, those taken up most often first."""
    written: str
    """What was written after the cursor, as far as the labels go."""


class OccasionMaker:
    """Makes occasions of authors' documents.

    :param rarity: says which words are too common for a label.
    """

    def __init__(self, encoder: Encoder, rarity: Rarity, *, label_characters: int = LABEL_CHARACTERS) -> None:
        self._encoder = encoder
        self._rarity = rarity
        self._words = WordVectors(encoder)
        self._synonyms = wordnet_synonyms()
        self._label_characters = label_characters

    def occasions(self, records: Sequence[Record], cursors: Sequence[tuple[int, int]]) -> Iterator[Occasion]:
        """One for every (document, cursor) whose author's past holds something that bears on it.

        :param records: all documents of one author, oldest first.
        """
        archive = build_archive(records, self._encoder, self._words)
        for index, cursor in cursors:
            if occasion := self._occasion(archive, records[index], index, cursor):
                yield occasion

    def _occasion(self, archive: Archive, record: Record, index: int, cursor: int) -> Occasion | None:
        view = archive.before(index)
        request = Request(WriterId(0), ARCHIVE_VOICE, record.title, record.text[:cursor])
        entries = evidence_stages(view, self._encoder, _RANKING_ONLY).evidence(request).entries
        if not entries:
            return None
        end = cursor + self._label_characters
        vectors = view.snippet_vectors(ARCHIVE_VOICE, [snippet.id for snippet in snippets_of(entries)])
        count = sum(snippet.span.start < end for snippet in archive.snippets[index])
        written = record.text[cursor:end]
        document = f"{record.title}\n{record.text[:end]}"
        return Occasion(
            query=immediate_context(request, _RANKING_ONLY.retrieval.query_characters),
            entries=entries,
            view=view,
            snippet_vectors=vectors,
            summary_label=tuple(summary_label(archive.document_vectors[index][:count], vectors)),
            keyword_label=tuple(self._keywords(document, entries)),
            written=written,
        )

    def _keywords(self, document: str, entries: Sequence[RankedEntry]) -> list[str]:
        texts = [entry.text for entry in entries]
        words = candidate_words("\n".join([document, *texts]))
        relations: list[Relation] = [neighbours(self._words.lookup(words), distance=ENCODER_DISTANCE)]
        if self._synonyms is not None:
            relations.append(self._synonyms)
        return keyword_label(document, texts, idf=self._rarity, relations=relations)
