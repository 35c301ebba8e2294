"""The rewriting check: whether a model rewrites well enough for the editor to offer it.

Fixed paragraphs (``rewriting_passages``) go through every kind of rewrite. A rewrite is *sound* if nothing about it is
wrong: the meaning is kept and every name, number and date, none is new, what was asked for has changed, it is no copy,
runs in no loop and ends at the end of a sentence. A kind is passed if enough of its rewrites are sound. Every test is
one that a person could make with the two texts side by side; none knows the model.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from assistant.embedding import Encoder
from assistant.errors import SettingsError
from assistant.evaluation.quality import has_loop
from assistant.generation.decoding import ends_sentence
from assistant.keyword_candidates import words
from assistant.library.demos import demo_corpora
from assistant.library.readers import read_document
from assistant.rewriting.facts import added_facts, lost_facts
from assistant.rewriting.rewriter import RewriteFinished, Rewriter
from assistant.sentences import split_sentences
from assistant.style import Manner, StyleCounts, load_style_table, marks_of
from assistant.types import DocumentId, RankedEntry, RewriteKind, Snippet, SnippetId, Span

SOUND_SHARE = 0.7
"""Share of sound rewrites by which a kind is passed: of ten, at most three are to be refused. With more, reading the
changes and refusing them costs a writer more than rewriting by hand."""
LEAST_SIMILARITY = 0.6
"""Cosine of MiniLM's vectors of text and rewrite. Eleven rewrites by hand, out of officialese and into a letter, lay
between 0.64 and 0.91; of neighbouring paragraphs of the demo corpora, which share their subject alone, 99 in 100 lay
below 0.52."""
SHORTER = (0.25, 0.8)
"""Words of a shorter rewrite to those of the text. Above 0.8 a reader sees no difference; below a quarter it is a
headline."""
LONGER = (1.25, 3.0)
"""The same of a longer one."""
SAME_LENGTH = (0.5, 1.6)
"""The same where the length is to stay about what it was: plain words are often more words."""
EASIER = 0.5
"""Grades by which a plainer rewrite is easier to read, by the automated readability index (Senter and Smith 1967): from
half a grade on the change is more than one long word less."""
HARD_FROM = 8.0
"""Only texts from this grade on can fail to become plainer: those below are plain already."""
COPIED_SHARE = 0.9
"""A rewrite that has more of the text's words in their order is a copy with a word changed."""
VOICE = "personal-essays"
"""The demo corpus whose writer lends the voice."""
_PASSAGE_CHARACTERS = 500  # as the editor's passages have

Fault = Literal["meaning", "facts", "change", "copy", "loop", "broken off"]


@dataclass(frozen=True, slots=True)
class Judged:
    """A rewrite of one text and all that is wrong with it."""

    kind: RewriteKind
    text: str
    rewrite: str
    similarity: float
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class KindReport:
    """How a model rewrites in one way."""

    kind: RewriteKind
    rewrites: int
    sound: int
    faults: dict[Fault, int]
    similarity: float
    """The mean."""

    @property
    def is_passed(self) -> bool:
        """Whether enough rewrites are sound."""
        return self.rewrites > 0 and self.sound >= SOUND_SHARE * self.rewrites


@dataclass(frozen=True, slots=True)
class LentVoice:
    """A writer's manner, and passages of theirs for the model to go by."""

    manner: Manner
    passages: tuple[RankedEntry, ...]


def lent_voice() -> LentVoice:
    """The voice of the demo corpus; its first documents give the passages, all of them the manner."""
    folder = next(corpus.folder for corpus in demo_corpora() if corpus.slug == VOICE)
    texts = [read_document(path.name, path.read_bytes()).text for path in sorted(folder.glob("*.md"))]
    manner = Manner(StyleCounts.of(marks_of(text) for text in texts), load_style_table())
    return LentVoice(manner, tuple(_entry(number, text) for number, text in enumerate(texts[:3], start=1)))


class Judge:
    """Says of a rewrite what is wrong with it."""

    def __init__(self, encoder: Encoder, voice: LentVoice) -> None:
        self._encoder = encoder
        self._voice = voice

    def judge(self, kind: RewriteKind, text: str, rewrite: str) -> Judged:
        """All faults of a rewrite."""
        left, right = self._encoder.encode([text, rewrite])
        similarity = float(left @ right)
        wrong: dict[Fault, bool] = {
            "meaning": similarity < LEAST_SIMILARITY,
            "facts": bool(lost_facts(text, rewrite) or added_facts(text, rewrite)),
            "change": not self._is_changed_as_asked(kind, text, rewrite),
            "copy": copied_share(text, rewrite) > COPIED_SHARE,
            "loop": has_loop(rewrite) and not has_loop(text),
            "broken off": not ends_sentence(rewrite),
        }
        return Judged(kind, text, rewrite, similarity, tuple(fault for fault in get_args(Fault) if wrong[fault]))

    def _is_changed_as_asked(self, kind: RewriteKind, text: str, rewrite: str) -> bool:
        growth = len(words(rewrite)) / max(1, len(words(text)))
        match kind:
            case RewriteKind.SHORTER:
                return _within(growth, SHORTER)
            case RewriteKind.LONGER:
                return _within(growth, LONGER)
            case RewriteKind.PLAINER:
                before = reading_grade(text)
                is_easier = before < HARD_FROM or reading_grade(rewrite) <= before - EASIER
                return is_easier and _within(growth, SAME_LENGTH)
            case RewriteKind.VOICE:
                manner = self._voice.manner
                is_closer = manner.likeness(marks_of(rewrite)) > manner.likeness(marks_of(text))
                return is_closer and _within(growth, SAME_LENGTH)


def check_rewriting(
    rewriter: Rewriter,
    judge: Judge,
    voice: LentVoice,
    texts: Sequence[str],
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Iterator[Judged]:
    """Rewrite every text in every way and judge it."""
    tasks = [(kind, text) for kind in RewriteKind for text in texts]
    for done, (kind, text) in enumerate(tasks, start=1):
        passages = voice.passages if kind is RewriteKind.VOICE else ()
        yield judge.judge(kind, text, _rewritten(rewriter, text, kind, passages))
        on_progress(done, len(tasks))


def report(judged: Sequence[Judged]) -> tuple[KindReport, ...]:
    """Count the sound ones of every kind."""
    return tuple(_report(kind, [one for one in judged if one.kind is kind]) for kind in RewriteKind)


def reading_grade(text: str) -> float:
    """The school grade that a text is written for, by the automated readability index (Senter and Smith 1967)."""
    found = words(text)
    sentences = max(1, len(split_sentences(text)))
    return 4.71 * sum(map(len, found)) / max(1, len(found)) + 0.5 * len(found) / sentences - 21.43


def copied_share(text: str, rewrite: str) -> float:
    """Share of the words of both that they have in common, in order (ROUGE-L's measure, F1)."""
    left, right = words(text), words(rewrite)
    if not left or not right:
        return 0.0
    row = [0] * (len(right) + 1)
    for word in left:
        diagonal = 0
        for place, other in enumerate(right, start=1):
            above = row[place]
            row[place] = diagonal + 1 if word == other else max(above, row[place - 1])
            diagonal = above
    return 2 * row[-1] / (len(left) + len(right))


def _rewritten(rewriter: Rewriter, text: str, kind: RewriteKind, passages: Sequence[RankedEntry]) -> str:
    try:
        *_, last = rewriter.write(text, kind, passages)
    except SettingsError:  # the model's context has no room for it: nothing comes of it
        return ""
    assert isinstance(last, RewriteFinished)  # the rewriter's contract: the whole rewrite is the last event
    return last.rewrite.text


def _report(kind: RewriteKind, judged: Sequence[Judged]) -> KindReport:
    return KindReport(
        kind,
        rewrites=len(judged),
        sound=sum(not one.faults for one in judged),
        faults={fault: sum(fault in one.faults for one in judged) for fault in get_args(Fault)},
        similarity=sum(one.similarity for one in judged) / max(1, len(judged)),
    )


def _within(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]


def _entry(number: int, text: str) -> RankedEntry:
    """The beginning of a document as evidence."""
    passage = text.strip()[:_PASSAGE_CHARACTERS]
    document, span = DocumentId(number), Span(0, len(passage))
    whole = Snippet(SnippetId(number), document, 0, span, passage)
    return RankedEntry(document, "", None, passage, span, whole, (whole,), 1.0)
