"""Vectors before a prompt: read once, kept with what follows, the same alone and in batches, or not there at all."""

import itertools
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from assistant.embedding import PersonaPrefix
from assistant.errors import ModelError
from assistant.evaluation.remembering import Rememberer
from assistant.generation.batched import Continued, Wanted, can_batch, continue_all
from assistant.generation.local import LocalGenerator, load_generator
from assistant.memory.foresight import foresee
from assistant.prompts import DRAFT, PAST, Part, Prompt
from assistant.stages import Persona, Recollection
from assistant.types import Document, DocumentId, Sampling, VoiceId
from tests.generation.architectures import CAUSAL, ENCODER_DECODERS, FAMILIES
from tests.small_models import CONTEXT, as_loaded, small_model

GREEDY = Sampling(max_tokens=12, temperature=0)
PAST_TEXT = "The harvest of 1987 came late: the barley was wet, and so were we. " * 3
DRAFTS = ("The keeper walked along the canal in the morning and the slu", "We are short of two people, so ", "I", "")
FOLLOWS = " stood open, and nobody had been told of it."
MODEL = "a" * 64


def persona(generator: LocalGenerator, seed: int = 0, vectors: int = 2) -> PersonaPrefix:
    width = generator.model.get_input_embeddings().weight.shape[1]
    values = np.random.default_rng(seed).standard_normal((vectors, width)).astype(np.float32)
    return PersonaPrefix(str(generator.signature["weights_sha256"]), 2 * values)


def prompt(draft: str, *, past: str = "") -> Prompt:
    evidence = (Part(PAST, is_marker=True), Part(past)) if past else ()
    return (*evidence, Part(DRAFT, is_marker=True), Part(draft))


def plain(draft: str) -> Prompt:
    return (Part("\n\nPast passage:\n"), Part(PAST_TEXT), Part("\n\n"), Part(draft))


@pytest.fixture
def generator() -> LocalGenerator:
    return LocalGenerator(as_loaded(small_model().float().eval(), weights_sha256=MODEL))


def write(
    generator: LocalGenerator,
    asked: Prompt,
    prefix: Persona | None = None,
    *,
    sampling: Sampling = GREEDY,
    recollection: Recollection | None = None,
) -> str:
    with closing(generator.stream(asked, sampling, recollection, prefix)) as stream:
        return "".join(stream)


def remembered(generator: LocalGenerator) -> Recollection:
    document = Document(DocumentId(0), VoiceId(0), "", None, PAST_TEXT)
    return Recollection(Rememberer(generator).memory_of([document]).held, 1.0, 8)


def test_the_model_reads_the_vectors_as_embeddings_before_the_prompt(generator: LocalGenerator) -> None:
    prefix = persona(generator)
    ids = generator.vocabulary.encode((*prompt(DRAFTS[0]), Part(FOLLOWS)))
    embeddings = generator.model.get_input_embeddings()(torch.tensor([ids]))
    with torch.no_grad():
        expected = generator.model(inputs_embeds=torch.cat([torch.from_numpy(prefix.vectors)[None], embeddings], 1))
    read = generator.read(prompt(DRAFTS[0]), FOLLOWS, prefix)
    logits = expected.logits[0, 2:][read.first - 1 : -1].log_softmax(1)
    assert torch.allclose(read.spoken, logits, atol=1e-5)
    assert len(read.keys) == len(read.ids) == len(ids)


def test_a_kept_prefix_writes_what_a_fresh_model_writes(generator: LocalGenerator) -> None:
    first, second = persona(generator), persona(generator, seed=1)
    asked = [
        (prompt(DRAFTS[0][:30], past=PAST_TEXT), first),
        (prompt(DRAFTS[0][:45], past=PAST_TEXT), first),  # typed on
        (prompt(DRAFTS[0][:45], past=PAST_TEXT), second),  # another persona
        (prompt(DRAFTS[0][:40], past=PAST_TEXT), second),  # deleted
        (prompt("Something else entirely"), second),  # nothing alike
        (prompt(DRAFTS[0][:40], past=PAST_TEXT), None),  # none
        (prompt(DRAFTS[0][:40], past=PAST_TEXT), first),
    ]
    texts = []
    for each, prefix in asked:
        fresh = LocalGenerator(as_loaded(small_model().float().eval(), weights_sha256=MODEL))
        texts.append(write(generator, each, prefix))
        assert texts[-1] == write(fresh, each, prefix)
    assert len({texts[-1], texts[-2]}) == 2


def test_typing_on_behind_the_same_vectors_costs_only_the_new_tokens(generator: LocalGenerator) -> None:
    read: list[int] = []
    generator.model.model.register_forward_pre_hook(
        lambda _model, _args, given: read.append(
            given["input_ids"].shape[1] if given.get("input_ids") is not None else given["inputs_embeds"].shape[1]
        ),
        with_kwargs=True,
    )
    short, one = replace(GREEDY, max_tokens=1), persona(generator)
    write(generator, prompt(DRAFTS[0][:40], past=PAST_TEXT), one, sampling=short)
    first = sum(read)
    write(generator, prompt(DRAFTS[0][:44], past=PAST_TEXT), persona(generator), sampling=short)
    assert sum(read) - first < first / 5


def test_without_vectors_nothing_but_ids_is_read(generator: LocalGenerator) -> None:
    given: list[set[str]] = []
    generator.model.register_forward_pre_hook(
        lambda _model, _args, named: given.append(set(named) & {"input_ids", "inputs_embeds"}), with_kwargs=True
    )
    write(generator, prompt(DRAFTS[0]))
    assert set(map(frozenset, given)) == {frozenset({"input_ids"})}


def test_a_persona_of_another_model_is_refused(generator: LocalGenerator) -> None:
    other = replace(persona(generator), model="b" * 64)
    with pytest.raises(ModelError, match=f"{'b' * 64}, not for {MODEL}"):
        write(generator, prompt(DRAFTS[0]), other)


def test_the_vectors_take_their_place_in_the_context(generator: LocalGenerator) -> None:
    longest = prompt("and the gate " * CONTEXT)
    assert write(generator, longest, persona(generator, vectors=9))
    start = generator.begin(longest, GREEDY, None, persona(generator, vectors=9)).start
    assert len(start.source) + 9 == len(generator.begin(longest, GREEDY, None).start.source)


def test_a_memory_is_asked_as_without_and_recalls(generator: LocalGenerator) -> None:
    recollection, prefix = remembered(generator), persona(generator)
    with closing(generator.stream(prompt(DRAFTS[0]), GREEDY, recollection, prefix)) as stream:
        text = "".join(stream)
    assert [text[recall.span.start : recall.span.end] for recall in stream.recalls]
    memory = recollection.memory
    bits = foresee(generator.memory.gate, generator.read(prompt(DRAFTS[0]), FOLLOWS, prefix), memory)  # type: ignore[arg-type]
    assert bool(torch.isfinite(bits).all())


# Batches


def together(generator: LocalGenerator, wanted: list[Wanted], *, rows: int) -> list[Continued]:
    found = dict(continue_all(generator, wanted, rows=rows))
    return [found[number] for number in range(len(wanted))]


@pytest.mark.parametrize("rows", [1, 5, 64])
def test_a_batch_of_many_writers_is_what_would_be_written_one_by_one(generator: LocalGenerator, rows: int) -> None:
    personas = (None, persona(generator), persona(generator, seed=1, vectors=3))
    recollections = (None, remembered(generator))
    wanted = [
        Wanted(prompt(draft, past=past), GREEDY, recollection, FOLLOWS, prefix)
        for draft, past, prefix, recollection in itertools.product(DRAFTS, ("", PAST_TEXT), personas, recollections)
    ]
    found = together(generator, wanted, rows=rows)
    for each, given in zip(found, wanted, strict=True):
        assert each.text == write(generator, given.prompt, given.persona, recollection=given.recollection)
        read = generator.read(given.prompt, FOLLOWS, given.persona)
        log_probabilities = read.spoken.gather(1, read.targets[:, None]).sum()
        if given.recollection is not None:
            log_probabilities = foresee(generator.memory.gate, read, given.recollection.memory).sum()  # type: ignore[arg-type]
        assert each.bits == pytest.approx(-float(log_probabilities) / np.log(2) / len(FOLLOWS), rel=1e-4)
    assert len({each.text for each in found}) > 5


# Other architectures


@pytest.mark.parametrize("family", CAUSAL)
def test_causal_models_of_every_kind_read_vectors_first(family: str, tmp_path: Path) -> None:
    generator, _ = load_generator(FAMILIES[family].write(tmp_path))
    generator.model.float()
    prefix = persona(generator)
    typed = [plain(draft) for draft in (DRAFTS[0][:20], DRAFTS[0][:30], DRAFTS[0][:25])]
    kept = [write(generator, each, prefix) for each in typed]
    fresh, _ = load_generator(tmp_path)
    fresh.model.float()
    assert [write(fresh, each, prefix) for each in reversed(typed)] == kept[::-1]
    alone = generator.read(typed[0], FOLLOWS)
    assert not torch.allclose(generator.read(typed[0], FOLLOWS, prefix).spoken, alone.spoken, atol=1e-3)
    if can_batch(generator):
        wanted = [Wanted(each, GREEDY, persona=prefix) for each in typed]
        assert [each.text for each in together(generator, wanted, rows=8)] == kept


@pytest.mark.parametrize("family", ENCODER_DECODERS)
def test_the_encoder_of_an_encoder_decoder_reads_vectors_first(family: str, tmp_path: Path) -> None:
    generator, _ = load_generator(FAMILIES[family].write(tmp_path))
    generator.model.float()
    first, second = persona(generator), persona(generator, seed=1)
    texts = [write(generator, plain(DRAFTS[0]), prefix) for prefix in (None, first, second, first, None)]
    assert texts[0] == texts[4]
    assert texts[1] == texts[3]
