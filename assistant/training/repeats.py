"""Windows that repeat themselves: the shortest lesson in copying from the context.

A small model discovers late that what was said before may come again, because prose seldom says it word for word. In
these windows passages come again, whole or in part, so that the attention heads that find and copy an earlier passage
("induction heads", Olsson et al. 2022, arXiv 2209.11895) pay from the first hundred updates. Lengths and distances are
drawn by lot: where they were not, the model learnt to look a fixed number of tokens back and nothing else.
"""

import random
from collections.abc import Iterator
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from assistant.errors import CorpusError
from assistant.prompts import END
from assistant.training.corpus import Split
from assistant.training.prepare import training_records
from assistant.training.shards import ShardWriter
from assistant.training.store import RecordStore

# A passage has from this many tokens up to a share of the window; half of what was said comes again.
_SHORTEST = 12
_LONGEST_SHARE = 0.3
_AGAIN = 0.55


def prepare_repeats(  # noqa: PLR0913 - what there is to choose, all by name
    path: Path,
    tokenizer: PreTrainedTokenizerBase,
    folder: Path,
    *,
    held_out: frozenset[str],
    windows: int,
    window: int,
    seed: int,
    split: Split = "train",
) -> int:
    """Write windows of at most ``window`` + 1 tokens, made of one corpus, and return the number of tokens.

    :raises CorpusError: if the corpus has no text long enough for a passage.
    """
    generator = random.Random(seed)
    store = RecordStore(training_records(path, held_out, split))
    end = tokenizer.convert_tokens_to_ids(END)
    texts = _endless_texts(store, tokenizer, generator, path=path, least=window)
    writer = ShardWriter(folder, weighted=False)
    for _ in range(windows):
        writer.add(_window(texts, end, window, generator))
    return writer.close()


def _endless_texts(
    store: RecordStore, tokenizer: PreTrainedTokenizerBase, generator: random.Random, *, path: Path, least: int
) -> Iterator[list[int]]:
    """The token ids of long enough documents, in random order, again and again."""
    keys = [key for run in store.author_runs(1) for key in run]
    while True:
        generator.shuffle(keys)
        found = False
        for record in store.read(keys):
            ids = tokenizer.encode(record.text, add_special_tokens=False, split_special_tokens=True)
            if len(ids) >= least // 2:
                found = True
                yield ids
        if not found:
            raise CorpusError(f"{path.name} has no training document of {least // 2} tokens: add longer ones")


def _window(texts: Iterator[list[int]], end: int, window: int, generator: random.Random) -> list[int]:
    """Passages, each closed by ``end``: new ones, and earlier ones or parts of them again, until the window is full."""
    longest = max(_SHORTEST, int(window * _LONGEST_SHARE))
    said: list[list[int]] = []
    tokens: list[int] = []
    while (room := window - len(tokens)) >= _SHORTEST:
        length = min(generator.randint(_SHORTEST, longest), room)
        if said and generator.random() < _AGAIN:
            passage = _passage(generator.choice(said), length, generator)
        else:
            passage = _passage(next(texts), length, generator)
            said.append(passage)
        tokens += [*passage, end]
    return tokens


def _passage(ids: list[int], length: int, generator: random.Random) -> list[int]:
    """So many tokens in a row, from anywhere; all, if there are no more."""
    start = generator.randrange(max(0, len(ids) - length) + 1)
    return ids[start : start + length]
