"""The mixture's probabilities of a text that is there already, all steps at once: for fitting and for measuring.

The same formula as ``assistant.memory.mixture``, which goes token by token while a suggestion is written; search is
always exact.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from assistant.memory.gate import Gate, Step
from assistant.memory.mixture import leaned, likeness, nothing, probability_of, step_of
from assistant.memory.search import (
    Places,
    Scoring,
    VoiceMemory,
    match_table,
    nearest_of_many,
    recent_tokens,
    take_best,
)


@dataclass(frozen=True, slots=True)
class ReadText:
    """A prompt with its continuation as the model read them.

    ``ids`` (n,); ``keys`` (n, width) of the states after each; the draft begins at ``start``, the first token to be
    foreseen is number ``first``; ``spoken`` (n - first, vocabulary) are the model's log-probabilities from there on.
    """

    ids: Tensor
    keys: Tensor
    start: int
    first: int
    spoken: Tensor

    @property
    def targets(self) -> Tensor:
        """The tokens to be foreseen, (r,)."""
        return self.ids[self.first :]

    @property
    def foreseen(self) -> Tensor:
        """The model's own log-probabilities of the targets, (r,)."""
        return _of_targets(self.spoken, self.targets)


@dataclass(frozen=True, slots=True)
class Situation:
    """All that is known at each of r steps: what the gate sees, and what really followed."""

    step: Step
    voice: Places
    voice_likeness: Tensor
    draft: Places
    draft_likeness: Tensor
    targets: Tensor
    foreseen: Tensor
    """(r,) the model's log-probabilities of the targets."""

    def log_probabilities(self, gate: Gate) -> Tensor:
        """The mixture's log-probabilities of the targets, (r,)."""
        shares = gate(self.step, self.voice, self.voice_likeness, self.draft, self.draft_likeness)
        mixed = probability_of(shares, self.foreseen, self.voice, self.draft, self.targets)
        return mixed.clamp_min(1e-30).log()

    def respoken(self, spoken: Tensor) -> "Situation":
        """The same places, had the model said this: log-probabilities, (r, vocabulary)."""
        step = step_of(spoken, self.step.voice_size, self.step.draft_size)
        return _situation(spoken, step, self.voice, self.draft, self.targets)


def situation(read: ReadText, voice: VoiceMemory | None, of_voice: Scoring, of_draft: Scoring) -> Situation:
    """What is known at each step of a text, with a voice's memory or without; the model's words are not leaned.

    :param of_voice: what search goes by in the voice's memory, and in the draft ``of_draft``.
    """
    queries, recent = read.keys[read.first - 1 : -1], recent_tokens(read.ids)[read.first : -1]
    if voice is not None and len(voice):
        from_voice = nearest_of_many(voice, queries, recent, of_voice)
    else:
        from_voice = nothing(len(queries))
    from_draft = _draft_places(read, queries, recent, of_draft)
    drafted = torch.arange(read.first, len(read.ids)) - read.start
    remembered = torch.full_like(drafted, len(voice) if voice is not None else 0)
    return _situation(read.spoken, step_of(read.spoken, remembered, drafted), from_voice, from_draft, read.targets)


def _situation(spoken: Tensor, step: Step, voice: Places, draft: Places, targets: Tensor) -> Situation:
    """Places, and what the model says of them and of what really followed."""
    return Situation(
        step=step,
        voice=voice,
        voice_likeness=likeness(spoken, voice),
        draft=draft,
        draft_likeness=likeness(spoken, draft),
        targets=targets,
        foreseen=_of_targets(spoken, targets),
    )


def _of_targets(spoken: Tensor, targets: Tensor) -> Tensor:
    """Of log-probabilities, (r, vocabulary), those of the targets, (r,)."""
    return spoken.gather(1, targets[:, None])[:, 0]


@torch.no_grad()
def foresee(gate: Gate, read: ReadText, voice: VoiceMemory | None) -> Tensor:
    """The mixture's log-probabilities of the tokens that really followed, (r,)."""
    read = replace(read, spoken=leaned(gate, read.spoken, voice))
    return situation(read, voice, gate.voice.scoring, gate.draft.scoring).log_probabilities(gate)


def _draft_places(read: ReadText, queries: Tensor, recent: Tensor, scoring: Scoring) -> Places:
    """The places of the draft before each step."""
    before = recent_tokens(read.ids)[read.start : -1]
    is_earlier = torch.arange(read.start, len(read.ids)) < torch.arange(read.first, len(read.ids))[:, None]
    similarities = queries @ read.keys[read.start - 1 : -1].T
    matches = match_table(before, recent)
    scores = similarities * scoring.temperature + scoring.tensor()[matches]
    scores = scores.masked_fill(~is_earlier, -torch.inf)
    return take_best(scores, similarities, matches, read.ids[read.start :])
