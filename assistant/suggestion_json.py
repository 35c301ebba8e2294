"""A suggestion as one JSON object: what ``write --json`` prints and the endpoint ``/suggest`` answers."""

from assistant.types import RankedEntry, Suggestion

Json = dict[str, object]


def suggestion_json(suggestion: Suggestion) -> Json:
    """The suggestion with its evidence; ``snippet`` is the passage that stands as evidence."""
    evidence = suggestion.evidence
    return {
        "entries": [_entry(entry) for entry in evidence.entries],
        "summary": {
            "text": evidence.summary.text,
            "snippets": [sentence.snippet for sentence in evidence.summary.sentences],
        },
        "keywords": [{"text": keyword.text, "weight": keyword.weight} for keyword in evidence.keywords],
        "suggestion": suggestion.text,
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
