"""The project's own byte-level BPE tokenizer: any text round-trips, markers can never be typed.

Markers are special tokens of the prompt format (see ``assistant.prompts``); texts are always encoded with markers read
as plain characters, so a document that contains ``<|end|>`` cannot end anything.
"""

from collections.abc import Iterable
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from assistant.prompts import END, MARKERS

VOCABULARY_SIZE = 8192

# Ids kept free so that a later feature (persona slots, tasks) does not change the vocabulary of trained weights.
RESERVED = tuple(f"<|reserved-{number}|>" for number in range(6))


def train_tokenizer(texts: Iterable[str], *, vocabulary_size: int = VOCABULARY_SIZE) -> PreTrainedTokenizerFast:
    """Learn merges from texts and return the tokenizer, markers at ids 0 and up.

    :param vocabulary_size: number of ids in all, markers and the 256 bytes included.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size,
        special_tokens=[*MARKERS, *RESERVED],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=END, pad_token=END)


def save_tokenizer(tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write the tokenizer's files into a folder that a checkpoint can be built around."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save_pretrained(folder)
