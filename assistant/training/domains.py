"""A corpus as one of the paper's domains: whose documents are measured, and which ("Teach LLMs to Personalize", 4.1).

Identical documents are kept once. A document can be the current one if it is longer than 300 characters and its author
has written two before, of whatever length; authors with fewer than five such documents are left out, and of others
fifty count at most: the latest, where the paper does not say. 85, 5 and 10 percent of the authors stand on the sides of
the split (``assistant.training.corpus.author_split``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from assistant.training.corpus import Record, Split, author_split
from assistant.training.examples import Author, ExampleSettings, authors_of

CURRENT_CHARACTERS = 301
"""Shorter documents are part of a past, never measured."""
EARLIER_DOCUMENTS = 2
"""So many first documents of an author are never measured: those that others must have before them."""
FEWEST_EXAMPLES = 5
_MOST_EXAMPLES = 50
# The paper names no end of a past; encoding one of thousands for its last document would take longer than all others.
_LONGEST_PAST = 200

KNOWN = ExampleSettings(
    documents=_LONGEST_PAST, minimum_documents=EARLIER_DOCUMENTS + FEWEST_EXAMPLES, minimum_characters=1
)
"""What is known of authors, before it is asked which of their documents can be measured."""


def current_documents_of(records: Sequence[Record]) -> list[int]:
    """The places of the documents that can be measured, oldest first."""
    long = [place for place, record in enumerate(records) if len(record.text) >= CURRENT_CHARACTERS]
    return [place for place in long if place >= EARLIER_DOCUMENTS][-_MOST_EXAMPLES:]


def people_of(path: Path, *, seed: int) -> list[Author]:
    """All authors of a corpus of whom enough can be measured, in seeded order.

    :raises CorpusError: if the corpus is missing or damaged.
    """
    authors = authors_of(path, replace(KNOWN, seed=seed), split=None)
    return [author for author in authors if len(current_documents_of(author.records)) >= FEWEST_EXAMPLES]


@dataclass(frozen=True, slots=True)
class DomainSide:
    """The authors on one side of the split."""

    authors: int
    examples: int


@dataclass(frozen=True, slots=True)
class Domain:
    """A corpus in the numbers of the paper's table 1."""

    name: str
    characters: float
    """Mean length of a current document, as far as it is read (4,000 characters)."""
    past_documents: float
    """Mean number of documents before it."""
    sides: dict[Split, DomainSide]


def describe_domain(path: Path) -> Domain:
    """Count a corpus as the paper counts its own.

    :raises CorpusError: if the corpus is missing or damaged.
    """
    lengths: list[int] = []
    pasts: list[int] = []
    sides = {side: DomainSide(0, 0) for side in _SIDES}
    for author in people_of(path, seed=0):
        records = author.records
        current = current_documents_of(records)
        lengths += [len(records[place].text) for place in current]
        pasts += current
        side = author_split(author.name)
        sides[side] = DomainSide(sides[side].authors + 1, sides[side].examples + len(current))
    count = max(1, len(pasts))
    return Domain(path.name, sum(lengths) / count, sum(pasts) / count, sides)


_SIDES: tuple[Split, ...] = get_args(Split)


def domains_as_markdown(domains: Sequence[Domain]) -> str:
    """A row for every corpus, as in the paper's table 1."""
    heads = ("corpus", "characters", "past documents", *(f"authors {s}" for s in _SIDES), *(f"ex. {s}" for s in _SIDES))
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads), *map(_line, domains)]
    return "\n".join(lines) + "\n"


def _line(domain: Domain) -> str:
    def cells() -> Iterator[str]:
        yield domain.name
        yield f"{domain.characters:,.1f}"
        yield f"{domain.past_documents:.1f}"
        yield from (f"{domain.sides[side].authors:,}" for side in _SIDES)
        yield from (f"{domain.sides[side].examples:,}" for side in _SIDES)

    return f"| {' | '.join(cells())} |"
