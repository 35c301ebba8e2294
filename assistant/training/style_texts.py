"""Which texts stand for writers at large in the table of styles."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from assistant.training.corpus import author_split, read_corpus


def style_texts(corpora: Sequence[Path], *, documents: int, characters: int) -> Iterator[str]:
    """The beginnings of a few documents of every author, so that the busiest do not set the tone.

    Test authors are left out: the voice score may be measured on them.
    """
    taken: Counter[str] = Counter()
    for path in corpora:
        for record in read_corpus(path):
            if record.author and author_split(record.author) != "test" and taken[record.author] < documents:
                taken[record.author] += 1
                yield record.text[:characters]
