"""What the Write page is told, as JSON: the events of a suggestion, drafts."""

from collections.abc import Mapping
from typing import assert_never

from assistant.bands import band, bearing
from assistant.events import Event, Finished, Ranked, Retrieved, Summarized, Synthesized, TextDelta
from assistant.types import Document, DocumentId, Draft, DraftInfo, MemoryUse, RankedEntry, SummarySentence
from assistant.ui.marks import marked_runs
from assistant.ui.offsets import to_units
from assistant.ui.recalls import recalls_json
from assistant.voice_scores import VoiceScore

Json = dict[str, object]


def event_json(event: Event, context: str, recalled: Mapping[DocumentId, Document]) -> Json:
    """One line of the stream.

    :param context: what the draft says at the cursor.
    :param recalled: the documents that words of a finished suggestion leaned on.
    """
    match event:
        case Retrieved(hits, milliseconds):
            return {"event": "retrieved", "snippets": len(hits), "milliseconds": milliseconds}
        case Ranked(entries, milliseconds):
            shown = [entry_json(entry, context) for entry in entries]
            told = band(entries, context)
            return {
                "event": "ranked",
                "entries": shown,
                "band": {"level": told.level, "reason": told.reason},
                "milliseconds": milliseconds,
            }
        case Summarized(summary, milliseconds):
            sentences = [_sentence_json(sentence) for sentence in summary.sentences]
            return {
                "event": "summarized",
                "sentences": sentences,
                "edited": summary.edited,
                "milliseconds": milliseconds,
            }
        case Synthesized(keywords, milliseconds):
            weighed = [{"text": keyword.text, "weight": keyword.weight} for keyword in keywords]
            return {"event": "synthesized", "keywords": weighed, "milliseconds": milliseconds}
        case TextDelta(text, confidence):
            return {"event": "text", "text": text, "confidence": confidence}
        case Finished(suggestion):
            return {
                "event": "finished",
                "finish": suggestion.finish,
                "recalls": recalls_json(suggestion, recalled),
                "timings_ms": suggestion.timings_ms,
                "signature": suggestion.signature,
            }
        case _:
            assert_never(event)


def entry_json(entry: RankedEntry, context: str) -> Json:
    """A ranked entry with the words marked that the draft shares, and what those make it evidence of.

    Its best snippet, which the passage is quoted around, begins with the run number ``best``.
    """
    bears = bearing(entry.best.text, context)
    lead_in = max(0, entry.text.find(entry.best.text.strip()))
    before, after = marked_runs(entry.text[:lead_in], context), marked_runs(entry.text[lead_in:], context)
    return {
        "document": entry.document,
        "title": entry.title,
        "date": entry.written_on.isoformat() if entry.written_on else None,
        "score": entry.score,
        "kind": bears.kind,
        "reason": bears.reason,
        "start": entry.span.start,
        "end": entry.span.end,
        "best": len(before) if lead_in else 0,
        "runs": [{"text": run.text, "marked": run.is_marked} for run in (*before, *after) if run.text],
    }


def _sentence_json(sentence: SummarySentence) -> Json:
    return {"text": sentence.text, "document": sentence.document}


def draft_json(draft: Draft) -> Json:
    """A whole draft."""
    return {
        "id": draft.id,
        "voice": draft.voice,
        "title": draft.title,
        "text": draft.text,
        "origins": [
            {"start": start, "end": end, "origin": span.origin}
            for (start, end), span in zip(to_units(draft.text, draft.origins), draft.origins, strict=True)
        ],
        "memory_use": draft.memory_use and memory_use_json(draft.memory_use),
        "voice_strength": draft.voice_strength,
        "revision": draft.revision,
        "updated_at": draft.updated_at.isoformat(),
    }


def voice_score_json(score: VoiceScore) -> Json:
    """How typical of the writer a text is."""
    return {"percentile": score.percentile, "reason": score.reason}


def memory_use_json(use: MemoryUse) -> Json:
    """How much of a voice's wording goes into suggestions."""
    return {"strength": use.strength, "quotes_at_length": use.quotes_at_length}


def draft_line_json(info: DraftInfo) -> Json:
    """A line of the draft list."""
    return {"id": info.id, "title": info.title, "opening": info.opening, "updated_at": info.updated_at.isoformat()}
