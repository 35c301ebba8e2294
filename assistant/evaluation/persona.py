"""``evaluate persona``: how much of a plug's gain is the writer, and how much the task.

Every author's latest documents are the drafts, cut after the immediate context of arXiv 2308.07968, section 4.1; the
documents before them are the history, the library that evidence is found in, and the memory. Bits per character are
those of the distribution that suggestions are drawn from. Authors, unseen in training, are the units.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from assistant.embedding import PersonaPrefix, Vectors
from assistant.evaluation.held_out import HeldOut, cut
from assistant.evaluation.journal import Journal, measured_once
from assistant.evaluation.likelihood import in_bits
from assistant.evaluation.memory import MemorySettings, find_authors
from assistant.evaluation.metrics import rouge_scores
from assistant.evaluation.persona_rows import PersonaRow, PlugName, PromptKind
from assistant.evaluation.plugged import PluggedSubject
from assistant.evaluation.remembering import OneMemory, Rememberer
from assistant.evidence_methods import evidence_stages
from assistant.generation.batched import Wanted, texts_of
from assistant.memory.foresight import foresee
from assistant.persona.history import History, history_of, opening
from assistant.persona.plug import PersonaPlug
from assistant.pipeline import EvidenceStages
from assistant.prompts import Prompt, build_prompt
from assistant.settings import Settings
from assistant.stages import Recollection
from assistant.training.archive import ARCHIVE_VOICE, Archive, WordVectors, build_archive
from assistant.training.corpus import Record, Split
from assistant.training.examples import Author
from assistant.training.persona_examples import passage_of
from assistant.training.persona_objective import passage_nats
from assistant.training.persona_prepare import history_vectors
from assistant.types import Evidence, Request, Sampling, WriterId

_CONTINUATION_CHARACTERS = 600
_WITH_HISTORY: tuple[PlugName, ...] = ("main", "mean")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PersonaSettings:
    """What is measured, and on how much."""

    authors: int = 20
    documents: int = 3
    """Drafts per author: the latest documents."""
    most: int = 200
    """Earlier documents of an author, at most."""
    rouge: int = 0
    """Drafts per author that are also written on from, in every row, for ROUGE-1."""
    tokens: int = 120
    """Length of these texts."""
    split: Split | None = "test"
    seed: int = 0


def measure_authors(
    path: Path,
    journal: Journal | None,
    plugged: PluggedSubject,
    settings: PersonaSettings,
    *,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[Json]:
    """One record for every author: ``{author, earlier, bits: {row: mean}, rouge1: {row: mean}}``.

    :param journal: has the authors that are done already, and gets the others; None: begin anew, keep nothing.
    :param on_progress: called with authors done and authors in all.
    :raises CorpusError: if there are fewer than two authors.
    """
    wanted = MemorySettings(
        settings.authors, settings.documents, settings.most, split=settings.split, seed=settings.seed
    )
    authors = find_authors(path, wanted)
    desk = _Desk(plugged, settings)

    def measure(number: int) -> Json:
        return desk.measure(authors[number], authors[(number + 1) % len(authors)])

    return measured_once([author.name for author in authors], measure, journal, on_progress)


@dataclass(frozen=True, slots=True)
class _Past:
    """What an author had written before the drafts: encoded, and as each plug reads it."""

    records: tuple[Record, ...]
    archive: Archive
    histories: dict[PlugName, History]


@dataclass(frozen=True, slots=True)
class _Draft:
    """A draft with all that rows ask for: the vector of its opening, its evidence, the pasts, the memory."""

    given: HeldOut
    query: Vectors
    evidence: Evidence
    own: _Past
    other: _Past
    memory: OneMemory | None

    def shown(self, kind: PromptKind) -> Evidence:
        """What of the evidence stands in a prompt."""
        return {
            "draft": Evidence(),
            "nearest": Evidence(self.evidence.entries[:1]),
            "entries": Evidence(self.evidence.entries),
            "evidence": self.evidence,
        }[kind]


class _Desk:
    """Measures one author after the other; the pasts of the last two are kept."""

    def __init__(self, plugged: PluggedSubject, settings: PersonaSettings) -> None:
        self._generator = plugged.subject.generator
        self._template = plugged.subject.template
        self._encoder = plugged.encoder
        self._plugs = plugged.plugs
        self._settings = settings
        self._words = WordVectors(self._encoder)
        self._rememberer = Rememberer(self._generator)
        self._rows = self._plugs.rows()
        self._pasts: dict[str, _Past] = {}

    def measure(self, author: Author, neighbour: Author) -> Json:
        """The record of an author; the neighbour is the other writer."""
        drafts = self._drafts(author, neighbour)
        bits = {row.name: _mean([self._bits(row, draft) for draft in drafts]) for row in self._rows}
        rouge = self._rouge(drafts[: self._settings.rouge])
        earlier = len(author.records) - self._settings.documents
        return {"author": author.name, "earlier": earlier, "bits": bits, "rouge1": rouge}

    # ---- drafts ----

    def _drafts(self, author: Author, neighbour: Author) -> list[_Draft]:
        self._pasts = {name: past for name, past in self._pasts.items() if name in (author.name, neighbour.name)}
        own, other = self._past(author), self._past(neighbour)
        stages = evidence_stages(own.archive.before(len(own.records)), self._encoder, Settings())
        needs_memory = self._generator.can_recall and any(row.has_memory for row in self._rows)
        memory = self._rememberer.memory_of(own.archive.documents) if needs_memory else None
        cuts = [
            cut(record, continuation_characters=_CONTINUATION_CHARACTERS)
            for record in author.records[-self._settings.documents :]
        ]
        return [self._draft(given, stages, own, other, memory) for given in cuts]

    def _draft(
        self, given: HeldOut, stages: EvidenceStages, own: _Past, other: _Past, memory: OneMemory | None
    ) -> _Draft:
        request = Request(WriterId(0), ARCHIVE_VOICE, given.title, given.before)
        query: Vectors = self._encoder.encode([opening(given.title, given.before) or given.before])[0]
        return _Draft(given, query, stages.evidence(request), own, other, memory)

    def _past(self, author: Author) -> _Past:
        if author.name not in self._pasts:
            records = author.records[: -self._settings.documents]
            archive = build_archive(records, self._encoder, self._words)
            histories: dict[PlugName, History] = {
                name: self._history(plug, records, archive)
                for name in _WITH_HISTORY
                if (plug := self._plugs.plug(name)) is not None
            }
            self._pasts[author.name] = _Past(records, archive, histories)
        return self._pasts[author.name]

    def _history(self, plug: PersonaPlug, records: Sequence[Record], archive: Archive) -> History:
        return history_of(plug, history_vectors(records, archive, plug.settings.fields, self._encoder))

    # ---- rows ----

    def _prompt(self, row: PersonaRow, draft: _Draft) -> Prompt:
        shown = draft.shown(row.prompt)
        return build_prompt(self._template, shown, title=draft.given.title, before=draft.given.before)

    def _persona(self, row: PersonaRow, draft: _Draft) -> PersonaPrefix | None:
        """What a row has the model read first; None for nothing."""
        if row.plug is None:
            return None
        plug = self._plugs.plug(row.plug)
        assert plug is not None  # else the row is not measured
        vectors = plug.prefix(self._writer(row, row.plug, plug, draft))
        if not row.has_instruction:
            vectors = vectors[plug.settings.instruction_vectors :]
        return PersonaPrefix(str(self._generator.signature["weights_sha256"]), vectors.numpy())

    def _writer(self, row: PersonaRow, name: PlugName, plug: PersonaPlug, draft: _Draft) -> torch.Tensor | None:
        if name == "control":
            return None
        if row.whose == "average":
            return plug.average_writer
        history = (draft.own if row.whose == "own" else draft.other).histories[name]
        return history.mean() if name == "mean" else history.persona(plug, draft.query, top=row.top)

    def _bits(self, row: PersonaRow, draft: _Draft) -> float:
        """Bits per character of what the author went on to write."""
        prompt, persona = self._prompt(row, draft), self._persona(row, draft)
        if not self._generator.can_recall:
            return self._decoder_bits(prompt, persona, draft.given.continuation)
        read = self._generator.read(prompt, draft.given.continuation, persona)
        foreseen = read.foreseen
        if row.has_memory and draft.memory is not None:
            foreseen = foresee(self._generator.memory.gate, read, draft.memory.held)
        return in_bits(-float(foreseen.sum()), draft.given.continuation)

    @torch.no_grad()
    def _decoder_bits(self, prompt: Prompt, persona: PersonaPrefix | None, continuation: str) -> float:
        """The same of an encoder-decoder, whose decoder goes on from the draft."""
        model = self._generator.model
        width = int(model.get_input_embeddings().embedding_dim)
        prefix = torch.zeros(0, width) if persona is None else torch.from_numpy(persona.vectors)
        passage = passage_of(self._generator.vocabulary, prompt, continuation, is_encoder_decoder=True, context=0)
        return in_bits(float(passage_nats(model, [passage], prefix[None])), continuation)

    def _rouge(self, drafts: Sequence[_Draft]) -> dict[str, float]:
        """ROUGE-1 of what the model writes greedily, in every row."""
        if not drafts:
            return {}
        jobs = [(row, draft) for row in self._rows for draft in drafts]
        texts = texts_of(self._generator, [self._wanted(row, draft) for row, draft in jobs])
        scores: dict[str, list[float]] = {}
        for (row, draft), text in zip(jobs, texts, strict=True):
            score = rouge_scores(draft.given.continuation, text, stemming=False).rouge1
            scores.setdefault(row.name, []).append(score)
        return {name: _mean(values) for name, values in scores.items()}

    def _wanted(self, row: PersonaRow, draft: _Draft) -> Wanted:
        memory = Recollection(draft.memory.held) if row.has_memory and draft.memory is not None else None
        sampling = Sampling(self._settings.tokens, temperature=0, seed=self._settings.seed)
        return Wanted(self._prompt(row, draft), sampling, memory, persona=self._persona(row, draft))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
