"""Words of one token, found in a real vocabulary."""

import numpy as np
import torch

from assistant.generation.vocabulary import Vocabulary, read_vocabulary
from assistant.settings import SHIPPED_CHECKPOINT
from assistant.training.persona_words import one_token_words, word_pairs
from assistant.training.tokenizer import load_tokenizer
from tests.hashing_encoder import HashingEncoder
from tests.small_models import small_model


def shipped_vocabulary() -> Vocabulary:
    tokenizer = load_tokenizer(SHIPPED_CHECKPOINT)
    return read_vocabulary(tokenizer, size=len(tokenizer))


def test_the_commonest_words_of_the_shipped_model_come_first() -> None:
    words = one_token_words(shipped_vocabulary())
    assert {"that", "with", "from"} <= set(list(words)[:20])
    assert len(words) > 5_000
    assert all(word.isalpha() and word.islower() and len(word) >= 4 for word in words)


def test_a_word_stands_in_both_spaces() -> None:
    vocabulary, encoder = shipped_vocabulary(), HashingEncoder()
    model = small_model()
    model.resize_token_embeddings(len(vocabulary.pieces))
    pairs = word_pairs(model, vocabulary, encoder)
    assert pairs is not None
    words = list(one_token_words(vocabulary))
    place = words.index("letter")
    assert np.array_equal(pairs.vectors[place].numpy(), encoder.encode(["letter"])[0])
    [ids] = vocabulary.tokenizer([" letter"], add_special_tokens=False)["input_ids"]
    assert torch.equal(pairs.embeddings[place], model.get_input_embeddings().weight[ids[0]].detach().float())


def test_a_vocabulary_of_few_words_has_none_to_give() -> None:
    vocabulary = shipped_vocabulary()
    few = Vocabulary(vocabulary.tokenizer, vocabulary.pieces[:300], vocabulary.end_ids)
    assert word_pairs(small_model(), few, HashingEncoder()) is None
