"""Evidence is reused while the same sentence goes on and refreshed when it changes.

Words typed into a sentence seldom change what bears on it, but with the evidence the beginning of the model's input
would change, and a small model on two cores spends most of its time reading that. With the same evidence it reads the
few words that were typed: the first word of the next suggestion comes in a fraction of the time.

Evidence is reused only if the sentence still begins as it did when the evidence was gathered, if everything before
the sentence, the voice and what the writer steered are the same, and if no document of the voice came or went.

A new sentence of which nothing is written yet is written from what was found for the last one: after a full stop
writers pause longest, and have said nothing since that evidence could bear on.
"""

from collections import OrderedDict
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, replace
from threading import Lock

from assistant.events import Event, Ranked, Summarized, Synthesized
from assistant.pipeline import FoundEvidence, Pipeline, immediate_context
from assistant.sentences import sentence_spans
from assistant.types import Evidence, Request, VoiceId

_SENTENCES = 8  # drafts, or tabs, in which a sentence may be under way at once
_LONGEST_SENTENCE = 2000


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a sentence a request stands: all that says what is found up to the sentence, and the sentence so far."""

    start: Request
    sentence: str
    revision: int
    """The state of the voice."""


@dataclass(frozen=True, slots=True)
class _Known:
    """Evidence, and the place that it was gathered for."""

    evidence: Evidence
    place: Place


class SentenceEvidence:
    """What was found for the sentences under way, in memory only.

    :param revision: a number that grows with every change to a voice's documents.
    :param characters: how much of a draft the evidence is looked for with.
    """

    def __init__(self, revision: Callable[[VoiceId], int], characters: int) -> None:
        self._revision = revision
        self._characters = characters
        self._known: OrderedDict[Request, _Known] = OrderedDict()
        self._lock = Lock()

    def write(self, pipeline: Pipeline, request: Request, *, reuse: bool) -> Generator[Event, None, None]:
        """One suggestion, see ``Pipeline.write``; what is gathered for it is kept for the rest of the sentence.

        :param reuse: whether evidence may serve that was gathered earlier in the same sentence.
        """
        place = self.place(request)
        found = self._found(request, place) if reuse else None
        evidence = Evidence()
        with closing(pipeline.write(request, found)) as events:
            for event in events:
                match event:
                    case Ranked(entries):
                        evidence = replace(evidence, entries=entries)
                    case Summarized(summary):
                        evidence = replace(evidence, summary=summary)
                    case Synthesized(keywords) if found is None:
                        self.keep(place, replace(evidence, keywords=keywords))
                yield event

    def place(self, request: Request) -> Place:
        """Where a request stands; to be asked before its evidence is gathered, so that no change goes unseen."""
        tail = request.before[-_LONGEST_SENTENCE:]
        begins = len(request.before) - len(tail) + _last_sentence(tail)
        context = immediate_context(replace(request, before=request.before[:begins]), self._characters)
        start = Request(
            request.writer, request.voice, request.title, context, steering=request.steering, joined=request.joined
        )
        revision = 0 if request.voice is None else self._revision(request.voice)
        return Place(start, request.before[begins:], revision)

    def keep(self, place: Place, evidence: Evidence) -> None:
        """Keep what was gathered at a place."""
        with self._lock:
            self._known[place.start] = _Known(evidence, place)
            self._known.move_to_end(place.start)
            while len(self._known) > _SENTENCES:
                self._known.popitem(last=False)

    def _found(self, request: Request, place: Place) -> FoundEvidence | None:
        found = self.find(place)
        if found is not None or place.sentence.strip():
            return found
        ended = request.before.rstrip()
        last = self.find(self.place(replace(request, before=ended)))
        return last and replace(last, characters_earlier=last.characters_earlier + len(request.before) - len(ended))

    def find(self, place: Place) -> FoundEvidence | None:
        """What was gathered earlier in the same sentence; None if it may no longer be what would be found now."""
        with self._lock:
            known = self._known.get(place.start)
            if known is None:
                return None
            if known.place.revision != place.revision:
                del self._known[place.start]  # the text of a deleted document is not kept for longer than it must be
                return None
        if not place.sentence.startswith(known.place.sentence):
            return None
        return FoundEvidence(known.evidence, len(place.sentence) - len(known.place.sentence))


def _last_sentence(text: str) -> int:
    """Where the sentence begins that the next word would go on with."""
    *_, last = sentence_spans(f"{text}X")  # after a full stop and a space the next sentence has begun
    return last.start
