"""How much to lean on a memory at one step: a small fitted function of what is known there.

A constant weight, as in kNN-LM (Khandelwal et al. 2020), is wrong almost everywhere: it pays where the memory knows and
costs where it does not. Weights that depend on the step are due to He et al. 2021 (arXiv 2109.04212, section 4.1) and
Drozdov et al. 2022 (arXiv 2210.15859). Here there are two memories, the voice's documents and the draft itself (a
continuous cache, Grave et al. 2017), and a net of one hidden layer shares the step out between them and the model.

Of every memory the gate sees (``_features``): the best place's similarity, its match, the model's log-probability of
its token; the share of the places that agree with it; how concentrated the places are; the mean match and mean
log-probability of them all. Of the model: its entropy and its highest probability. And how large the memory and how
long the draft is.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from assistant.memory.rescaling import Rescaling
from assistant.memory.search import LONGEST_MATCH, Places, Scoring

_MEMORY_FEATURES = 9
_STEP_FEATURES = 4
_HIDDEN = 16
FEATURES = 2 * _MEMORY_FEATURES + _STEP_FEATURES


@dataclass(frozen=True, slots=True)
class Step:
    """What the model says at each of r steps, and how much there is to remember."""

    entropy: Tensor
    """(r,) of the model's distribution, in nats."""
    top: Tensor
    """(r,) its highest probability."""
    voice_size: Tensor
    """(r,) tokens in the voice's memory."""
    draft_size: Tensor
    """(r,) tokens of the draft so far."""


@dataclass(frozen=True, slots=True)
class Shares:
    """How a step is shared out: of each memory its share, (r,), and the weights of its places, (r, k)."""

    voice: Tensor
    draft: Tensor
    voice_places: Tensor
    draft_places: Tensor


class Weighing(nn.Module):
    """The weights of a memory's places: softmax of score plus ``trust`` times the model's log-probability."""

    def __init__(self) -> None:
        super().__init__()
        self.log_temperature = nn.Parameter(torch.tensor(2.7))
        self.bonus = nn.Parameter(torch.zeros(LONGEST_MATCH + 1))
        self.trust = nn.Parameter(torch.tensor(0.0))

    @property
    def scoring(self) -> Scoring:
        """What search goes by."""
        return Scoring(float(self.log_temperature.detach().exp()), tuple(self.bonus.detach().tolist()))

    def forward(self, places: Places, likeness: Tensor) -> Tensor:
        """The weights, (r, k).

        :param likeness: (r, k) the model's log-probabilities of the places' tokens.
        """
        scores = places.similarities * self.log_temperature.exp() + self.bonus[places.matches] + self.trust * likeness
        return scores.masked_fill(~places.found, -1e4).softmax(1)


class Gate(nn.Module):
    """Weights of places, and shares of the memories; ``memory.json`` holds its parameters.

    :param rescaling: what leans the model itself towards the voice's words before the memories are mixed in.
    """

    def __init__(self, rescaling: Rescaling | None = None) -> None:
        super().__init__()
        self.rescaling = rescaling
        self.voice = Weighing()
        self.draft = Weighing()
        self.inner = nn.Linear(FEATURES, _HIDDEN)
        self.outer = nn.Linear(_HIDDEN, 2)
        nn.init.zeros_(self.outer.weight)
        nn.init.constant_(self.outer.bias, -3.0)

    def forward(
        self, step: Step, voice: Places, voice_likeness: Tensor, draft: Places, draft_likeness: Tensor
    ) -> Shares:
        """Share the steps out; the model gets what the memories leave. A memory without places gets nothing."""
        voice_places, draft_places = self.voice(voice, voice_likeness), self.draft(draft, draft_likeness)
        of_voice = _features(voice, voice_likeness, voice_places)
        of_draft = _features(draft, draft_likeness, draft_places)
        is_there = torch.stack([voice.found.any(1), draft.found.any(1)], 1)
        known = torch.cat([of_voice * is_there[:, :1], of_draft * is_there[:, 1:], _of_step(step)], 1)
        strengths = self.outer(torch.tanh(self.inner(known))).masked_fill(~is_there, -1e4)
        shares = torch.cat([torch.zeros_like(strengths[:, :1]), strengths], 1).softmax(1)
        return Shares(shares[:, 1], shares[:, 2], voice_places, draft_places)


def conservative_gate() -> Gate:
    """For models to which no gate was fitted: leans on a memory only after several equal tokens, and then a little.

    Cosines of unknown states may all be alike, so what counts is the match: about 1 % after none and 6 % after four.
    """
    gate = Gate()
    with torch.no_grad():
        for weighing in (gate.voice, gate.draft):
            weighing.bonus.copy_(torch.arange(LONGEST_MATCH + 1) * 0.7)
        gate.inner.weight.zero_()
        gate.inner.bias.zero_()
        for number in range(2):  # one hidden unit for either memory, which hears of the best place's match
            gate.inner.weight[number, number * _MEMORY_FEATURES + 1] = 0.5
            gate.outer.weight[number, number] = 4.0
        gate.outer.bias.fill_(-4.5)
    return gate


def _features(places: Places, likeness: Tensor, weights: Tensor) -> Tensor:
    """What is known of a memory at each step, about -1 to 1 each: (r, 9)."""
    if not places.tokens.shape[1]:
        return weights.new_zeros(len(weights), _MEMORY_FEATURES)
    best = weights.argmax(1, keepdim=True)
    similarity, match = places.similarities.gather(1, best)[:, 0], places.matches.gather(1, best)[:, 0].float()
    agreeing = (weights * (places.tokens == places.tokens.gather(1, best))).sum(1)
    return torch.stack(
        [
            similarity * 3,
            match / 4,
            torch.log1p(match),
            likeness.gather(1, best)[:, 0] / 5,
            agreeing,
            (agreeing + 1e-3).log() / 3,
            (weights * weights).sum(1).log() / 5,
            (weights * places.matches).sum(1) / 4,
            (weights * likeness).sum(1) / 5,
        ],
        1,
    )


def _of_step(step: Step) -> Tensor:
    sizes = ((step.voice_size + 1).log() - 8) / 3, torch.log1p(step.draft_size) / 5
    return torch.stack([step.entropy / 5, step.top, sizes[0] * (step.voice_size > 0), sizes[1]], 1)
