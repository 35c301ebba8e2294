"""Answers are the model's likeliest tokens, the same in a batch as alone, for both kinds of models."""

from dataclasses import replace

import pytest
import torch
from transformers import GenerationConfig

from assistant.errors import ModelError
from assistant.evaluation.benchmarks.answering import Answerer, Decoding
from assistant.evaluation.benchmarks.prompts import spell
from assistant.generation.loading import LanguageModel
from assistant.prompts import PromptTemplate
from tests.generation.architectures import FAMILIES
from tests.small_models import CONTEXT, VOCABULARY, small_model, small_tokenizer

PROMPTS = ["The keeper", "He had written to the council about the gate twice", "the harvest came late, and"]
SHORT = Decoding(max_length=60, tokens=8)


@pytest.fixture(scope="module")
def causal() -> LanguageModel:
    model = small_model().float().eval()
    return LanguageModel(model, small_tokenizer(), PromptTemplate(), VOCABULARY, (), {"model": "small"})


@pytest.fixture(scope="module")
def encoder_decoder() -> LanguageModel:
    family = FAMILIES["flan-t5"]
    tokenizer = family.tokenizer()
    torch.manual_seed(9)  # one of few that answer with words
    model = family.model(len(tokenizer)).float().eval()
    return LanguageModel(model, tokenizer, PromptTemplate(), len(tokenizer), (), {"model": "small T5"})


def likeliest(loaded: LanguageModel, prompt: list[int], count: int) -> list[int]:
    """Token by token, without caches, batches or generate."""
    written: list[int] = []
    with torch.no_grad():
        for _ in range(count):
            if loaded.model.config.is_encoder_decoder:
                given = torch.tensor([[0, *written]])
                logits = loaded.model(input_ids=torch.tensor([prompt]), decoder_input_ids=given).logits
            else:
                logits = loaded.model(input_ids=torch.tensor([[*prompt, *written]])).logits
            written.append(int(logits[0, -1].argmax()))
            if written[-1] == loaded.tokenizer.eos_token_id:
                break
    return written


@pytest.mark.parametrize("kind", ["causal", "encoder_decoder"])
def test_greedy_takes_the_likeliest_token_alone_and_in_a_batch(kind: str, request: pytest.FixtureRequest) -> None:
    loaded: LanguageModel = request.getfixturevalue(kind)
    expected = [
        spell(loaded.tokenizer, likeliest(loaded, loaded.tokenizer(prompt)["input_ids"], SHORT.tokens))
        for prompt in PROMPTS
    ]
    answerer = Answerer(loaded, SHORT)
    assert answerer.answer(PROMPTS) == expected
    assert [answerer.answer([prompt])[0] for prompt in PROMPTS] == expected
    assert all(expected)


def test_a_models_own_settings_do_not_make_greedy_something_else(causal: LanguageModel) -> None:
    expected = Answerer(causal, SHORT).answer(PROMPTS)
    causal.model.generation_config = GenerationConfig(do_sample=True, temperature=9.0, repetition_penalty=3.0)
    assert Answerer(causal, SHORT).answer(PROMPTS) == expected


def test_a_model_may_answer_nothing(causal: LanguageModel) -> None:
    first = likeliest(causal, causal.tokenizer(PROMPTS[0])["input_ids"], 1)
    assert Answerer(replace(causal, ends=tuple(first)), SHORT).answer(PROMPTS[:1]) == [""]


def test_an_empty_prompt_is_answered(causal: LanguageModel) -> None:
    assert Answerer(causal, SHORT).answer(["", PROMPTS[0]])[1] == Answerer(causal, SHORT).answer(PROMPTS[:1])[0]


def test_of_a_long_prompt_a_causal_model_reads_the_end(causal: LanguageModel) -> None:
    ids = causal.tokenizer(" ".join(PROMPTS * 9))["input_ids"]
    expected = spell(causal.tokenizer, likeliest(causal, ids[-SHORT.max_length :], SHORT.tokens))
    assert Answerer(causal, SHORT).answer([" ".join(PROMPTS * 9)]) == [expected]


def test_of_a_long_prompt_an_encoder_decoder_reads_the_beginning_as_the_reference_does(
    encoder_decoder: LanguageModel,
) -> None:
    ids = encoder_decoder.tokenizer(" ".join(PROMPTS * 9))["input_ids"]
    kept = [*ids[: SHORT.max_length - 1], encoder_decoder.tokenizer.eos_token_id]
    expected = spell(encoder_decoder.tokenizer, likeliest(encoder_decoder, kept, SHORT.tokens))
    assert Answerer(encoder_decoder, SHORT).answer([" ".join(PROMPTS * 9)]) == [expected]


def test_beams_are_searched_as_transformers_does(causal: LanguageModel) -> None:
    greedy, beams = (Answerer(causal, replace(SHORT, beams=count)).answer(PROMPTS) for count in (1, 4))
    plain = GenerationConfig(num_beams=4, max_new_tokens=SHORT.tokens, eos_token_id=causal.tokenizer.eos_token_id)
    plain.pad_token_id = plain.eos_token_id
    causal.model.generation_config = plain
    expected = []
    for prompt in PROMPTS:
        ids = causal.tokenizer(prompt, return_tensors="pt")["input_ids"]
        expected.append(spell(causal.tokenizer, causal.model.generate(ids)[0, ids.shape[1] :].tolist()))
    assert beams == expected
    assert beams != greedy


def test_a_prompt_that_the_context_cannot_hold_is_refused(causal: LanguageModel) -> None:
    with pytest.raises(ModelError, match=f"has {CONTEXT}: give a smaller --max-length"):
        Answerer(causal, Decoding(max_length=CONTEXT, tokens=1))


def test_an_encoder_reads_any_length(encoder_decoder: LanguageModel) -> None:
    assert len(Answerer(encoder_decoder, Decoding(max_length=5000, tokens=2)).answer([" ".join(PROMPTS * 20)])) == 1
