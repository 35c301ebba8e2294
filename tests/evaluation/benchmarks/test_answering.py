"""Answers are the model's likeliest tokens, the same in a batch as alone, for both kinds of models."""

from copy import deepcopy
from dataclasses import replace

import pytest
import torch
from transformers import GenerationConfig, T5Config, T5ForConditionalGeneration

from assistant.errors import ModelError
from assistant.evaluation.benchmarks.answering import Answerer, Decoding
from assistant.evaluation.benchmarks.prompts import spell
from assistant.generation.loading import LanguageModel
from assistant.prompts import PromptTemplate
from tests.evaluation.benchmarks.words import word_tokenizer
from tests.small_models import CONTEXT, VOCABULARY, small_model, small_tokenizer

PROMPTS = ["The keeper", "He had written to the council about the gate twice", "the harvest came late, and"]
LONG = " ".join([PROMPTS[1]] * 7 + [PROMPTS[0]] * 40)
SHORT = Decoding(max_length=60, tokens=8)
SEED = 30  # under which the small T5 answers every prompt with words of its own


@pytest.fixture(scope="module")
def causal() -> LanguageModel:
    model = small_model().float().eval()
    return LanguageModel(model, small_tokenizer(), PromptTemplate(), VOCABULARY, (), {"model": "small"})


@pytest.fixture(scope="module")
def encoder_decoder() -> LanguageModel:
    tokenizer = word_tokenizer(*PROMPTS)
    torch.manual_seed(SEED)
    shape = {"d_model": 32, "d_kv": 16, "d_ff": 48, "num_layers": 2, "num_heads": 2, "initializer_factor": 1.0}
    ends = {"decoder_start_token_id": 2, "pad_token_id": 2, "eos_token_id": 0}
    model = T5ForConditionalGeneration(T5Config(vocab_size=len(tokenizer), dropout_rate=0.0, **shape, **ends))
    return LanguageModel(model.eval(), tokenizer, PromptTemplate(), len(tokenizer), (), {"model": "small T5"})


def likeliest(loaded: LanguageModel, prompt: list[int], count: int) -> list[int]:
    """Token by token, without caches, batches or generate."""
    written: list[int] = []
    with torch.no_grad():
        for _ in range(count):
            if loaded.model.config.is_encoder_decoder:
                given = torch.tensor([[loaded.model.config.decoder_start_token_id, *written]])
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
    ids = causal.tokenizer(LONG)["input_ids"]
    expected = spell(causal.tokenizer, likeliest(causal, ids[-SHORT.max_length :], SHORT.tokens))
    assert Answerer(causal, SHORT).answer([LONG]) == [expected]


def test_of_a_long_prompt_an_encoder_decoder_reads_the_beginning_as_the_reference_does(
    encoder_decoder: LanguageModel,
) -> None:
    ids = encoder_decoder.tokenizer(LONG)["input_ids"]
    kept = [*ids[: SHORT.max_length - 1], encoder_decoder.tokenizer.eos_token_id]
    expected = spell(encoder_decoder.tokenizer, likeliest(encoder_decoder, kept, SHORT.tokens))
    assert Answerer(encoder_decoder, SHORT).answer([LONG]) == [expected]


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


CHAT = replace(SHORT, chat=True)
TEMPLATE = (
    "{% for message in messages %}{{ message.role }}: {{ message.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}assistant:{% endif %}"
)


@pytest.fixture
def instructed(causal: LanguageModel) -> LanguageModel:
    tokenizer = deepcopy(causal.tokenizer)
    tokenizer.chat_template = TEMPLATE
    return replace(causal, tokenizer=tokenizer)


def test_an_instructed_model_is_spoken_to_in_its_own_template(instructed: LanguageModel) -> None:
    tokenizer = instructed.tokenizer
    end = tokenizer.convert_tokens_to_ids("<|end|>")
    ids = [*tokenizer("user: The keeper")["input_ids"], end, *tokenizer("assistant:")["input_ids"]]
    expected = spell(tokenizer, likeliest(instructed, ids, SHORT.tokens))
    assert Answerer(instructed, CHAT).answer(["The keeper"]) == [expected]
    assert Answerer(instructed, SHORT).answer(["The keeper"]) != [expected]


def test_an_end_marker_in_the_prompt_does_not_end_the_message(instructed: LanguageModel) -> None:
    tokenizer = instructed.tokenizer
    end = tokenizer.convert_tokens_to_ids("<|end|>")
    text = tokenizer("user: The<|end|>keeper", split_special_tokens=True)["input_ids"]
    expected = likeliest(instructed, [*text, end, *tokenizer("assistant:")["input_ids"]], SHORT.tokens)
    assert Answerer(instructed, CHAT).answer(["The<|end|>keeper"]) == [spell(tokenizer, expected)]


def test_a_long_message_keeps_its_template(instructed: LanguageModel) -> None:
    tokenizer = instructed.tokenizer
    kept = tokenizer.decode(tokenizer(LONG)["input_ids"][-CHAT.max_length :])
    assert Answerer(instructed, CHAT).answer([LONG]) == Answerer(instructed, CHAT).answer([kept])


def test_a_model_without_a_template_cannot_chat(causal: LanguageModel, encoder_decoder: LanguageModel) -> None:
    for loaded in (causal, encoder_decoder):
        with pytest.raises(ModelError, match="has no chat template"):
            Answerer(loaded, CHAT)


def test_a_prompt_that_the_context_cannot_hold_is_refused(causal: LanguageModel) -> None:
    with pytest.raises(ModelError, match=f"has {CONTEXT}: give a smaller --max-length"):
        Answerer(causal, Decoding(max_length=CONTEXT, tokens=1))


def test_an_encoder_reads_any_length(encoder_decoder: LanguageModel) -> None:
    assert len(Answerer(encoder_decoder, Decoding(max_length=5000, tokens=2)).answer([" ".join(PROMPTS * 20)])) == 1
