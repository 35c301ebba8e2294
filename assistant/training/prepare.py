"""Text work before pre-training: corpora become fixed-length token windows, test authors left out.

Documents of one author follow each other in a window's stream, so that copying from the same hand's earlier text is
worth learning from the first step.
"""

import random
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from assistant.errors import CorpusError
from assistant.prompts import DRAFT, END, TITLE
from assistant.training.corpus import Record, Split, author_split, read_corpus, text_fingerprint
from assistant.training.shards import ShardWriter
from assistant.training.store import RecordStore

# Authors are shuffled, but the documents of one stay together in runs of at most this many, so that no long archive
# fills a stretch of the stream.
_RUN_OF_ONE_AUTHOR = 8
_MINIMUM_CHARACTERS = 200
_ENCODE_TOGETHER = 512


def held_out_fingerprints(paths: Iterable[Path]) -> frozenset[str]:
    """Fingerprints of all documents by validation and test authors, to find their reprints elsewhere."""
    return frozenset(
        text_fingerprint(record.text)
        for path in paths
        for record in read_corpus(path)
        if record.author and author_split(record.author) != "train"
    )


def training_records(path: Path, held_out: frozenset[str], split: Split = "train") -> Iterator[Record]:
    """The documents of a corpus that may be trained on: no held-out author's, no reprint of one, none too short.

    :param split: another side of the split of authors, to validate on; documents that name no author are never there.
    """
    for record in read_corpus(path):
        if (author_split(record.author) if record.author else "train") != split:
            continue
        if len(record.text) < _MINIMUM_CHARACTERS or text_fingerprint(record.text) in held_out:
            continue
        yield record


def prepare_pretraining(  # noqa: PLR0913 - what there is to choose, all by name
    path: Path,
    tokenizer: PreTrainedTokenizerBase,
    folder: Path,
    *,
    held_out: frozenset[str],
    window: int,
    seed: int,
    split: Split = "train",
) -> int:
    """Write one corpus as windows of ``window`` + 1 tokens and return the number of tokens."""
    store = RecordStore(training_records(path, held_out, split), keep_reprints=True)
    runs = store.author_runs(_RUN_OF_ONE_AUTHOR)
    random.Random(seed).shuffle(runs)
    writer = ShardWriter(folder, weighted=False)
    stream: list[int] = []
    for ids in _encoded(store.read([key for run in runs for key in run]), tokenizer):
        stream.extend(ids)
        whole = len(stream) // (window + 1) * (window + 1)
        for start in range(0, whole, window + 1):
            writer.add(stream[start : start + window + 1])
        del stream[:whole]
    return writer.close()


def tokenizer_texts(paths: Iterable[Path], *, characters_each: int, seed: int) -> Iterator[str]:
    """A sample of each corpus for the tokenizer, the same number of characters from each."""
    for path in paths:
        store = RecordStore(training_records(path, frozenset()), keep_reprints=True)
        keys = [key for run in store.author_runs(1) for key in run]
        if not keys:
            raise CorpusError(f"{path} has no document of {_MINIMUM_CHARACTERS} characters by a training author")
        random.Random(seed).shuffle(keys)
        taken = 0
        for record in store.read(keys):
            yield record.text
            taken += len(record.text)
            if taken >= characters_each:
                break


def _encoded(records: Iterator[Record], tokenizer: PreTrainedTokenizerBase) -> Iterator[list[int]]:
    end, title, draft = (tokenizer.convert_tokens_to_ids(marker) for marker in (END, TITLE, DRAFT))
    while chunk := list(islice(records, _ENCODE_TOGETHER)):
        texts = tokenizer([r.text for r in chunk], add_special_tokens=False, split_special_tokens=True)["input_ids"]
        titles = tokenizer([r.title for r in chunk], add_special_tokens=False, split_special_tokens=True)["input_ids"]
        for record, title_ids, text_ids in zip(chunk, titles, texts, strict=True):
            heading = [title, *title_ids] if record.title else []
            yield [*heading, draft, *text_ids, end]
