"""What a memory is fitted on: documents of other writers, as the model reads them.

Some of every author's latest documents are drafts; those before them, some or all, are what is remembered.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from assistant.errors import CorpusError
from assistant.generation.local import LocalGenerator
from assistant.generation.vocabulary import Vocabulary
from assistant.memory.search import tokens_before
from assistant.prompts import Part, PromptTemplate, build_prompt
from assistant.training.corpus import Record
from assistant.training.examples import Author, ExampleSettings, authors_of
from assistant.types import Evidence

_MINIMUM_CHARACTERS = 300
_MAXIMUM_CHARACTERS = 2000
_FEWEST = 5
# Documents of an author in which words are counted, at most.
_COUNTED = 20


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """A document as the model read it, n tokens."""

    ids: Tensor
    """(n,)"""
    before: Tensor
    """(n, 8) the tokens before each, the latest first."""
    states: Tensor
    """(n, state width) the model's state before each token, of length one, in half precision."""
    foreseen: Tensor
    """(n,) the model's log-probability of each token."""


@dataclass(frozen=True, slots=True)
class ReadAuthor:
    """An author's documents, oldest first, and the texts behind them."""

    documents: tuple[ReadDocument, ...]
    records: tuple[Record, ...]

    @property
    def tokens(self) -> Tensor:
        """All that the author wrote, (n,)."""
        return torch.cat([document.ids for document in self.documents])


def fitting_authors(paths: Sequence[Path], *, authors: int, documents: int, seed: int) -> list[Author]:
    """Validation authors with at least 5 documents, the same number of every corpus if there are as many.

    :raises CorpusError: if there are fewer than two.
    """
    settings = _usable(documents, seed)
    found = [author for path in paths for author in authors_of(path, settings, split="validation")[:authors]]
    if len(found) < 2:
        raise CorpusError(
            f"{len(found)} validation authors with {_FEWEST} documents in {', '.join(path.name for path in paths)}: "
            "expected at least 2; give more corpora"
        )
    return found


def tokens_of_everyone(paths: Sequence[Path], vocabulary: Vocabulary, *, authors: int, seed: int) -> list[Tensor]:
    """The tokens of so many training authors of every corpus, at most: (n,) each."""
    settings = _usable(_COUNTED, seed)
    found = [author for path in paths for author in authors_of(path, settings, split="train")[:authors]]
    return [
        torch.tensor([token for record in author.records for token in vocabulary.encode((Part(record.text),))])
        for author in found
    ]


def _usable(documents: int, seed: int) -> ExampleSettings:
    return ExampleSettings(
        documents=documents,
        minimum_documents=_FEWEST,
        minimum_characters=_MINIMUM_CHARACTERS,
        maximum_characters=_MAXIMUM_CHARACTERS,
        seed=seed,
    )


def read_authors(
    generator: LocalGenerator,
    template: PromptTemplate,
    authors: Sequence[Author],
    on_author: Callable[[int, int], None],
) -> Iterator[ReadAuthor]:
    """Read all documents of every author.

    :param generator: one without a metric, whose keys are its states.
    """
    for done, author in enumerate(authors, start=1):
        records = author.records
        yield ReadAuthor(tuple(_read(generator, template, record) for record in records), records)
        on_author(done, len(authors))


@torch.no_grad()
def _read(generator: LocalGenerator, template: PromptTemplate, record: Record) -> ReadDocument:
    prompt = build_prompt(template, Evidence(), title=record.title, before="")
    read = generator.read(prompt, record.text)
    states = read.keys[read.first - 1 : -1].half()
    foreseen = read.foreseen
    return ReadDocument(read.targets, tokens_before(read.targets), states, foreseen)
