"""Corpora on disk and the split of their authors."""

import gzip
import json
import lzma
from pathlib import Path

import pytest

from assistant.errors import CorpusError
from assistant.training.corpus import Record, author_split, read_corpus, text_fingerprint

ROWS = [
    {"author": "Ann", "title": "One", "date": "2001-05-03", "text": "First text"},
    {"text": "Nobody's — naïve 漢字 🙂"},
    {"author": None, "title": None, "date": None, "text": "", "licence": "CC0"},
]
RECORDS = [
    Record("Ann", "One", "2001-05-03", "First text"),
    Record("", "", "", "Nobody's — naïve 漢字 🙂"),
    Record("", "", "", ""),
]
LINES = "\n".join(json.dumps(row) for row in ROWS) + "\n\n"


@pytest.mark.parametrize(("ending", "pack"), [("", bytes), (".gz", gzip.compress), (".xz", lzma.compress)])
def test_every_packing_reads_alike(tmp_path: Path, ending: str, pack: type) -> None:
    path = tmp_path / f"corpus.jsonl{ending}"
    path.write_bytes(pack(LINES.encode()))
    assert list(read_corpus(path)) == RECORDS


def test_a_missing_corpus_says_what_belongs_there(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"no corpus at .*expected a JSON Lines file"):
        list(read_corpus(tmp_path / "nowhere.jsonl"))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 2 is not JSON"),
        ("[1]", "line 2 has no text"),
        ('{"title": "x"}', "line 2 has no text"),
        ('{"text": 5}', "line 2 has no text"),
        ("null", "line 2 has no text"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "corpus.jsonl"
    path.write_text('{"text": "fine"}\n' + line + "\n")
    with pytest.raises(CorpusError, match=rf"corpus.jsonl, {message}.*expected"):
        list(read_corpus(path))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("corpus.jsonl", b'{"text": "caf\xe9"}'),
        ("corpus.jsonl", b"\x1f\x8b\x08\x00"),
        ("corpus.jsonl.gz", b"not packed"),
        ("corpus.jsonl.gz", gzip.compress(LINES.encode())[:-12]),
        ("corpus.jsonl.xz", b"not packed"),
        ("corpus.jsonl.xz", lzma.compress(LINES.encode())[:-12]),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CorpusError, match=rf"{name}.*expected UTF-8"):
        list(read_corpus(tmp_path / name))


def test_half_a_character_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    path.write_text('{"author": "A", "text": "cut \\ud83d"}\n{"text": "\\ud83d\\ude42"}\n')
    cut, whole = (record.text for record in read_corpus(path))
    assert cut.startswith("cut ")
    cut.encode()  # tokenizers and hashes take no halves
    assert whole == "🙂"


def test_authors_are_split_85_5_10() -> None:
    sides = [author_split(f"Author number {number}") for number in range(20_000)]
    assert sides.count("train") / 20_000 == pytest.approx(0.85, abs=0.01)
    assert sides.count("validation") / 20_000 == pytest.approx(0.05, abs=0.01)
    assert sides.count("test") / 20_000 == pytest.approx(0.10, abs=0.01)


def test_the_split_never_changes() -> None:
    # Pinned: shipped checkpoints were trained by this very split.
    names = [f"Writer {number}" for number in range(60)]
    assert [name for name in names if author_split(name) == "validation"] == ["Writer 6", "Writer 16"]
    held_out = ["Writer 3", "Writer 22", "Writer 26", "Writer 29", "Writer 35", "Writer 41", "Writer 48", "Writer 59"]
    assert [name for name in names if author_split(name) == "test"] == held_out


@pytest.mark.parametrize("name", ["jane austen", " Jane Austen ", "JANE AUSTEN"])
def test_spelling_does_not_move_an_author(name: str) -> None:
    assert author_split(name) == author_split("Jane Austen")


def test_reprints_have_the_same_fingerprint_whatever_their_spacing() -> None:
    text = "It was the best of times. " * 30
    assert text_fingerprint(text) == text_fingerprint(text.upper().replace(" ", "\n  ") + " And more at the end.")
    assert text_fingerprint(text) != text_fingerprint("It is the best of times. " * 30)
