from dataclasses import replace

import pytest

from assistant.errors import NotFoundError
from assistant.library.drafts import DraftConflictError
from assistant.library.library import Library
from assistant.types import WriterId


@pytest.fixture
def writer(library: Library) -> WriterId:
    return library.local_writer()


def test_a_saved_draft_is_read_back_with_the_next_revision(library: Library, writer: WriterId) -> None:
    draft = library.create_draft(writer, None)
    saved = library.save_draft(writer, replace(draft, title="Été 🦆", text="${x} {{y}}\n<script>"))
    assert (saved.revision, saved.title, saved.text) == (draft.revision + 1, "Été 🦆", "${x} {{y}}\n<script>")
    assert library.draft(writer, draft.id) == saved


def test_a_save_that_missed_another_overwrites_nothing(library: Library, writer: WriterId) -> None:
    draft = library.create_draft(writer, None, "Title", "start")
    first = library.save_draft(writer, replace(draft, text="from one window"))
    with pytest.raises(DraftConflictError) as conflict:
        library.save_draft(writer, replace(draft, text="from another window"))
    assert conflict.value.found == first == library.draft(writer, draft.id)


def test_drafts_are_listed_last_edited_first(library: Library, writer: WriterId) -> None:
    first = library.create_draft(writer, None, "First", "x" * 1000)
    second = library.create_draft(writer, None, "Second")
    assert [info.id for info in library.drafts(writer)] == [second.id, first.id]
    library.save_draft(writer, replace(first, text="opening " * 100))
    assert [info.id for info in library.drafts(writer)] == [first.id, second.id]
    assert library.drafts(writer)[0].opening == ("opening " * 100)[:120]


def test_times_are_aware_of_their_zone(library: Library, writer: WriterId) -> None:
    draft = library.create_draft(writer, None)
    assert draft.updated_at.utcoffset() is not None
    assert library.drafts(writer)[0].updated_at == draft.updated_at


def test_a_draft_outlives_its_voice(library: Library, writer: WriterId) -> None:
    voice = library.create_voice(writer, "Letters").id
    draft = library.create_draft(writer, voice, "Title", "text")
    library.delete_voice(writer, voice)
    assert library.draft(writer, draft.id).voice is None
    saved = library.save_draft(writer, replace(draft, text="typed while the voice was deleted elsewhere"))
    assert (saved.voice, saved.text) == (None, "typed while the voice was deleted elsewhere")


def test_a_draft_of_200_000_characters_is_kept_whole(library: Library, writer: WriterId) -> None:
    text = "word🦆 " * 33_334
    assert library.create_draft(writer, None, "Long", text).text == text


def test_half_an_emoji_from_a_browser_does_no_harm(library: Library, writer: WriterId) -> None:
    assert library.create_draft(writer, None, "a\ud83e", "\ud83e\udd86 b").text == "🦆 b"


def test_a_deleted_draft_is_gone(library: Library, writer: WriterId) -> None:
    draft = library.create_draft(writer, None, "Title", "text")
    library.erase_draft(writer, draft.id)
    assert library.drafts(writer) == ()
    with pytest.raises(NotFoundError):
        library.draft(writer, draft.id)
    with pytest.raises(NotFoundError):
        library.save_draft(writer, draft)
