"""A selection as lines: what of each is rewritten, what stays as it is, and how an answer becomes a line again.

A paragraph of a draft is a line of its text, or several where its lines were broken by hand, as in mail. Each is
rewritten by itself, so that a small model has one thing to do at a time and the breaks between them cannot be lost.
"""

import re
from dataclasses import dataclass
from itertools import groupby, pairwise

from assistant.generation.decoding import ends_sentence
from assistant.keyword_candidates import words

FEWEST_WORDS = 4
"""A line of fewer words is a heading, a salutation or a name below a letter, and stays, if there are longer ones."""

HAND_BROKEN = range(55, 91)
"""Characters of the longest line of a paragraph that was broken by hand: mail is at 65 to 80, and a short paragraph may
stay below. Shorter lines are verse or an address, longer ones paragraphs."""

# Space, and what makes a line an item, a quotation or a heading.
_LEAD = re.compile(r"\s*(?:(?:[-*•>]|#{1,6}|\d{1,3}[.)])\s+)?")
_QUOTES = {'"': '"', "“": "”", "'": "'", "‘": "’"}
# How chat models begin before they answer: "Sure! Here is a shorter version:", "Rewritten text: ...".
_PREFACE = re.compile(
    r"\A\s*(?:sure|certainly|of course|here|the|rewritten|revised|shorter|longer|plainer)\b[^\n:]{0,60}"
    r"\b(?:text|version|paragraph|passage|rewrite|rewriting)\b[^\n:]{0,30}:\s*",
    re.IGNORECASE,
)
_FULL_STOP = re.compile(r"(?<![.!?…])\.\Z")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a selection: ``text`` is to be rewritten, "" if nothing is; what stands around it stays."""

    before: str
    text: str
    after: str


def unbroken(selection: str) -> str:
    """A selection in which every paragraph is one line: the breaks that were set by hand are spaces, all else stays.

    It is as long as before, so that a place in the one is the same place in the other.
    """
    blocks = groupby(selection.splitlines(keepends=True), key=lambda line: bool(line.strip()))
    return "".join(_unbroken_block(list(lines)) for _, lines in blocks)


def lines_of(selection: str) -> tuple[Line, ...]:
    """The lines of a selection; put together again they are the selection."""
    lines = [_line(line) for line in selection.splitlines(keepends=True)]
    if any(len(words(line.text)) >= FEWEST_WORDS for line in lines):
        return tuple(line if len(words(line.text)) >= FEWEST_WORDS else _kept(line) for line in lines)
    return tuple(lines)


def is_whole(answer: str, line: str) -> bool:
    """Whether an answer so far holds a whole line; a model without a chat would go on with something else."""
    return "\n" in _without_preface(answer, line).lstrip()


def fitted(answer: str, line: str) -> str:
    """What a model answered, as what it was asked for: one line that begins and ends as the old one did.

    A preface goes, and quotation marks around the whole that the old line did not have. What began in the middle of a
    sentence, or ended in it, does so again.
    """
    text = _without_preface(answer, line).strip().split("\n", 1)[0].strip()
    closing = _QUOTES.get(text[:1])
    if closing is not None and text[1:].endswith(closing) and line[:1] != text[0] and closing not in text[1:-1]:
        text = text[1:-1].strip()
    if not ends_sentence(line):
        text = _FULL_STOP.sub("", text)
    if line[:1].islower() and text[1:2].islower():
        text = text[:1].lower() + text[1:]
    return text


def _without_preface(answer: str, line: str) -> str:
    return answer if _PREFACE.match(line) else _PREFACE.sub("", answer, count=1)


def _unbroken_block(lines: list[str]) -> str:
    """Lines without an empty one between them, those of a paragraph as one."""
    width = max(len(line.rstrip()) for line in lines)
    if width not in HAND_BROKEN:
        return "".join(lines)
    paragraphs = [lines[:1]]
    for line, following in pairwise(lines):
        if _runs_on(line, following, width):
            paragraphs[-1].append(following)
        else:
            paragraphs.append([following])
    return "".join(map(_as_one_line, paragraphs))


def _runs_on(line: str, following: str, width: int) -> bool:
    """Whether a line ends only because the first word of the next had no room in it."""
    if _marker(following) or _marker(line).startswith("#"):
        return False
    return len(line.rstrip()) + 1 + len(following.split(maxsplit=1)[0]) > width


def _as_one_line(lines: list[str]) -> str:
    """Lines of which every one ends a sentence are paragraphs that happen to be of like length."""
    *full, last = lines
    if all(ends_sentence(line) for line in full):
        return "".join(lines)
    return "".join(line.rstrip().ljust(len(line)) for line in full) + last


def _marker(line: str) -> str:
    """What makes a line an item, a quotation or a heading, if anything does."""
    lead = _LEAD.match(line)
    return "" if lead is None else lead[0].strip()


def _line(line: str) -> Line:
    lead = _LEAD.match(line)
    begins = lead.end() if lead is not None else 0
    text = line[begins:].rstrip()
    return Line(line[:begins], text, line[begins + len(text) :])


def _kept(line: Line) -> Line:
    return Line(line.before + line.text + line.after, "", "")
