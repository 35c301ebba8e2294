"""What ``evaluate framework`` is to measure: settings, whom the corpus gives, and the records to be made."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from assistant.errors import CorpusError, SettingsError
from assistant.evaluation.held_out import chosen_among
from assistant.evaluation.row_names import checkpoint_of
from assistant.evaluation.rows import ROWS, TYPING_ROWS, Row, row_named
from assistant.settings import HelperSettings
from assistant.training.corpus import Split, author_split
from assistant.training.domains import (
    CURRENT_CHARACTERS,
    EARLIER_DOCUMENTS,
    FEWEST_EXAMPLES,
    current_documents_of,
    people_of,
)
from assistant.training.examples import Author

Kind = Literal["written", "typed"]


@dataclass(frozen=True, slots=True)
class FrameworkSettings:
    """What is measured, and on how much."""

    rows: tuple[str, ...] = ROWS
    authors: int = 60
    documents: int = 10
    """Documents per author, at most."""
    typing_documents: int = 1
    """Of these, documents that are also typed through."""
    typing_rows: tuple[str, ...] = TYPING_ROWS
    split: Split | None = "test"
    """Side of the author split to take; None takes everyone, for corpora no checkpoint was trained on."""
    tokens: int = 120
    temperature: float = 0.0
    """0 is greedy."""
    continuation_characters: int = 450
    """Characters of the document after its start that count as the reference: about what ``tokens`` can spell."""
    typing_words: int = 40
    """Words of a document that are typed."""
    offered_words: int = 5
    """Words of an offer that count."""
    seed: int = 0
    helpers: HelperSettings = field(default_factory=HelperSettings)
    """The models behind written summaries and keywords, and the scorers behind the selected ones."""
    batch: int = 32
    """Prompts that are continued together, at most; 1: one by one."""
    fewer: Mapping[str, int] = field(default_factory=dict)
    """Documents per author of those rows that are measured on fewer; these are the first of the others' documents."""
    checkpoints: Mapping[str, str] = field(default_factory=dict)
    """Hashes of the weights of rows' own checkpoints, by the name that follows the ``@``."""

    def row(self, name: str) -> Row:
        """The row of a name.

        :raises SettingsError: if the name is unknown, or wants a model that is not given.
        """
        row = row_named(name, self.helpers)
        if row.checkpoint and row.checkpoint not in self.checkpoints:
            raise SettingsError(f"the row {name} wants a checkpoint: give --checkpoint {row.checkpoint}=FOLDER")
        return row

    def weights(self, row: str) -> str:
        """The hash of the weights of a row's own checkpoint; empty for the one that rows share."""
        return self.checkpoints[checkpoint_of(row)] if checkpoint_of(row) else ""

    def most_documents(self, row: str) -> int:
        """How many documents of an author a row is measured on, at most."""
        return min(self.documents, self.fewer.get(row, self.documents))


@dataclass(frozen=True, slots=True)
class Written:
    """What one row wrote for one document."""

    text: str
    finish: str
    bits: float
    """Bits per character of what the writer really went on to write."""
    milliseconds: float
    """From the draft to the end of the text; in a batch, the time for the evidence and a share of the batch's."""
    evidence_characters: int
    summary_milliseconds: float = 0.0
    keywords_milliseconds: float = 0.0
    """Of the time for the evidence, what the summary and the choice of words took."""


@dataclass(frozen=True, slots=True)
class People:
    """Whom the evaluation knows: those who are measured, and everybody else of the corpus."""

    measured: tuple[Author, ...]
    neighbours: tuple[Author, ...]
    """For each of the measured, the other writer whose past is borrowed."""
    others: tuple[Author, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """One record to be made."""

    kind: Kind
    row: str
    author: str
    document: int


def find_people(path: Path, settings: FrameworkSettings) -> People:
    """Divide the authors of a corpus.

    :raises CorpusError: if fewer than two can be measured.
    """
    everyone = people_of(path, seed=settings.seed)
    side = [author for author in everyone if settings.split in (None, author_split(author.name))]
    if len(side) < 2:
        raise CorpusError(
            f"{path.name} has {len(side)} authors with {FEWEST_EXAMPLES} documents of {CURRENT_CHARACTERS} characters "
            f"after their first {EARLIER_DOCUMENTS} on the {settings.split or 'whole'} side of the split: "
            "expected at least 2; try --split all"
        )
    measured = side[: settings.authors]
    names = {author.name for author in measured}
    return People(
        measured=tuple(measured),
        neighbours=tuple(side[(number + 1) % len(side)] for number in range(len(measured))),
        others=tuple(author for author in everyone if author.name not in names),
    )


def tasks_of(people: People, settings: FrameworkSettings) -> Iterator[Task]:
    """Document by document, so that what is there after a kill can be compared."""
    for author in people.measured:
        possible = current_documents_of(author.records)
        documents = chosen_among(author.name, possible, most=settings.documents, seed=settings.seed)
        for number, document in enumerate(documents):
            rows = [row for row in settings.rows if number < settings.most_documents(row)]
            yield from (Task("written", row, author.name, document) for row in rows)
            if number < settings.typing_documents:
                typing_rows = [row for row in settings.typing_rows if row in rows]
                yield from (Task("typed", row, author.name, document) for row in typing_rows)
