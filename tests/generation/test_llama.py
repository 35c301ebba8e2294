"""The engine of packed Llamas computes what transformers does, and says no to other models."""

from pathlib import Path

import pytest
import torch
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM

from assistant.generation.llama import LlamaEngine, llama_engine
from assistant.generation.loading import load_language_model
from assistant.generation.local import LocalGenerator, load_generator
from assistant.generation.reading import TransformersEngine
from assistant.prompts import Part, PromptTemplate
from assistant.training.checkpoints import write_checkpoint
from assistant.types import Sampling
from tests.one_thread import one_thread
from tests.small_models import CONTEXT, small_tokenizer

__all__ = ["one_thread"]

VOCABULARY = 512
# bfloat16 keeps eight bits; three layers of it and four-bit scales in it leave about one part in a hundred.
CLOSE = 0.03


def model(**changes: object) -> LlamaForCausalLM:
    """A random Llama with key heads that serve several query heads."""
    torch.manual_seed(3)
    end = small_tokenizer().eos_token_id
    given: dict[str, object] = {
        "vocab_size": VOCABULARY,
        "hidden_size": 64,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "intermediate_size": 96,
        "max_position_embeddings": CONTEXT,
        "initializer_range": 0.1,
        "tie_word_embeddings": True,
        "eos_token_id": end,
        "pad_token_id": end,
    }
    return LlamaForCausalLM(LlamaConfig(**given | changes)).to(torch.bfloat16)


def write(folder: Path, written: LlamaForCausalLM, *, packed: bool = True) -> Path:
    write_checkpoint(folder, written, small_tokenizer(), template=PromptTemplate(), signature={}, packed=packed)
    return folder


def engines(folder: Path) -> tuple[LlamaEngine, TransformersEngine]:
    read = load_language_model(folder)
    engine = llama_engine(read.model, read.packed)
    assert engine is not None
    return engine, TransformersEngine(read.model)


def apart(left: Tensor, right: Tensor) -> float:
    return float((left.float() - right.float()).norm() / right.float().norm())


def some_ids(count: int, seed: int = 0) -> list[int]:
    return torch.randint(VOCABULARY, (count,), generator=torch.Generator().manual_seed(seed)).tolist()


@pytest.fixture(params=[True, False], ids=["tied", "untied"])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    return write(tmp_path / "packed", model(tie_word_embeddings=request.param))


@pytest.mark.parametrize("counts", [(1, 1, 1), (5, 3), (200, 1, 12, 13), (300, 150, 2)])
def test_it_computes_what_transformers_does_piece_by_piece(folder: Path, counts: tuple[int, ...]) -> None:
    ours, theirs = engines(folder)

    for seed, count in enumerate(counts):
        ids = some_ids(count, seed)
        logits, states = ours.forward(ids, None)
        expected_logits, expected_states = theirs.forward(ids, None)

        assert apart(logits, expected_logits) < CLOSE
        assert states.shape == expected_states.shape
        assert apart(states, expected_states) < CLOSE


def test_what_was_dropped_has_never_been_read(folder: Path) -> None:
    ours, _ = engines(folder)
    again, _ = engines(folder)
    ours.forward(some_ids(40), None)
    again.forward(some_ids(40)[:30], None)

    ours.drop(10)

    assert torch.equal(ours.forward(some_ids(4, 9), None)[0], again.forward(some_ids(4, 9), None)[0])


def test_what_was_forgotten_leaves_nothing(folder: Path) -> None:
    ours, _ = engines(folder)
    fresh, _ = engines(folder)
    ours.forward(some_ids(40), None)

    ours.forget()

    assert torch.equal(ours.forward(some_ids(20, 1), None)[0], fresh.forward(some_ids(20, 1), None)[0])


def test_vectors_are_read_before_the_ids(folder: Path) -> None:
    ours, theirs = engines(folder)
    prefix = torch.randn(2, 64, generator=torch.Generator().manual_seed(5)).bfloat16()

    logits, states = ours.forward(some_ids(9), prefix)
    without = engines(folder)[0].forward(some_ids(9), None)[0]

    expected, _ = theirs.forward(some_ids(9), prefix)
    assert len(states) == 11  # two vectors and nine ids
    assert apart(logits, expected) < CLOSE
    assert apart(without, expected) > CLOSE


def test_more_than_the_context_is_refused(folder: Path) -> None:
    ours, _ = engines(folder)
    ours.forward(some_ids(CONTEXT), None)

    with pytest.raises(RuntimeError, match=f"{CONTEXT + 1} tokens"):
        ours.forward([1], None)


@pytest.mark.parametrize(
    "changes",
    [
        {"attention_bias": True},
        {"hidden_act": "gelu"},
        {"intermediate_size": 80},
        {"rope_parameters": {"rope_type": "linear", "factor": 2.0, "rope_theta": 10000.0}},
    ],
)
def test_other_models_are_left_to_transformers(tmp_path: Path, changes: dict[str, object]) -> None:
    folder = write(tmp_path / "other", model(**changes))

    read = load_language_model(folder)
    assert read.packed
    assert llama_engine(read.model, read.packed) is None
    assert load_generator(folder)[0].stream((Part("A"),), Sampling(max_tokens=4)) is not None


def test_whole_weights_are_left_to_transformers(tmp_path: Path) -> None:
    folder = write(tmp_path / "whole", model(), packed=False)

    read = load_language_model(folder)

    assert not read.packed
    assert llama_engine(read.model, read.packed) is None


def test_what_was_loaded_writes_without_its_file(folder: Path) -> None:
    greedy, prompt = Sampling(max_tokens=12, temperature=0), (Part("The keeper walked along the canal"),)
    expected = "".join(load_generator(folder)[0].stream(prompt, greedy))
    loaded = load_language_model(folder)

    (folder / "model.safetensors").unlink()

    assert llama_engine(loaded.model, loaded.packed) is not None
    assert "".join(LocalGenerator(loaded).stream(prompt, greedy)) == expected


def test_a_suggestion_goes_on_from_what_it_read(folder: Path) -> None:
    greedy = Sampling(max_tokens=12, temperature=0)
    generator, other = load_generator(folder)[0], load_generator(folder)[0]
    prompt = (Part("The keeper walked along the canal in the morning and the sluice gate stood"),)

    first = "".join(generator.stream(prompt, greedy))
    again = "".join(generator.stream(prompt, greedy))

    assert first
    assert again == first == "".join(other.stream(prompt, greedy))
