"""Selectors learnt within a test, from a corpus of subjects, for the encoder that counts words."""

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from assistant.selectors import save_selectors
from assistant.training.selectors import SelectorSettings, train_selectors
from tests.hashing_encoder import HashingEncoder
from tests.training.corpora import names, prose, write_corpus

SMALL_SETTINGS = SelectorSettings(label_characters=250, rarity_characters=100_000)


def small_corpus(path: Path, *, authors: int = 6) -> Path:
    """Authors who write now on one subject, now on another, so that a document takes up some of the past only."""
    rows = (
        {"author": author, "title": "", "date": f"2004-{number + 1:02}-01", "text": prose((first + number) % 6, number)}
        for first, author in enumerate(names("train", authors))
        for number in range(12)
    )
    return write_corpus(path, rows)


@cache
def small_selectors() -> Path:
    """A file of selectors for ``HashingEncoder``, made once."""
    folder = Path(mkdtemp(prefix="selectors-"))
    corpus = small_corpus(folder / "corpus.jsonl")
    selectors = train_selectors([corpus], HashingEncoder(), encoder_sha256=HashingEncoder.name, settings=SMALL_SETTINGS)
    save_selectors(selectors, folder / "selectors.safetensors")
    return folder / "selectors.safetensors"
