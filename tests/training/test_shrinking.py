"""A trained model cut down: its vocabulary to what texts use, its depth to the layers that matter."""

import json
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from assistant.errors import TrainingError
from assistant.generation.loading import load_language_model
from assistant.prompts import END, MARKERS, PAST
from assistant.training.pruning import prune_depth
from assistant.training.tokenizer import RESERVED
from assistant.training.trimming import TrimmedVocabulary, trimmed_vocabulary, use_vocabulary
from tests.generation.architectures import FAMILIES
from tests.training.test_commands import train

PROSE = (
    "The keeper walked along the canal in the morning and the sluice gate stood open.",
    "He had written to the council about the gate twice, and twice they had sent a man with a hammer.",
    "We are short of two people on Thursday, so could you please send me the figures by noon?",
    "The harvest came late; the barley was wet, and so were we, the keeper and the man from the council.",
)
CODE = ("def compute_aggregate(values): return sum(values) / len(values)", "import numpy as np; np.zeros((3, 4))")
SPECIAL = ["<|endoftext|>", "<|user|>"]
SMALL = 340


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    """A tokenizer of prose and of code, as a large model brings it."""
    learnt = Tokenizer(models.BPE())
    learnt.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    learnt.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=520, special_tokens=SPECIAL, initial_alphabet=alphabet)
    learnt.train_from_iterator([*PROSE * 3, *CODE * 8], trainer)
    return PreTrainedTokenizerFast(tokenizer_object=learnt, eos_token="<|user|>")


@pytest.fixture(scope="module")
def trimmed(tokenizer: PreTrainedTokenizerFast) -> TrimmedVocabulary:
    return trimmed_vocabulary(tokenizer, PROSE, size=SMALL, end_token="<|endoftext|>")


def llama(vocabulary: int, *, layers: int = 4, seed: int = 0, tied: bool = True) -> LlamaForCausalLM:
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=32,
        num_hidden_layers=layers,
        num_attention_heads=2,
        num_key_value_heads=2,
        intermediate_size=64,
        max_position_embeddings=512,
        initializer_range=0.1,
        tie_word_embeddings=tied,
    )
    return LlamaForCausalLM(config)


# Vocabulary


@pytest.mark.parametrize("text", [*PROSE, *CODE, "žluťoučký 漢字 🙂\n\n\ttabs", "", "<|end|> and <|endoftext|>"])
def test_any_text_can_still_be_spelled(trimmed: TrimmedVocabulary, text: str) -> None:
    ids = trimmed.tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True)
    assert trimmed.tokenizer.decode(ids) == text


def test_every_id_stands_for_the_same_piece_as_before(
    tokenizer: PreTrainedTokenizerFast, trimmed: TrimmedVocabulary
) -> None:
    new = trimmed.tokenizer.convert_ids_to_tokens(list(range(len(trimmed.tokenizer))))
    kept = {piece: earlier for piece, earlier in zip(new, trimmed.earlier, strict=True) if piece not in MARKERS}
    assert all(tokenizer.convert_tokens_to_ids(piece) == earlier for piece, earlier in kept.items() if earlier)
    assert len(trimmed.tokenizer) <= SMALL


def test_the_words_of_the_texts_stay_whole_and_others_fall_apart(
    tokenizer: PreTrainedTokenizerFast, trimmed: TrimmedVocabulary
) -> None:
    assert trimmed.tokenizer.tokenize(" the council") == tokenizer.tokenize(" the council")
    assert len(trimmed.tokenizer.tokenize(CODE[0])) > len(tokenizer.tokenize(CODE[0]))


def test_the_markers_come_first_and_nothing_of_the_old_ones_is_left(trimmed: TrimmedVocabulary) -> None:
    names = trimmed.tokenizer.convert_ids_to_tokens(list(range(len(MARKERS) + len(RESERVED))))
    assert names == [*MARKERS, *RESERVED]
    assert not set(SPECIAL) & set(trimmed.tokenizer.get_vocab())
    assert trimmed.tokenizer.eos_token == END


def test_kept_tokens_keep_their_embeddings_and_the_end_takes_over_the_old_one(
    tokenizer: PreTrainedTokenizerFast, trimmed: TrimmedVocabulary
) -> None:
    model = llama(len(tokenizer))
    before = model.get_input_embeddings().weight.detach().clone()

    use_vocabulary(model, trimmed)

    after = model.get_input_embeddings().weight
    the = trimmed.tokenizer.convert_tokens_to_ids("Ġthe")
    end = trimmed.tokenizer.convert_tokens_to_ids(END)
    assert torch.equal(after[the], before[tokenizer.convert_tokens_to_ids("Ġthe")])
    assert torch.equal(after[end], before[tokenizer.convert_tokens_to_ids("<|endoftext|>")])
    assert model.get_output_embeddings().weight is after
    assert model.config.vocab_size == len(trimmed.tokenizer)
    assert model.config.eos_token_id == model.generation_config.eos_token_id == end


def test_a_marker_starts_as_the_mean_of_what_it_says(
    tokenizer: PreTrainedTokenizerFast, trimmed: TrimmedVocabulary
) -> None:
    model = llama(len(tokenizer))
    use_vocabulary(model, trimmed)
    rows = model.get_input_embeddings().weight
    spelled = trimmed.tokenizer.encode("\n\nPast passage:\n", add_special_tokens=False)
    assert torch.allclose(rows[trimmed.tokenizer.convert_tokens_to_ids(PAST)], rows[spelled].mean(dim=0), atol=1e-6)


def test_texts_whose_tokens_are_all_kept_are_read_exactly_as_before(
    tokenizer: PreTrainedTokenizerFast, trimmed: TrimmedVocabulary
) -> None:
    model = llama(len(tokenizer)).eval()
    old_ids, new_ids = (t.encode(" the council", add_special_tokens=False) for t in (tokenizer, trimmed.tokenizer))
    with torch.no_grad():
        before = model.base_model(torch.tensor([old_ids])).last_hidden_state
        use_vocabulary(model, trimmed)
        after = model.base_model(torch.tensor([new_ids])).last_hidden_state
    assert torch.allclose(before, after, atol=1e-6)


@pytest.mark.parametrize("size", [100, 5000])
def test_sizes_that_cannot_be_are_refused(tokenizer: PreTrainedTokenizerFast, size: int) -> None:
    with pytest.raises(TrainingError, match=rf"--vocabulary {size}: expected 271 to {len(tokenizer) - 1}"):
        trimmed_vocabulary(tokenizer, PROSE, size=size, end_token="<|endoftext|>")


def test_an_end_token_that_is_not_there_is_refused(tokenizer: PreTrainedTokenizerFast) -> None:
    with pytest.raises(TrainingError, match="no token </s>: give --end-token"):
        trimmed_vocabulary(tokenizer, PROSE, size=SMALL, end_token="</s>")


def test_another_kind_of_tokenizer_is_refused() -> None:
    with pytest.raises(TrainingError, match="expected byte-level BPE"):
        trimmed_vocabulary(FAMILIES["t5"].tokenizer(), PROSE, size=SMALL, end_token="</s>")


def test_a_model_with_two_embeddings_is_refused(trimmed: TrimmedVocabulary) -> None:
    with pytest.raises(TrainingError, match="output embeddings of its own"):
        use_vocabulary(llama(520, tied=False), trimmed)


# Depth


def windows() -> torch.Tensor:
    return torch.randint(0, 300, (4, 40), generator=torch.Generator().manual_seed(1))


def silent(model: LlamaForCausalLM, *layers: int) -> LlamaForCausalLM:
    """Layers that add nothing to the stream: the first to go."""
    for i in layers:
        torch.nn.init.zeros_(model.model.layers[i].self_attn.o_proj.weight)
        torch.nn.init.zeros_(model.model.layers[i].mlp.down_proj.weight)
    return model


def test_the_layers_that_do_nothing_are_dropped() -> None:
    model = silent(llama(300, layers=6), 2, 4)
    with torch.no_grad():
        before = model(windows()).logits
        assert prune_depth(model, windows(), layers=4) == (0, 1, 3, 5)
        assert torch.allclose(model(windows()).logits, before, atol=1e-5)
    assert model.config.num_hidden_layers == 4


def test_first_and_last_layer_stay_whatever_they_do() -> None:
    assert prune_depth(silent(llama(300, layers=4), 0, 3), windows(), layers=2) == (0, 3)


def test_each_step_is_reported_with_its_loss() -> None:
    seen: list[tuple[int, float]] = []
    prune_depth(llama(300, layers=5), windows(), layers=3, on_layer=lambda left, loss: seen.append((left, loss)))
    assert [left for left, _ in seen] == [4, 3]
    assert all(3 < loss < 12 for _, loss in seen)


def test_a_shallower_model_writes_with_its_cache_as_without() -> None:
    model = llama(300, layers=5).eval()
    prune_depth(model, windows(), layers=3)
    prompt = torch.tensor([[5, 6, 7, 8]])
    written = [model.generate(prompt, max_new_tokens=8, do_sample=False, use_cache=cache) for cache in (True, False)]
    assert torch.equal(*written)


@pytest.mark.parametrize("layers", [1, 4, 9])
def test_depths_that_cannot_be_are_refused(layers: int) -> None:
    with pytest.raises(TrainingError, match=rf"--layers {layers}: expected 2 to 3"):
        prune_depth(llama(300, layers=4), windows(), layers=layers)


def test_a_model_built_otherwise_is_refused() -> None:
    with pytest.raises(TrainingError, match="cannot drop layers of a t5"):
        prune_depth(FAMILIES["t5"].model(300), windows(), layers=1)


# The verb


def test_train_shrink_writes_a_model_to_go_on_from(tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    llama(len(tokenizer), layers=4).to(torch.bfloat16).save_pretrained(tmp_path / "large")
    tokenizer.save_pretrained(tmp_path / "large")
    corpus = tmp_path / "corpus.jsonl"
    text = " ".join(PROSE * 6)
    corpus.write_text("".join(json.dumps({"author": f"a{i}", "text": f"{i}. {text}"}) + "\n" for i in range(9)))

    train(f"shrink {tmp_path}/large {corpus} --out {tmp_path}/small --vocabulary {SMALL} --layers 3 --context 256")

    small = load_language_model(tmp_path / "small")
    assert small.model.config.num_hidden_layers == 3
    assert small.model.config.max_position_embeddings == 256
    assert small.vocabulary_size <= SMALL
    assert set(MARKERS) <= set(small.tokenizer.get_vocab())
    assert "keeper" in (tmp_path / "small" / "known_words.txt").read_text().split()
