"""Recalling while a suggestion is written: mixes every step with the memory and notes what each word leaned on."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from assistant.generation.vocabulary import Vocabulary
from assistant.memory.copying import LongRuns
from assistant.memory.gate import Gate
from assistant.memory.mixture import Draft, Mixture, mix
from assistant.memory.search import VoiceMemory
from assistant.types import DocumentId, Given, Recall, Span, Support

_WORD = re.compile(r"\w+(?:['’\-]\w+)*")
_SUPPORTS = 3


@dataclass(frozen=True, slots=True)
class Start:
    """Where a suggestion starts: what is read, what is to be spelled again, and the draft's last ids."""

    source: list[int]
    target: list[int]
    typed: bytes
    history: list[int]
    drafted: int
    """How many of the last ids that are read are the draft."""
    prefix: Tensor | None = None
    """(vectors, width) what is read before the ids, as if it were embeddings."""


@dataclass(frozen=True, slots=True)
class _Note:
    """What one written token leaned on: its places with what share of its probability each gave."""

    end: int
    """Bytes written up to its end."""
    places: list[tuple[int, float]]


class Recaller:
    """The memory's part in one suggestion.

    :param strength: how much of it goes into the words, from 0 to 1 as fitted.
    """

    def __init__(self, memory: VoiceMemory, gate: Gate, strength: float, vocabulary: Vocabulary, start: Start) -> None:
        self._memory = memory
        self._gate = gate
        self._strength = strength
        self._vocabulary = vocabulary
        self._source = start.source
        self._start = max(1, len(start.source) - start.drafted)
        self._typed = start.typed
        self._written = b""
        self._notes: list[_Note] = []
        self._mixture: Mixture | None = None

    def long_runs(self, longest: int) -> LongRuns:
        """The runs of more than so many words in the memory's documents."""
        return self._memory.long_runs(longest)

    def mix(self, logits: Tensor, keys: Tensor, ids: Sequence[int]) -> Tensor:
        """The mixture's log-probabilities after the prompt and the ids written so far, in the place of the logits."""
        draft = Draft(torch.tensor([*self._source, *ids]), keys, self._start)
        self._mixture = mix(self._gate, logits, self._memory, draft, strength=self._strength)
        return self._mixture.log_probabilities.clone()

    def note(self, token: int) -> None:
        """Keep what the token drawn from the last mixture leaned on."""
        assert self._mixture is not None  # a token is drawn from a mixture
        self._written += self._vocabulary.text([token])
        self._notes.append(_Note(len(self._written), self._mixture.recalled(token)))

    def recalls(self) -> tuple[Recall, ...]:
        """One for every word written so far."""
        text = self._written[len(self._typed) :].decode("utf-8", errors="replace").rstrip("\ufffd")
        spans = self._spans()
        found = []
        for match in _WORD.finditer(text):
            notes = [
                note
                for note, (start, end) in zip(self._notes, spans, strict=True)
                if start < match.end() and end > match.start()
            ]
            if notes:
                found.append(self._recall(Span(*match.span()), notes))
        return tuple(found)

    def _spans(self) -> list[tuple[int, int]]:
        """The characters of every token in the suggestion's text, without the white space that a token begins with."""
        spans = []
        start = 0
        for note in self._notes:
            piece = self._written[start : note.end]
            blank = len(piece) - len(piece.lstrip())
            spans.append((self._characters(start + blank), self._characters(note.end)))
            start = note.end
        return spans

    def _characters(self, size: int) -> int:
        return len(self._written[len(self._typed) : size].decode("utf-8", errors="ignore"))

    def _recall(self, span: Span, notes: Sequence[_Note]) -> Recall:
        """The mean over a word's tokens; of each sentence the place that gave most."""
        given: dict[tuple[DocumentId, int], dict[Span, float]] = defaultdict(lambda: defaultdict(float))
        for note in notes:
            for place, share in note.places:
                document, word, sentence = self._memory.source(place)
                given[document, sentence][word] += share / len(notes)
        share = sum(sum(words.values()) for words in given.values())
        supports = [
            Support(document, max(words, key=lambda word: words[word]), min(1.0, sum(words.values())))
            for (document, _), words in given.items()
        ]
        supports.sort(key=lambda support: -support.weight)
        return Recall(span, min(1.0, share), tuple(supports[:_SUPPORTS]), _given(supports))


def _given(supports: Sequence[Support]) -> tuple[Given, ...]:
    """What each document gave in all its sentences, which come best first."""
    strongest: dict[DocumentId, Support] = {}
    shares: defaultdict[DocumentId, float] = defaultdict(float)
    for support in supports:
        strongest.setdefault(support.document, support)
        shares[support.document] += support.weight
    return tuple(Given(document, min(1.0, shares[document]), best) for document, best in strongest.items())
