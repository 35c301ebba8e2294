"""Texts written with a memory and without: loops, how much is copied, and what typing with them saves.

A better likelihood of kNN-LM need not mean better text (Wang et al. 2023, arXiv 2305.14625), so the text is measured.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from assistant.evaluation.checkpoint import Subject
from assistant.evaluation.held_out import HeldOut
from assistant.evaluation.quality import has_loop
from assistant.evaluation.typing_simulation import Typed, type_through
from assistant.keyword_candidates import words
from assistant.memory.search import VoiceMemory
from assistant.prompts import build_prompt
from assistant.stages import Recollection
from assistant.types import Evidence, Sampling

_TOKENS = 60
_OFFERED_WORDS = 5
_TOKENS_PER_WORD = 3
_TYPED_WORDS = 30
LONGEST_COPY = 8

NAMES = ("without memory", "own memory")


@dataclass(frozen=True, slots=True)
class Writing:
    """What came of one way of writing: per text whether it holds a loop and its longest copied run, in words."""

    loops: list[bool] = field(default_factory=list)
    copied: list[int] = field(default_factory=list)
    typed: list[Typed] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Writings:
    """Every way of writing, by its name."""

    by_name: dict[str, Writing] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {name: asdict(writing) for name, writing in self.by_name.items()}


class Desk:
    """Writes drafts on, greedily while typing and by sampling at length.

    :param past: the texts behind the memory.
    """

    def __init__(self, subject: Subject, memory: VoiceMemory | None, past: Sequence[str], *, seed: int) -> None:
        self._subject = subject
        self._memory = memory
        self._past = [words(text) for text in past]
        self._seed = seed

    def write_all(self, drafts: Iterable[HeldOut]) -> Writings:
        """Every draft in both ways."""
        recollections = dict(zip(NAMES, (None, self._recollection()), strict=True))
        found = {name: Writing() for name in NAMES}
        for draft in drafts:
            for name, recollection in recollections.items():
                text = self._write(draft.title, draft.before, recollection, Sampling(_TOKENS, seed=self._seed))
                found[name].loops.append(has_loop(text))
                found[name].copied.append(longest_copied_run(words(text), self._past))
                found[name].typed.append(self._type(draft, recollection))
        return Writings(found)

    def _recollection(self) -> Recollection | None:
        return None if self._memory is None else Recollection(self._memory, 1.0, LONGEST_COPY)

    def _type(self, draft: HeldOut, recollection: Recollection | None) -> Typed:
        sampling = Sampling(_TOKENS_PER_WORD * _OFFERED_WORDS, temperature=0)

        def suggest(before: str) -> str:
            return self._write(draft.title, before, recollection, sampling)

        return type_through(draft.before, draft.continuation, suggest, words=_TYPED_WORDS, longest=_OFFERED_WORDS)

    def _write(self, title: str, before: str, recollection: Recollection | None, sampling: Sampling) -> str:
        prompt = build_prompt(self._subject.template, Evidence(), title=title, before=before)
        stream = self._subject.generator.stream(prompt, sampling, recollection)
        text = "".join(stream)
        # What the length cut may be half a word.
        return text if stream.finish == "stop" else text.rstrip().rpartition(" ")[0]


def longest_copied_run(text: Sequence[str], past: Iterable[Sequence[str]]) -> int:
    """Words in a row that stand in one document of the past just so, at most."""
    return max((_longest_common(text, document) for document in past), default=0)


def _longest_common(left: Sequence[str], right: Sequence[str]) -> int:
    longest = 0
    runs: dict[int, int] = {}
    places: dict[str, list[int]] = {}
    for place, word in enumerate(right):
        places.setdefault(word, []).append(place)
    for word in left:
        runs = {place: runs.get(place - 1, 0) + 1 for place in places.get(word, ())}
        longest = max(longest, *runs.values(), 0)
    return longest
