"""Fine-tuning examples: a document of an author, with the evidence the product would have shown while it was written.

The evidence comes from the serving stages themselves, over the author's earlier documents only. For a share of the
examples it is missing, cut short, or another author's, so that the model writes well with much, little, no and useless
evidence. Author distinction, in text form, is mixed in 1:1 (arXiv 2308.07968, section 3.6).
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from transformers import PreTrainedTokenizerBase

from assistant.embedding import Encoder
from assistant.errors import CorpusError
from assistant.settings import Settings
from assistant.training.archive import (
    ARCHIVE_VOICE,
    MixedPast,
    NoPast,
    Past,
    StagedPast,
    WordMatchedPast,
    WordVectors,
    build_archive,
    build_plain_archive,
)
from assistant.training.corpus import Record, Split, author_split, read_corpus, text_fingerprint
from assistant.training.encodings import Architecture, AuthorPair, Continuation, ExampleEncoding, encoding_for
from assistant.training.prepare import held_out_fingerprints
from assistant.training.shards import ShardWriter
from assistant.training.store import RecordStore
from assistant.training.weak_labels import fold_of, serving_fold
from assistant.types import Evidence, Request, Summary, WriterId


@dataclass(frozen=True, slots=True)
class ExampleSettings:
    """Which documents become examples, and how."""

    authors: int = 600
    """Authors used, at most."""
    documents: int = 24
    """Documents of one author used, at most (the latest)."""
    per_author: int = 8
    """Examples of one author, at most."""
    minimum_documents: int = 4
    """Authors with fewer documents are left out."""
    minimum_characters: int = 400
    """Shorter documents are no examples, and no evidence."""
    maximum_characters: int = 4000
    """Documents are read this far."""
    continuation_characters: int = 1100
    """Characters to be written after the cursor."""
    no_evidence: float = 0.12
    short_evidence: float = 0.12
    foreign_evidence: float = 0.08
    """Shares of examples without evidence, with one entry only, and with another author's."""
    seed: int = 0
    architecture: Architecture = "causal"
    """The kind of model that is to learn them."""
    split: Split = "train"
    """Whose documents: those of the training authors, or of others, to validate on."""
    half: Literal[0, 1] | None = None
    """Only the authors of one half (``weak_labels.fold_of``): a helper that writes is trained on one, and serves the
    other's examples."""
    with_history: bool = True
    """Without, a model never meets evidence: the control that says what the rest of fine-tuning does."""
    formats: tuple[Settings, ...] = ()
    """Formats of the evidence, one of which every example draws by lot; empty: that of ``evidence`` alone."""
    evidence: Settings = field(default_factory=Settings)
    """Which ranking, summary and keywords give the evidence, and by which helpers. A fast selector never serves authors
    that it was trained on, whatever half is set here."""


@dataclass(frozen=True, slots=True)
class Author:
    """An author of a corpus; the documents are read when asked for."""

    name: str
    store: RecordStore
    latest: int
    """How many of the documents count: the last ones."""

    @property
    def records(self) -> tuple[Record, ...]:
        """The documents, oldest first."""
        return self.store.of_author(self.name)[-self.latest :]


def authors_of(
    path: Path, settings: ExampleSettings, *, split: Split | None, without: frozenset[str] = frozenset()
) -> list[Author]:
    """The authors of one side of the split (None: of all) with enough documents, reprints dropped, in seeded order.

    :param without: fingerprints of texts to leave out, whoever's name they stand under.
    """
    store = RecordStore(_usable(path, settings, split=split, without=without))
    names = [
        name
        for name in store.authors(minimum_documents=settings.minimum_documents)
        if settings.half is None or fold_of(name) == settings.half
    ]
    authors = [Author(name, store, settings.documents) for name in names]
    random.Random(settings.seed).shuffle(authors)
    return authors


def _usable(path: Path, settings: ExampleSettings, *, split: Split | None, without: frozenset[str]) -> Iterator[Record]:
    """Documents by one named author on the wanted side of the split, cut to the length that is read."""
    for record in read_corpus(path):
        if not record.author or " & " in record.author or split not in (None, author_split(record.author)):
            continue
        if len(record.text) >= settings.minimum_characters and text_fingerprint(record.text) not in without:
            yield replace(record, text=record.text[: settings.maximum_characters])


def prepare_finetuning(
    paths: Sequence[Path],
    tokenizer: PreTrainedTokenizerBase,
    folder: Path,
    *,
    settings: ExampleSettings,
    encoder: Encoder,
    on_author: Callable[[int, int], None] = lambda _done, _total: None,
) -> Iterator[tuple[str, int]]:
    """Write the sources ``continuation`` and ``distinction``; yields each one's name and number of tokens.

    :param on_author: called with authors done and authors in all, while the first source is made.
    :raises CorpusError: if no corpus has two training authors to tell apart.
    """
    per_corpus = _training_authors(paths, settings)
    words = WordVectors(encoder)

    def past(author: Author) -> Past:
        if not settings.with_history:
            return NoPast()
        archive = build_archive(author.records, encoder, words)
        pasts = [StagedPast(archive, encoder, chosen) for chosen in formats_for(author.name, settings)]
        return MixedPast(pasts, seed=f"{settings.seed}:{author.name}")

    encoding = encoding_for(tokenizer, settings.architecture)
    writer = ShardWriter(folder / "continuation", weighted=True)
    count = 0
    for continuation in _continuations(_chosen(per_corpus, settings), past, settings, on_author):
        encoding.add_continuation(writer, continuation)
        count += 1
    yield "continuation", writer.close()

    yield "distinction", _write_pairs(per_corpus, encoding, folder, count=count, seed=settings.seed)


def evidence_for(author: str, settings: ExampleSettings) -> Settings:
    """The settings of an author's evidence: training authors get it from selectors that were trained without them."""
    return _out_of_fold(author, settings.evidence)


def formats_for(author: str, settings: ExampleSettings) -> list[Settings]:
    """All formats of an author's evidence, likewise."""
    return [_out_of_fold(author, each) for each in settings.formats or (settings.evidence,)]


def _out_of_fold(author: str, evidence: Settings) -> Settings:
    if author_split(author) != "train":
        return evidence
    half: Literal[0, 1] = 1 if serving_fold(author) else 0
    return replace(evidence, helpers=replace(evidence.helpers, half=half))


def prepare_distinction(
    paths: Sequence[Path], tokenizer: PreTrainedTokenizerBase, folder: Path, *, settings: ExampleSettings, pairs: int
) -> int:
    """Write the source ``distinction`` alone, with so many pairs, and return its number of tokens.

    :raises CorpusError: if no corpus has two training authors to tell apart.
    """
    encoding = encoding_for(tokenizer, settings.architecture)
    return _write_pairs(_training_authors(paths, settings), encoding, folder, count=pairs, seed=settings.seed)


def _write_pairs(
    per_corpus: Sequence[Sequence[Author]], encoding: ExampleEncoding, folder: Path, *, count: int, seed: int
) -> int:
    writer = ShardWriter(folder / "distinction", weighted=True)
    for pair in _pairs([authors for authors in per_corpus if len(authors) > 1], count, random.Random(seed)):
        encoding.add_pair(writer, pair)
    return writer.close()


def prepare_neighbours(
    paths: Sequence[Path],
    tokenizer: PreTrainedTokenizerBase,
    folder: Path,
    *,
    settings: ExampleSettings,
    on_author: Callable[[int, int], None] = lambda _done, _total: None,
) -> int:
    """Write the source ``neighbours``, documents after passages of the same hand, and return its number of tokens.

    For the later part of pre-training: a small model learns late to copy from its context, and here copying pays. The
    passages are found by shared words, so that there can be many.

    :raises CorpusError: if no corpus has two training authors.
    """

    def past(author: Author) -> Past:
        return WordMatchedPast(build_plain_archive(author.records), Settings())

    authors = _chosen(_training_authors(paths, settings), settings)
    encoding = encoding_for(tokenizer, settings.architecture)
    writer = ShardWriter(folder / "neighbours", weighted=True)
    for continuation in _continuations(authors, past, settings, on_author):
        encoding.add_continuation(writer, continuation)
    return writer.close()


def chosen_authors(paths: Sequence[Path], settings: ExampleSettings) -> list[Author]:
    """The authors of some corpora whom examples are made of, the same number from each.

    :raises CorpusError: if no corpus has two of them.
    """
    return _chosen(_training_authors(paths, settings), settings)


def _chosen(per_corpus: Sequence[Sequence[Author]], settings: ExampleSettings) -> list[Author]:
    """The same number of authors from each corpus."""
    share = -(-settings.authors // len(per_corpus))
    return [author for authors in per_corpus for author in authors[:share]]


def _training_authors(paths: Sequence[Path], settings: ExampleSettings) -> list[list[Author]]:
    held_out = held_out_fingerprints(paths) if settings.split == "train" else frozenset()
    per_corpus = [authors_of(path, settings, split=settings.split, without=held_out) for path in paths]
    most = max(map(len, per_corpus))
    if most < 2:
        side = "training" if settings.split == "train" else settings.split
        raise CorpusError(
            f"{', '.join(path.name for path in paths)}: {most} {side} authors with "
            f"{settings.minimum_documents} documents of {settings.minimum_characters} characters, expected at least 2: "
            "add authors"
        )
    return per_corpus


def _continuations(
    authors: Sequence[Author],
    open_past: Callable[[Author], Past],
    settings: ExampleSettings,
    on_author: Callable[[int, int], None],
) -> Iterator[Continuation]:
    """The continuation examples, author by author; the author before lends the useless evidence."""
    generator = random.Random(settings.seed + 1)
    foreign: Past | None = None
    for done, author in enumerate(authors, start=1):
        past = open_past(author)
        for index in current_documents(author, settings, generator):
            yield _continuation(author.records[index], index, past, foreign, settings, generator)
        foreign = past
        on_author(done, len(authors))


def _continuation(
    record: Record, index: int, past: Past, foreign: Past | None, settings: ExampleSettings, generator: random.Random
) -> Continuation:
    cursor = cursor_of(record, generator)
    request = Request(WriterId(0), ARCHIVE_VOICE, record.title, record.text[:cursor])
    evidence = _evidence(request, index, past, foreign, settings, generator.random())
    draft = draft_of(record.text, cursor + settings.continuation_characters)
    return Continuation(evidence, record.title, draft, cursor, ends=len(draft) == len(record.text))


def _evidence(
    request: Request, index: int, past: Past, foreign: Past | None, settings: ExampleSettings, kind: float
) -> Evidence:
    """The author's own, nothing, one entry, or another author's, by the shares of the settings; ``kind`` in 0 to 1."""
    if kind < settings.no_evidence:
        return Evidence()
    if foreign is not None and kind > 1 - settings.foreign_evidence:
        return foreign.evidence(request, before=foreign.size)
    evidence = past.evidence(request, before=index)
    if kind < settings.no_evidence + settings.short_evidence:
        return Evidence(evidence.entries[:1], Summary(), evidence.keywords)
    return evidence


def draft_of(text: str, characters: int) -> str:
    """The beginning of a text, cut before a word."""
    if len(text) <= characters:
        return text
    space = text.rfind(" ", 0, characters)
    return text[: space if space > 0 else characters]


def current_documents(author: Author, settings: ExampleSettings, generator: random.Random) -> list[int]:
    """Documents with at least two earlier ones, a seeded choice of them (arXiv 2308.07968, section 4.1)."""
    possible = range(2, len(author.records))
    return sorted(generator.sample(possible, min(len(possible), settings.per_author)))


def cursor_of(record: Record, generator: random.Random) -> int:
    """Where the writer stands: half the time at the paper's 150 characters, title included, else anywhere early.

    Between two words; in a script without spaces, between two characters.
    """
    longest = max(60, min(900, len(record.text) - 300))
    wanted = max(60, 150 - len(record.title)) if generator.random() < 0.5 else generator.randint(60, longest)
    end = min(wanted, longest)
    space = record.text.rfind(" ", 0, end)
    return space if space > 0 else end


def _pairs(corpora: Sequence[Sequence[Author]], count: int, generator: random.Random) -> Iterator[AuthorPair]:
    """Half of the pairs by one author, half by two of the same corpus, so that the source gives nothing away."""
    for _ in range(count):
        authors = generator.choice(corpora)
        author, other = generator.sample(authors, 2)
        first, second = generator.sample(author.records, 2)
        same = generator.random() < 0.5
        yield AuthorPair(first.text, second.text if same else generator.choice(other.records).text, same)
