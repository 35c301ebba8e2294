"""``POST /api/inspect``: what can be said of a suggestion once it is written, as lines of JSON.

First the marks, which take some milliseconds: words copied from a document, facts that nobody stated. Then, passage by
passage, how far each moved the suggestion, for which the model reads the draft once more per passage. All of it comes
after the suggestion is on the page; the page closes the connection as soon as the suggestion is gone.

The page sends the evidence as it was shown, by its places in the documents: between two keys other evidence may have
been found, and it is the shown one that is to be judged.
"""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from assistant.assembly import Assistant
from assistant.copies import HABIT, Copy, copied_runs
from assistant.errors import NotFoundError, OwnhandError
from assistant.influence import Influence, influences
from assistant.novelty import NewFact, new_facts
from assistant.stages import Scorer
from assistant.types import (
    LONGEST_SUMMARY,
    LONGEST_WORD,
    MOST_WORDS,
    Document,
    DocumentId,
    Evidence,
    Keyword,
    RankedEntry,
    Request,
    Snippet,
    SnippetId,
    Span,
    Summary,
    SummarySentence,
    WriterId,
)
from assistant.ui.offsets import to_units
from assistant.ui.problems import UNEXPECTED
from assistant.ui.recalls import quotation
from assistant.ui.suggest_routes import Ask, admitted
from assistant.ui.threads import in_thread
from assistant.ui.wire import Json
from assistant.ui.writers import current_writer

_log = logging.getLogger(__name__)

_LONGEST_SUGGESTION = 5000
_MOST_PLACES = 60


class Place(BaseModel):
    """A place of a document's text that the page showed as evidence."""

    document: DocumentId
    start: int = Field(ge=0)
    end: int = Field(ge=0)


class ShownSentence(BaseModel):
    """A sentence of the summary."""

    text: str = Field(max_length=LONGEST_SUMMARY)
    document: DocumentId


class Shown(BaseModel):
    """The evidence as the page shows it: ``passages`` best first; ``recalled`` are places that words leaned on."""

    passages: list[Place] = Field(default=[], max_length=_MOST_PLACES)
    sentences: list[ShownSentence] = Field(default=[], max_length=_MOST_PLACES)
    edited: str = Field(default="", max_length=LONGEST_SUMMARY)
    keywords: list[Annotated[str, Field(max_length=LONGEST_WORD)]] = Field(default=[], max_length=4 * MOST_WORDS)
    recalled: list[Place] = Field(default=[], max_length=4 * _MOST_PLACES)

    @property
    def documents(self) -> list[DocumentId]:
        """The documents, those of the passages first."""
        return list(dict.fromkeys(place.document for place in (*self.passages, *self.recalled)))


class Inspection(BaseModel):
    """The body of a request: what was asked, what came of it, and what was shown beside it."""

    ask: Ask
    text: str = Field(min_length=1, max_length=_LONGEST_SUGGESTION)
    shown: Shown


def inspect_routes(assistant: Assistant) -> APIRouter:
    """The one route of this module."""
    router = APIRouter()
    place = asyncio.Lock()

    @router.post("/api/inspect")
    async def inspect(
        inspection: Inspection, writer: Annotated[WriterId, Depends(current_writer)]
    ) -> StreamingResponse:
        request = await asyncio.to_thread(admitted, assistant, writer, inspection.ask)
        return StreamingResponse(_lines(assistant, request, inspection, place), media_type="application/x-ndjson")

    return router


async def _lines(
    assistant: Assistant, request: Request, inspection: Inspection, place: asyncio.Lock
) -> AsyncGenerator[str, None]:
    """One inspection at a time: the model has better to do than to judge what is no longer on a page."""
    async with place, aclosing(in_thread(_findings(assistant, request, inspection))) as findings:
        try:
            async for finding in findings:
                if finding is not None:
                    yield json.dumps(finding, ensure_ascii=False) + "\n"
        except OwnhandError as error:
            yield json.dumps({"event": "error", "message": str(error)}) + "\n"
        except Exception:  # noqa: BLE001 - a judgement that fails must not look like one that found nothing
            _log.exception("An inspection failed")
            yield json.dumps({"event": "error", "message": UNEXPECTED}) + "\n"


def _findings(assistant: Assistant, request: Request, inspection: Inspection) -> Generator[Json | None, None, None]:
    text, shown = inspection.text, inspection.shown
    documents = _lending(assistant, request, shown)
    yield _marks_json(assistant, request, inspection, documents)
    pipeline = assistant.pipeline
    if not isinstance(pipeline.generator, Scorer):
        return
    evidence = _evidence(shown, documents)
    for influence in influences(
        pipeline.generator,
        lambda evidence: pipeline.prompt(request, evidence),
        evidence,
        text,
        pipeline.persona(request),
    ):
        yield None if influence is None else _influence_json(influence)


def _lending(assistant: Assistant, request: Request, shown: Shown) -> Mapping[DocumentId, Document]:
    """The documents that were shown, without those that the writer left out."""
    if request.voice is None:
        return {}
    wanted = [document for document in shown.documents if document not in request.left_out]
    return assistant.library.documents_by_id(request.voice, wanted)


def _marks_json(
    assistant: Assistant, request: Request, inspection: Inspection, documents: Mapping[DocumentId, Document]
) -> Json:
    text, shown, voice = inspection.text, inspection.shown, request.voice

    def spread(phrase: str) -> int:
        return 0 if voice is None else assistant.library.documents_saying(voice, phrase, most=HABIT)

    copies = copied_runs(text, request.before, list(documents.values()), spread=spread)
    stored = _stored_text(assistant, request.writer, inspection)
    facts = new_facts(text, request.before, [stored, *_known(request, shown, documents)])
    return {
        "event": "marks",
        "copies": [
            _copy_json(copy, text, place, documents[copy.document].title)
            for copy, place in zip(copies, to_units(text, [copy.span for copy in copies]), strict=True)
        ],
        "facts": [
            _fact_json(fact, text, place)
            for fact, place in zip(facts, to_units(text, [fact.span for fact in facts]), strict=True)
        ],
    }


def _stored_text(assistant: Assistant, writer: WriterId, inspection: Inspection) -> str:
    """The whole draft as it was saved last: of a long one the page sends only what stands around the cursor.

    What is judged may have been put in and saved by now: it is no witness for itself.
    """
    if inspection.ask.draft is None:
        return ""
    try:
        return assistant.library.draft(writer, inspection.ask.draft).text.replace(inspection.text, "")
    except NotFoundError:  # deleted meanwhile
        return ""


def _known(request: Request, shown: Shown, documents: Mapping[DocumentId, Document]) -> list[str]:
    """What is stated besides the draft up to the cursor: the rest of it, and the evidence, recalled sentences too."""
    passages = [f"{entry.title}\n{entry.text}" for entry in _entries(shown, documents)]
    recalled = [
        "".join((quoted.before, quoted.word, quoted.after))
        for place in shown.recalled
        if place.document in documents
        for quoted in [quotation(documents[place.document].text, Span(place.start, place.end))]
    ]
    summary = [shown.edited, *(sentence.text for sentence in shown.sentences)]
    return [request.title, request.after, *passages, *recalled, *summary, *shown.keywords]


def _evidence(shown: Shown, documents: Mapping[DocumentId, Document]) -> Evidence:
    """The evidence as it stood in the prompt; what was deleted meanwhile is left out."""
    no_snippet = SnippetId(0)
    sentences = tuple(SummarySentence(one.text, no_snippet, one.document) for one in shown.sentences)
    keywords = tuple(Keyword(word, 1.0) for word in shown.keywords)
    return Evidence(_entries(shown, documents), Summary(sentences, shown.edited), keywords)


def _entries(shown: Shown, documents: Mapping[DocumentId, Document]) -> tuple[RankedEntry, ...]:
    return tuple(_entry(documents[place.document], place) for place in shown.passages if place.document in documents)


def _entry(document: Document, place: Place) -> RankedEntry:
    """A shown passage as an entry again; which of its snippets matched is not known any more, nor asked."""
    span = Span(place.start, place.end)
    text = document.text[span.start : span.end].strip()
    whole = Snippet(SnippetId(0), document.id, 0, span, text)
    return RankedEntry(document.id, document.title, document.written_on, text, span, whole, (whole,), 0.0)


def _copy_json(copy: Copy, text: str, place: tuple[int, int], title: str) -> Json:
    return {
        "text": text[copy.span.start : copy.span.end],
        "from": place[0],
        "to": place[1],
        "words": copy.words,
        "document": copy.document,
        "title": title,
        "start": copy.place.start,
        "end": copy.place.end,
    }


def _fact_json(fact: NewFact, text: str, place: tuple[int, int]) -> Json:
    return {"text": text[fact.span.start : fact.span.end], "from": place[0], "to": place[1], "kind": fact.kind}


def _influence_json(influence: Influence) -> Json:
    return {
        "event": "influence",
        "document": influence.document,
        "moved": influence.moved,
        "bits": round(influence.bits, 1),
    }
