"""Windows that repeat themselves: passages again at every distance, nothing held out, nothing but the corpus."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import CorpusError
from assistant.prompts import END
from assistant.training.prepare import held_out_fingerprints
from assistant.training.repeats import prepare_repeats
from assistant.training.shards import Source, load_sources
from tests.small_models import small_tokenizer
from tests.training.corpora import documents, names, write_corpus

TRAIN, TEST = names("train", 3), names("test", 1)
WINDOW = 128


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [row for subject, author in enumerate([*TRAIN, *TEST]) for row in documents(author, subject)]
    return write_corpus(tmp_path_factory.mktemp("corpus") / "corpus.jsonl", rows)


def prepare(corpus: Path, folder: Path, *, seed: int = 0) -> Source:
    tokens = prepare_repeats(
        corpus,
        small_tokenizer(),
        folder / "repeats",
        held_out=held_out_fingerprints([corpus]),
        windows=20,
        window=WINDOW,
        seed=seed,
    )
    (source,) = load_sources(folder)
    assert len(source.tokens) == tokens
    return source


def windows(source: Source) -> list[list[str]]:
    """The passages of every window."""
    decoded = [str(small_tokenizer().decode(source.example(index)[0])) for index in range(len(source))]
    return [text.removesuffix(END).split(END) for text in decoded]


def again(passages: list[str]) -> list[tuple[int, int]]:
    """Pairs of positions in a window: a passage, and the earlier one that it is a part of."""
    return [
        (late, early)
        for late, passage in enumerate(passages)
        for early in range(late)
        if len(passage) >= 10 and passage in passages[early]
    ]


def test_passages_come_again_in_part_or_whole_at_many_distances(corpus: Path, tmp_path: Path) -> None:
    source = prepare(corpus, tmp_path)
    assert len(source) == 20
    assert all(len(source.example(index)[0]) <= WINDOW + 1 for index in range(20))
    pairs = [(passages, again(passages)) for passages in windows(source)]
    assert sum(bool(found) for _, found in pairs) > 14
    lengths = Counter(len(passages[late]) for passages, found in pairs for late, _ in found)
    distances = Counter(sum(map(len, passages[early:late])) for passages, found in pairs for late, early in found)
    assert len(lengths) > 15
    assert distances.most_common(1)[0][1] < sum(distances.values()) / 5  # no distance that could be learnt by heart


def test_passages_come_from_training_authors_alone(corpus: Path, tmp_path: Path) -> None:
    text = " ".join(passage for window in windows(prepare(corpus, tmp_path)) for passage in window)
    assert "gate" in text  # a subject of the training authors
    assert "outage" not in text  # a subject of the held-out one


def test_windows_of_another_side_of_the_split_are_of_its_authors_alone(corpus: Path, tmp_path: Path) -> None:
    prepare_repeats(
        corpus,
        small_tokenizer(),
        tmp_path / "repeats",
        held_out=frozenset(),
        windows=5,
        window=WINDOW,
        seed=0,
        split="test",
    )
    (source,) = load_sources(tmp_path)
    text = " ".join(passage for window in windows(source) for passage in window)
    assert "outage" in text
    assert "gate" not in text


def test_the_same_seed_makes_the_same_windows(corpus: Path, tmp_path: Path) -> None:
    made = [
        np.asarray(prepare(corpus, tmp_path / str(run), seed=seed).tokens).tobytes()
        for run, seed in enumerate([1, 1, 2])
    ]
    assert made[0] == made[1] != made[2]


def test_a_corpus_of_short_texts_is_refused(tmp_path: Path) -> None:
    path = write_corpus(tmp_path / "short.jsonl", [{"author": TRAIN[0], "text": "We mended the gate. " * 12}])
    with pytest.raises(CorpusError, match=r"short\.jsonl has no training document of 5000 tokens: add longer ones"):
        prepare_repeats(
            path, small_tokenizer(), tmp_path / "out", held_out=frozenset(), windows=1, window=10_000, seed=0
        )
