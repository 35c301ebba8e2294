"""Which entry moved a suggestion: by arithmetic with a scripted scorer, and by the shipped model on a made-up voice."""

import math
from collections.abc import Iterator, Sequence

import pytest

from assistant.influence import A_LITTLE_BITS, A_LOT_BITS, Influence, Moved, influences, without
from assistant.prompts import PLAIN_TEMPLATE, Prompt, build_prompt
from assistant.settings import SHIPPED_CHECKPOINT
from assistant.stages import Persona
from assistant.types import (
    DocumentId,
    Evidence,
    Keyword,
    RankedEntry,
    Snippet,
    SnippetId,
    Span,
    Summary,
    SummarySentence,
)


def entry(document: int, text: str) -> RankedEntry:
    snippet = Snippet(SnippetId(document), DocumentId(document), 0, Span(0, len(text)), text)
    return RankedEntry(DocumentId(document), "", None, text, snippet.span, snippet, (snippet,), 0.5)


def sentence(document: int, text: str) -> SummarySentence:
    return SummarySentence(text, SnippetId(document), DocumentId(document))


EVIDENCE = Evidence(
    (entry(1, "The gate stuck."), entry(2, "The barley was wet."), entry(1, "It holds.")),
    Summary((sentence(2, "The barley was wet."), sentence(1, "It holds."))),
    (Keyword("gate", 0.5),),
)


class CountingScorer:
    """Finds a text the likelier, in bits, the more often its first word stands in the prompt."""

    def scores(self, prompts: Sequence[Prompt], text: str, persona: Persona | None = None) -> Iterator[float | None]:
        for prompt in prompts:
            yield None
            count = "".join(part.text for part in prompt).count(text.split()[0])
            yield count * 4 * math.log(2)


def plain_prompt(evidence: Evidence) -> Prompt:
    return build_prompt(PLAIN_TEMPLATE, evidence, title="", before="The")


def test_without_a_document_its_passages_and_its_sentences_are_gone() -> None:
    rest = without(EVIDENCE, DocumentId(1))
    assert [one.document for one in rest.entries] == [2]
    assert rest.summary.text == "The barley was wet."
    assert rest.keywords == EVIDENCE.keywords
    edited = Evidence(EVIDENCE.entries, Summary(edited="Mine."))
    assert without(edited, DocumentId(1)).summary.text == "Mine."


def test_each_document_is_judged_once_in_the_order_of_the_entries() -> None:
    told = list(influences(CountingScorer(), plain_prompt, EVIDENCE, "wet again"))
    judged = [one for one in told if one is not None]
    assert [one.document for one in judged] == [1, 2]
    assert [one.bits for one in judged] == pytest.approx([0.0, 8.0])
    assert told[0] is None  # while the model reads


def test_without_evidence_there_is_nothing_to_judge() -> None:
    assert [one for one in influences(CountingScorer(), plain_prompt, Evidence(), "wet") if one] == []


@pytest.mark.parametrize(
    ("bits", "moved"),
    [
        (A_LOT_BITS, Moved.A_LOT),
        (A_LOT_BITS - 0.1, Moved.A_LITTLE),
        (A_LITTLE_BITS, Moved.A_LITTLE),
        (A_LITTLE_BITS - 0.1, Moved.NOT),
        (0.0, Moved.NOT),
        (-50.0, Moved.NOT),
    ],
)
def test_bits_become_words_at_the_thresholds(bits: float, moved: Moved) -> None:
    assert Influence(DocumentId(1), bits).moved is moved


# A voice in which one letter alone says how it went on.
BEFORE = "I went down to the quay to see what had become of the old lifeboat, and found that"
CONTINUATION = " the heron had built her nest under the third thwart and would not be moved by the harbour master."
LETTERS = {
    1: "My grandmother pruned the pear tree on the last Sunday of February, whatever the weather said. She held that "
    "trees can count, and I held the ladder, as I had done every year since I was tall enough.",
    2: "We need the figures by noon on Thursday, please. The rota for Easter is short of two people, and I would "
    "rather not ask the same ones again. Thank you for the extra shift; it did not go unnoticed.",
    3: "You will not believe it: the heron had built her nest under the third thwart and would not be moved by the "
    "harbour master. He asked me to write to the council about it.",
    4: "The release went out at six and came back at seven. Nobody had looked at the log, because nobody knew that "
    "there was one. We have since agreed that a release without a log is a rumour.",
}


@pytest.mark.slow
@pytest.mark.skipif(not (SHIPPED_CHECKPOINT / "config.json").is_file(), reason="a clone without the shipped checkpoint")
@pytest.mark.parametrize("order", [(1, 2, 3, 4), (3, 1, 2, 4), (4, 2, 1, 3)])
def test_the_one_document_that_holds_the_continuation_moved_it_a_lot_the_others_not(order: tuple[int, ...]) -> None:
    from assistant.generation.local import load_generator

    generator, template = load_generator(SHIPPED_CHECKPOINT)
    evidence = Evidence(tuple(entry(number, LETTERS[number]) for number in order))
    found = influences(
        generator, lambda some: build_prompt(template, some, title="", before=BEFORE), evidence, CONTINUATION
    )
    moved = {one.document: one.moved for one in found if one is not None}
    assert moved == {number: Moved.A_LOT if number == 3 else Moved.NOT for number in order}
