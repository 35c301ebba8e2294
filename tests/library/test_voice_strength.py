"""How far suggestions go towards a voice's persona: the voice's habit, and a draft's own."""

from pathlib import Path

import pytest

from assistant.errors import NotFoundError, SettingsError
from assistant.library.library import Library
from assistant.types import DraftId, VoiceId, WriterId, voice_strength_for
from tests.hashing_encoder import HashingEncoder
from tests.library.earlier_schema import write_library


@pytest.fixture
def writer(library: Library) -> WriterId:
    return library.local_writer()


def test_a_voice_starts_with_all_of_it_and_a_draft_as_its_voice(library: Library, writer: WriterId) -> None:
    voice = library.create_voice(writer, "Letters")
    assert voice.voice_strength == 1.0
    assert library.create_draft(writer, voice.id).voice_strength is None
    assert (voice_strength_for(voice, None), voice_strength_for(voice, 0.0), voice_strength_for(None, None)) == (
        1,
        0,
        1,
    )


def test_a_voice_and_a_draft_keep_what_was_chosen(library: Library, writer: WriterId, tmp_path: Path) -> None:
    voice = library.create_voice(writer, "Letters")
    draft = library.create_draft(writer, voice.id, "Title", "text")
    assert library.set_voice_strength(writer, voice.id, 0.5).voice_strength == 0.5
    chosen = library.set_voice_strength_in_draft(writer, draft.id, 0.0)
    assert (chosen.voice_strength, chosen.revision) == (0.0, draft.revision)
    assert library.save_draft(writer, chosen).voice_strength == 0.0
    library.close()
    reopened = Library.open(tmp_path / "data", HashingEncoder())
    assert reopened.voice(writer, voice.id).voice_strength == 0.5
    assert reopened.voices(writer)[0].voice_strength == 0.5
    assert reopened.draft(writer, draft.id).voice_strength == 0.0
    assert reopened.set_voice_strength_in_draft(writer, draft.id, None).voice_strength is None
    reopened.close()


@pytest.mark.parametrize("strength", [-0.1, 1.5, float("nan")])
def test_a_strength_out_of_bounds_is_refused(library: Library, writer: WriterId, strength: float) -> None:
    voice = library.create_voice(writer, "Letters")
    draft = library.create_draft(writer, voice.id)
    with pytest.raises(SettingsError, match="expected 0, which is off, to 1"):
        library.set_voice_strength(writer, voice.id, strength)
    with pytest.raises(SettingsError, match="expected 0, which is off, to 1"):
        library.set_voice_strength_in_draft(writer, draft.id, strength)


def test_what_is_another_writers_stays_as_it_is(library: Library, writer: WriterId) -> None:
    with pytest.raises(NotFoundError):
        library.set_voice_strength(writer, VoiceId(999), 0.5)
    with pytest.raises(NotFoundError):
        library.set_voice_strength_in_draft(writer, DraftId(999), 0.5)


def test_a_library_of_the_schema_before_gets_the_defaults(tmp_path: Path) -> None:
    write_library(tmp_path / "data", "0005")
    migrated = Library.open(tmp_path / "data", HashingEncoder())
    writer = migrated.local_writer()
    assert migrated.voices(writer)[0].voice_strength == 1.0
    assert migrated.draft(writer, migrated.drafts(writer)[0].id).voice_strength is None
    migrated.close()
