"""How typical of a writer a text is: the voice score.

A score of 62 says: of this writer's own passages of about this length, 62 in 100 are less typical of the writer than
this text is. What is typical is the writer's manner (``assistant.style``): function words, punctuation, the lengths of
the other words and what follows what, as far as they differ from writers at large. A passage of the writer's own is
judged without the document it is from, so the writer's passages have scores from 0 to 100, evenly.

It is not a probability that the writer wrote the text, nor a judgement of whether it is good; it knows neither subject
nor facts. It is known for English alone: of other languages it sees only punctuation and the lengths of words. A short
text tells little: with 50 marks (some 45 words) a passage of the writer of a demo corpus has the higher score against
one of another of them in about four of five cases, with 25 marks in three of four
(``tests/test_voice_scores.py`` measures it).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from assistant.errors import NotFoundError
from assistant.retrieval.per_voice import PerVoice, Revisions
from assistant.style import Manner, StyleCounts, StyleTable, load_style_table, marks_of
from assistant.types import Document, DocumentId, VoiceId

LENGTHS = (25, 50, 100, 200)
"""Marks of the passages that a text is compared with: those of the greatest length that it reaches itself."""
FEWEST_PASSAGES = 30
"""With fewer passages a percentile moves by more than three points for each of them."""
FEWEST_DOCUMENTS = 3
"""A passage is judged without its own document; one or two others are a subject, not a manner."""
# Of a large voice the latest documents up to so many marks: some 250 pages, and a manner changes with the years.
_MOST_MARKS = 100_000

TOO_SHORT = "too short to tell"
TOO_LITTLE = "not enough of your writing to tell"


@dataclass(frozen=True, slots=True)
class VoiceScore:
    """A score from 0 to 100; None where there is none, and why."""

    percentile: int | None
    reason: str = ""


class KeptDocuments(Revisions, Protocol):
    """What a library keeps."""

    def content_hashes(self, voice: VoiceId) -> dict[DocumentId, str]:
        """The SHA-256 of every text of a voice."""
        ...

    def documents_by_id(self, voice: VoiceId, ids: Sequence[DocumentId]) -> Mapping[DocumentId, Document]:
        """Those of the documents that the voice has."""
        ...


class VoiceScores:
    """Scores for every voice; what they need of one is counted at the first of them, and again when it has changed."""

    def __init__(self, kept: KeptDocuments) -> None:
        self._kept = kept
        self._styles = PerVoice[VoiceStyle](kept, lambda voice, _: self._style(voice))

    def score(self, voice: VoiceId | None, text: str) -> VoiceScore:
        """How typical of the writer of a voice a text is; a voice that was deleted meanwhile has nothing to tell by."""
        if voice is None:
            return VoiceScore(None, TOO_LITTLE)
        try:
            return self._styles.of(voice).score(text)
        except NotFoundError:
            return VoiceScore(None, TOO_LITTLE)

    def _style(self, voice: VoiceId) -> "VoiceStyle":
        ids = sorted(self._kept.content_hashes(voice), reverse=True)
        documents = self._kept.documents_by_id(voice, ids).values()
        latest = sorted(documents, key=lambda document: document.written_on or date.min, reverse=True)
        return VoiceStyle.of([document.text for document in latest], load_style_table())


@dataclass(frozen=True, slots=True, eq=False)
class VoiceStyle:
    """A writer's manner, and for each length how like it the writer's own passages are, in ascending order."""

    manner: Manner
    passages: Mapping[int, Sequence[float]]

    @classmethod
    def of(cls, texts: Sequence[str], table: StyleTable) -> "VoiceStyle":
        """Learn from a writer's texts, those first that are to count where there are too many."""
        documents: list[list[str]] = []
        room = _MOST_MARKS
        for text in texts:
            marks = marks_of(text)[:room]
            room -= len(marks)
            documents.append(marks)
            if room == 0:
                break
        counts = StyleCounts.of(documents)
        found: dict[int, list[float]] = {length: [] for length in LENGTHS}
        for marks in documents if len(documents) >= FEWEST_DOCUMENTS else ():
            others = Manner(counts, table, without=StyleCounts.of([marks]))
            for length in LENGTHS:
                found[length].extend(others.likeness(passage) for passage in _passages(marks, length))
        return cls(Manner(counts, table), {length: sorted(likeness) for length, likeness in found.items()})

    def score(self, text: str) -> VoiceScore:
        """How typical a text is."""
        marks = marks_of(text)
        if len(marks) < LENGTHS[0]:
            return VoiceScore(None, TOO_SHORT)
        known = [length for length in LENGTHS if length <= len(marks) and len(self.passages[length]) >= FEWEST_PASSAGES]
        if not known:
            return VoiceScore(None, TOO_LITTLE)
        own, likeness = self.passages[known[-1]], self.manner.likeness(marks)
        below = (bisect_left(own, likeness) + bisect_right(own, likeness)) / 2
        return VoiceScore(round(100 * below / len(own)))


def _passages(marks: Sequence[str], length: int) -> list[Sequence[str]]:
    """A text cut into passages of a length; what is left at the end is none."""
    return [marks[start : start + length] for start in range(0, len(marks) - length + 1, length)]
