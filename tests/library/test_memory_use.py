"""How much of a voice's wording goes into suggestions: the voice's habit, and a draft's own."""

from pathlib import Path

import pytest

from assistant.errors import SettingsError
from assistant.library.library import Library
from assistant.types import MemoryUse, WriterId
from tests.hashing_encoder import HashingEncoder
from tests.library.earlier_schema import write_library


@pytest.fixture
def writer(library: Library) -> WriterId:
    return library.local_writer()


def test_a_voice_starts_with_all_of_it_and_short_quotes(library: Library, writer: WriterId) -> None:
    voice = library.create_voice(writer, "Letters")
    assert voice.memory_use == MemoryUse(1.0, quotes_at_length=False)
    assert library.create_draft(writer, voice.id).memory_use is None
    assert MemoryUse().longest_copy == 8
    assert MemoryUse(quotes_at_length=True).longest_copy is None


def test_a_voice_and_a_draft_keep_what_was_chosen(library: Library, writer: WriterId, tmp_path: Path) -> None:
    voice = library.create_voice(writer, "Letters")
    draft = library.create_draft(writer, voice.id, "Title", "text")
    assert library.use_memory(writer, voice.id, MemoryUse(0.5)).memory_use == MemoryUse(0.5)
    chosen = library.use_memory_in_draft(writer, draft.id, MemoryUse(0.0, quotes_at_length=True))
    assert (chosen.memory_use, chosen.revision) == (MemoryUse(0.0, quotes_at_length=True), draft.revision)
    saved = library.save_draft(writer, chosen)
    assert saved.memory_use == chosen.memory_use
    library.close()
    reopened = Library.open(tmp_path / "data", HashingEncoder())
    assert reopened.voice(writer, voice.id).memory_use == MemoryUse(0.5)
    assert reopened.voices(writer)[0].memory_use == MemoryUse(0.5)
    assert reopened.draft(writer, draft.id).memory_use == chosen.memory_use
    assert reopened.use_memory_in_draft(writer, draft.id, None).memory_use is None
    reopened.close()


@pytest.mark.parametrize("strength", [-0.1, 1.5, float("nan")])
def test_a_strength_out_of_bounds_is_refused(strength: float) -> None:
    with pytest.raises(SettingsError, match="expected 0, which is off, to 1"):
        MemoryUse(strength)


def test_a_library_of_the_first_schema_gets_the_defaults(tmp_path: Path) -> None:
    write_library(tmp_path / "data", "0001")
    migrated = Library.open(tmp_path / "data", HashingEncoder())
    writer = migrated.local_writer()
    (voice,) = migrated.voices(writer)
    (draft,) = migrated.drafts(writer)
    assert voice.memory_use == MemoryUse()
    assert migrated.draft(writer, draft.id).memory_use is None
    assert migrated.draft(writer, draft.id).text == "text"
    migrated.close()
