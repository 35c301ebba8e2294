"""The exact mixture of the model and its memories, and what each memory's part of a word came from.

    p(t) = strength * voice * sum of the weights of the voice's places with t      (kNN-LM, Khandelwal et al. 2020)
         + draft * sum of the weights of the draft's places with t                 (continuous cache, Grave et al. 2017)
         + (1 - strength * voice - draft) * p_model(t)

``voice`` and ``draft`` are the shares of ``assistant.memory.gate``; ``p_model`` is the model's own distribution leaned
towards the voice's words, ``strength`` times as far as was fitted (``assistant.memory.rescaling``).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from assistant.memory.gate import Gate, Shares, Step
from assistant.memory.search import Places, VoiceMemory, count_matches, recent_tokens, take_best

# Log-probabilities below this count as this: what the model rules out altogether.
_LEAST_LIKELY = -30.0


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft so far as a memory.

    ``ids`` are the tokens read, the draft's last; ``keys`` (len(ids), width) the states after each of them, of length
    one; the draft begins at ``start``, at least 1: its places are those from there on.
    """

    ids: Tensor
    keys: Tensor
    start: int


@dataclass(frozen=True, slots=True)
class Mixture:
    """The distribution of one step, and the voice's part in it."""

    log_probabilities: Tensor
    """(vocabulary,) in float32."""
    share: float
    """What the voice's memory was given of the step, 0 to 1."""
    positions: Tensor
    """(k,) the places of the voice's memory."""
    tokens: Tensor
    """(k,) what stands there."""
    weights: Tensor
    """(k,) their weights, which sum to 1."""

    def recalled(self, token: int) -> list[tuple[int, float]]:
        """The places that a token came from, and what share of its probability each of them gave, best first."""
        probability = float(self.log_probabilities[token].exp())
        if probability <= 0:
            return []
        chosen = (self.tokens == token).nonzero()[:, 0]
        given = self.share * self.weights[chosen] / probability
        pairs = zip(self.positions[chosen].tolist(), given.tolist(), strict=True)
        return sorted(pairs, key=lambda pair: -pair[1])


@torch.no_grad()
def mix(gate: Gate, logits: Tensor, voice: VoiceMemory, draft: Draft, *, strength: float = 1.0) -> Mixture:
    """Mix one step, after the last of the draft's tokens.

    :param logits: (vocabulary,) the model's, in float32.
    :param strength: from 0, nothing of the voice's memory, to 1, as much as was fitted.
    """
    query, recent = draft.keys[-1], recent_tokens(draft.ids[-8:])[-1]
    from_voice = voice.nearest(query, recent, gate.voice.scoring) if len(voice) else nothing(1)
    from_draft = _draft_places(gate, draft, query, recent)
    spoken = leaned(gate, logits, voice, strength=strength)
    step = step_of(spoken[None], torch.tensor([len(voice)]), torch.tensor([len(draft.ids) - draft.start]))
    shares = gate(step, from_voice, likeness(spoken[None], from_voice), from_draft, likeness(spoken[None], from_draft))
    voice_share = shares.voice * strength
    mixed = spoken.exp() * (1 - voice_share - shares.draft)
    mixed.index_add_(0, from_voice.tokens[0], voice_share * shares.voice_places[0])
    mixed.index_add_(0, from_draft.tokens[0], shares.draft * shares.draft_places[0])
    return Mixture(
        mixed.log(), float(voice_share), from_voice.positions[0], from_voice.tokens[0], shares.voice_places[0]
    )


def leaned(gate: Gate, logits: Tensor, voice: VoiceMemory | None, *, strength: float = 1.0) -> Tensor:
    """The model's log-probabilities, (..., vocabulary), leaned towards the voice's words."""
    if gate.rescaling is not None and voice is not None and len(voice):
        logits = logits + strength * voice.leaning(gate.rescaling)
    return logits.log_softmax(-1)


def step_of(spoken: Tensor, voice_size: Tensor, draft_size: Tensor) -> Step:
    """What the gate sees of the model's log-probabilities, (r, vocabulary), and of the memories' sizes, (r,)."""
    probabilities = spoken.exp()
    entropy = -(probabilities * spoken.clamp_min(-1e4)).sum(1)
    return Step(entropy, probabilities.max(1).values, voice_size.float(), draft_size.float())


def probability_of(shares: Shares, spoken: Tensor, voice: Places, draft: Places, targets: Tensor) -> Tensor:
    """The mixture's probability of one token at each of r steps: (r,).

    :param spoken: (r,) the model's log-probabilities of these tokens.
    """
    recalled = (shares.voice_places * (voice.tokens == targets[:, None])).sum(1)
    repeated = (shares.draft_places * (draft.tokens == targets[:, None])).sum(1)
    rest = 1 - shares.voice - shares.draft
    return shares.voice * recalled + shares.draft * repeated + rest * spoken.exp()


def _draft_places(gate: Gate, draft: Draft, query: Tensor, recent: Tensor) -> Places:
    tokens, keys = draft.ids[draft.start :], draft.keys[draft.start - 1 : -1]
    before = recent_tokens(draft.ids)[draft.start : -1]
    matches, similarities = count_matches(before, recent), keys @ query
    scoring = gate.draft.scoring
    scores = similarities * scoring.temperature + scoring.tensor()[matches]
    return take_best(scores[None], similarities[None], matches[None], tokens)


def likeness(spoken: Tensor, places: Places) -> Tensor:
    """The model's log-probabilities of the places' tokens, (r, k); of (r, vocabulary)."""
    return spoken.gather(1, places.tokens).clamp_min(_LEAST_LIKELY)


def nothing(steps: int) -> Places:
    """No place at any step."""
    whole, real = torch.zeros(steps, 0, dtype=torch.long), torch.zeros(steps, 0)
    return Places(whole, real, whole, whole, whole.bool())
