"""Documents become snippets: whole sentences, appended until 250 characters (arXiv 2308.07968, section 3.2)."""

from collections.abc import Iterator

from assistant.sentences import sentence_spans
from assistant.types import Span

SNIPPET_CHARACTERS = 250
"""A snippet is closed as soon as it is this long (the paper's number)."""
LONGEST_SENTENCE = 500
"""Longer "sentences" (lists, tables, text without full stops) are cut at a word border."""
SHORTEST_SNIPPET = 60
"""A shorter rest at the end of a document says too little by itself and joins its predecessor."""


def snippet_spans(text: str) -> tuple[Span, ...]:
    """The snippets of a text, as spans that follow each other without gap and cover all of it."""
    spans: list[Span] = []
    start = 0
    for sentence in _bounded_sentences(text):
        has_enough = sentence.start - start >= SHORTEST_SNIPPET
        if has_enough and sentence.end - start > LONGEST_SENTENCE:
            spans.append(Span(start, sentence.start))
            start = sentence.start
        if sentence.end - start >= SNIPPET_CHARACTERS:
            spans.append(Span(start, sentence.end))
            start = sentence.end
    if start < len(text):
        _append_rest(spans, Span(start, len(text)))
    return tuple(spans)


def _append_rest(spans: list[Span], rest: Span) -> None:
    if spans and rest.end - rest.start < SHORTEST_SNIPPET:
        spans[-1] = Span(spans[-1].start, rest.end)
    else:
        spans.append(rest)


def _bounded_sentences(text: str) -> Iterator[Span]:
    for sentence in sentence_spans(text):
        start = sentence.start
        while sentence.end - start > LONGEST_SENTENCE:
            end = _word_border(text, start, start + LONGEST_SENTENCE)
            yield Span(start, end)
            start = end
        yield Span(start, sentence.end)


def _word_border(text: str, start: int, latest: int) -> int:
    """Just after the last white space before ``latest``; ``latest`` itself in text that has none."""
    for position in range(latest, start + SNIPPET_CHARACTERS, -1):
        if text[position - 1].isspace():
            return position
    return latest
