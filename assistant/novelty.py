"""What a suggestion states that the writer did not: names, numbers and dates of neither the draft nor the evidence.

A small model writes them as lightly as any other word, and in the writer's own voice nobody would expect them to be
made up. Marked is what is surely one of them; a single name at the head of a sentence looks like any other word there
and is left alone, for a wrong mark costs more trust than a missing one. "One" is no number here, and case and
apostrophes make no difference.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from assistant.keyword_candidates import is_stop_word
from assistant.types import Span


class FactKind(StrEnum):
    """What a new fact is."""

    NAME = "name"
    NUMBER = "number"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class NewFact:
    """A name, number or date of a suggestion, and where it stands in it; neighbours of a kind are one."""

    span: Span
    kind: FactKind


_SMALL = "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
_NUMBER_WORDS = {word: str(value) for value, word in enumerate(_SMALL.split(), start=2)} | {
    **{"eighteen": "18", "nineteen": "19", "twenty": "20", "thirty": "30", "forty": "40", "fifty": "50"},
    **{"sixty": "60", "seventy": "70", "eighty": "80", "ninety": "90", "hundred": "100", "thousand": "1000"},
    **{"million": "1000000", "dozen": "12"},
}
_DATE_WORDS = frozenset(
    """
    January February March April May June July August September October November December
    Monday Tuesday Wednesday Thursday Friday Saturday Sunday
    """.split()  # noqa: SIM905 - as in keyword_candidates
)
# Words that are months only beside a day or a year, or after a preposition.
_DOUBTFUL_MONTHS = frozenset(("March", "May", "August"))

_TOKEN = re.compile(r"\d[\d.,:/]*\d(?:st|nd|rd|th)?|\d+(?:st|nd|rd|th)?|\w+(?:['’\-]\w+)*")
_DIGITS = re.compile(r"\d")
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th)\Z", re.IGNORECASE)
_POSSESSIVE = re.compile(r"['’]s?\Z")
_UNFINISHED_WORD = re.compile(r"\w[\w'’\-]*\Z")
# Before the head of a sentence: nothing, a line's end, what ends a sentence, or what opens a quotation.
_SENTENCE_HEAD = re.compile(r"(?:\A|\n|[.!?…:]['\"”’)\]]*\s+|[\"“‘])[\s'\"“‘(\[—–-]*\Z")
_LONGEST_HEAD = 12
# They go before a name and are none; their full stop ends no sentence.
_HONORIFICS = frozenset(("Mr", "Mrs", "Ms", "Dr", "St", "Prof", "Capt", "Sir", "OK"))
_AFTER_HONORIFIC = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|St|Prof|Capt)\.\s\Z")
_BEFORE_MONTH = re.compile(
    r"(?:\d(?:st|nd|rd|th)?|\b(?:in|of|by|since|until|till|last|next|this|early|late|mid))[\s-]+\Z"
)
_AFTER_MONTH = re.compile(r"\s+\d")
# Between two facts that are one: "14 March", "Great Orrin", "St. Mary".
_JOINT = re.compile(r"\.?\s{1,2}|-")


def new_facts(suggestion: str, before: str, known: Iterable[str]) -> tuple[NewFact, ...]:
    """The new facts of a suggestion in order.

    :param before: the draft up to the suggestion.
    :param known: what else is known: the draft's title and what follows the suggestion, the evidence.
    """
    text = before + suggestion
    begun = _UNFINISHED_WORD.search(before) if suggestion[:1].isalnum() else None
    start = begun.start() if begun else len(before)
    stated = set(_statements((before[:start], *known)))
    new = (
        NewFact(Span(max(match.start(), len(before)), match.end()), kind)
        for match in _TOKEN.finditer(text, start)
        if (kind := _kind(text, match)) is not None and not _is_stated(match.group(), stated)
    )
    return tuple(
        NewFact(Span(fact.span.start - len(before), fact.span.end - len(before)), fact.kind)
        for fact in _joined(new, text)
    )


def _statements(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for match in _TOKEN.finditer(text):
            yield from _forms(match.group())


def _is_stated(token: str, stated: set[str]) -> bool:
    return all(form in stated for form in _forms(token))


def _forms(token: str) -> list[str]:
    """What has to be known for a token to be known; of a compound, such as "Mary-Ann" or "twenty-one", its parts."""
    parts = [token] if _DIGITS.search(token) else token.casefold().split("-")
    if len(parts) > 1 and all(part in _NUMBER_WORDS or part == "one" for part in parts):
        return [str(sum(int(_NUMBER_WORDS.get(part, "1")) for part in parts))]  # "twenty-one" is 21
    return [_form(part) for part in parts if part]


def _form(word: str) -> str:
    word = _POSSESSIVE.sub("", _ORDINAL.sub("", word)).casefold()
    if _DIGITS.search(word):
        return word.replace(",", "").replace(":", ".")
    return _NUMBER_WORDS.get(word, word)


def _kind(text: str, match: re.Match[str]) -> FactKind | None:
    word = _POSSESSIVE.sub("", match.group())
    if _DIGITS.search(word):
        return FactKind.NUMBER
    if word in _DATE_WORDS:
        return FactKind.DATE if word not in _DOUBTFUL_MONTHS or _is_month(text, match) else None
    if any(part in _NUMBER_WORDS for part in word.casefold().split("-")):
        return FactKind.NUMBER
    return FactKind.NAME if _is_name(text, match, word) else None


def _is_month(text: str, match: re.Match[str]) -> bool:
    before = text[max(0, match.start() - 20) : match.start()]
    return bool(_BEFORE_MONTH.search(before) or _AFTER_MONTH.match(text, match.end()))


def _is_name(text: str, match: re.Match[str], word: str) -> bool:
    is_capitalised = len(word) > 1 and word[0].isupper()
    if not is_capitalised or word in _HONORIFICS or is_stop_word(word):
        return False
    head = max(0, match.start() - _LONGEST_HEAD), match.start()
    return _AFTER_HONORIFIC.search(text, *head) is not None or _SENTENCE_HEAD.search(text, *head) is None


def _joined(facts: Iterable[NewFact], text: str) -> list[NewFact]:
    """Neighbours as one: "14 March" is a date, "Great Orrin" one name."""
    joined: list[NewFact] = []
    for fact in facts:
        last = joined[-1] if joined else None
        if (
            last is not None
            and _go_together(last.kind, fact.kind)
            and _JOINT.fullmatch(text, last.span.end, fact.span.start)
        ):
            kind = fact.kind if last.kind is fact.kind else FactKind.DATE
            joined[-1] = NewFact(Span(last.span.start, fact.span.end), kind)
        else:
            joined.append(fact)
    return joined


def _go_together(one: FactKind, other: FactKind) -> bool:
    return one is other or {one, other} == {FactKind.NUMBER, FactKind.DATE}
