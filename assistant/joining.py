"""Where a suggestion in the middle of a text meets what follows the cursor: it says nothing that stands there already.

A suggestion ends where it begins to repeat the text after the cursor, or a later sentence of it; within a line it opens
no new paragraph, and it leaves to what follows the punctuation and the space that stand there.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from assistant.sentences import sentence_spans

# So many words in a row, alike but for case and punctuation, are no accident.
_RUN = 3
# What follows is looked at this far: a suggestion is shorter.
_REACH = 2000
_SENTENCES = 8
_WORD = re.compile(r"\w+(?:['’\-]\w+)*")
_PUNCTUATION = ".,;:!?…"
# What may stand right behind a word.
_CLOSING = _PUNCTUATION + "\"'”’)]"
_OPENING_AT_END = re.compile(r"""\s*["'“‘(\[]*$""")

_SPACE = " \t\n"
_Starts = list[list[str]]


class Joint:
    """Lets through the text that is certain to stand; where nothing follows the cursor, all of it.

    :param before: the text before the cursor.
    :param after: the text that follows it.
    """

    def __init__(self, before: str, after: str) -> None:
        reach = after[:_REACH]
        line, lead = reach.partition("\n")[0], reach.lstrip()[:1]
        self._is_within_line = bool(line.strip())
        self._is_within_word = before[-1:].isalnum() and after[:1].isalnum()
        self._goes_on = self._is_within_line and (lead.islower() or lead in _PUNCTUATION)
        self._lead = after[:1]
        self._starts = _starts(reach)
        self._written = ""
        self._shown = 0
        self._is_open = bool(lead)
        self.is_met = False

    def through(self, pieces: Iterable[str]) -> Iterator[str]:
        """The pieces of a suggestion as they may stand, up to where it meets what follows; some are empty."""
        for piece in pieces:
            yield self.take(piece)
            if self.is_met:
                break
        if rest := self.rest():
            yield rest

    def take(self, piece: str) -> str:
        """What of the text so far is certain to stand and was not let through before."""
        self._written += piece
        return self._let_through(self._certain()) if self._is_open else piece

    def rest(self) -> str:
        """What was held back at the end of the text and may stand after all."""
        if not self._is_open:
            return ""
        end = len(self._written)
        if self.is_met:
            end = self._shown
        elif self._is_within_line and (overlap := _overlap(self._written, self._starts[:1], at_end=True)) is not None:
            end = overlap
        return self._let_through(self._fitted(self._written[:end]))

    def _certain(self) -> str:
        text = self._written
        if self._is_within_line and "\n" in text:
            text = text[: text.index("\n")]
            self.is_met = True
        if (repeated := _repetition(text, self._starts)) is not None:
            text = text[:repeated]
            self.is_met = True
        elif (overlap := _overlap(text, self._starts)) is not None:
            text = text[:overlap]
        return self._without_end(text)

    def _without_end(self, text: str) -> str:
        """The text without what it may have to leave to what follows."""
        return text.rstrip(_PUNCTUATION + _SPACE) if self._goes_on else text.rstrip()

    def _fitted(self, text: str) -> str:
        """The whole suggestion, with a space at its end if what follows needs one."""
        text = self._without_end(text)
        needs_space = text and not (self._lead.isspace() or self._lead in _CLOSING or self._is_within_word)
        return f"{text} " if needs_space else text

    def _let_through(self, text: str) -> str:
        piece, self._shown = text[self._shown :], max(self._shown, len(text))
        return piece


def _starts(text: str) -> _Starts:
    """The first words of the sentences of a text, in order."""
    spans = islice(sentence_spans(text), _SENTENCES)
    words = (_WORD.findall(text[span.start : span.end].casefold())[:_RUN] for span in spans)
    return [start for start in words if start]


def _repetition(text: str, starts: _Starts) -> int | None:
    """Where a text repeats one of the starts; None if it does not."""
    words = [word for word in _WORD.finditer(text) if word.end() < len(text)]
    for first in range(len(words) - _RUN + 1):
        if [word.group().casefold() for word in words[first : first + _RUN]] in starts:
            return _end_before(text, words[first])
    return None


def _overlap(text: str, starts: _Starts, *, at_end: bool = False) -> int | None:
    """Where the end of a text may begin to repeat one of the starts; None if it does not.

    :param at_end: whether the text is whole, so that its last word is too.
    """
    words = list(_WORD.finditer(text))
    for first in range(max(0, len(words) - _RUN), len(words)):
        run = [word.group().casefold() for word in words[first:]]
        is_open = not at_end and words[-1].end() == len(text)
        for start in starts:
            if run == start[: len(run)] or (is_open and _may_become(run, start)):
                return _end_before(text, words[first])
    return None


def _may_become(run: list[str], start: list[str]) -> bool:
    *whole, last = run
    return len(run) <= len(start) and whole == start[: len(whole)] and start[len(whole)].startswith(last)


def _end_before(text: str, word: re.Match[str]) -> int:
    """Where the text before a word ends, without the space, quote or bracket that opens the word."""
    return len(_OPENING_AT_END.sub("", text[: word.start()]))
