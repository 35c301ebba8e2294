"""Small corpora written for a test: authors with subjects of their own, documents in order of time."""

import json
import random
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from assistant.training.corpus import Split, author_split

_SUBJECTS = (
    "canal lock sluice gate keeper weir barge towpath",
    "barley harvest field frost rain plough barn wheat",
    "kettle stove kitchen bread grandmother tea table oven",
    "server deploy release rollback pipeline outage backup cluster",
    "violin rehearsal orchestra concert tuning quartet bow sonata",
    "harbour trawler nets tide herring quay storm lighthouse",
)


def names(split: Split, count: int) -> list[str]:
    """Names that fall on one side of the author split."""
    found = (f"Writer {number}" for number in range(10_000))
    of_side = (name for name in found if author_split(name) == split)
    return [next(of_side) for _ in range(count)]


def prose(subject: int, number: int, *, characters: int = 700) -> str:
    """Sentences about one of six subjects, different for every number."""
    generator = random.Random(1000 * subject + number)
    words = _SUBJECTS[subject % len(_SUBJECTS)].split()
    sentences: list[str] = []
    while sum(map(len, sentences)) < characters:
        chosen = " and the ".join(generator.sample(words, 3))
        sentences.append(f"On day {number} we saw the {chosen}, as {generator.choice(words)} work goes.")
    return " ".join(sentences)


def documents(author: str, subject: int, *, count: int = 6) -> Iterator[dict[str, str]]:
    """An author's documents, one a month."""
    for number in range(count):
        yield {
            "author": author,
            "title": f"Note {number} by {author}",
            "date": f"2004-{number + 1:02}-01",
            "text": prose(subject, number),
        }


def write_corpus(path: Path, rows: Iterable[Mapping[str, object]]) -> Path:
    """Write rows as JSON Lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path
