"""Many suggestions at once are those that would be written one by one, and so are the scores."""

import itertools
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from assistant.errors import ModelError
from assistant.evaluation.likelihood import Language, bits_per_character
from assistant.evaluation.remembering import Rememberer, remembered_bits
from assistant.generation.batched import Continued, Wanted, can_batch, continue_all
from assistant.generation.local import LocalGenerator, load_generator
from assistant.prompts import DRAFT, PAST, WORDS, Part, Prompt
from assistant.stages import Recollection
from assistant.types import Document, DocumentId, Sampling, VoiceId
from tests.generation.architectures import CAUSAL, ENCODER_DECODERS, FAMILIES

GREEDY = Sampling(max_tokens=12, temperature=0)
PAST_TEXT = "The harvest of 1987 came late: the barley was wet, and so were we. " * 3
OTHER_PAST = "He had written to the council about the gate twice. “It holds,” the man said, “for now.” " * 2
DRAFTS = (
    "The keeper walked along the canal in the morning and the sluice gate st",
    "We are short of two people on Thursday, so could you ",
    "Das Café… naïve 漢字とかな 🙂  and\n\nthen <|end|> it's",
    "I",
    "",
)
FOLLOWS = " stood open, and nobody had been told of it."


def prompt(draft: str, *, past: str = "", words: str = "") -> Prompt:
    evidence = (Part(PAST, is_marker=True), Part(past)) if past else ()
    keywords = (Part(WORDS, is_marker=True), Part(words)) if words else ()
    return (*evidence, *keywords, Part(DRAFT, is_marker=True), Part(draft))


def prompts() -> list[Prompt]:
    """With and without a past; many begin alike, some are equal."""
    found = [
        prompt(draft, past=past, words=words)
        for draft, past, words in itertools.product(DRAFTS, ("", PAST_TEXT, OTHER_PAST), ("", "gate, barley"))
    ]
    return [*found, found[0]]


def one_by_one(generator: LocalGenerator, wanted: Wanted) -> tuple[str, str]:
    with closing(generator.stream(wanted.prompt, wanted.sampling, wanted.recollection)) as stream:
        text = "".join(stream)
        return text, stream.finish


def together(generator: LocalGenerator, wanted: list[Wanted], *, rows: int = 32) -> list[Continued]:
    found = dict(continue_all(generator, wanted, rows=rows))
    assert sorted(found) == list(range(len(wanted)))
    return [found[number] for number in range(len(wanted))]


@pytest.mark.parametrize("rows", [1, 5, 64])
def test_greedy_texts_are_those_written_one_by_one(generator: LocalGenerator, rows: int) -> None:
    wanted = [Wanted(each, GREEDY) for each in prompts()]
    found = together(generator, wanted, rows=rows)
    assert [(each.text, each.finish) for each in found] == [one_by_one(generator, each) for each in wanted]
    assert len({each.text for each in found}) > 5


def test_every_prompt_has_its_own_seed_and_length(generator: LocalGenerator) -> None:
    wanted = [
        Wanted(each, Sampling(max_tokens=4 + number % 7, temperature=0.9, seed=number))
        for number, each in enumerate(prompts())
    ]
    found = together(generator, wanted)
    assert [(each.text, each.finish) for each in found] == [one_by_one(generator, each) for each in wanted]
    again = together(generator, [wanted[0], *(replace(each, sampling=GREEDY) for each in wanted[1:])])
    assert again[0].text == found[0].text


def test_what_followed_is_scored_and_changes_no_text(generator: LocalGenerator) -> None:
    language = Language(generator.model, generator.tokenizer)
    follows = [FOLLOWS, " now", ""]
    wanted = [Wanted(each, GREEDY, follows=follows[number % 3]) for number, each in enumerate(prompts())]
    found = together(generator, wanted)
    silent = together(generator, [replace(each, follows="") for each in wanted])
    for each, given, without in zip(found, wanted, silent, strict=True):
        assert each.text == without.text
        if given.follows:
            assert each.bits == pytest.approx(bits_per_character(language, given.prompt, given.follows), rel=1e-5)
        else:
            assert each.bits != each.bits


def test_each_row_recalls_what_it_would_recall_alone(generator: LocalGenerator) -> None:
    documents = [
        Document(DocumentId(number), VoiceId(0), "", None, text) for number, text in enumerate((PAST_TEXT, OTHER_PAST))
    ]
    source = Rememberer(generator).memory_of(documents)
    recollection = Recollection(source.held, 1.0, 8)
    wanted = [
        Wanted(each, GREEDY, recollection if number % 3 else None, FOLLOWS) for number, each in enumerate(prompts())
    ]
    found = together(generator, wanted, rows=7)
    assert [(each.text, each.finish) for each in found] == [one_by_one(generator, each) for each in wanted]
    for each, given in zip(found, wanted, strict=True):
        if given.recollection is not None:
            expected = remembered_bits(generator, given.prompt, FOLLOWS, source)
            assert each.bits == pytest.approx(expected, rel=1e-4)


def test_the_evidence_that_prompts_share_is_read_once(generator: LocalGenerator) -> None:
    read: list[int] = []
    hook = generator.model.register_forward_pre_hook(
        lambda _model, _args, given: read.append(given["input_ids"].numel()), with_kwargs=True
    )
    same = [Wanted(prompt(draft, past=PAST_TEXT), replace(GREEDY, max_tokens=1)) for draft in DRAFTS[:3]]
    together(generator, same)
    shared = sum(read)
    read.clear()
    for each in same:
        together(generator, [each])
    hook.remove()
    assert shared < 0.6 * sum(read)


@pytest.mark.parametrize("family", CAUSAL)
def test_other_architectures_are_batched_or_refused(family: str, tmp_path: Path) -> None:
    generator, _ = load_generator(FAMILIES[family].write(tmp_path))
    generator.model.float()
    plain = [(Part("\n\nPast passage:\n"), Part(PAST_TEXT), Part("\n\n"), Part(draft)) for draft in DRAFTS[:3]]
    wanted = [Wanted(each, GREEDY, follows=FOLLOWS) for each in plain]
    if not can_batch(generator):
        assert family in ("gemma 2", "gemma 3", "recurrent")
        with pytest.raises(ModelError, match="one by one"):
            together(generator, wanted)
        return
    found = together(generator, wanted)
    assert [(each.text, each.finish) for each in found] == [one_by_one(generator, each) for each in wanted]
    language = Language(generator.model, generator.tokenizer)
    expected = [bits_per_character(language, each.prompt, FOLLOWS) for each in wanted]
    assert [each.bits for each in found] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("family", ENCODER_DECODERS)
def test_encoder_decoders_are_refused(family: str, tmp_path: Path) -> None:
    generator, _ = load_generator(FAMILIES[family].write(tmp_path))
    assert not can_batch(generator)


def test_a_model_that_fails_is_a_model_error(generator: LocalGenerator) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("out of memory")

    hook = generator.model.register_forward_pre_hook(fail)
    with pytest.raises(ModelError, match="out of memory"):
        together(generator, [Wanted(prompt(DRAFTS[0]), GREEDY)])
    hook.remove()


def test_a_damaged_model_is_a_model_error(generator: LocalGenerator) -> None:
    with torch.no_grad():
        next(generator.model.parameters()).fill_(torch.nan)
    with pytest.raises(ModelError, match="no usable number"):
        together(generator, [Wanted(prompt(DRAFTS[0]), GREEDY)])
