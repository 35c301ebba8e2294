"""Bits per character: exact for a model that knows nothing, and the sum of what the model says step by step."""

import math

import pytest
import torch

from assistant.evaluation.likelihood import Language, bits_per_character, continuation_nats, preferred_answer
from assistant.prompts import DRAFT, END, Part, encode_prompt
from tests.small_models import VOCABULARY, small_model, small_tokenizer

PROMPT = (Part(DRAFT, is_marker=True), Part("The keeper walked"))
TEXTS = [" along the canal.", " naïve 漢字 🙂", "x", f" a typed {END} is text"]


def tokens(text: str) -> list[int]:
    return encode_prompt([Part(text)], small_tokenizer())


@pytest.fixture(scope="module")
def language() -> Language:
    return Language(small_model().float().eval(), small_tokenizer())


@pytest.mark.parametrize("text", TEXTS)
def test_a_model_that_knows_nothing_needs_the_size_of_its_vocabulary(text: str) -> None:
    model = small_model().float().eval()
    torch.nn.init.zeros_(model.get_input_embeddings().weight)
    bits = bits_per_character(Language(model, small_tokenizer()), PROMPT, text)
    assert bits == pytest.approx(math.log2(VOCABULARY) * len(tokens(text)) / len(text), rel=1e-5)


@pytest.mark.parametrize("text", TEXTS)
def test_the_likelihood_is_the_product_of_the_steps(language: Language, text: str) -> None:
    ids = encode_prompt(PROMPT, small_tokenizer())
    expected = 0.0
    for token in tokens(text):
        with torch.no_grad():
            logits = language.model(input_ids=torch.tensor([ids])).logits[0, -1]
        expected -= logits.log_softmax(-1)[token].item()
        ids.append(token)
    assert continuation_nats(language, PROMPT, text) == pytest.approx(expected, rel=1e-4)
    assert bits_per_character(language, PROMPT, text) == pytest.approx(expected / math.log(2) / len(text), rel=1e-4)


def test_the_prompt_itself_costs_nothing(language: Language) -> None:
    whole = continuation_nats(language, (Part(DRAFT, is_marker=True),), "The keeper walked along")
    parts = [
        continuation_nats(language, (Part(DRAFT, is_marker=True),), "The keeper"),
        continuation_nats(language, (Part(DRAFT, is_marker=True), Part("The keeper")), " walked along"),
    ]
    assert whole == pytest.approx(sum(parts), rel=1e-4)


def test_the_likelier_answer_is_preferred_wherever_it_stands(language: Language) -> None:
    answers = [" true", " false", " gate"]
    nats = [continuation_nats(language, PROMPT, answer) for answer in answers]
    best = nats.index(min(nats))
    assert preferred_answer(language, PROMPT, answers) == best
    assert preferred_answer(language, PROMPT, answers[::-1]) == 2 - best
