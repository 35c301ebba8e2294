"""The mixture equals a slow reference written from the formula, and its parts are told truly."""

import math

import pytest
import torch
from torch import Tensor

from assistant.memory.foresight import ReadText, foresee
from assistant.memory.gate import Gate, conservative_gate
from assistant.memory.mixture import Draft, mix
from assistant.memory.rescaling import Rescaling
from assistant.memory.search import VoiceMemory
from tests.memory.voices import MODEL, random_memory, unit

VOCABULARY = 12


def some_gate(seed: int = 0) -> Gate:
    """A gate that weighs everything somehow."""
    torch.manual_seed(seed)
    gate = Gate(Rescaling(torch.rand(VOCABULARY).softmax(0), exponent=0.4, prior=20.0))
    with torch.no_grad():
        for weighing, trust in ((gate.voice, 0.3), (gate.draft, -0.2)):
            weighing.bonus.copy_(torch.randn(9))
            weighing.trust.fill_(trust)
            weighing.log_temperature.fill_(1.5)
        gate.outer.weight.normal_()
        gate.outer.bias.fill_(-0.5)
    return gate.eval()


Entry = tuple[float, int, int]
"""Similarity, match and token of a place."""


def reference(gate: Gate, logits: Tensor, voice: VoiceMemory, draft: Draft, strength: float) -> list[float]:
    """Number by number, from the formulas in the docstrings of ``assistant.memory``."""
    model = leaned(gate, [math.exp(value) for value in logits.log_softmax(0).tolist()], voice, strength)
    of_voice, of_draft = voice_entries(voice, draft), draft_entries(draft)
    from_voice, voice_features = remembered(gate, "voice", of_voice, model)
    from_draft, draft_features = remembered(gate, "draft", of_draft, model)
    entropy = -sum(p * math.log(p) for p in model if p > 0)
    size = (math.log(len(voice) + 1) - 8) / 3 if len(voice) else 0.0
    step = [entropy / 5, max(model), size, math.log(1 + len(of_draft)) / 5]
    state, known = gate.state_dict(), torch.tensor([*voice_features, *draft_features, *step])
    hidden = torch.tanh(state["inner.weight"] @ known + state["inner.bias"])
    strengths = (state["outer.weight"] @ hidden + state["outer.bias"]).tolist()
    powers = [1.0, math.exp(strengths[0]) * bool(of_voice), math.exp(strengths[1]) * bool(of_draft)]
    share, repeat = strength * powers[1] / sum(powers), powers[2] / sum(powers)
    rest = 1 - share - repeat
    return [share * v + repeat * d + rest * m for v, d, m in zip(from_voice, from_draft, model, strict=True)]


def leaned(gate: Gate, model: list[float], voice: VoiceMemory, strength: float) -> list[float]:
    """The model's probabilities, rescaled by what the writer uses more often than everyone does."""
    rescaling, tokens = gate.rescaling, [int(voice.tokens[place]) for place in range(len(voice))]
    if rescaling is None or not tokens:
        return model
    found = []
    for token, probability in enumerate(model):
        everyone = float(rescaling.everyone[token])
        writer = (tokens.count(token) + rescaling.prior * everyone) / (len(tokens) + rescaling.prior)
        ratio = min(math.exp(3), max(math.exp(-3), writer / everyone))
        found.append(probability * ratio ** (strength * rescaling.exponent))
    return [value / sum(found) for value in found]


def voice_entries(voice: VoiceMemory, draft: Draft) -> list[Entry]:
    found = []
    for place in range(len(voice)):
        document, _, _ = voice.source(place)
        first = next(p for p in range(len(voice)) if voice.source(p)[0] == document)
        match = matches(voice.tokens[first:].tolist(), place - first, draft.ids.tolist())
        found.append((float(voice.keys[place] @ draft.keys[-1]), match, int(voice.tokens[place])))
    return found


def draft_entries(draft: Draft) -> list[Entry]:
    ids = draft.ids.tolist()
    return [
        (float(draft.keys[place - 1] @ draft.keys[-1]), matches(ids, place, ids), ids[place])
        for place in range(draft.start, len(ids))
    ]


def matches(tokens: list[int], place: int, ids: list[int]) -> int:
    """How many of the latest ids stand before a place, at most 8."""
    match = 0
    while match < min(8, place, len(ids)) and tokens[place - 1 - match] == ids[-1 - match]:
        match += 1
    return match


def remembered(gate: Gate, name: str, entries: list[Entry], model: list[float]) -> tuple[list[float], list[float]]:
    """The probability that a memory gives every token, and the nine features of it."""
    if not entries:
        return [0.0] * VOCABULARY, [0.0] * 9
    state = gate.state_dict()
    scale, trust, bonus = (
        math.exp(state[f"{name}.log_temperature"]),
        float(state[f"{name}.trust"]),
        state[f"{name}.bonus"],
    )
    likeness = [max(-30.0, math.log(model[token])) for _, _, token in entries]
    scores = [s * scale + float(bonus[m]) + trust * known for (s, m, _), known in zip(entries, likeness, strict=True)]
    powers = [math.exp(score - max(scores)) for score in scores]
    weights = [power / sum(powers) for power in powers]
    best = max(range(len(entries)), key=lambda number: weights[number])
    similarity, match, token = entries[best]
    found = [sum(w for w, entry in zip(weights, entries, strict=True) if entry[2] == t) for t in range(VOCABULARY)]
    return found, [
        similarity * 3,
        match / 4,
        math.log(1 + match),
        likeness[best] / 5,
        found[token],
        math.log(found[token] + 1e-3) / 3,
        math.log(sum(weight**2 for weight in weights)) / 5,
        sum(weight * entry[1] for weight, entry in zip(weights, entries, strict=True)) / 4,
        sum(weight * known for weight, known in zip(weights, likeness, strict=True)) / 5,
    ]


def draft_of(length: int, start: int, *, seed: int = 5) -> Draft:
    lot = torch.Generator().manual_seed(seed)
    return Draft(torch.randint(VOCABULARY, (length,), generator=lot), unit(length, 6, seed=seed + 1), start)


@pytest.mark.parametrize("strength", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("documents", [0, 1, 3])
@pytest.mark.parametrize(("length", "start"), [(30, 4), (30, 30), (1, 1), (5, 1)])
def test_the_mixture_is_the_formulas(strength: float, documents: int, length: int, start: int) -> None:
    voice = random_memory(documents=documents) if documents else VoiceMemory(MODEL, [])
    draft, gate = draft_of(length, start), some_gate(documents)
    logits = torch.randn(VOCABULARY, generator=torch.Generator().manual_seed(length)) * 2
    mixed = mix(gate, logits, voice, draft, strength=strength).log_probabilities.exp()
    assert mixed.tolist() == pytest.approx(reference(gate, logits, voice, draft, strength), abs=1e-5)
    assert float(mixed.sum()) == pytest.approx(1, abs=1e-5)


def test_the_conservative_gate_mixes_by_the_same_formula_and_leans_little() -> None:
    voice, draft, gate = random_memory(), draft_of(30, 4), conservative_gate()
    logits = torch.randn(VOCABULARY, generator=torch.Generator().manual_seed(1))
    mixture = mix(gate, logits, voice, draft)
    assert mixture.log_probabilities.exp().tolist() == pytest.approx(reference(gate, logits, voice, draft, 1), abs=1e-5)
    assert 0 < mixture.share < 0.15


def test_a_text_that_is_there_is_foreseen_as_it_would_be_written_token_by_token() -> None:
    voice, gate, whole = random_memory(), some_gate(), draft_of(40, 4)
    logits = torch.randn(40, VOCABULARY, generator=torch.Generator().manual_seed(7))
    read = ReadText(whole.ids, whole.keys, start=4, first=10, spoken=logits[9:39].log_softmax(1))
    found = foresee(gate, read, voice)
    for number in range(30):
        so_far = Draft(whole.ids[: 10 + number], whole.keys[: 10 + number], 4)
        step = mix(gate, logits[9 + number], voice, so_far).log_probabilities
        assert float(found[number]) == pytest.approx(float(step[whole.ids[10 + number]]), abs=1e-4)


def test_without_a_voice_a_text_is_foreseen_from_the_draft_alone() -> None:
    whole, gate = draft_of(40, 4), some_gate()
    read = ReadText(whole.ids, whole.keys, 4, 10, torch.randn(30, VOCABULARY).log_softmax(1))
    assert torch.equal(foresee(gate, read, None), foresee(gate, read, VoiceMemory(MODEL, [])))


def test_the_shares_of_a_tokens_places_are_those_of_its_probability() -> None:
    voice, gate, draft = random_memory(), some_gate(), draft_of(30, 30)
    logits = torch.randn(VOCABULARY, generator=torch.Generator().manual_seed(2))
    mixture = mix(gate, logits, voice, draft)
    model = leaned(gate, logits.softmax(0).tolist(), voice, 1)
    for token in range(VOCABULARY):
        places = mixture.recalled(token)
        assert all(int(voice.tokens[place]) == token for place, _ in places)
        assert [share for _, share in places] == sorted((share for _, share in places), reverse=True)
        of_model = float((1 - mixture.share) * model[token] / mixture.log_probabilities[token].exp())
        assert sum(share for _, share in places) + of_model == pytest.approx(1, abs=1e-4)
