"""A voice as a picture: its documents and their mean in two dimensions, beside those of the demo writers.

The axes are those of the demo corpora's own texts, which never change, so a picture does not turn or shift when
documents come and go, and no text of a writer has a part in another's picture. What is drawn of a voice are the vectors
that the library has anyway: it has a picture as soon as it has documents, whatever the model in use. The demo writers
stand beside it whether or not their work is in the library.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Protocol

import numpy as np

from assistant.embedding import Encoder
from assistant.library.demo_vectors import DemoDocument, DemoVectors
from assistant.library.demos import DemoCorpus, demo_corpora
from assistant.persona.documents import SnippetVectors, document_vectors, text_vector
from assistant.persona.picture import OPENING_CHARACTERS, Axes, fit_axes, spread_choice
from assistant.retrieval.per_voice import PerVoice, Revisions
from assistant.types import Document, DocumentId, Voice, VoiceId, WriterId

MOST_DRAWN = 400
"""Documents of one voice in a picture; of more, so many stand for all."""


class PicturedLibrary(Revisions, SnippetVectors, Protocol):
    """What a library tells of a writer's voices."""

    def voices(self, writer: WriterId) -> tuple[Voice, ...]:
        """A writer's voices."""
        ...

    def voice(self, writer: WriterId, voice: VoiceId) -> Voice:
        """One of them.

        :raises NotFoundError: if the writer has no such voice.
        """
        ...

    def content_hashes(self, voice: VoiceId) -> dict[DocumentId, str]:
        """The SHA-256 of every text of a voice."""
        ...

    def documents_by_id(self, voice: VoiceId, ids: Sequence[DocumentId]) -> Mapping[DocumentId, Document]:
        """Those of the documents that the voice has."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a picture."""

    right: float
    up: float


@dataclass(frozen=True, slots=True)
class PicturedDocument:
    """A point of a picture, and what it stands for."""

    document: DocumentId | None
    """None, as ``voice``: a demo writer's piece that the writer's library does not have."""
    voice: VoiceId | None
    title: str
    place: Place


@dataclass(frozen=True, slots=True)
class Cloud:
    """Documents of one hand: at most ``MOST_DRAWN`` of them, and the mean of all, which is the hand as a whole."""

    name: str
    documents: tuple[PicturedDocument, ...]
    total: int
    middle: Place | None
    """None: there are no documents."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A voice beside the demo writers, but for what of theirs is in the voice itself."""

    voice: Cloud
    demos: tuple[Cloud, ...] | None
    """None: they are still being read; a later picture has them."""
    reach: float
    """How far a picture goes at least, to every side."""


@dataclass(frozen=True, slots=True)
class _Placed:
    """Where the documents of a voice stand, and the SHA-256 of their texts."""

    places: dict[DocumentId, Place]
    contents: dict[DocumentId, str]


class VoicePictures:
    """Pictures of voices; every document is placed once.

    :param corpora: the demo writers.
    :param file: where the vectors of their work are kept.
    """

    def __init__(
        self,
        library: PicturedLibrary,
        encoder: Encoder,
        corpora: Sequence[DemoCorpus] | None = None,
        *,
        file: Path | None = None,
    ) -> None:
        self._library = library
        self._encoder = encoder
        self._demos = DemoVectors(encoder, demo_corpora() if corpora is None else tuple(corpora), file)
        self._placed = PerVoice[_Placed](library, self._renewed)

    def picture(self, writer: WriterId, voice: VoiceId) -> Picture:
        """The picture of a writer's voice; all that is in it is the writer's own.

        :raises NotFoundError: if the writer has no such voice.
        """
        shown = self._library.voice(writer, voice)
        placed = self._placed.of(voice)
        cloud = self._cloud(shown.name, voice, placed)
        return Picture(cloud, self._demo_clouds(writer, voice, placed), self._axes.reach)

    @cached_property
    def _axes(self) -> Axes:
        """Of the demo corpora's beginnings: fitted once, within a second."""
        return fit_axes(self._encoder.encode([each.text[:OPENING_CHARACTERS] for each in self._demos.documents]))

    @cached_property
    def _demo_places(self) -> tuple[tuple[DemoDocument, Place], ...]:
        """Where the demo writers' work stands; to be asked for once it has been read."""
        vectors = np.stack([text_vector(snippets) for snippets in self._demos.snippets() or ()])
        places = self._axes.places(vectors).tolist()
        return tuple((each, _rounded(*place)) for each, place in zip(self._demos.documents, places, strict=True))

    def _demo_clouds(self, writer: WriterId, voice: VoiceId, placed: _Placed) -> tuple[Cloud, ...] | None:
        if self._demos.snippets() is None:
            return None
        own = set(placed.contents.values())
        held = self._held(writer, voice)
        clouds = []
        for name, group in groupby(self._demo_places, key=lambda pair: pair[0].writer):
            points = [_demo_point(each, place, held) for each, place in group if each.content not in own]
            clouds.append(Cloud(name, tuple(points), len(points), _mean([point.place for point in points])))
        return tuple(cloud for cloud in clouds if cloud.total)

    def _held(self, writer: WriterId, voice: VoiceId) -> dict[str, tuple[VoiceId, DocumentId]]:
        """What the writer's other voices have, by the SHA-256 of its text; of each text one document."""
        others = [other.id for other in self._library.voices(writer) if other.id != voice]
        found: dict[str, tuple[VoiceId, DocumentId]] = {}
        for other in others:
            for document, content in self._library.content_hashes(other).items():
                found.setdefault(content, (other, document))
        return found

    def _cloud(self, name: str, voice: VoiceId, placed: _Placed) -> Cloud:
        members = list(placed.places)
        drawn = [members[position] for position in spread_choice([placed.contents[one] for one in members], MOST_DRAWN)]
        titles = self._titles(voice, drawn)
        documents = tuple(
            PicturedDocument(document, voice, titles[document], placed.places[document])
            for document in drawn
            if document in titles
        )
        return Cloud(name, documents, len(members), _mean(list(placed.places.values())))

    def _titles(self, voice: VoiceId, documents: Sequence[DocumentId]) -> dict[DocumentId, str]:
        """Titles of those that are still there."""
        found = self._library.documents_by_id(voice, documents)
        return {document: each.title for document, each in found.items()}

    def _renewed(self, voice: VoiceId, old: _Placed | None) -> _Placed:
        """The places as they are now: new documents are placed, deleted ones forgotten."""
        contents = self._library.content_hashes(voice)
        known = old or _Placed({}, {})
        placed = {each: place for each, place in known.places.items() if contents.get(each) == known.contents[each]}
        found, vectors = document_vectors(self._library, voice, [each for each in contents if each not in placed])
        if found:
            places = self._axes.places(np.stack(vectors))
            placed |= {each: _rounded(*place) for each, place in zip(found, places.tolist(), strict=True)}
        return _Placed(placed, contents)


def _demo_point(
    document: DemoDocument, place: Place, held: Mapping[str, tuple[VoiceId, DocumentId]]
) -> PicturedDocument:
    voice, found = held.get(document.content, (None, None))
    return PicturedDocument(found, voice, document.title, place)


def _rounded(right: float, up: float) -> Place:
    """Finer than a screen shows, coarser than the arithmetic, so that a document stands where it stood before."""
    return Place(round(right, 4), round(up, 4))


def _mean(places: Sequence[Place]) -> Place | None:
    if not places:
        return None
    count = len(places)
    return Place(sum(place.right for place in places) / count, sum(place.up for place in places) / count)
