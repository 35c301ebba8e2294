"""``bench decode``: tokens a second and the wait for the first, beside ``generate`` of transformers.

Both sides continue the same prompts with the same checkpoint, and the reference is made to write exactly as many tokens
as ours did. Every prompt comes twice: cold, and again after the draft has grown by a few words, as when a writer types
on between two suggestions. The reference comes twice too: in the precision that the library chooses by itself, which is
the checkpoint's, and in float32.
"""

import random
import statistics
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal

from assistant.bench.measuring import Lap, Measured, Stopwatch, Worker, wait_for
from assistant.bench.results import Json, comparison, processor_facts, side_details, signature
from assistant.bench.texts import ALL_DEMOS, Material, TypedDraft, typed_drafts
from assistant.errors import SettingsError
from assistant.prompts import Prompt, PromptTemplate, PromptTokenizer, build_prompt, encode_prompt
from assistant.terminal import say
from assistant.types import (
    DocumentId,
    Evidence,
    NewDocument,
    RankedEntry,
    Sampling,
    Snippet,
    SnippetId,
    Span,
)

if TYPE_CHECKING:
    import torch

    from assistant.generation.local import LocalGenerator

UNIT = "tokens per second"
_LIBRARIES = ("torch", "transformers", "tokenizers")
_PASSAGE_CHARACTERS = 500
# The draft's share of a prompt: so many characters for every token of the whole, four of which make a token.
_DRAFT_CHARACTERS_PER_TOKEN = 2
# A suggestion may run past the length asked for, and spells its first word again.
_ROOM = 2

Precision = Literal["auto", "float32"]


@dataclass(frozen=True, slots=True)
class DecodePlan:
    """The checkpoint, the length of prompts and suggestions in tokens, and how many prompts."""

    model: str
    prompt_tokens: int = 900
    tokens: int = 60
    rounds: int = 10
    material: Material = ALL_DEMOS
    seed: int = 0


@dataclass(frozen=True, slots=True)
class PromptPair:
    """One prompt, and what it becomes when a few words more are typed."""

    cold: Prompt
    typed_on: Prompt


@dataclass(frozen=True, slots=True)
class _Side:
    """A side's laps over cold prompts, and over those that had grown."""

    cold: Measured
    cached: Measured

    def marks(self, name: str) -> dict[str, float]:
        return {"cold": self.cold.mark(name), "cached": self.cached.mark(name)}

    def details(self) -> Json:
        return {"cold": side_details(self.cold, "tokens"), "cached": side_details(self.cached, "tokens")}


def bench_decode(plan: DecodePlan) -> Json:
    """Write in turn, prompt after prompt."""
    with (
        Worker(partial(OurDecoding, plan)) as ours,
        Worker(partial(PlainDecoding, plan.model, "auto")) as plain,
        Worker(partial(PlainDecoding, plan.model, "float32")) as full,
    ):
        wait_for(ours, plain, full)
        warm = ours.do(OurDecoding.prompt_ids, plan.rounds, is_typed_on=False)
        for side in (plain, full):
            side.do(PlainDecoding.run, warm, plan.tokens)
        cold: list[tuple[Lap, ...]] = []
        cached: list[tuple[Lap, ...]] = []
        lengths: list[int] = []
        for number in range(plan.rounds):
            for is_typed_on, laps in ((False, cold), (True, cached)):
                mine = ours.do(OurDecoding.run, number, is_typed_on=is_typed_on)
                ids = ours.do(OurDecoding.prompt_ids, number, is_typed_on=is_typed_on)
                lengths.append(len(ids))
                laps.append((mine, *(side.do(PlainDecoding.run, ids, mine.units) for side in (plain, full))))
            say(f"prompt {number + 1} of {plan.rounds}: {cold[-1][0].units} tokens")
        memories = (ours.peak_memory_mb(), plain.peak_memory_mb(), full.peak_memory_mb())
        facts = ours.do(OurDecoding.facts)
        processor = ours.do(processor_facts)
        precision = plain.do(PlainDecoding.precision)
    settings = {"prompt_tokens": plan.prompt_tokens, "tokens": plan.tokens, "rounds": plan.rounds, "seed": plan.seed}
    sides = [
        _Side(Measured(first, memory), Measured(later, memory))
        for first, later, memory in zip(zip(*cold, strict=True), zip(*cached, strict=True), memories, strict=True)
    ]
    return _document(sides) | {
        "reference_precision": precision,
        "mean_prompt_tokens": statistics.fmean(lengths),
        "signature": facts | signature(_LIBRARIES, processor=processor, settings=settings, **plan.material.signature()),
    }


def _document(sides: Sequence[_Side]) -> Json:
    ours, plain, full = sides
    names = {"ours": ours, "reference": plain, "reference_float32": full}
    return {
        "bench": "decode",
        **comparison(UNIT, ours.cold.rate, plain.cold.rate),
        "cached": comparison(UNIT, ours.cached.rate, plain.cached.rate),
        "float32": {
            **comparison(UNIT, ours.cold.rate, full.cold.rate),
            "cached": comparison(UNIT, ours.cached.rate, full.cached.rate),
        },
        "first_token_ms": {name: side.marks("first_token_ms") for name, side in names.items()},
        "per_token_ms": {name: side.marks("per_token_ms") for name, side in names.items()},
        "peak_memory_mb": ours.cold.peak_memory_mb,
        "details": {name: side.details() for name, side in names.items()},
    }


class OurDecoding:
    """The local generator, as a suggestion uses it, tokenizing included."""

    def __init__(self, plan: DecodePlan) -> None:
        from assistant.generation.local import load_generator

        self._plan = plan
        self._generator, template = load_generator(plan.model)
        self._prompts = _prompts(plan, template, self._generator.tokenizer)
        self._check_room()
        self.run(plan.rounds, is_typed_on=False)  # what the processor meets for the first time costs more

    def run(self, number: int, *, is_typed_on: bool) -> Lap:
        """Write one suggestion; units are tokens.

        ``first_token_ms`` is the wait for the first text a person could see, ``per_token_ms`` for each token after it.
        """
        prompt = _prompt(self._prompts[number], is_typed_on=is_typed_on)
        sampling = Sampling(max_tokens=self._plan.tokens, seed=self._plan.seed + number)
        first = None
        watch = Stopwatch()
        with closing(self._generator.stream(prompt, sampling)) as stream:
            for piece in stream:
                if piece:
                    first = first or watch.seconds
        tokens = len(stream.writing.ids) if stream.writing is not None else 0
        lap = watch.lap(tokens)
        waited = lap.seconds if first is None else first
        return _marked(lap, waited, 1000 * (lap.seconds - waited) / max(1, tokens - 1))

    @property
    def generator(self) -> "LocalGenerator":
        """What writes."""
        return self._generator

    def prompt_ids(self, number: int, *, is_typed_on: bool) -> list[int]:
        """The same prompt as the reference gets it."""
        prompt = _prompt(self._prompts[number], is_typed_on=is_typed_on)
        return encode_prompt(prompt, self._generator.tokenizer)

    def facts(self) -> Json:
        """What identifies the checkpoint."""
        return dict(self._generator.signature)

    def _check_room(self) -> None:
        longest = max(len(self.prompt_ids(number, is_typed_on=True)) for number in range(len(self._prompts)))
        context = getattr(self._generator.model.config, "max_position_embeddings", longest + _ROOM * self._plan.tokens)
        if longest + _ROOM * self._plan.tokens > context:
            raise SettingsError(
                f"prompts of {longest} tokens and suggestions of {self._plan.tokens}: "
                f"the model's context is {context}; ask for fewer with --prompt-tokens or --tokens"
            )


class PlainDecoding:
    """``AutoModelForCausalLM.generate`` with the same sampling, from prompts that are tokenized already.

    :param precision: what the model is loaded in; ``auto`` is what the library does when nothing is said.
    """

    def __init__(self, model: str, precision: Precision) -> None:
        import torch
        from transformers import AutoConfig, AutoTokenizer
        from transformers.utils import logging

        from assistant.generation.pretrained import load_pretrained

        logging.disable_progress_bar()
        given: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        self._tokenizer = AutoTokenizer.from_pretrained(model, **given)
        config = AutoConfig.from_pretrained(model, **given)
        loaded = load_pretrained(model, config, dtype="auto" if precision == "auto" else torch.float32, **given)
        self._model = loaded.model.to("cuda" if torch.cuda.is_available() else "cpu").eval()
        self._passes = _Passes(self._model)

    def run(self, prompt: Sequence[int], tokens: int) -> Lap:
        """Write exactly so many tokens; units are tokens, one for each pass through the model."""
        import torch

        sampling = Sampling()
        self._passes.forget()
        watch = Stopwatch()
        arrivals = _Arrivals(watch)
        ids = torch.tensor([prompt], device=self._model.device)
        written = self._model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            do_sample=True,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            max_new_tokens=tokens,
            min_new_tokens=tokens,
            streamer=arrivals,
        )
        self._tokenizer.decode(written[0, ids.shape[1] :])
        lap = watch.lap(len(self._passes.times))
        return _marked(lap, lap.seconds if arrivals.first is None else arrivals.first, self._passes.milliseconds_each)

    def precision(self) -> str:
        """The number format the model computes in."""
        return str(self._model.dtype).removeprefix("torch.")


class _Passes:
    """When each pass through a model ended: a token is drawn after each."""

    def __init__(self, model: "torch.nn.Module") -> None:
        self.times: list[float] = []
        model.register_forward_hook(lambda *_: self.times.append(time.perf_counter()))

    def forget(self) -> None:
        self.times.clear()

    @property
    def milliseconds_each(self) -> float:
        """Of the passes after the first, which reads the prompt."""
        return 1000 * (self.times[-1] - self.times[0]) / max(1, len(self.times) - 1)


class _Arrivals:
    """What ``generate`` calls a streamer: it is handed the prompt, then every token."""

    def __init__(self, watch: Stopwatch) -> None:
        self._watch = watch
        self._has_prompt = False
        self.first: float | None = None

    def put(self, _tokens: "torch.Tensor") -> None:
        if self._has_prompt and self.first is None:
            self.first = self._watch.seconds
        self._has_prompt = True

    def end(self) -> None:
        """Nothing was held back."""


def _marked(lap: Lap, first: float, milliseconds_each: float) -> Lap:
    """A lap with the seconds until its first text, and what each further token took."""
    marks = {"first_token_ms": 1000 * first, "per_token_ms": milliseconds_each}
    return Lap(lap.units, lap.seconds, lap.cpu_seconds, marks)


def _prompt(pair: PromptPair, *, is_typed_on: bool) -> Prompt:
    return pair.typed_on if is_typed_on else pair.cold


def _prompts(plan: DecodePlan, template: PromptTemplate, tokenizer: PromptTokenizer) -> tuple[PromptPair, ...]:
    """A prompt for every round and one to warm up with; no two begin alike, so that none is in another's cache."""
    documents = list(chain.from_iterable(plan.material.read()))
    drafts = typed_drafts(documents, plan.rounds + 1, seed=plan.seed)
    generator = random.Random(plan.seed)
    return tuple(
        _pair(plan, draft, generator.sample(documents, len(documents)), (template, tokenizer)) for draft in drafts
    )


def _pair(
    plan: DecodePlan,
    draft: TypedDraft,
    documents: Sequence[NewDocument],
    form: tuple[PromptTemplate, PromptTokenizer],
) -> PromptPair:
    """A draft with as many passages as the prompt has room for."""
    template, tokenizer = form
    characters = _DRAFT_CHARACTERS_PER_TOKEN * plan.prompt_tokens
    start = max(0, len(draft.before) - characters)

    def build(count: int, text: str) -> Prompt:
        entries = tuple(map(_entry, documents[:count], [characters] * count))
        return build_prompt(template, Evidence(entries), title=draft.title, before=text[start:])

    count = 1
    while count < len(documents) and len(encode_prompt(build(count, draft.before), tokenizer)) < plan.prompt_tokens:
        count += 1
    return PromptPair(build(count, draft.before), build(count, draft.later))


def _entry(document: NewDocument, characters: int) -> RankedEntry:
    """The beginning of a document as a ranked entry."""
    span = Span(0, min(_PASSAGE_CHARACTERS, characters))
    text = document.text[: span.end]
    best = Snippet(SnippetId(0), DocumentId(0), 0, span, text)
    return RankedEntry(DocumentId(0), document.title, document.written_on, text, span, best, (best,), 1.0)
