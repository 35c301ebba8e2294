"""Files become drafts, and finished drafts become documents of their voice."""

from dataclasses import replace
from datetime import date

import pytest

from assistant.errors import LibraryError, UnreadableError
from assistant.library.exporting import ExportFormat, export
from assistant.library.library import Library
from assistant.types import WriterId

TEXT = "The harbour was quiet, and so was I.\n\n---\n\nNeither of us meant it, and the ferry did not wait for us."


@pytest.fixture
def writer(library: Library) -> WriterId:
    return library.local_writer()


def test_a_file_becomes_a_draft_as_the_library_reads_it(library: Library, writer: WriterId) -> None:
    voice = library.create_voice(writer, "Letters").id
    file = export("The ferry", TEXT, ExportFormat.WORD)
    draft = library.draft_files.read(writer, voice, file.name, file.data)
    assert (draft.title, draft.voice, draft.revision) == ("The ferry", voice, 1)
    assert draft.text.endswith("Neither of us meant it, and the ferry did not wait for us.")


@pytest.mark.parametrize(("name", "data"), [("a.exe", b"x"), ("a.txt", b""), ("a.docx", b"broken"), ("noending", b"x")])
def test_a_file_that_cannot_be_read_makes_no_draft(library: Library, writer: WriterId, name: str, data: bytes) -> None:
    with pytest.raises(UnreadableError):
        library.draft_files.read(writer, None, name, data)
    assert library.drafts(writer) == ()


@pytest.mark.parametrize("title", ["The ferry", "C# / odd: “title” #", "", "---", "'quoted': {x}"])
def test_a_finished_draft_joins_its_voice_once(library: Library, writer: WriterId, title: str) -> None:
    voice = library.create_voice(writer, "Letters").id
    draft = library.create_draft(writer, voice, title, TEXT)
    joined = library.draft_files.join(writer, draft.id)
    assert (joined.is_new, joined.has_replaced) == (True, False)
    assert joined.snippets > 0
    (info,) = library.documents(writer, voice)
    document = library.document(writer, info.id)
    assert (document.title, document.text) == (title or "Untitled", TEXT)
    assert document.written_on == date.fromisoformat(draft.updated_at.date().isoformat())
    again = library.draft_files.join(writer, draft.id)
    assert (again.is_new, again.has_replaced) == (False, False)
    assert library.documents(writer, voice) == (info,)


def test_a_changed_draft_takes_the_place_of_its_earlier_state(library: Library, writer: WriterId) -> None:
    voice = library.create_voice(writer, "Letters").id
    draft = library.create_draft(writer, voice, "The ferry", TEXT)
    library.draft_files.join(writer, draft.id)
    library.save_draft(writer, replace(draft, text=TEXT + " It left at nine."))
    joined = library.draft_files.join(writer, draft.id)
    assert (joined.is_new, joined.has_replaced) == (True, True)
    (info,) = library.documents(writer, voice)
    assert library.document(writer, info.id).text.endswith("It left at nine.")
    assert library.voice(writer, voice).snippets == len(library.snippets(writer, info.id))


def test_a_draft_without_voice_or_text_cannot_join(library: Library, writer: WriterId) -> None:
    with pytest.raises(LibraryError, match="no voice"):
        library.draft_files.join(writer, library.create_draft(writer, None, "", TEXT).id)
    voice = library.create_voice(writer, "Letters").id
    with pytest.raises(LibraryError, match="no text"):
        library.draft_files.join(writer, library.create_draft(writer, voice, "Title", " \n").id)
    assert library.documents(writer, voice) == ()


def test_what_a_draft_became_is_known_as_long_as_it_is_there(library: Library, writer: WriterId) -> None:
    voice, other = (library.create_voice(writer, name).id for name in ("Letters", "Novel"))
    draft = library.create_draft(writer, voice, "The ferry", TEXT)
    files = library.draft_files
    assert files.joined_as(writer, draft.id, voice) is None
    files.join(writer, draft.id)
    (info,) = library.documents(writer, voice)
    library.save_draft(writer, replace(draft, text=TEXT + " It left at nine."))  # written on since
    assert files.joined_as(writer, draft.id, voice) == info.id
    assert files.joined_as(writer, draft.id, other) is None
    assert files.joined_as(library._catalogue.writer("stranger"), draft.id, voice) is None
    files.join(writer, draft.id)
    (later,) = library.documents(writer, voice)
    assert files.joined_as(writer, draft.id, voice) == later.id != info.id
    library.delete_document(writer, later.id)
    assert files.joined_as(writer, draft.id, voice) is None
