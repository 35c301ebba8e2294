"""The nouns: every value that crosses a module border, frozen.

One word per thing, the same in code, page and documentation: a *writer* owns *voices*; a voice holds *documents*, each
cut into *snippets*; a *draft* is being written; its *immediate context* is what it says at the cursor; a *suggestion*
comes with its *evidence* (ranked entries, summary, keywords).
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Literal, NewType, get_args

from assistant.errors import SettingsError
from assistant.settings import RankingName, SummaryName, SynthesisName

WriterId = NewType("WriterId", int)
VoiceId = NewType("VoiceId", int)
DocumentId = NewType("DocumentId", int)
SnippetId = NewType("SnippetId", int)
DraftId = NewType("DraftId", int)
VersionId = NewType("VersionId", int)

Finish = Literal["stop", "length", "cancelled"]
"""Why a suggestion ended: at a sentence or document end, at the length asked for, or because someone stopped it."""


class Source(StrEnum):
    """Who proposed a snippet."""

    BM25 = "bm25"
    DENSE = "dense"
    FUSED = "fused"


LONGEST_COPY = 8
"""Consecutive words that may come from one document by way of the memory, unless the writer allows more."""


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """How much of a voice's wording the writer wants in suggestions: ``strength`` from 0, none, to 1, full.

    :raises SettingsError: if the strength is out of these bounds.
    """

    strength: float = 1.0
    quotes_at_length: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.strength <= 1:
            raise SettingsError(f"the memory strength is {self.strength}: expected 0, which is off, to 1")

    @property
    def longest_copy(self) -> int | None:
        """Consecutive words that may come from one document; None: no limit."""
        return None if self.quotes_at_length else LONGEST_COPY


def checked_voice_strength(strength: float) -> float:
    """The strength itself.

    :raises SettingsError: if it is not from 0, which is off, to 1.
    """
    if not 0 <= strength <= 1:
        raise SettingsError(f"the voice strength is {strength}: expected 0, which is off, to 1")
    return strength


@dataclass(frozen=True, slots=True)
class Voice:
    """One of a writer's named corpora; retrieval never crosses voices."""

    id: VoiceId
    writer: WriterId
    name: str
    documents: int = 0
    snippets: int = 0
    memory_use: MemoryUse = MemoryUse()
    """What drafts in this voice start with."""
    voice_strength: float = 1.0
    """The same of the persona, see ``Request.voice_strength``."""


def voice_strength_for(voice: Voice | None, asked: float | None) -> float:
    """The strength that is asked for; None: the one that the voice's drafts start with."""
    if asked is not None:
        return asked
    return 1.0 if voice is None else voice.voice_strength


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A finished piece as a reader understood it, before it has a place in a voice."""

    title: str
    written_on: date | None
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """A finished piece of a voice."""

    id: DocumentId
    voice: VoiceId
    title: str
    written_on: date | None
    text: str
    origin: str = ""


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """A line of the document list: all but the text."""

    id: DocumentId
    voice: VoiceId
    title: str
    written_on: date | None
    origin: str
    characters: int
    snippets: int


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a document's text, as half-open character offsets."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Snippet:
    """Whole sentences of one document, appended until 250 characters (arXiv 2308.07968, section 3.2).

    It is the unit that is embedded and quoted. ``span`` locates it in the document's text.
    """

    id: SnippetId
    document: DocumentId
    position: int
    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A snippet that a retriever found; a higher score is always better."""

    snippet: Snippet
    score: float
    source: Source


@dataclass(frozen=True, slots=True)
class RankedEntry:
    """A document that won, with the passage of it that stands as evidence.

    ``text`` is the passage shown and put before the model: the document's text at ``span``, around its best snippet.
    ``snippets`` are the snippets the passage is made of, in reading order; ``best`` is the one that matched.
    """

    document: DocumentId
    title: str
    written_on: date | None
    text: str
    span: Span
    best: Snippet
    snippets: tuple[Snippet, ...]
    score: float


@dataclass(frozen=True, slots=True)
class SummarySentence:
    """A sentence of the summary and the snippet it was taken from."""

    text: str
    snippet: SnippetId
    document: DocumentId


@dataclass(frozen=True, slots=True)
class Summary:
    """The ranked entries condensed for this draft: sentences of theirs, each traceable to its snippet."""

    sentences: tuple[SummarySentence, ...] = ()
    edited: str = ""
    """The writer's own words in their place; then there are no sentences."""

    @property
    def text(self) -> str:
        """The sentences as one paragraph."""
        return self.edited or " ".join(sentence.text for sentence in self.sentences)


@dataclass(frozen=True, slots=True)
class Keyword:
    """An important word of the ranked entries and its weight, in 0 to 1."""

    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that stands behind one suggestion. Empty means: no past, or no draft to look for."""

    entries: tuple[RankedEntry, ...] = ()
    summary: Summary = Summary()
    keywords: tuple[Keyword, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is no evidence at all."""
        return not self.entries


@dataclass(frozen=True, slots=True)
class Sampling:
    """How text is drawn from the model. Temperature 0 means greedy."""

    max_tokens: int = 60
    temperature: float = 0.7
    top_p: float = 0.92
    seed: int = 0


MOST_PINNED = 5
"""Documents that fill the room for passages; with more pinned, some could not stand."""
MOST_WORDS = 40
LONGEST_WORD = 60
LONGEST_SUMMARY = 2000


@dataclass(frozen=True, slots=True)
class Steering:
    """What the writer changed of the evidence that Ownhand would choose for a draft.

    ``pinned`` documents stand as evidence whatever the ranking says, ``excluded`` ones never; those in ``order`` come
    first, in this order, if they stand at all. ``summary`` replaces the one made of the entries; "" leaves it out.

    :raises SettingsError: if it contradicts itself or holds more than a prompt has room for.
    """

    pinned: tuple[DocumentId, ...] = ()
    excluded: tuple[DocumentId, ...] = ()
    order: tuple[DocumentId, ...] = ()
    added_words: tuple[str, ...] = ()
    removed_words: tuple[str, ...] = ()
    summary: str | None = None
    ranking: RankingName | None = None
    summary_by: SummaryName | None = None
    keywords_by: SynthesisName | None = None
    """Who ranks, sums up and chooses the words. None: as the settings have it."""

    def __post_init__(self) -> None:
        if len(set(self.pinned)) > MOST_PINNED:
            raise SettingsError(f"{len(self.pinned)} documents are pinned: expected {MOST_PINNED} at most; unpin one")
        if both := set(self.pinned) & set(self.excluded):
            raise SettingsError(f"document {min(both)} is pinned and left out: choose one of the two")
        self._check_names()
        self._check_texts()

    def _check_names(self) -> None:
        for what, name, known in (
            ("ranking", self.ranking, get_args(RankingName)),
            ("summary_by", self.summary_by, get_args(SummaryName)),
            ("keywords_by", self.keywords_by, get_args(SynthesisName)),
        ):
            if name is not None and name not in known:
                raise SettingsError(f"{what} is {name!r}: expected one of {', '.join(known)}")

    def _check_texts(self) -> None:
        for words in (self.added_words, self.removed_words):
            if len(words) > MOST_WORDS:
                raise SettingsError(f"{len(words)} words: expected {MOST_WORDS} at most; take some back")
            for word in words:
                if not word.strip() or len(word) > LONGEST_WORD:
                    raise SettingsError(f"a word has {len(word)} characters: expected 1 to {LONGEST_WORD}")
        if self.summary is not None and len(self.summary) > LONGEST_SUMMARY:
            raise SettingsError(f"the summary has {len(self.summary)} characters: expected {LONGEST_SUMMARY} at most")

    @property
    def documents(self) -> frozenset[DocumentId]:
        """All documents it names."""
        return frozenset((*self.pinned, *self.excluded, *self.order))


@dataclass(frozen=True, slots=True)
class Request:
    """One ask for a suggestion: whose voice, and the draft at the cursor.

    ``before`` is the draft's text up to the cursor, ``after`` what follows it.

    :raises SettingsError: if the voice strength is out of its bounds.
    """

    writer: WriterId
    voice: VoiceId | None
    title: str
    before: str
    after: str = ""
    sampling: Sampling = Sampling()
    memory_strength: float = 1.0
    """How much of the voice memory goes into the words: 0 none of it, 1 as much as was fitted."""
    longest_copy: int | None = LONGEST_COPY
    """Consecutive words that may come from one document by way of the memory; None: no limit."""
    voice_strength: float = 1.0
    """How far the model goes towards the voice's persona: 0 not at all, which is the model alone, 1 all the way."""
    steering: Steering = Steering()
    """What the writer changed of the evidence; its documents are of the voice: whoever makes a request checks that."""
    joined: DocumentId | None = None
    """The document that this very draft became when it joined the voice: no draft is evidence for itself."""

    def __post_init__(self) -> None:
        checked_voice_strength(self.voice_strength)

    @property
    def left_out(self) -> frozenset[DocumentId]:
        """Documents that lend this suggestion nothing: no passage, no word, no memory, no trait."""
        return frozenset(self.steering.excluded) | ({self.joined} if self.joined is not None else frozenset())


@dataclass(frozen=True, slots=True)
class Support:
    """An earlier place that a suggested word leaned on.

    ``span`` is that of the recalled word in the document's text, title left out; ``weight`` is the share of the
    suggested word's probability that this place gave, 0 to 1.
    """

    document: DocumentId
    span: Span
    weight: float


@dataclass(frozen=True, slots=True)
class Given:
    """What one document gave of a word's probability, 0 to 1, and its place that gave most."""

    document: DocumentId
    share: float
    strongest: Support


@dataclass(frozen=True, slots=True)
class Recall:
    """How far one word of a suggestion leaned on what the writer wrote before.

    ``span`` is the word in the suggestion's text; ``share`` is the memory's share of its probability, 0 to 1;
    ``supports`` are at most three places in different sentences, best first; ``given`` is what each document gave of
    the share, in all its sentences, those among the supports or not.
    """

    span: Span
    share: float
    supports: tuple[Support, ...]
    given: tuple[Given, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A generated continuation with everything a reader may ask about it."""

    text: str
    evidence: Evidence
    finish: Finish
    timings_ms: dict[str, float] = field(default_factory=dict)
    signature: dict[str, object] = field(default_factory=dict)
    recalls: tuple[Recall, ...] = ()


class RewriteKind(StrEnum):
    """What a rewrite is to change of a text; what the text says stays."""

    VOICE = "voice"
    SHORTER = "shorter"
    LONGER = "longer"
    PLAINER = "plainer"


class Origin(StrEnum):
    """Where words of a draft come from that are not the writer's own."""

    SUGGESTED = "suggested"
    EDITED = "edited"


@dataclass(frozen=True, slots=True)
class OriginSpan:
    """Characters of a draft that an accepted suggestion put in: as it came, or changed since."""

    start: int
    end: int
    origin: Origin


@dataclass(frozen=True, slots=True)
class Draft:
    """What the writer is writing now. ``revision`` grows by one with every save."""

    id: DraftId
    writer: WriterId
    voice: VoiceId | None
    title: str
    text: str
    revision: int
    updated_at: datetime
    memory_use: MemoryUse | None = None
    """None: as the voice has it."""
    origins: tuple[OriginSpan, ...] = ()
    """In order, without overlaps; all other characters are the writer's own."""
    voice_strength: float | None = None
    """None: as the voice has it."""


@dataclass(frozen=True, slots=True)
class DraftInfo:
    """A line of the draft list."""

    id: DraftId
    title: str
    opening: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class DeletedDraft:
    """A draft that was deleted and can still be put back."""

    id: DraftId
    title: str
    opening: str
    deleted_at: datetime


class VersionReason(StrEnum):
    """Why a version of a draft was kept."""

    NAMED = "named"
    TIME = "time"
    CHANGES = "changes"
    LARGE_CHANGE = "large change"
    RESTORE = "restore"
    MERGE = "merge"


@dataclass(frozen=True, slots=True)
class VersionInfo:
    """A line of the list of a draft's versions. ``written_at`` is when the draft came to say what the version says."""

    id: VersionId
    written_at: datetime
    reason: VersionReason
    name: str
    words: int


@dataclass(frozen=True, slots=True)
class Version:
    """What a draft said at some time."""

    info: VersionInfo
    draft: DraftId
    title: str
    text: str
    origins: tuple[OriginSpan, ...] = ()
