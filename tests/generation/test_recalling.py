"""Writing with a memory at hand: the exact mixture at every step, sources, the guard, and what is never mixed in."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any, cast

import pytest
import torch
from torch import Tensor

from assistant.generation import recalling
from assistant.generation.batched import Wanted, texts_of
from assistant.generation.local import LocalGenerator
from assistant.keyword_candidates import words
from assistant.memory.fitted import FittedMemory, fitted_memory
from assistant.memory.gate import Gate
from assistant.memory.mixture import Draft, Mixture, mix
from assistant.memory.search import VoiceMemory
from assistant.prompts import DRAFT, PAST, Part, Prompt, PromptTemplate
from assistant.stages import Recollection
from assistant.types import DocumentId, Recall, Sampling
from tests.small_models import as_loaded, small_model, small_tokenizer

DOCUMENTS = (
    "The keeper walked along the canal in the morning and the sluice gate stood open. It holds for now, the man said.",
    "We are short of two people on Thursday. Could you please send me the figures by noon? Thanks and see you soon.",
    "Once upon a time there was a fox who kept a diary. It is not much but it is ours: a kettle, a stove and a view.",
)
WEIGHTS = "a small model's"


def leaning(*, voice: float = 6.0, draft: float = -9.0) -> FittedMemory:
    """A gate that leans on the voice's memory whatever it sees, and goes by what stood before."""
    gate = Gate()
    with torch.no_grad():
        gate.voice.bonus.copy_(torch.arange(9) * 4.0)
        gate.outer.bias.copy_(torch.tensor([voice, draft]))
    return fitted_memory(WEIGHTS, gate, None)


def generator(memory: FittedMemory | None = None) -> LocalGenerator:
    """A small random model in float32, in which a cached prefix gives the very numbers a fresh one gives."""
    loaded = as_loaded(small_model().float().eval(), weights_sha256=WEIGHTS)
    return LocalGenerator(replace(loaded, template=PromptTemplate()), memory or leaning())


def remembered(by: LocalGenerator, texts: Sequence[str] = DOCUMENTS) -> VoiceMemory:
    made = [(DocumentId(number), by.keys_of("", text)) for number, text in enumerate(texts, start=1)]
    return VoiceMemory(by.memory.model, [(number, keys) for number, keys in made if keys is not None])


def prompt(draft: str, *, evidence: str = "") -> Prompt:
    past = (Part(PAST, is_marker=True), Part(evidence)) if evidence else ()
    return (*past, Part(DRAFT, is_marker=True), Part(draft))


def write(
    by: LocalGenerator, given: Prompt, recollection: Recollection | None, **sampling: float
) -> tuple[str, tuple[Recall, ...]]:
    with closing(by.stream(given, Sampling(**cast(Any, {"max_tokens": 16} | sampling)), recollection)) as stream:
        return "".join(stream), stream.recalls


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Draft, Tensor]]:
    """Every step that is mixed: what had been read, and the distribution that came of it."""
    seen: list[tuple[Draft, Tensor]] = []

    def noted(gate: Gate, logits: Tensor, voice: VoiceMemory, draft: Draft, *, strength: float) -> Mixture:
        mixture = mix(gate, logits, voice, draft, strength=strength)
        seen.append((draft, mixture.log_probabilities.clone()))
        return mixture

    monkeypatch.setattr(recalling, "mix", noted)
    return seen


def afresh(by: LocalGenerator, memory: VoiceMemory, draft: Draft, strength: float) -> Tensor:
    """The same step by a model that has read nothing before."""
    with torch.no_grad():
        output = by.model(input_ids=draft.ids[None], use_cache=False, output_hidden_states=True)
    keys = by.memory.keys(output.hidden_states[-1][0])
    whole = Draft(draft.ids, keys, draft.start)
    return mix(by.memory.gate, output.logits[0, -1], memory, whole, strength=strength).log_probabilities


@pytest.mark.parametrize("strength", [0.3, 1.0])
@pytest.mark.parametrize(
    "sampling", [{"temperature": 0}, {"temperature": 0.7, "seed": 4}, {"temperature": 2, "seed": 5}]
)
@pytest.mark.parametrize("draft", ["The keeper walked along the", "The keeper walked along the ca", "", "Thursday "])
def test_every_step_is_the_mixture_that_a_fresh_model_gives(
    draft: str, sampling: dict[str, float], strength: float, steps: list[tuple[Draft, Tensor]]
) -> None:
    by = generator(leaning(voice=1.0, draft=0.0))
    memory = remembered(by)
    evidence = prompt(draft, evidence=DOCUMENTS[1])
    write(by, evidence, Recollection(memory, strength), **sampling)
    write(by, prompt(f"{draft} and", evidence=DOCUMENTS[1]), Recollection(memory, strength), **sampling)  # cached
    assert len(steps) > 20
    for so_far, mixed in steps:
        expected = afresh(by, memory, so_far, strength)
        assert torch.allclose(mixed.exp(), expected.exp(), atol=1e-5)


def test_the_draft_alone_is_the_drafts_memory(steps: list[tuple[Draft, Tensor]]) -> None:
    by = generator()
    write(by, prompt("The keeper walked along", evidence=DOCUMENTS[1]), Recollection(remembered(by)), temperature=0)
    kept, _ = steps[0]
    typed_again = small_tokenizer().encode("The keeper walked", add_special_tokens=False)
    assert kept.ids[kept.start :].tolist() == typed_again


def test_the_same_seed_writes_the_same_and_another_does_not() -> None:
    by = generator(leaning(voice=0.0))
    memory = Recollection(remembered(by))
    texts = [write(by, prompt("The gate"), memory, temperature=1.5, seed=seed)[0] for seed in (1, 1, 2, 3)]
    assert texts[0] == texts[1]
    assert len(set(texts)) > 1


def test_what_only_one_document_can_explain_is_traced_to_it() -> None:
    by = generator()
    draft = "Could you please send me"
    text, recalls = write(by, prompt(draft), Recollection(remembered(by), 1.0, None), temperature=0, max_tokens=8)
    assert text.startswith(" the figures by noon")
    assert [text[recall.span.start : recall.span.end] for recall in recalls][:4] == ["the", "figures", "by", "noon"]
    for recall in recalls[:4]:
        best = recall.supports[0]
        assert best.document == DocumentId(2)
        assert DOCUMENTS[1][best.span.start : best.span.end] == text[recall.span.start : recall.span.end]
        assert 0.5 < best.weight <= recall.share <= 1
        assert DOCUMENTS[1].index("figures") - 5 < best.span.start < DOCUMENTS[1].index("Thanks")


def test_supports_are_at_most_three_of_different_sentences() -> None:
    past = "I see the gate. I see the gate. I see the gate and the gate. I see the gate. I see the gate."
    by = generator()
    memory = remembered(by, [past])
    _, recalls = write(by, prompt("I see the"), Recollection(memory), temperature=0, max_tokens=4)
    places = [support.span.start for support in recalls[0].supports]
    assert 1 < len(places) <= 3
    starts = [past.index("I see", place) if "I see" in past[place:] else len(past) for place in places]
    assert len(set(starts)) == len(starts)
    weights = [support.weight for support in recalls[0].supports]
    assert weights == sorted(weights, reverse=True)
    (given,) = recalls[0].given  # of all sentences, not of three alone
    assert given.share == pytest.approx(recalls[0].share, abs=1e-5)
    assert given.share > sum(weights)
    assert given.strongest == recalls[0].supports[0]


def test_of_a_word_that_was_begun_the_rest_is_traced() -> None:
    by = generator()
    text, recalls = write(by, prompt("Could you please send me the fig"), Recollection(remembered(by)), temperature=0)
    assert text.startswith("ures")
    assert recalls[0].span.start == 0
    assert recalls[0].supports[0].document == DocumentId(2)


@pytest.mark.parametrize("longest", [1, 4, 8])
@pytest.mark.parametrize("temperature", [0, 0.7])
def test_no_more_words_in_a_row_come_from_one_document_than_are_allowed(longest: int, temperature: float) -> None:
    by = generator()
    memory = remembered(by)
    text, _ = write(by, prompt(""), Recollection(memory, 1.0, longest), temperature=temperature, max_tokens=40)
    free, _ = write(by, prompt(""), Recollection(memory, 1.0, None), temperature=0, max_tokens=40)
    assert copied(free) > 8
    assert copied(text) <= longest


@pytest.mark.parametrize("draft", ["The keeper", "The kee"])
@pytest.mark.parametrize("is_batch", [False, True])
def test_a_suggestion_does_not_go_on_copying_where_the_draft_has_copied(draft: str, is_batch: bool) -> None:
    by = generator()
    memory = remembered(by)

    def go_on(text: str, longest: int | None) -> str:
        sampling, recollection = Sampling(24, temperature=0), Recollection(memory, 1.0, longest)
        if is_batch:
            return text + texts_of(by, [Wanted(prompt(text), sampling, recollection)])[0]
        with closing(by.stream(prompt(text), sampling, recollection)) as stream:
            return text + "".join(stream)

    assert copied(go_on(draft, None)) > 4
    assert copied(go_on(draft, 4)) <= 4
    begun = "The keeper walked along"
    assert copied(go_on(begun, None)) > 4
    assert copied(go_on(begun, 4)) <= 4
    assert copied(go_on("The keeper walked along th", 4)) <= 4
    again = go_on(go_on(draft, 4), 4)
    assert copied(again) <= 4


@pytest.mark.parametrize("is_batch", [False, True])
def test_passages_in_the_prompt_are_guarded_whatever_is_remembered(*, is_batch: bool) -> None:
    by = generator()
    # A memory that copies but whose documents' words are not known: only the passages shown can keep it back.
    unknown = [(number, replace(keys, words=keys.words[:0])) for number, keys in remembered(by).documents]
    memory = VoiceMemory(by.memory.model, unknown)

    def go_on(shown: tuple[str, ...]) -> str:
        given, recollection = prompt("The keeper", evidence=DOCUMENTS[0]), Recollection(memory, 1.0, 4, shown)
        if is_batch:
            return f"The keeper{texts_of(by, [Wanted(given, Sampling(24, temperature=0), recollection)])[0]}"
        return f"The keeper{write(by, given, recollection, temperature=0, max_tokens=24)[0]}"

    assert copied(go_on(())) > 8
    assert copied(go_on(DOCUMENTS)) <= 4


def test_without_a_memory_a_suggestion_is_written_as_ever() -> None:
    by = generator()
    given = prompt("The keeper", evidence=DOCUMENTS[0])
    assert write(by, given, Recollection(None, 1.0, 8, DOCUMENTS)) == write(by, given, None)


def copied(text: str) -> int:
    """Words in a row that stand so in one of the documents, at most."""
    written = words(text)
    longest = 0
    for document in DOCUMENTS:
        past = f" {' '.join(words(document))} "
        for start in range(len(written)):
            length = 0
            while start + length < len(written) and f" {' '.join(written[start : start + length + 1])} " in past:
                length += 1
            longest = max(longest, length)
    return longest


def test_with_no_strength_nothing_is_recalled() -> None:
    by = generator()
    _, recalls = write(by, prompt("The gate"), Recollection(remembered(by), 0.0), temperature=0)
    assert recalls
    assert all(recall.share == 0 for recall in recalls)


def test_the_keys_of_another_model_are_never_mixed_in() -> None:
    by = generator()
    other = VoiceMemory("another", remembered(by).documents)
    plain = write(by, prompt("The gate"), None, temperature=0)
    assert write(by, prompt("The gate"), Recollection(other), temperature=0) == plain
    assert plain[1] == ()


def test_with_the_memory_of_nothing_there_is_still_the_draft() -> None:
    by = generator(leaning(draft=3.0))
    text, recalls = write(
        by, prompt("The keeper and the"), Recollection(VoiceMemory(by.memory.model, [])), temperature=0
    )
    assert text
    assert all(recall.share == 0 for recall in recalls)


def test_suggestions_after_a_deletion_are_as_if_the_document_had_never_been() -> None:
    by = generator()
    draft = prompt("Could you please send me")
    before, _ = write(by, draft, Recollection(remembered(by)), temperature=0)
    after, recalls = write(by, draft, Recollection(remembered(by, (DOCUMENTS[0], DOCUMENTS[2]))), temperature=0)
    fresh = generator()
    never, expected = write(fresh, draft, Recollection(remembered(fresh, (DOCUMENTS[0], DOCUMENTS[2]))), temperature=0)
    assert before != after == never
    assert [recall.share for recall in recalls] == pytest.approx([recall.share for recall in expected], abs=1e-5)


@pytest.mark.parametrize("temperature", [0, 0.9])
def test_a_memory_without_a_document_writes_as_one_that_never_held_it(temperature: float) -> None:
    by, fresh = generator(), generator()
    draft = prompt("Could you please send me")
    never = remembered(fresh, (DOCUMENTS[0], DOCUMENTS[2]))
    expected, recalls = write(fresh, draft, Recollection(never), temperature=temperature, max_tokens=40)
    partial = remembered(by).without({DocumentId(2)})
    text, found = write(by, draft, Recollection(partial), temperature=temperature, max_tokens=40)
    assert text == expected
    assert [recall.share for recall in found] == [recall.share for recall in recalls]
    assert {support.document for recall in found for support in recall.supports} <= {DocumentId(1), DocumentId(3)}


def test_recalls_come_as_the_text_comes() -> None:
    by = generator()
    stream = by.stream(prompt("Could you please send me"), Sampling(8, temperature=0), Recollection(remembered(by)))
    assert stream.recalls == ()
    pieces = iter(stream)
    while not next(pieces).strip():
        pass
    assert len(stream.recalls) == 1
    stream.close()
