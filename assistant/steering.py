"""What the writer changed of the evidence, applied to what the stages chose.

Every stage's result is steered before it is reported, so that the page, the command line and the next stage see the
same. Steering is a fact about a draft, not about a query: a document that it names and that does not stand this time
is no mistake.
"""

from collections.abc import Sequence

from assistant.types import DocumentId, Keyword, RankedEntry, Steering, Summary

_FULL_WEIGHT = 1.0


def steered_entries(
    ranked: Sequence[RankedEntry], pinned: Sequence[RankedEntry], order: Sequence[DocumentId]
) -> tuple[RankedEntry, ...]:
    """Pinned entries and those ranked beside them.

    Those of documents in ``order`` come first, in that order; of the others the pinned come before the ranked.
    """
    places = {document: place for place, document in enumerate(order)}
    return tuple(sorted((*pinned, *ranked), key=lambda entry: places.get(entry.document, len(places))))


def steered_keywords(found: Sequence[Keyword], steering: Steering) -> tuple[Keyword, ...]:
    """The words that the writer added, then those found; without those removed, case aside."""
    removed = {word.casefold() for word in steering.removed_words}
    added = dict.fromkeys(word.strip() for word in steering.added_words)
    known = {word.casefold() for word in added}
    kept = [keyword for keyword in found if keyword.text.casefold() not in removed | known]
    return (*(Keyword(word, _FULL_WEIGHT) for word in added), *kept)


def edited_summary(text: str) -> Summary:
    """The writer's own summary, which comes from no snippet."""
    return Summary(edited=text.strip())
