"""``evaluate checkpoint``: whether a model is better with the writer's own evidence, on authors it never saw.

For every test author some documents are taken as drafts (each with at least two earlier ones, arXiv 2308.07968,
section 4.1). The draft's first 150 characters, title included, are given; what follows is scored in bits per character
three times: without evidence, with the author's own, with another author's. Authors, not documents, are the units of
the tests: documents of one hand are not independent.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from assistant.embedding import Encoder
from assistant.evaluation.held_out import authors_on, cut
from assistant.evaluation.likelihood import Language, bits_per_character, preferred_answer
from assistant.evaluation.quality import has_loop, known_word_share, sentence_end_rate
from assistant.evaluation.statistics import PairedTest, paired_test
from assistant.evidence_methods import evidence_stages
from assistant.generation.batched import Wanted, texts_of
from assistant.generation.local import LocalGenerator
from assistant.keyword_candidates import words
from assistant.prompts import Part, PromptTemplate, build_prompt
from assistant.settings import Settings
from assistant.training.archive import ARCHIVE_VOICE, Archive, WordVectors, build_archive
from assistant.training.corpus import Split
from assistant.training.encodings import ANSWERS, distinction_prompt
from assistant.training.examples import Author, ExampleSettings
from assistant.types import Evidence, Request, Sampling, WriterId

_CONTINUATION_CHARACTERS = 1200


@dataclass(frozen=True, slots=True)
class CheckpointSettings:
    """What is measured, and on how much."""

    authors: int = 60
    documents: int = 4
    """Documents scored per author, at most."""
    pairs: int = 4
    """Author-distinction pairs per author, half of them same-author."""
    samples: int = 100
    """Continuations sampled for the faults."""
    sample_tokens: int = 80
    split: Split | None = "test"
    """Side of the author split to take; None takes everyone, for corpora no checkpoint was trained on."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Subject:
    """A checkpoint under test: for scoring, for writing, with its prompt format and known words."""

    language: Language
    generator: LocalGenerator
    template: PromptTemplate
    vocabulary: frozenset[str]


@dataclass(frozen=True, slots=True)
class Draft:
    """A held-out document as a draft: what is given, what follows, and the evidence of each condition."""

    author: str
    title: str
    before: str
    continuation: str
    own: Evidence
    other: Evidence


@dataclass(frozen=True, slots=True)
class CheckpointReport:
    """Means over authors, tests over authors, and the faults of sampled text."""

    bits_none: float
    bits_own: float
    bits_other: float
    own_against_none: PairedTest
    own_against_other: PairedTest
    distinction_accuracy: float
    second_reading: float
    """Bits for a passage that stands in the context already, as a share of those for its first reading: what a model
    that cannot copy from its context needs 1 for, and one that copies perfectly almost 0."""
    loop_rate: float
    known_word_rate: float
    sentence_end_rate: float
    authors: int
    documents: int
    samples: tuple[str, ...]


def evaluate_checkpoint(
    path: Path,
    subject: Subject,
    encoder: Encoder,
    settings: CheckpointSettings,
    *,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> CheckpointReport:
    """Measure a checkpoint on a corpus.

    :param on_progress: called with documents done and documents in all.
    :raises CorpusError: if the corpus has fewer than two usable authors on the wanted side of the split.
    """
    authors = _authors(path, settings)
    drafts = list(_drafts(authors, encoder, settings))
    scores: dict[str, list[tuple[float, float, float]]] = {}
    for done, draft in enumerate(drafts, start=1):
        scores.setdefault(draft.author, []).append(_bits(draft, subject))
        on_progress(done, len(drafts))
    means = np.array([np.mean(rows, axis=0) for rows in scores.values()])  # (authors, none/own/other)
    none, own, other = means.T
    texts = _samples(drafts, subject, settings)
    evidence_words = frozenset(word for draft in drafts for entry in draft.own.entries for word in words(entry.text))
    return CheckpointReport(
        bits_none=float(none.mean()),
        bits_own=float(own.mean()),
        bits_other=float(other.mean()),
        own_against_none=paired_test(own, none),
        own_against_other=paired_test(own, other),
        distinction_accuracy=_distinction_accuracy(authors, subject.language, settings),
        second_reading=_second_reading(drafts, subject.language),
        loop_rate=sum(map(has_loop, texts)) / max(1, len(texts)),
        known_word_rate=known_word_share(texts, subject.vocabulary | evidence_words),
        sentence_end_rate=sentence_end_rate(texts),
        authors=len(scores),
        documents=len(drafts),
        samples=tuple(texts),
    )


def _authors(path: Path, settings: CheckpointSettings) -> list[Author]:
    examples = ExampleSettings(minimum_characters=400, documents=30, seed=settings.seed)
    return authors_on(settings.split, path, examples, most=settings.authors)


def _drafts(authors: Sequence[Author], encoder: Encoder, settings: CheckpointSettings) -> Iterator[Draft]:
    word_vectors = WordVectors(encoder)
    generator = random.Random(settings.seed)
    archives = [build_archive(author.records, encoder, word_vectors) for author in authors]
    for number, author in enumerate(authors):
        foreign = archives[(number + 1) % len(archives)]
        possible = range(2, len(author.records))
        for index in sorted(generator.sample(possible, min(len(possible), settings.documents))):
            yield _draft(author, index, archives[number], foreign, encoder)


def _draft(author: Author, index: int, own: Archive, foreign: Archive, encoder: Encoder) -> Draft:
    record = author.records[index]
    given = cut(record, continuation_characters=_CONTINUATION_CHARACTERS)
    request = Request(WriterId(0), ARCHIVE_VOICE, given.title, given.before)
    return Draft(
        author=author.name,
        title=given.title,
        before=given.before,
        continuation=record.text[len(given.before) : len(given.before) + _CONTINUATION_CHARACTERS],
        own=evidence_stages(own.before(index), encoder, Settings()).evidence(request),
        other=evidence_stages(foreign.before(len(foreign.documents)), encoder, Settings()).evidence(request),
    )


def _bits(draft: Draft, subject: Subject) -> tuple[float, float, float]:
    def bits(evidence: Evidence) -> float:
        prompt = build_prompt(subject.template, evidence, title=draft.title, before=draft.before)
        return bits_per_character(subject.language, prompt, draft.continuation)

    return bits(Evidence()), bits(draft.own), bits(draft.other)


def _distinction_accuracy(authors: Sequence[Author], language: Language, settings: CheckpointSettings) -> float:
    """Share of pairs told right; half are by one author, so chance is 0.5."""
    generator = random.Random(settings.seed + 1)
    right = total = 0
    for author in authors:
        for pair in range(settings.pairs):
            same = pair % 2 == 0
            first, second = generator.sample(author.records, 2)
            stranger = generator.choice([other for other in authors if other.name != author.name])
            prompt = distinction_prompt(first.text, second.text if same else generator.choice(stranger.records).text)
            right += (preferred_answer(language, prompt, [ANSWERS[True], ANSWERS[False]]) == 0) == same
            total += 1
    return right / max(1, total)


def _second_reading(drafts: Sequence[Draft], language: Language) -> float:
    """One document of each author is read twice in a row; every author counts alike."""
    firsts = {draft.author: draft for draft in reversed(drafts)}.values()
    shares = []
    for draft in firsts:
        start = f"\n\n{draft.before}"
        once, again = (Part(start),), (Part(f"{start}{draft.continuation}{start}"),)
        first, second = (bits_per_character(language, prompt, draft.continuation) for prompt in (once, again))
        shares.append(second / first)
    return float(np.mean(shares))


def _samples(drafts: Sequence[Draft], subject: Subject, settings: CheckpointSettings) -> list[str]:
    """Continuations of the drafts with their own evidence, the drafts taken in turn."""
    wanted = [
        Wanted(
            build_prompt(subject.template, draft.own, title=draft.title, before=draft.before),
            Sampling(max_tokens=settings.sample_tokens, seed=settings.seed + number),
        )
        for number, draft in enumerate(islice(cycle(drafts), settings.samples))
    ]
    return texts_of(subject.generator, wanted)
