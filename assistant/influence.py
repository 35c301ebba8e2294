"""Did an entry move the suggestion? What the suggestion loses in likelihood when the entry is taken away.

Being alike is not being of influence: a passage may stand first and change nothing. So the model is asked: how likely
is this very text with all evidence, and how likely without this document, that is without its passages and without the
sentences of the summary that come from it? The difference is told in bits, halvings of the likelihood, because ten
bits are as much for a short suggestion as for a long one: the text became a thousand times less likely. The memory of
the voice, which works word by word, is not part of it; the page tells what that gave in words.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from assistant.prompts import Prompt
from assistant.stages import Persona, Scorer
from assistant.types import DocumentId, Evidence, Summary

A_LOT_BITS = 20.0
"""From this many bits on an entry moved the suggestion a lot: without it, it is a million times less likely."""
A_LITTLE_BITS = 8.0
"""From this many on, a little: 256 times less likely. Unrelated passages reach seven by chance."""


class Moved(StrEnum):
    """How far an entry moved a suggestion."""

    A_LOT = "a lot"
    A_LITTLE = "a little"
    NOT = "not"


@dataclass(frozen=True, slots=True)
class Influence:
    """What one document did for a suggestion: the bits of likelihood it gave; negative if it spoke against it."""

    document: DocumentId
    bits: float

    @property
    def moved(self) -> Moved:
        """The same in a word."""
        if self.bits >= A_LOT_BITS:
            return Moved.A_LOT
        return Moved.A_LITTLE if self.bits >= A_LITTLE_BITS else Moved.NOT


def without(evidence: Evidence, document: DocumentId) -> Evidence:
    """The evidence as if a document had not been there; an edited summary is the writer's, not the document's."""
    entries = tuple(entry for entry in evidence.entries if entry.document != document)
    sentences = tuple(sentence for sentence in evidence.summary.sentences if sentence.document != document)
    return replace(evidence, entries=entries, summary=Summary(sentences, evidence.summary.edited))


def influences(
    scorer: Scorer,
    prompt: Callable[[Evidence], Prompt],
    evidence: Evidence,
    text: str,
    persona: Persona | None = None,
) -> Iterator[Influence | None]:
    """The influence of each document of the evidence, in the order of its entries, on a suggestion.

    None comes in between while the model reads, so that whoever waits may leave.

    :param prompt: writes the model input for some evidence.
    :param persona: what the suggestion was written behind.
    """
    documents = list(dict.fromkeys(entry.document for entry in evidence.entries))
    # The best entry stands last in a prompt: taken away in this order, each prompt goes on longest like the one before.
    prompts = [prompt(evidence), *(prompt(without(evidence, document)) for document in documents)]
    whole: float | None = None
    waiting = iter(documents)
    for score in scorer.scores(prompts, text, persona):
        if score is None:
            yield None
        elif whole is None:
            whole = score
        else:
            yield Influence(next(waiting), (whole - score) / math.log(2))
