"""The project's own byte-level BPE tokenizer: any text round-trips, markers can never be typed.

Markers are special tokens of the prompt format (see ``assistant.prompts``); texts are always encoded with markers read
as plain characters, so a document that contains ``<|end|>`` cannot end anything.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoTokenizer, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from assistant.errors import TrainingError
from assistant.keyword_candidates import words
from assistant.prompts import END, MARKERS

VOCABULARY_SIZE = 8192
WORDS_FILE = "known_words.txt"
_KNOWN_FROM = 3

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


def known_words(texts: Iterable[str]) -> list[str]:
    """Words that occur at least three times in some texts, sorted: what counts as a real word in evaluations."""
    counts = Counter(word for text in texts for word in words(text))
    return sorted(word for word, count in counts.items() if count >= _KNOWN_FROM)


def save_known_words(known: Iterable[str], folder: Path) -> None:
    """Write the word list beside the tokenizer."""
    (folder / WORDS_FILE).write_text("\n".join(known) + "\n", encoding="utf-8")


def load_known_words(folder: Path) -> frozenset[str]:
    """The word list of a checkpoint; empty for models that have none."""
    path = folder / WORDS_FILE
    return frozenset(path.read_text(encoding="utf-8").split()) if path.is_file() else frozenset()


def save_tokenizer(tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write the tokenizer's files into a folder that a checkpoint can be built around."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save_pretrained(folder)


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """Read a tokenizer from its folder, and from nowhere else.

    :raises TrainingError: if there is none, or it is damaged.
    """
    try:
        return AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = str(error).partition("\n")[0]
        raise TrainingError(
            f"no tokenizer in {folder} ({reason}): expected the folder that `train tokenizer` wrote"
        ) from error


def vocabulary_fingerprint(tokenizer: PreTrainedTokenizerBase) -> str:
    """A hash of which id stands for which piece: equal for tokenizers whose ids mean the same."""
    return hashlib.sha256(json.dumps(sorted(tokenizer.get_vocab().items())).encode()).hexdigest()
