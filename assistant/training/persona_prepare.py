"""From corpora to the examples of a plug: drafts of the past, each with the vectors of what came before it.

The prompt has evidence from the serving stages for a share of the examples and none for the others, so that the plug
helps with retrieval and without. Other than in the paper, whose frozen model met retrieved text only in measurement.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from assistant.embedding import Encoder, Vectors
from assistant.errors import SettingsError
from assistant.generation.vocabulary import Vocabulary
from assistant.persona.documents import text_vector
from assistant.persona.history import ItemDetails, item_vectors, opening
from assistant.persona.plug import HistoryFields
from assistant.prompts import PromptTemplate, build_prompt
from assistant.signature import file_hash
from assistant.training.archive import ARCHIVE_VOICE, Archive, StagedPast, WordVectors, build_archive
from assistant.training.corpus import Record
from assistant.training.examples import (
    Author,
    ExampleSettings,
    chosen_authors,
    current_documents,
    cursor_of,
    draft_of,
    evidence_for,
)
from assistant.training.persona_examples import Example, ExampleSet, ExamplesFor, Passage, passage_of
from assistant.training.tokenizer import vocabulary_fingerprint
from assistant.types import Evidence, Request, WriterId
from assistant.voice_personas import encoder_side


@dataclass(frozen=True, slots=True)
class PersonaExampleSettings:
    """Which drafts become examples, and what their prompts hold.

    :raises SettingsError: if the share is none.
    """

    drafts: ExampleSettings = field(default_factory=lambda: ExampleSettings(continuation_characters=600))
    evidence_share: float = 0.5
    """Share of the examples whose prompt has the evidence that serving would have found."""
    fields: HistoryFields = field(default_factory=HistoryFields)

    def __post_init__(self) -> None:
        if not 0 <= self.evidence_share <= 1:
            raise SettingsError(f"the share of examples with evidence is {self.evidence_share}: expected 0 to 1")


@dataclass(frozen=True, slots=True)
class PromptFormat:
    """How the language model that the plug is for has its prompts."""

    vocabulary: Vocabulary
    template: PromptTemplate
    is_encoder_decoder: bool
    context: int

    def passage(self, evidence: Evidence, title: str, before: str, continuation: str) -> Passage:
        """A draft and what followed, as ids."""
        prompt = build_prompt(self.template, evidence, title=title, before=before)
        return passage_of(
            self.vocabulary,
            prompt,
            continuation,
            is_encoder_decoder=self.is_encoder_decoder,
            context=self.context,
        )


def make_examples(
    corpora: Sequence[Path],
    form: PromptFormat,
    encoder: Encoder,
    settings: PersonaExampleSettings,
    *,
    on_author: Callable[[int, int], None] = lambda _done, _total: None,
) -> ExampleSet:
    """Make examples of training authors.

    :param on_author: called with authors done and authors in all.
    :raises CorpusError: if no corpus has two training authors.
    """
    authors = chosen_authors(corpora, settings.drafts)
    maker = _Maker(form, encoder, settings)
    documents: list[Vectors] = []
    examples: list[Example] = []
    for done, author in enumerate(authors, start=1):
        archive, items = maker.read(author.records)
        examples.extend(maker.examples(author, archive, first=sum(map(len, documents))))
        documents.append(items)
        on_author(done, len(authors))
    fits = ExamplesFor(
        encoder_side(encoder),
        vocabulary_fingerprint(form.vocabulary.tokenizer),
        is_encoder_decoder=form.is_encoder_decoder,
        fields=settings.fields,
    )
    signature = {
        "corpora": {path.name: file_hash(path) for path in corpora},
        "settings": {
            "evidence_share": settings.evidence_share,
            "evidence_characters": settings.drafts.evidence.ranking.budget_characters,
        }
        | _drafts_signature(settings.drafts),
        "authors": len(authors),
        "examples": len(examples),
    }
    return ExampleSet(fits, signature, np.concatenate(documents), tuple(examples))


def history_vectors(records: Sequence[Record], archive: Archive, fields: HistoryFields, encoder: Encoder) -> Vectors:
    """The vectors of an author's documents as history items, (documents, width), oldest first."""
    texts = [text_vector(snippets) for snippets in archive.document_vectors]
    return item_vectors(texts, [ItemDetails(title=record.title) for record in records], fields, encoder)


class _Maker:
    """Makes the examples of one author after the other."""

    def __init__(self, form: PromptFormat, encoder: Encoder, settings: PersonaExampleSettings) -> None:
        self._form = form
        self._encoder = encoder
        self._settings = settings
        self._words = WordVectors(encoder) if settings.evidence_share > 0 else None
        self._random = random.Random(settings.drafts.seed + 1)

    def read(self, records: Sequence[Record]) -> tuple[Archive, Vectors]:
        """An author's documents, encoded, and their vectors as items."""
        archive = build_archive(records, self._encoder, self._words)
        return archive, history_vectors(records, archive, self._settings.fields, self._encoder)

    def examples(self, author: Author, archive: Archive, *, first: int) -> Iterator[Example]:
        """Examples of an author whose first document stands at a place."""
        drafts = self._settings.drafts
        past = StagedPast(archive, self._encoder, evidence_for(author.name, drafts))
        for index in current_documents(author, drafts, self._random):
            record = author.records[index]
            cursor = cursor_of(record, self._random)
            before = record.text[:cursor]
            request = Request(WriterId(0), ARCHIVE_VOICE, record.title, before)
            has_evidence = self._random.random() < self._settings.evidence_share
            evidence = past.evidence(request, before=index) if has_evidence else Evidence()
            continuation = draft_of(record.text, cursor + drafts.continuation_characters)[cursor:]
            passage = self._form.passage(evidence, record.title, before, continuation)
            query = self._encoder.encode([opening(record.title, before) or record.title])[0]
            yield Example(passage, query, first, earlier=index)


def _drafts_signature(settings: ExampleSettings) -> dict[str, object]:
    kept = ("authors", "documents", "per_author", "minimum_documents", "continuation_characters", "split", "seed")
    values = asdict(settings)
    return {name: values[name] for name in kept}
