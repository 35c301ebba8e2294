"""What the writer changed of a draft's evidence is kept with it, is theirs alone, and goes with it."""

from dataclasses import replace
from pathlib import Path

import pytest

from assistant.errors import NotFoundError
from assistant.library.erasure import files_holding
from assistant.library.library import Library
from assistant.types import Draft, Steering, VoiceId, WriterId
from tests.hashing_encoder import HashingEncoder
from tests.library.corpus import write_documents
from tests.library.earlier_schema import write_library

WORDS = Steering(
    added_words=("lock-keeper",), removed_words=("Gate",), summary="A 🦆 by the weir.", ranking="RecentDoc"
)


@pytest.fixture
def writer(library: Library) -> WriterId:
    return library.local_writer()


@pytest.fixture
def voice(library: Library, writer: WriterId, tmp_path: Path) -> VoiceId:
    return filled_voice(library, writer, "Letters", tmp_path / "letters")


@pytest.fixture
def draft(library: Library, writer: WriterId, voice: VoiceId) -> Draft:
    return library.create_draft(writer, voice, "Title", "text")


def filled_voice(library: Library, writer: WriterId, name: str, folder: Path, *, seed: int = 0) -> VoiceId:
    voice = library.create_voice(writer, name).id
    library.import_now(writer, voice, [write_documents(folder, 3, seed=seed)])
    return voice


def test_a_draft_starts_unsteered_and_keeps_what_was_chosen(
    library: Library, writer: WriterId, voice: VoiceId, draft: Draft, tmp_path: Path
) -> None:
    assert library.draft_steering.get(writer, draft.id) == Steering()
    first, second, third = (info.id for info in library.documents(writer, voice))
    chosen = replace(WORDS, pinned=(second,), excluded=(third,), order=(second, first))
    library.draft_steering.keep(writer, draft.id, chosen)
    assert library.draft(writer, draft.id).revision == draft.revision
    library.save_draft(writer, replace(draft, text="more text"))
    library.close()
    reopened = Library.open(tmp_path / "data", HashingEncoder())
    assert reopened.draft_steering.get(writer, draft.id) == chosen
    reopened.draft_steering.keep(writer, draft.id, Steering())
    assert reopened.draft_steering.get(writer, draft.id) == Steering()
    reopened.close()


def test_documents_of_another_voice_are_dropped_or_refused_and_those_of_another_writer_refused(
    library: Library, writer: WriterId, voice: VoiceId, draft: Draft, tmp_path: Path
) -> None:
    other_voice = filled_voice(library, writer, "Novel", tmp_path / "novel", seed=50)
    stranger = library._catalogue.writer("stranger")
    strange_voice = filled_voice(library, stranger, "Diary", tmp_path / "diary", seed=90)
    elsewhere = library.documents(writer, other_voice)[0].id
    strange = library.documents(stranger, strange_voice)[0].id
    for part in ("pinned", "excluded", "order"):
        steering = Steering(**{part: (elsewhere,)})  # type: ignore[arg-type]
        assert library.draft_steering.keep(writer, draft.id, steering) == Steering()
        assert library.draft_steering.still(writer, voice, steering) == Steering()
        with pytest.raises(NotFoundError, match="choose one of the voice's documents"):
            library.draft_steering.check(writer, voice, steering)
        steering = Steering(**{part: (strange,)})  # type: ignore[arg-type]
        for refused in (
            lambda steering=steering: library.draft_steering.keep(writer, draft.id, steering),
            lambda steering=steering: library.draft_steering.still(writer, voice, steering),
            lambda steering=steering: library.draft_steering.check(writer, voice, steering),
        ):
            with pytest.raises(NotFoundError, match=f"no document {strange} in this voice"):
                refused()
    own = Steering(pinned=(library.documents(writer, voice)[0].id,))
    library.draft_steering.check(writer, voice, own)
    assert library.draft_steering.still(writer, voice, own) == own
    with pytest.raises(NotFoundError):
        library.draft_steering.check(writer, None, own)


def test_another_writers_draft_is_not_found(library: Library, draft: Draft) -> None:
    stranger = library._catalogue.writer("stranger")
    with pytest.raises(NotFoundError):
        library.draft_steering.get(stranger, draft.id)
    with pytest.raises(NotFoundError):
        library.draft_steering.keep(stranger, draft.id, WORDS)


def test_a_deleted_document_and_another_voice_are_forgotten_the_words_stay(
    library: Library, writer: WriterId, voice: VoiceId, draft: Draft
) -> None:
    first, second, _ = (info.id for info in library.documents(writer, voice))
    library.draft_steering.keep(writer, draft.id, replace(WORDS, pinned=(first, second)))
    library.delete_document(writer, first)
    assert library.draft_steering.get(writer, draft.id) == replace(WORDS, pinned=(second,))
    library.delete_voice(writer, voice)
    assert library.draft_steering.get(writer, draft.id) == WORDS


def test_with_the_draft_its_steering_is_gone_from_every_byte(
    library: Library, writer: WriterId, draft: Draft, tmp_path: Path
) -> None:
    secret = "heron-lantern-seventeen opens the harbour safe"
    library.draft_steering.keep(writer, draft.id, Steering(summary=secret))
    assert files_holding(tmp_path / "data", secret)
    library.erase_draft(writer, draft.id)
    assert files_holding(tmp_path / "data", secret) == ()


def test_drafts_of_an_earlier_schema_are_unsteered(tmp_path: Path) -> None:
    write_library(tmp_path / "data", "0003")
    migrated = Library.open(tmp_path / "data", HashingEncoder())
    writer = migrated.local_writer()
    (info,) = migrated.drafts(writer)
    assert migrated.draft_steering.get(writer, info.id) == Steering()
    migrated.close()
