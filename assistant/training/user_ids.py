"""A user's id in the place of their past: the paper's baseline ``UserID`` (arXiv 2308.07968, section 4.3).

The id stands where the important words do, so that the prompt's format is the same. A model can know an id only from
training; of authors who are measured it learns from documents that are never measured, their first ones.
"""

import hashlib
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from assistant.training.corpus import Record, author_split
from assistant.training.encodings import Continuation, encoding_for
from assistant.training.examples import (
    Author,
    ExampleSettings,
    authors_of,
    chosen_authors,
    current_documents,
    cursor_of,
    draft_of,
)
from assistant.training.shards import ShardWriter
from assistant.types import Evidence, Keyword, RankedEntry, VoiceId

# The paper keeps users with five examples, each of which has two earlier documents, and at most fifty of an author; a
# document has more than 300 characters.
MEASURED = ExampleSettings(documents=52, minimum_documents=7, minimum_characters=301)
"""Whom, and which of their documents, ``evaluate framework`` may measure."""
_NEVER_MEASURED = 2
"""So many first documents of an author are never measured: those that others must have before them."""


def user_id(author: str) -> str:
    """What stands for an author in a prompt: no name, the same in training and in use."""
    return f"user {hashlib.sha256(author.encode()).hexdigest()[:8]}"


@dataclass(frozen=True, slots=True)
class UserIdSynthesizer:
    """Gives the id as the important words. See ``assistant.stages.Synthesizer``."""

    author: str

    def synthesize(self, query: str, entries: Sequence[RankedEntry], *, voice: VoiceId | None) -> tuple[Keyword, ...]:
        """The id, whatever the draft."""
        return _words(self.author)


def prepare_user_ids(
    paths: Sequence[Path],
    tokenizer: PreTrainedTokenizerBase,
    folder: Path,
    *,
    settings: ExampleSettings,
    on_author: Callable[[int, int], None] = lambda _done, _total: None,
) -> int:
    """Write the source ``continuation`` with ids in the place of evidence, and return its number of tokens.

    It holds the training authors' documents as ever, and of everybody else the first two, from which a model can learn
    their ids; what is measured of them never enters.

    :param on_author: called with authors done and authors in all.
    :raises CorpusError: if no corpus has two training authors.
    """
    generator = random.Random(settings.seed + 1)
    known = [(author, current_documents(author, settings, generator)) for author in chosen_authors(paths, settings)]
    measured = replace(MEASURED, seed=settings.seed)
    others = [author for path in paths for author in authors_of(path, measured, split=None)]
    known += [(author, list(range(_NEVER_MEASURED))) for author in others if author_split(author.name) != "train"]
    encoding = encoding_for(tokenizer, settings.architecture)
    writer = ShardWriter(folder / "continuation", weighted=True)
    for done, (author, documents) in enumerate(known, start=1):
        for continuation in _continuations(author, documents, settings, generator):
            encoding.add_continuation(writer, continuation)
        on_author(done, len(known))
    return writer.close()


def _continuations(
    author: Author, documents: Sequence[int], settings: ExampleSettings, generator: random.Random
) -> Iterator[Continuation]:
    records = author.records
    for record in (records[document] for document in documents):
        yield _continuation(author.name, record, settings, generator)


def _continuation(author: str, record: Record, settings: ExampleSettings, generator: random.Random) -> Continuation:
    cursor = cursor_of(record, generator)
    draft = draft_of(record.text, cursor + settings.continuation_characters)
    evidence = Evidence(keywords=_words(author))
    return Continuation(evidence, record.title, draft, cursor, ends=len(draft) == len(record.text))


def _words(author: str) -> tuple[Keyword, ...]:
    return (Keyword(user_id(author), 1.0),)
