"""What of an input is searched for: its content without the task's words."""

import re
from collections.abc import Callable

# The two references of LaMP-1: each stands in quotation marks after its number, and may hold some itself.
_REFERENCES = re.compile(r'\[1\]: "(?P<first>.*)" \[2\]: "(?P<second>.*)"\s*$', re.DOTALL)

QueryOf = Callable[[str], str | None]
"""From an input to the query; None where the input is not what the task's inputs are."""


def after(marker: str) -> QueryOf:
    """What follows the first ``marker``, which is the task's own: the content comes after it."""

    def query(text: str) -> str | None:
        _, found, content = text.partition(marker)
        return content.strip() if found else None

    return query


def references(text: str) -> str | None:
    """The two references between which LaMP-1 asks to choose.

    The reference code takes the second and third pair of quotation marks, which is the same unless a title holds some.
    """
    found = _REFERENCES.search(text)
    return f"{found['first']} {found['second']}" if found else None


def whole(text: str) -> str | None:
    """All of it."""
    return text
