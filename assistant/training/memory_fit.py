"""``train memory``: fit metric, gate and rescaling of a voice memory to a checkpoint, on validation authors.

First the metric: a matrix that brings those states together that the same token follows, learnt by gradient through
the softmax of kNN-LM. It makes 128 numbers serve as well as the whole state of 384. Then the gate, by maximizing the
likelihood of what the authors wrote next, with memories of one to all of their earlier documents, and for a third of
the examples another author's, so that it learns to shut when a memory is of no use (He et al. 2021, section 4.1). How
far the model itself leans towards the writer's words is chosen from a few values, each with a gate of its own: what the
one brings, the other need not.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from assistant.generation.local import LocalGenerator
from assistant.memory.fitted import FittedMemory, fitted_memory
from assistant.memory.foresight import ReadText, Situation, situation
from assistant.memory.gate import Gate, Step
from assistant.memory.keys import DocumentKeys
from assistant.memory.rescaling import Rescaling
from assistant.memory.search import PLACES, Places, Scoring, VoiceMemory, match_table
from assistant.prompts import PromptTemplate, build_prompt
from assistant.training.corpus import Record
from assistant.training.memory_corpus import ReadAuthor, ReadDocument
from assistant.types import DocumentId, Evidence

# The immediate context of arXiv 2308.07968, section 4.1.
_GIVEN_CHARACTERS = 150
# What search goes by before anything is fitted: about what is fitted in the end.
_FIRST = Scoring(16.0, (0.0, 0.0, 0.5, 1.0, 1.3, 1.6, 2.0, 2.4, 3.0))
_LEAST_DRAFT = 20
# Exponents and priors of the rescaling that are tried, besides none.
_RESCALINGS = tuple((exponent, prior) for exponent in (0.15, 0.25, 0.4) for prior in (2000.0, 8000.0))


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How much is fitted, and on what."""

    authors: int = 18
    """Authors of every corpus, at most."""
    documents: int = 40
    """Documents of an author, at most (the latest)."""
    drafts: int = 3
    """Of these, documents that are drafts (the latest)."""
    steps_per_draft: int = 200
    """Tokens of a draft that are to be foreseen, at most."""
    width: int = 128
    """Numbers of a key."""
    metric_updates: int = 400
    metric_memory: int = 3500
    """Tokens of the memories that the metric is learnt with."""
    gate_updates: int = 500
    gate_batch: int = 768
    everyone: int = 300
    """Training authors of every corpus, at most, whose words are counted for everyone's frequencies."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class FitReport:
    """What was fitted, and the mean log-likelihood in nats a token with it and without, on the fitting authors."""

    fitted: FittedMemory
    steps: int
    model_alone: float
    with_memory: float


Say = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class MemoryFit:
    """What a memory is fitted to.

    ``generator`` is one without a metric, ``weights`` the hash of its weights, ``everyone`` are all writers'
    frequencies, and ``say`` is told what is being done, how much of it is done, and how much there is.
    """

    generator: LocalGenerator
    template: PromptTemplate
    weights: str
    everyone: Tensor
    settings: FitSettings
    say: Say


@dataclass(frozen=True, slots=True)
class _Occasion:
    """A draft with a memory at hand: the draft, the memory's tokens, and what is known at each step."""

    read: ReadText
    tokens: Tensor
    situation: Situation

    def under(self, rescaling: Rescaling) -> Situation:
        """What is known once the model leans towards the memory's words."""
        return self.situation.respoken((self.read.spoken + rescaling.leaning(self.tokens)).log_softmax(1))


def fit_memory(fit: MemoryFit, authors: Sequence[ReadAuthor]) -> FitReport:
    """Fit metric, gate and rescaling."""
    settings = fit.settings
    torch.manual_seed(settings.seed)
    metric = fit_metric([author.documents for author in authors], settings, fit.say)
    bare = fitted_memory(fit.weights, Gate(), metric)
    occasions = list(_occasions(fit, bare, authors))
    unleaned = _joined([occasion.situation for occasion in occasions])
    gate = fit_gate(unleaned, settings)
    with_memory = _likelihood(unleaned, gate)
    for number, (exponent, prior) in enumerate(_RESCALINGS):
        rescaling = Rescaling(fit.everyone, exponent, prior)
        steps = _joined([occasion.under(rescaling) for occasion in occasions])
        leaning = fit_gate(steps, settings, rescaling)
        if (likelihood := _likelihood(steps, leaning)) > with_memory:
            gate, with_memory = leaning, likelihood
        fit.say("gates", number + 1, len(_RESCALINGS))
    model_alone = float(unleaned.foreseen.mean())
    return FitReport(fitted_memory(fit.weights, gate, metric), len(unleaned.targets), model_alone, with_memory)


@torch.no_grad()
def _likelihood(steps: Situation, gate: Gate) -> float:
    """Mean log-likelihood of what really followed, in nats a token."""
    return float(steps.log_probabilities(gate).mean())


def fit_metric(authors: Sequence[Sequence[ReadDocument]], settings: FitSettings, say: Say) -> Tensor:
    """The matrix, (state width, key width), that begins as the leading principal axes of the states."""
    lot = np.random.default_rng(settings.seed)
    metric = torch.nn.Parameter(_principal_axes(authors, settings.width))
    temperature, lean = (
        torch.nn.Parameter(torch.tensor(_FIRST.temperature)),
        torch.nn.Parameter(torch.tensor([-2.0, 0])),
    )
    bonus = torch.nn.Parameter(_FIRST.tensor())
    groups = [(metric, 1e-3), (temperature, 0.05), (lean, 0.01), (bonus, 0.01)]
    optimizer = torch.optim.Adam([{"params": [values], "lr": rate} for values, rate in groups])
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, settings.metric_updates)
    for update in range(settings.metric_updates):
        draft, memory = _lesson(authors, lot, settings)
        places = torch.from_numpy(lot.permutation(len(draft.ids))[:96])
        keys, tokens, before = _remembered(memory)
        similarities = _turned(draft.states[places], metric) @ _turned(keys, metric).T
        scores = similarities * temperature + bonus[match_table(before, draft.before[places])]
        recalled = (scores.softmax(1) * (tokens == draft.ids[places, None])).sum(1)
        best = similarities.detach().max(1).values
        share = torch.sigmoid(lean[0] + lean[1] * best)
        mixed = share * recalled + (1 - share) * draft.foreseen[places].exp()
        optimizer.zero_grad()
        (-mixed.log().mean()).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        say("metric", update + 1, settings.metric_updates)
    fitted: Tensor = metric.data
    return fitted


def fit_gate(steps: Situation, settings: FitSettings, rescaling: Rescaling | None = None) -> Gate:
    """The gate under which what really followed is likeliest.

    :param rescaling: what the model leans by in these steps.
    """
    torch.manual_seed(settings.seed)
    gate = Gate(rescaling)
    optimizer = torch.optim.AdamW(gate.parameters(), lr=0.02, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, settings.gate_updates)
    for _ in range(settings.gate_updates):
        chosen = torch.randint(len(steps.targets), (settings.gate_batch,))
        loss = -_some(steps, chosen).log_probabilities(gate).mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    return gate


def _principal_axes(authors: Sequence[Sequence[ReadDocument]], width: int) -> Tensor:
    sample = torch.cat([document.states[::8] for documents in authors for document in documents]).float()
    _, axes = torch.linalg.eigh(sample.T @ sample)
    leading: Tensor = axes.flip(1)[:, : min(width, axes.shape[1])].contiguous()
    return leading


def _turned(states: Tensor, metric: Tensor) -> Tensor:
    return functional.normalize(states.float() @ metric, dim=1)


def _lesson(
    authors: Sequence[Sequence[ReadDocument]], lot: np.random.Generator, settings: FitSettings
) -> tuple[ReadDocument, list[ReadDocument]]:
    """A document, and others of its author to foresee it from."""
    documents = authors[int(lot.integers(len(authors)))]
    order = lot.permutation(len(documents))
    draft, memory, size = documents[order[0]], [], 0
    for number in order[1:]:
        memory.append(documents[number])
        size += len(documents[number].ids)
        if size > settings.metric_memory:
            break
    return draft, memory


def _remembered(documents: Sequence[ReadDocument]) -> tuple[Tensor, Tensor, Tensor]:
    """States, tokens and the tokens before them of some documents."""
    states, tokens, before = zip(*((each.states, each.ids, each.before) for each in documents), strict=True)
    return torch.cat(states), torch.cat(tokens), torch.cat(before)


def _occasions(fit: MemoryFit, bare: FittedMemory, authors: Sequence[ReadAuthor]) -> Iterator[_Occasion]:
    """Every draft three times: twice with an own memory of some size, once with another author's."""
    settings = fit.settings
    lot = random.Random(settings.seed)
    for number, author in enumerate(authors):
        for record in author.records[-settings.drafts :]:
            read = _read_draft(fit, bare, record)
            if read is None:
                continue
            own, others = author.documents[: -settings.drafts], authors[:number] + authors[number + 1 :]  # type: ignore[operator]
            for documents in (own, own, lot.choice(others).documents):
                count = round(len(documents) ** lot.random())  # as often 1 to 6 as 6 to 36
                memory = _memory(bare, documents[-max(1, count) :])
                yield _Occasion(read, memory.tokens, situation(read, memory, _FIRST, _FIRST))
        fit.say("drafts", number + 1, len(authors))


def _read_draft(fit: MemoryFit, bare: FittedMemory, record: Record) -> ReadText | None:
    """A draft with its first 150 characters given; None if too little follows them."""
    cut = record.text.rfind(" ", 0, _GIVEN_CHARACTERS)
    prompt = build_prompt(fit.template, Evidence(), title=record.title, before=record.text[: max(0, cut)])
    read = fit.generator.read(prompt, record.text[max(0, cut) :])
    if len(read.targets) < _LEAST_DRAFT:
        return None
    end = read.first + min(len(read.targets), fit.settings.steps_per_draft)
    return replace(read, ids=read.ids[:end], keys=bare.keys(read.keys[:end]), spoken=read.spoken[: end - read.first])


def _memory(bare: FittedMemory, documents: Sequence[ReadDocument]) -> VoiceMemory:
    return VoiceMemory(bare.model, [(DocumentId(i), _keys(bare, each)) for i, each in enumerate(documents)])


def _keys(bare: FittedMemory, document: ReadDocument) -> DocumentKeys:
    """What a memory needs of a document for search; where its words stand is of no interest here."""
    count = len(document.ids)
    return DocumentKeys(
        model=bare.model,
        content="",
        tokens=document.ids.int().numpy(),
        spans=np.zeros((count, 2), np.int32),
        sentences=np.zeros(count, np.int32),
        words=np.zeros(0, np.uint32),
        keys=bare.keys(document.states).half().numpy(),
    )


def _joined(situations: Sequence[Situation]) -> Situation:
    """All steps as one, the places filled up to the same number."""
    return Situation(
        step=Step(**{name: torch.cat([getattr(each.step, name) for each in situations]) for name in _names(Step)}),
        voice=_joined_places([each.voice for each in situations]),
        voice_likeness=torch.cat([_filled(each.voice_likeness) for each in situations]),
        draft=_joined_places([each.draft for each in situations]),
        draft_likeness=torch.cat([_filled(each.draft_likeness) for each in situations]),
        targets=torch.cat([each.targets for each in situations]),
        foreseen=torch.cat([each.foreseen for each in situations]),
    )


def _joined_places(places: Sequence[Places]) -> Places:
    return Places(**{name: torch.cat([_filled(getattr(each, name)) for each in places]) for name in _names(Places)})


def _filled(rows: Tensor) -> Tensor:
    """Rows of ``PLACES`` places; what is added was not found."""
    return functional.pad(rows, (0, PLACES - rows.shape[1]))


def _some(steps: Situation, chosen: Tensor) -> Situation:
    return Situation(
        Step(**{name: getattr(steps.step, name)[chosen] for name in _names(Step)}),
        Places(**{name: getattr(steps.voice, name)[chosen] for name in _names(Places)}),
        steps.voice_likeness[chosen],
        Places(**{name: getattr(steps.draft, name)[chosen] for name in _names(Places)}),
        steps.draft_likeness[chosen],
        steps.targets[chosen],
        steps.foreseen[chosen],
    )


def _names(kind: type) -> list[str]:
    return [field.name for field in fields(kind)]
