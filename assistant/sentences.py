"""Where sentences begin and end."""

import re
from collections.abc import Iterator

from assistant.types import Span

# A sentence ends at . ! ? or an ellipsis, with what closes it, before white space and something that can open the next;
# at a full stop of a script that leaves no space after it; at a blank line; before an item of a list.
# The look-behind and the possessive ``+`` keep a file of a million full stops from taking a day.
_END = re.compile(
    r"""(?<![.!?…])[.!?…]++["'”’)\]]*+(?=\s+["'“‘(\[]*[^\sa-z])|[。！？]++[”’」』）]*+"""
    r"""|\n\s*\n|\n(?=\s*(?:[-*•]|\d+[.)])\s)"""
)
# Words whose full stop ends no sentence, unless a line ends too; the number of a list's item is one of them.
_ABBREVIATION = re.compile(
    r"(?:\b(?:mr|mrs|ms|dr|prof|st|vol|fig|e\.g|i\.e|cf|vs|approx|dept|est|col|capt|lt|gen|rev|hon|jr|sr|pp?)"
    r"|\b(?:jan|feb|apr|aug|sept?|oct|nov|dec)"
    r"|\b[A-Z]|^\s*\d{1,3})\.$",
    re.IGNORECASE,
)
_LONGEST_ABBREVIATION = 12


def sentence_spans(text: str) -> Iterator[Span]:
    """The sentences of a text as spans that cover it, white space after a sentence belonging to it."""
    start = 0
    for match in _END.finditer(text):
        if _is_abbreviation(text[max(start, match.end() - _LONGEST_ABBREVIATION) : match.end()]):
            continue
        end = match.end()
        while end < len(text) and text[end].isspace():
            end += 1
        if end > start:
            yield Span(start, end)
            start = end
    if start < len(text):
        yield Span(start, len(text))


def split_sentences(text: str) -> list[str]:
    """The sentences of a text, without white space around them."""
    stripped = (text[span.start : span.end].strip() for span in sentence_spans(text))
    return [sentence for sentence in stripped if sentence]


def _is_abbreviation(tail: str) -> bool:
    return bool(_ABBREVIATION.search(tail)) and not tail.endswith(("I.", " a."))
