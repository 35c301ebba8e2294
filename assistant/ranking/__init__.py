"""Hits become ranked entries: which documents of the past stand behind a suggestion, and which passage of each.

Every ranking decides on documents and their order; the passage of a document is chosen by one rule for all of them
(:mod:`assistant.ranking.entries`), so that a comparison of rankings compares rankings.
"""

from assistant.ranking.best_snippet import BestSnippetRanker, best_per_document
from assistant.ranking.chosen import ClosestPassages
from assistant.ranking.document import DocumentOrder, DocumentRanker
from assistant.ranking.entries import DocumentSource, passage_around
from assistant.ranking.snippet import SnippetRanker

__all__ = [
    "BestSnippetRanker",
    "ClosestPassages",
    "DocumentOrder",
    "DocumentRanker",
    "DocumentSource",
    "SnippetRanker",
    "best_per_document",
    "passage_around",
]
