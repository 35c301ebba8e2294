"""A draft's steering as the page and programs say it: in requests, and in answers."""

from dataclasses import asdict

from pydantic import BaseModel, Field

from assistant.settings import RankingName, SummaryName, SynthesisName
from assistant.types import LONGEST_SUMMARY, LONGEST_WORD, MOST_WORDS, DocumentId, Steering
from assistant.ui.wire import Json

_MOST_DOCUMENTS = 200


class SteeringChoice(BaseModel):
    """What the writer changed of the evidence; nothing by default."""

    pinned: list[DocumentId] = Field(default=[], max_length=_MOST_DOCUMENTS)
    excluded: list[DocumentId] = Field(default=[], max_length=_MOST_DOCUMENTS)
    order: list[DocumentId] = Field(default=[], max_length=_MOST_DOCUMENTS)
    added_words: list[str] = Field(default=[], max_length=MOST_WORDS)
    removed_words: list[str] = Field(default=[], max_length=MOST_WORDS)
    summary: str | None = Field(default=None, max_length=LONGEST_SUMMARY)
    ranking: RankingName | None = None
    summary_by: SummaryName | None = None
    keywords_by: SynthesisName | None = None

    def steering(self) -> Steering:
        """The same as a value.

        :raises SettingsError: if it contradicts itself.
        """
        return Steering(
            pinned=tuple(dict.fromkeys(self.pinned)),
            excluded=tuple(dict.fromkeys(self.excluded)),
            order=tuple(dict.fromkeys(self.order)),
            added_words=tuple(dict.fromkeys(word.strip()[:LONGEST_WORD] for word in self.added_words)),
            removed_words=tuple(dict.fromkeys(word.strip()[:LONGEST_WORD] for word in self.removed_words)),
            summary=self.summary,
            ranking=self.ranking,
            summary_by=self.summary_by,
            keywords_by=self.keywords_by,
        )


def steering_json(steering: Steering) -> Json:
    """As ``SteeringChoice`` reads it."""
    return asdict(steering)
