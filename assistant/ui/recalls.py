"""What a suggestion leaned on, in the form the Write page draws: words, places, and what each document gave."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from assistant.sentences import sentence_spans
from assistant.suggestion_json import Json, support_json
from assistant.types import Document, DocumentId, Span, Suggestion, Support

# A word that leans less than this on the past is not marked: the model would most likely have written it anyway.
_FAINTEST_SHARE = 0.2
# A document that gave less than this many words in all is not named for it.
_FEWEST_WORDS = 0.25
# One without a passage beside the draft is only named if it gave this share of the words: it would stand before those.
_FEWEST_OF_ALL = 0.05
_MOST_DOCUMENTS = 8
# Of a sentence without an end, as in a list of names, so many characters on each side of the word are enough.
_LONGEST_SIDE = 240


def recalls_json(suggestion: Suggestion, documents: Mapping[DocumentId, Document]) -> Json:
    """``runs`` are the text cut at its marked words (offsets would differ between Python and the browser).

    ``documents`` says how many of the suggestion's ``words`` each gave, as a sum of shares, most first, with the place
    that gave most.

    :param documents: those the words leaned on; what was deleted meanwhile is left out.
    """
    return {
        "runs": list(_runs(suggestion, documents)),
        "words": len(suggestion.text.split()),
        "documents": _contributions(suggestion, documents),
    }


def _runs(suggestion: Suggestion, documents: Mapping[DocumentId, Document]) -> Iterator[Json]:
    text, position = suggestion.text, 0
    for recall in suggestion.recalls:
        supports = [support for support in recall.supports if support.document in documents]
        if recall.share < _FAINTEST_SHARE or not supports:
            continue
        if position < recall.span.start:
            yield {"text": text[position : recall.span.start]}
        position = recall.span.end
        yield {
            "text": text[recall.span.start : recall.span.end],
            "share": recall.share,
            "supports": [support_json(support, documents[support.document]) for support in supports],
        }
    if position < len(text):
        yield {"text": text[position:]}


def _contributions(suggestion: Suggestion, documents: Mapping[DocumentId, Document]) -> list[Json]:
    passages = {entry.document for entry in suggestion.evidence.entries}
    fewest_elsewhere = max(_FEWEST_WORDS, _FEWEST_OF_ALL * len(suggestion.text.split()))
    words: defaultdict[DocumentId, float] = defaultdict(float)
    strongest: dict[DocumentId, Support] = {}
    for given in (given for recall in suggestion.recalls for given in recall.given if given.document in documents):
        words[given.document] += given.share
        best = strongest.setdefault(given.document, given.strongest)
        if given.strongest.weight > best.weight:
            strongest[given.document] = given.strongest
    most_first = sorted(words, key=lambda document: -words[document])[:_MOST_DOCUMENTS]
    return [
        support_json(strongest[document], documents[document]) | {"words": words[document]}
        for document in most_first
        if words[document] >= (_FEWEST_WORDS if document in passages else fewest_elsewhere)
    ]


@dataclass(frozen=True, slots=True)
class Quotation:
    """A word in its sentence; ``span`` is the sentence's place in the document."""

    before: str
    word: str
    after: str
    span: Span


def quotation(text: str, span: Span) -> Quotation:
    """The sentence around a place of a text, the place widened to whole words; long sentences are cut."""
    start, end = _whole_word(text, span)
    sentence = next((one for one in sentence_spans(text) if one.start <= start < one.end), Span(start, end))
    first, last = max(sentence.start, start - _LONGEST_SIDE), min(max(sentence.end, end), end + _LONGEST_SIDE)
    before = ("… " if first > sentence.start else "") + text[first:start].lstrip()
    after = text[end:last].rstrip() + (" …" if last < sentence.end else "")
    return Quotation(before, text[start:end], after, Span(first, last))


def _whole_word(text: str, span: Span) -> tuple[int, int]:
    """A token may begin with a space, and be a part of a word."""
    start = min(max(span.start, 0), len(text))
    end = min(max(span.end, start), len(text))
    start += len(text[start:end]) - len(text[start:end].lstrip())
    while start > 0 and text[start - 1 : start + 1].isalnum():
        start -= 1
    while start < end < len(text) and text[end - 1 : end + 1].isalnum():
        end += 1
    return start, end
