"""A suggestion as one JSON object: what ``write --json`` prints and the endpoint ``/suggest`` answers."""

from collections.abc import Mapping

from assistant.types import Document, DocumentId, RankedEntry, Recall, Suggestion, Support

Json = dict[str, object]


def suggestion_json(suggestion: Suggestion, documents: Mapping[DocumentId, Document]) -> Json:
    """The suggestion with its evidence; ``snippet`` is the passage that stands as evidence.

    :param documents: those its words leaned on; places in others are left out.
    """
    evidence = suggestion.evidence
    return {
        "entries": [_entry(entry) for entry in evidence.entries],
        "summary": {
            "text": evidence.summary.text,
            "snippets": [sentence.snippet for sentence in evidence.summary.sentences],
        },
        "keywords": [{"text": keyword.text, "weight": keyword.weight} for keyword in evidence.keywords],
        "suggestion": suggestion.text,
        "recalls": [_recall(suggestion.text, recall, documents) for recall in suggestion.recalls],
        "finish": suggestion.finish,
        "timings_ms": suggestion.timings_ms,
        "signature": suggestion.signature,
    }


def _entry(entry: RankedEntry) -> Json:
    return {
        "document": entry.document,
        "title": entry.title,
        "date": entry.written_on.isoformat() if entry.written_on else None,
        "snippet": entry.text,
        "score": entry.score,
    }


def _recall(text: str, recall: Recall, documents: Mapping[DocumentId, Document]) -> Json:
    return {
        "text": text[recall.span.start : recall.span.end],
        "start": recall.span.start,
        "end": recall.span.end,
        "share": recall.share,
        "supports": [
            support_json(support, documents[support.document])
            for support in recall.supports
            if support.document in documents
        ],
    }


def support_json(support: Support, document: Document) -> Json:
    """An earlier place that a word leaned on; ``share`` is what it gave of the word's probability."""
    return {
        "document": support.document,
        "title": document.title,
        "date": document.written_on.isoformat() if document.written_on else None,
        "start": support.span.start,
        "end": support.span.end,
        "share": support.weight,
    }
