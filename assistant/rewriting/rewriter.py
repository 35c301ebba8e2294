"""A selection is rewritten line by line, as a stream of events; closing it stops the model."""

import math
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Protocol, runtime_checkable

from assistant.errors import LibraryError, SettingsError
from assistant.pipeline import EvidenceStages, Pipeline
from assistant.prompts import Chat, Prompt
from assistant.rewriting.facts import added_facts, lost_facts
from assistant.rewriting.prompting import MOST_PASSAGES, rewrite_prompt
from assistant.rewriting.selection import Line, fitted, is_whole, lines_of, unbroken
from assistant.stages import TextGenerator
from assistant.types import Finish, RankedEntry, Request, RewriteKind, Sampling, Steering, VoiceId, WriterId

LONGEST_SELECTION = 2000
"""Characters: some 350 words, which is about what can be read through change by change before it is put in."""

TEMPERATURE = 0.3
"""A rewrite keeps to its text: at the temperature of suggestions small models wander off it."""
_TOP_P = 0.92

# Tokens of a text, about: 4.2 bytes make one in English, fewer in other scripts.
_BYTES_PER_TOKEN = 4
# How much longer than the old text the new one may be before the end of a sentence is its end.
_GROWTH = {RewriteKind.VOICE: 1.5, RewriteKind.SHORTER: 1.0, RewriteKind.LONGER: 2.2, RewriteKind.PLAINER: 1.5}
# A generator ends at a sentence from this share of the length it is given on; before, only where the model ends.
_ENDS_FROM = 0.6
_FEWEST_TOKENS = 16


@dataclass(frozen=True, slots=True)
class RewriteRequest:
    """One ask for a rewrite.

    :raises SettingsError: if nothing is selected, or too much.
    """

    writer: WriterId
    voice: VoiceId | None
    selection: str
    kind: RewriteKind
    title: str = ""
    seed: int = 0
    steering: Steering = field(default_factory=Steering)

    def __post_init__(self) -> None:
        if not self.selection.strip():
            raise SettingsError("nothing is selected: expected some words; select what is to be rewritten")
        if len(self.selection) > LONGEST_SELECTION:
            raise SettingsError(
                f"the selection has {len(self.selection):,} characters: expected {LONGEST_SELECTION:,} at most; "
                "rewrite it part by part"
            )


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A selection in other words."""

    kind: RewriteKind
    selection: str
    """What was rewritten, every paragraph one line, as it is in the text."""
    text: str
    finish: Finish
    passages: tuple[RankedEntry, ...]
    """Of the writer's own, which the model was shown."""
    signature: dict[str, object]


@dataclass(frozen=True, slots=True)
class RewriteDelta:
    """The next piece of what the model writes, as it comes: a preview; empty while it reads."""

    text: str


@dataclass(frozen=True, slots=True)
class RewriteFinished:
    """The rewrite is whole."""

    rewrite: Rewrite


RewriteEvent = RewriteDelta | RewriteFinished


@runtime_checkable
class _Measuring(Protocol):
    """A generator that knows what its context has room for."""

    def spare_room(self, prompt: Prompt, max_tokens: int) -> int: ...


@dataclass(frozen=True, slots=True)
class Rewriter:
    """A language model that is told to rewrite."""

    generator: TextGenerator
    chat: Chat | None

    def write(
        self, selection: str, kind: RewriteKind, passages: Sequence[RankedEntry] = (), *, seed: int = 0
    ) -> Generator[RewriteEvent, None, None]:
        """Rewrite a selection; the same seed gives the same.

        :raises SettingsError: if a line of it is too long for the model.
        """
        text = ""
        finish: Finish = "stop"
        selection = unbroken(selection)
        for line in lines_of(selection):
            yield RewriteDelta(line.before)
            written, ended = yield from self._line(line, kind, passages, seed)
            yield RewriteDelta(line.after)
            text += line.before + written + line.after
            finish = ended if ended != "stop" else finish
        signature = self.generator.signature | {
            "rewrite": {"kind": kind, "temperature": TEMPERATURE, "top_p": _TOP_P, "seed": seed},
            "passages": [entry.document for entry in passages],
        }
        yield RewriteFinished(Rewrite(kind, selection, text, finish, tuple(passages), signature))

    def _line(
        self, line: Line, kind: RewriteKind, passages: Sequence[RankedEntry], seed: int
    ) -> Generator[RewriteEvent, None, tuple[str, Finish]]:
        """Write a line anew; where nothing came of it, it stays."""
        if not line.text:
            return "", "stop"
        prompt = rewrite_prompt(self.chat, kind, line.text, passages)
        sampling = Sampling(_most_tokens(line.text, kind), TEMPERATURE, _TOP_P, seed)
        self._check_room(prompt, sampling.max_tokens)
        answer = ""
        with closing(self.generator.stream(prompt, sampling)) as stream:
            for piece in stream:
                answer += piece
                yield RewriteDelta(piece)
                if is_whole(answer, line.text):
                    break
        finish: Finish = "stop" if is_whole(answer, line.text) else stream.finish
        return fitted(answer, line.text) or line.text, finish

    def _check_room(self, prompt: Prompt, max_tokens: int) -> None:
        generator = self.generator
        if isinstance(generator, _Measuring) and (spare := generator.spare_room(prompt, max_tokens)) < 0:
            raise SettingsError(
                f"the paragraph is {-spare} tokens too long for the model in use: select less of it, or choose a model "
                "with a longer context on the page Models"
            )


def rewrite(pipeline: Pipeline, request: RewriteRequest) -> Generator[RewriteEvent, None, None]:
    """Rewrite a selection of a draft with the model in use.

    :raises LibraryError: if it is to be in the writer's voice and there is nothing of theirs to go by.
    """
    with pipeline.undisturbed():
        passages = _passages(pipeline.stages, request) if request.kind is RewriteKind.VOICE else ()
        writing = Rewriter(pipeline.generator, pipeline.chat).write(
            request.selection, request.kind, passages, seed=request.seed
        )
        yield from writing


def rewrite_json(rewrite: Rewrite) -> dict[str, object]:
    """A rewrite with what to look at in it: facts that went and came."""
    return {
        "kind": rewrite.kind,
        "selection": rewrite.selection,
        "text": rewrite.text,
        "finish": rewrite.finish,
        "lost": lost_facts(rewrite.selection, rewrite.text),
        "added": added_facts(rewrite.selection, rewrite.text),
        "passages": [{"document": entry.document, "title": entry.title} for entry in rewrite.passages],
        "signature": rewrite.signature,
    }


def _passages(stages: EvidenceStages, request: RewriteRequest) -> tuple[RankedEntry, ...]:
    """What the writer wrote on the same subject; where there is nothing, the latest: a manner needs no subject."""
    asked = Request(request.writer, request.voice, request.title, request.selection, steering=request.steering)
    entries = stages.evidence(asked).entries
    if not entries and request.voice is not None:
        latest = replace(request.steering, ranking="RecentDoc")
        entries = stages.evidence(replace(asked, steering=latest)).entries
    if not entries:
        raise LibraryError("there is no writing of yours to go by: choose a voice that has documents, or another kind")
    return entries[:MOST_PASSAGES]


def _most_tokens(line: str, kind: RewriteKind) -> int:
    """What a generator is told, so that it lets a text of the expected length end where the model ends it."""
    expected = len(line.encode()) / _BYTES_PER_TOKEN * _GROWTH[kind]
    return max(_FEWEST_TOKENS, math.ceil(expected / _ENDS_FROM))
