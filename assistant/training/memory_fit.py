"""``train memory``: fit the metric and the gate of a voice memory to a checkpoint, on validation authors.

First the metric: a matrix that brings those states together that the same token follows, learnt by gradient through
the softmax of kNN-LM. It makes 128 numbers serve as well as the whole state of 384. Then the gate, by maximizing the
likelihood of what the authors wrote next, with memories of one to all of their earlier documents, and for a third of
the examples another author's, so that it learns to shut when a memory is of no use (He et al. 2021, section 4.1).
"""

import random
from collections.abc import Callable, Sequence
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
    seed: int = 0


@dataclass(frozen=True, slots=True)
class FitReport:
    """What was fitted, and the mean log-likelihood in nats a token with it and without, on the fitting authors."""

    fitted: FittedMemory
    steps: int
    model_alone: float
    with_memory: float


Say = Callable[[str, int, int], None]


def fit_memory(
    generator: LocalGenerator,
    template: PromptTemplate,
    weights: str,
    authors: Sequence[ReadAuthor],
    settings: FitSettings,
    say: Say,
) -> FitReport:
    """Fit metric and gate.

    :param generator: one without a metric.
    :param weights: the hash of its weights.
    :param say: told what is being done, how much of it is done, and how much there is.
    """
    torch.manual_seed(settings.seed)
    metric = fit_metric([author.documents for author in authors], settings, say)
    bare = fitted_memory(weights, Gate(), metric)
    situations = list(_situations(generator, template, bare, authors, settings, say))
    steps = _joined(situations)
    gate = fit_gate(steps, settings, say)
    with torch.no_grad():
        with_memory = float(steps.log_probabilities(gate).mean())
    return FitReport(
        fitted_memory(weights, gate, metric), len(steps.targets), float(steps.foreseen.mean()), with_memory
    )


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


def fit_gate(steps: Situation, settings: FitSettings, say: Say) -> Gate:
    """The gate under which what really followed is likeliest."""
    gate = Gate()
    optimizer = torch.optim.AdamW(gate.parameters(), lr=0.02, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, settings.gate_updates)
    for update in range(settings.gate_updates):
        chosen = torch.randint(len(steps.targets), (settings.gate_batch,))
        loss = -_some(steps, chosen).log_probabilities(gate).mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        say("gate", update + 1, settings.gate_updates)
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


def _situations(
    generator: LocalGenerator,
    template: PromptTemplate,
    bare: FittedMemory,
    authors: Sequence[ReadAuthor],
    settings: FitSettings,
    say: Say,
) -> "list[Situation]":
    """Every draft three times: twice with an own memory of some size, once with another author's."""
    lot = random.Random(settings.seed)
    found = []
    for number, author in enumerate(authors):
        for record in author.records[-settings.drafts :]:
            read = _read_draft(generator, template, bare, record, settings)
            if read is None:
                continue
            own, others = author.documents[: -settings.drafts], authors[:number] + authors[number + 1 :]  # type: ignore[operator]
            for documents in (own, own, lot.choice(others).documents):
                count = round(len(documents) ** lot.random())  # as often 1 to 6 as 6 to 36
                memory = _memory(bare, documents[-max(1, count) :])
                found.append(situation(read, memory, _FIRST, _FIRST))
        say("situations", number + 1, len(authors))
    return found


def _read_draft(
    generator: LocalGenerator, template: PromptTemplate, bare: FittedMemory, record: Record, settings: FitSettings
) -> ReadText | None:
    """A draft with its first 150 characters given; None if too little follows them."""
    cut = record.text.rfind(" ", 0, _GIVEN_CHARACTERS)
    prompt = build_prompt(template, Evidence(), title=record.title, before=record.text[: max(0, cut)])
    read = generator.read(prompt, record.text[max(0, cut) :])
    if len(read.targets) < _LEAST_DRAFT:
        return None
    end = read.first + min(len(read.targets), settings.steps_per_draft)
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
