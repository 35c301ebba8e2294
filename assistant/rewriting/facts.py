"""What a rewrite may not touch: the names, numbers and dates of what it says."""

from collections.abc import Iterable

from assistant.novelty import new_facts


def lost_facts(selection: str, rewrite: str) -> tuple[str, ...]:
    """The names, numbers and dates of a selection that its rewrite does not have, each once, in order."""
    return _texts(selection, [rewrite])


def added_facts(selection: str, rewrite: str) -> tuple[str, ...]:
    """Those of a rewrite that the selection did not have: the model made them up, or took them from a passage."""
    return _texts(rewrite, [selection])


def _texts(text: str, known: Iterable[str]) -> tuple[str, ...]:
    facts = new_facts(text, "", known)
    return tuple(dict.fromkeys(text[fact.span.start : fact.span.end] for fact in facts))
