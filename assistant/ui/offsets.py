"""Places in a text: Python counts characters, JavaScript UTF-16 units; here the one becomes the other."""

from collections.abc import Iterable, Sequence

from assistant.types import OriginSpan, Span


def to_units(text: str, spans: Sequence[Span | OriginSpan]) -> tuple[tuple[int, int], ...]:
    """Character spans of a text as (start, end) in UTF-16 units; the spans are in order, without overlaps."""
    places = [place for span in spans for place in (span.start, span.end)]
    if text.isascii():
        return _pairs(places)
    units: list[int] = []
    at = count = 0
    for place in places:
        count += _units(text[at:place])
        at = place
        units.append(count)
    return _pairs(units)


def to_characters(text: str, spans: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """The way back. Places inside a pair of units, out of order or behind the end move to the nearest right one."""
    encoded = text.encode("utf-16-le", "surrogatepass")
    characters: list[int] = []
    at = count = 0
    for place in (place for span in spans for place in span):
        if text.isascii():
            characters.append(min(max(place, at), len(text)))
            at = characters[-1]
            continue
        stretch = encoded[2 * at : 2 * max(place, at)].decode("utf-16-le", "ignore")
        at += _units(stretch)
        count += len(stretch)
        characters.append(count)
    return _pairs(characters)


def _units(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)


def _pairs(places: Sequence[int]) -> tuple[tuple[int, int], ...]:
    return tuple(zip(places[::2], places[1::2], strict=True))
