"""Corpora become pre-training windows: every training document once, no held-out author's, no reprint of one."""

import random
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import CorpusError, TrainingError
from assistant.prompts import DRAFT, END, TITLE
from assistant.training.corpus import author_split, read_corpus, text_fingerprint
from assistant.training.prepare import held_out_fingerprints, prepare_pretraining, tokenizer_texts, training_records
from assistant.training.shards import load_sources
from tests.small_models import small_tokenizer
from tests.training.corpora import documents, names, prose, write_corpus

TRAIN, TEST, VALIDATION = names("train", 3), names("test", 1), names("validation", 1)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Three training authors, two held-out ones, a reprint of the latter under a training author's name, one anonym."""
    rows: list[Mapping[str, object]] = []
    for subject, author in enumerate([*TRAIN, *TEST, *VALIDATION]):
        rows.extend(documents(author, subject))
    reprint = "\n\n".join(prose(3, 2).upper().split(". ")).replace("\n\n", ".  \n")
    rows.append({"author": TRAIN[0], "title": "Reprint", "date": "2005-01-01", "text": reprint})
    rows.append({"text": "Nobody wrote this about " + prose(5, 9)})
    rows.append({"author": TRAIN[0], "title": "Short", "text": "Too short to learn from."})
    random.Random(0).shuffle(rows)
    return write_corpus(tmp_path / "corpus.jsonl", rows)


def streamed(folder: Path) -> str:
    """All windows of a source as one text, markers written out."""
    (source,) = load_sources(folder.parent)
    text: str = small_tokenizer().decode(np.concatenate([source.example(i)[0] for i in range(len(source))]))
    return text


def test_held_out_authors_their_reprints_and_scraps_are_left_out(corpus: Path) -> None:
    kept = list(training_records(corpus, held_out_fingerprints([corpus])))
    assert {record.author for record in kept} == {*TRAIN, ""}
    assert len(kept) == 3 * 6 + 1
    assert not {record.title for record in kept} & {"Reprint", "Short"}


def test_without_the_list_of_held_out_texts_reprints_would_come_in(corpus: Path) -> None:
    assert "Reprint" in {record.title for record in training_records(corpus, frozenset())}


def test_fingerprints_are_of_held_out_authors_alone(corpus: Path) -> None:
    expected = {
        text_fingerprint(record.text)
        for record in read_corpus(corpus)
        if record.author and author_split(record.author) != "train"
    }
    assert held_out_fingerprints([corpus]) == expected
    assert len(expected) == 2 * 6


def test_windows_hold_every_training_document_and_nothing_of_the_others(corpus: Path, tmp_path: Path) -> None:
    held_out = held_out_fingerprints([corpus])
    total = prepare_pretraining(
        corpus, small_tokenizer(), tmp_path / "out" / "one", held_out=held_out, window=16, seed=1
    )
    text = streamed(tmp_path / "out" / "one")
    (source,) = load_sources(tmp_path / "out")
    assert {len(source.example(i)[0]) for i in range(len(source))} == {17}
    assert total == 17 * len(source)
    found = [record.text in text for record in training_records(corpus, held_out)]
    assert found.count(False) <= 1  # the last window's rest is dropped
    held_out_texts = [r.text for r in read_corpus(corpus) if r.author in {*TEST, *VALIDATION}]
    assert not any(held_out_text[:40] in text for held_out_text in held_out_texts)
    assert prose(3, 2)[:20].upper() not in text


def test_a_document_is_title_text_and_end(corpus: Path, tmp_path: Path) -> None:
    prepare_pretraining(corpus, small_tokenizer(), tmp_path / "out" / "one", held_out=frozenset(), window=16, seed=1)
    text = streamed(tmp_path / "out" / "one")
    record = next(r for r in training_records(corpus, frozenset()) if f"{TITLE}{r.title}{DRAFT}{r.text}{END}" in text)
    assert record.author in TRAIN


def test_documents_of_one_author_follow_each_other_by_date(corpus: Path, tmp_path: Path) -> None:
    held_out = held_out_fingerprints([corpus])
    prepare_pretraining(corpus, small_tokenizer(), tmp_path / "out" / "one", held_out=held_out, window=16, seed=1)
    text = streamed(tmp_path / "out" / "one")
    for author in TRAIN:
        places = [text.find(f"Note {number} by {author}{DRAFT}") for number in range(6)]
        found = [place for place in places if place >= 0]
        assert len(found) >= 5
        assert found == sorted(found)
        between = text[found[0] : found[-1]]
        assert not any(other in between for other in TRAIN if other != author)


def test_markers_in_a_document_stay_text(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "c.jsonl", [{"text": f"A text with {END} in it. " * 20}])
    prepare_pretraining(corpus, small_tokenizer(), tmp_path / "out" / "one", held_out=frozenset(), window=8, seed=0)
    (source,) = load_sources(tmp_path / "out")
    assert small_tokenizer().eos_token_id not in source.tokens[:-9]


def test_preparing_is_repeatable_and_seeded(corpus: Path, tmp_path: Path) -> None:
    texts = []
    for number, seed in enumerate([1, 1, 2]):
        folder = tmp_path / f"out{number}" / "one"
        prepare_pretraining(corpus, small_tokenizer(), folder, held_out=frozenset(), window=16, seed=seed)
        texts.append(streamed(folder))
    assert texts[0] == texts[1] != texts[2]


def test_a_corpus_with_nothing_to_learn_from_says_so(tmp_path: Path) -> None:
    rows = [{"author": TEST[0], "text": prose(1, 1)}, {"author": TRAIN[0], "text": "short"}, {"text": ""}]
    corpus = write_corpus(tmp_path / "c.jsonl", rows)
    with pytest.raises(TrainingError, match="no examples for one"):
        prepare_pretraining(corpus, small_tokenizer(), tmp_path / "one", held_out=frozenset(), window=16, seed=0)
    with pytest.raises(CorpusError, match="no document of 200 characters by a training author"):
        list(tokenizer_texts([corpus], characters_each=100, seed=0))


def test_one_document_however_long_becomes_windows(tmp_path: Path) -> None:
    text = "A sentence without end " + "and the canal and the gate " * 20_000
    corpus = write_corpus(tmp_path / "c.jsonl", [{"text": text}])
    prepare_pretraining(corpus, small_tokenizer(), tmp_path / "out" / "one", held_out=frozenset(), window=64, seed=0)
    read = streamed(tmp_path / "out" / "one").removeprefix(DRAFT).removesuffix(END)
    assert text.startswith(read)
    assert len(read) > len(text) - 64 * 20  # of the last window the rest is dropped


def test_other_scripts_become_windows_too(tmp_path: Path) -> None:
    texts = ["漢字とかなで書かれた文章です。" * 30, "Это простой русский текст. " * 20, "हिन्दी में लिखा हुआ पाठ। " * 20]
    corpus = write_corpus(tmp_path / "c.jsonl", [{"text": text} for text in texts])
    prepare_pretraining(corpus, small_tokenizer(), tmp_path / "out" / "one", held_out=frozenset(), window=8, seed=0)
    text = streamed(tmp_path / "out" / "one")
    assert sum(original in text for original in texts) >= 2


def test_the_tokenizer_sees_as_much_of_each_corpus_and_no_held_out_author(corpus: Path, tmp_path: Path) -> None:
    large = write_corpus(tmp_path / "large.jsonl", documents(TRAIN[1], 7, count=12))
    texts = list(tokenizer_texts([corpus, large], characters_each=1500, seed=0))
    held_out_texts = {r.text for r in read_corpus(corpus) if r.author in {*TEST, *VALIDATION}}
    assert not held_out_texts & set(texts)
    of_large = [text for text in texts if text in {r.text for r in read_corpus(large)}]
    for part in (of_large, [text for text in texts if text not in of_large]):
        assert 1500 <= sum(map(len, part)) < 1500 + 1100
