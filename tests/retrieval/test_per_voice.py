"""What is kept of a voice: built once per revision, let go when the voice is deleted."""

import gc
import weakref

import pytest

from assistant.errors import NotFoundError
from assistant.retrieval.per_voice import PerVoice
from assistant.types import VoiceId

OWN, OTHER = VoiceId(1), VoiceId(2)


class Revisions:
    def __init__(self) -> None:
        self.now = {OWN: 0, OTHER: 0}

    def voice_revision(self, voice: VoiceId) -> int:
        if voice not in self.now:
            raise NotFoundError(f"there is no voice {voice}: choose one from the list")
        return self.now[voice]


class Index:
    """Something large."""


@pytest.fixture
def revisions() -> Revisions:
    return Revisions()


def test_it_is_built_once_until_the_voice_changes(revisions: Revisions) -> None:
    kept = PerVoice(revisions, lambda voice, _: Index())
    first = kept.of(OWN)
    assert kept.of(OWN) is first
    assert kept.of(OTHER) is not first
    revisions.now[OWN] += 1
    assert kept.of(OWN) is not first


def test_what_is_built_anew_may_take_over_from_before(revisions: Revisions) -> None:
    seen: list[tuple[VoiceId, Index | None]] = []

    def build(voice: VoiceId, before: Index | None) -> Index:
        seen.append((voice, before))
        return Index()

    kept = PerVoice(revisions, build)
    first, other = kept.of(OWN), kept.of(OTHER)
    revisions.now[OWN] += 1
    kept.of(OWN)
    assert seen == [(OWN, None), (OTHER, None), (OWN, first)]
    assert other is not first


def test_nothing_is_kept_of_a_deleted_voice_that_is_asked_for(revisions: Revisions) -> None:
    kept = PerVoice(revisions, lambda voice, _: Index())
    gone = weakref.ref(kept.of(OWN))
    del revisions.now[OWN]
    with pytest.raises(NotFoundError):
        kept.of(OWN)
    gc.collect()
    assert gone() is None


def test_nothing_is_kept_of_a_deleted_voice_once_another_is_read(revisions: Revisions) -> None:
    kept = PerVoice(revisions, lambda voice, _: Index())
    gone, other = weakref.ref(kept.of(OWN)), weakref.ref(kept.of(OTHER))
    del revisions.now[OWN]
    revisions.now[OTHER] += 1
    current = kept.of(OTHER)
    gc.collect()
    assert gone() is None
    assert other() is None
    assert kept.of(OTHER) is current
