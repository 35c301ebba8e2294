"""What a running suggestion reports, in this order: the page matches on these, the evaluation folds them."""

from dataclasses import dataclass

from assistant.types import Hit, Keyword, RankedEntry, Suggestion, Summary


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Snippets were found. ``milliseconds`` is this stage's own time, here and below."""

    hits: tuple[Hit, ...]
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Ranked:
    """The winning documents are known."""

    entries: tuple[RankedEntry, ...]
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Summarized:
    """The entries are condensed."""

    summary: Summary
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Synthesized:
    """The important words are chosen."""

    keywords: tuple[Keyword, ...]
    milliseconds: float


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next piece of generated text, and how sure the model was of all so far, see ``TextStream.confidence``."""

    text: str
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """The suggestion is complete, with its evidence, finish reason, timings and signature."""

    suggestion: Suggestion


Event = Retrieved | Ranked | Summarized | Synthesized | TextDelta | Finished
