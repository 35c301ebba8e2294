from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import LibraryError, NotFoundError
from assistant.library.library import Library
from assistant.types import DocumentId, MemoryUse, SnippetId, Voice, VoiceId, WriterId
from tests.hashing_encoder import HashingEncoder
from tests.library.corpus import write_documents


@pytest.fixture
def writer(library: Library) -> WriterId:
    return library.local_writer()


@pytest.fixture
def voice(library: Library, writer: WriterId, tmp_path: Path) -> Voice:
    """A voice of five documents."""
    made = library.create_voice(writer, "Letters")
    library.import_now(writer, made.id, [write_documents(tmp_path / "in", 5)])
    return library.voice(writer, made.id)


# Voices


def test_the_local_writer_is_created_once(library: Library) -> None:
    assert library.local_writer() == library.local_writer()


def test_asking_for_the_local_writer_waits_for_no_import(library: Library, writer: WriterId) -> None:
    with ThreadPoolExecutor(max_workers=1) as pool, library._parts.database.writing():
        assert pool.submit(library.local_writer).result(timeout=60) == writer


def test_voices_are_listed_by_name_with_what_they_hold(library: Library, writer: WriterId, voice: Voice) -> None:
    library.create_voice(writer, "an empty one")
    assert [(found.name, found.documents) for found in library.voices(writer)] == [("an empty one", 0), ("Letters", 5)]
    assert library.voices(writer)[1].snippets == len(library.voice_snippets(voice.id)) == voice.snippets


@pytest.mark.parametrize("name", ["", "  \n", "x" * 81, "LETTERS", " Letters\t"])
def test_a_voice_needs_a_free_short_name(library: Library, writer: WriterId, voice: Voice, name: str) -> None:
    with pytest.raises(LibraryError):
        library.create_voice(writer, name)
    other = library.create_voice(writer, "Other")
    with pytest.raises(LibraryError):
        library.rename_voice(writer, other.id, name)


def test_names_are_tidied_and_kept_as_written(library: Library, writer: WriterId) -> None:
    odd = "  <b>Été</b> ${x} {{y}} 🦆 '; DROP TABLE voices; --\n"
    assert library.create_voice(writer, odd).name == odd.strip()


def test_a_voice_is_renamed_even_in_case_alone(library: Library, writer: WriterId, voice: Voice) -> None:
    renamed = library.rename_voice(writer, voice.id, "LETTERS")
    assert (renamed.name, renamed.id, renamed.documents) == ("LETTERS", voice.id, 5)


def test_a_deleted_voice_is_gone_with_its_documents(library: Library, writer: WriterId, voice: Voice) -> None:
    document = library.documents(writer, voice.id)[0]
    library.delete_voice(writer, voice.id)
    assert library.voices(writer) == ()
    for access in (
        lambda: library.voice(writer, voice.id),
        lambda: library.documents(writer, voice.id),
        lambda: library.document(writer, document.id),
        lambda: library.voice_revision(voice.id),
        lambda: library.imports(writer, voice.id),
    ):
        with pytest.raises(NotFoundError):
            access()
    assert library.nearest(voice.id, HashingEncoder().encode(["harbour"])[0], 5) == ()


def test_ids_are_never_used_again(library: Library, writer: WriterId, voice: Voice) -> None:
    library.delete_voice(writer, voice.id)
    assert library.create_voice(writer, "Letters").id != voice.id


# Documents


def test_documents_are_listed_newest_first_and_undated_last(library: Library, writer: WriterId, tmp_path: Path) -> None:
    voice = library.create_voice(writer, "Letters").id
    for name in ("undated.txt", "2001-01-01 old.txt", "2021-01-01 new.txt"):
        (tmp_path / name).write_text(f"This is {name}.")
        library.import_now(writer, voice, [tmp_path / name])
    titles = [info.title for info in library.documents(writer, voice)]
    assert titles == ["2021-01-01 new", "2001-01-01 old", "undated"]
    assert [info.title for info in library.documents(writer, voice, limit=1, offset=1)] == titles[1:2]


def test_a_document_has_its_title_date_text_and_origin(library: Library, writer: WriterId, voice: Voice) -> None:
    info = library.documents(writer, voice.id)[0]
    document = library.document(writer, info.id)
    assert (document.title, document.written_on, document.origin) == ("Letter 4", date(2020, 1, 5), "in/004.md")
    assert (info.characters, info.snippets) == (len(document.text), len(library.snippets(writer, info.id)))


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("STRASSE", ["Ärger"]),
        ("ärger", ["Ärger"]),
        ("100%", ["Ärger"]),
        ("pears_and", ["Other"]),
        ("%", ["Ärger"]),
        ("'", []),
        ("\ud83e", []),
        ("", ["Ärger", "Other"]),
    ],
)
def test_documents_are_searched_without_regard_to_case(
    library: Library, writer: WriterId, tmp_path: Path, search: str, found: list[str]
) -> None:
    voice = library.create_voice(writer, "Letters").id
    (tmp_path / "a.md").write_text("---\ntitle: Ärger\n---\nIn der Straße, zu 100%.", encoding="utf-8")
    (tmp_path / "b.md").write_text("---\ntitle: Other\n---\npears_and plums", encoding="utf-8")
    library.import_now(writer, voice, [tmp_path / "a.md", tmp_path / "b.md"])
    assert sorted(info.title for info in library.documents(writer, voice, search=search)) == sorted(found)


def test_snippets_stand_at_their_place_in_the_document(library: Library, writer: WriterId, voice: Voice) -> None:
    for info in library.documents(writer, voice.id):
        text = library.document(writer, info.id).text
        snippets = library.snippets(writer, info.id)
        assert [snippet.position for snippet in snippets] == list(range(len(snippets)))
        assert all(snippet.text == text[snippet.span.start : snippet.span.end] for snippet in snippets)
        assert library.document_snippets(voice.id, info.id) == snippets


def test_a_deleted_document_is_no_longer_found(library: Library, writer: WriterId, voice: Voice) -> None:
    gone, *kept = library.documents(writer, voice.id)
    revision = library.voice_revision(voice.id)
    snippets = {snippet.id for snippet in library.snippets(writer, gone.id)}
    query = library.snippet_vectors(voice.id, sorted(snippets))[0]
    assert library.nearest(voice.id, query, 1)[0][0] in snippets
    library.delete_document(writer, gone.id)
    assert library.voice_revision(voice.id) > revision
    assert [info.id for info in library.documents(writer, voice.id)] == [info.id for info in kept]
    found = {snippet for snippet, _ in library.nearest(voice.id, query, 1000)}
    assert found == {snippet.id for snippet in library.voice_snippets(voice.id)}
    assert not found & snippets
    with pytest.raises(NotFoundError):
        library.document(writer, gone.id)


def test_deleting_one_unknown_document_deletes_none(library: Library, writer: WriterId, voice: Voice) -> None:
    ids = [info.id for info in library.documents(writer, voice.id)]
    with pytest.raises(NotFoundError):
        library.delete_documents(writer, [ids[0], DocumentId(999)])
    assert [info.id for info in library.documents(writer, voice.id)] == ids


# Retrieval


def test_nearest_agrees_with_an_exact_search(library: Library, voice: Voice, encoder: HashingEncoder) -> None:
    snippets = library.voice_snippets(voice.id)
    vectors = library.snippet_vectors(voice.id, [snippet.id for snippet in snippets])
    for query in encoder.encode(["the harbour opens at six", "pears", "number 17 in the fog"]):
        exact = vectors @ query
        hits = library.nearest(voice.id, query, 5)
        assert [score for _, score in hits] == pytest.approx(np.sort(exact)[::-1][:5].tolist(), abs=1e-3)


def test_vectors_are_those_of_the_texts(library: Library, voice: Voice, encoder: HashingEncoder) -> None:
    snippets = library.voice_snippets(voice.id)[::-1]
    vectors = library.snippet_vectors(voice.id, [snippet.id for snippet in snippets])
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, encoder.encode([snippet.text for snippet in snippets]), atol=5e-4)


def test_snippets_and_documents_are_fetched_by_id(library: Library, voice: Voice) -> None:
    snippets = library.voice_snippets(voice.id)
    wanted = [snippet.id for snippet in reversed(snippets)]
    assert library.snippets_by_id(voice.id, wanted) == snippets[::-1]
    assert library.snippets_by_id(voice.id, []) == ()
    assert library.snippet_vectors(voice.id, []).shape == (0, 384)
    documents = {snippet.document for snippet in snippets}
    assert library.documents_by_id(voice.id, [*documents, DocumentId(999)]).keys() == documents
    with pytest.raises(NotFoundError):
        library.snippets_by_id(voice.id, [SnippetId(999)])


def test_an_empty_voice_finds_nothing(library: Library, writer: WriterId, encoder: HashingEncoder) -> None:
    voice = library.create_voice(writer, "Empty").id
    assert library.nearest(voice, encoder.encode(["anything"])[0], 10) == ()
    assert library.voice_snippets(voice) == ()
    assert library.word_vectors(voice, ["harbour"]) == {}


def test_words_are_embedded_at_import_and_go_with_their_last_document(
    library: Library, writer: WriterId, tmp_path: Path, encoder: HashingEncoder
) -> None:
    voice = library.create_voice(writer, "Letters").id
    (tmp_path / "a.txt").write_text("Sluices and pears.")
    (tmp_path / "b.txt").write_text("Pears and lanterns.")
    library.import_now(writer, voice, [tmp_path / "a.txt", tmp_path / "b.txt"])
    vectors = library.word_vectors(voice, ["sluices", "pears", "lanterns", "absent"])
    assert vectors.keys() == {"sluices", "pears", "lanterns"}
    np.testing.assert_allclose(vectors["pears"], encoder.encode(["pears"])[0], atol=5e-4)
    (first,) = [info.id for info in library.documents(writer, voice) if info.title == "a"]
    library.delete_document(writer, first)
    assert library.word_vectors(voice, ["sluices", "pears", "lanterns"]).keys() == {"pears", "lanterns"}


def test_a_rebuilt_index_finds_the_same(library: Library, voice: Voice, encoder: HashingEncoder) -> None:
    queries = encoder.encode(["the harbour opens at six", "pears"])
    before = [library.nearest(voice.id, query, 50) for query in queries]
    library.rebuild_index()
    assert [library.nearest(voice.id, query, 50) for query in queries] == before


# Writers and voices apart


@pytest.fixture
def stranger(library: Library) -> WriterId:
    """A second writer, as accounts will create them."""
    return library._parts.catalogue.writer("stranger")


def test_a_writer_sees_and_changes_nothing_of_another(
    library: Library, writer: WriterId, voice: Voice, stranger: WriterId, tmp_path: Path
) -> None:
    document = library.documents(writer, voice.id)[0].id
    draft = library.create_draft(writer, voice.id, "Mine", "My text")
    job = library.imports(writer, voice.id)[0].id
    own = library.create_voice(stranger, "Letters")
    assert library.voices(stranger) == (own,)
    assert library.drafts(stranger) == ()
    for access in (
        lambda: library.voice(stranger, voice.id),
        lambda: library.rename_voice(stranger, voice.id, "Stolen"),
        lambda: library.delete_voice(stranger, voice.id),
        lambda: library.use_memory(stranger, voice.id, MemoryUse(0.0)),
        lambda: library.use_memory_in_draft(stranger, draft.id, MemoryUse(0.0)),
        lambda: library.documents(stranger, voice.id),
        lambda: library.document(stranger, document),
        lambda: library.snippets(stranger, document),
        lambda: library.delete_document(stranger, document),
        lambda: library.draft(stranger, draft.id),
        lambda: library.save_draft(stranger, draft),
        lambda: library.erase_draft(stranger, draft.id),
        lambda: library.create_draft(stranger, voice.id, "Into theirs"),
        lambda: library.start_import(stranger, voice.id, [tmp_path]),
        lambda: library.import_now(stranger, voice.id, [tmp_path]),
        lambda: library.import_report(stranger, job),
        lambda: library.cancel_import(stranger, job),
        lambda: library.imports(stranger, voice.id),
    ):
        with pytest.raises(NotFoundError):
            access()
    assert library.draft(writer, draft.id) == draft
    assert library.voice(writer, voice.id) == voice


def test_retrieval_never_crosses_voices(
    library: Library, writer: WriterId, voice: Voice, tmp_path: Path, encoder: HashingEncoder
) -> None:
    other = library.create_voice(writer, "Other").id
    library.import_now(writer, other, [write_documents(tmp_path / "other", 3, seed=100)])
    own = {snippet.id for snippet in library.voice_snippets(other)}
    for query in encoder.encode(["the harbour opens at six", "pears", "number 1"]):
        assert {snippet for snippet, _ in library.nearest(other, query, 1000)} == own
    theirs = library.voice_snippets(voice.id)[0]
    assert library.documents_by_id(other, [theirs.document]) == {}
    assert library.document_snippets(other, theirs.document) == ()
    for access in (library.snippets_by_id, library.snippet_vectors):
        with pytest.raises(NotFoundError):
            access(other, [theirs.id])


def test_the_same_text_may_live_in_two_voices(library: Library, writer: WriterId, voice: Voice, tmp_path: Path) -> None:
    other = library.create_voice(writer, "Other").id
    assert library.import_now(writer, other, [tmp_path / "in"]).documents == 5
    library.delete_voice(writer, other)
    assert library.voice(writer, voice.id) == voice


def test_unknown_ids_are_not_found(library: Library, writer: WriterId) -> None:
    with pytest.raises(NotFoundError):
        library.voice(writer, VoiceId(2**62))
    with pytest.raises(NotFoundError):
        library.document(writer, DocumentId(-1))
    with pytest.raises(NotFoundError):
        library.document(writer, DocumentId(2**70))


def test_documents_that_say_a_phrase_are_counted_in_the_voice_alone_and_no_further_than_asked(
    library: Library, writer: WriterId, voice: Voice, tmp_path: Path
) -> None:
    (tmp_path / "more").mkdir()
    for number in range(4):
        (tmp_path / "more" / f"{number}.txt").write_text(f"Number {number}. I hope you are WELL, été and all.")
    library.import_now(writer, voice.id, [tmp_path / "more"])
    assert library.documents_saying(voice.id, "i hope you are well, Été", most=9) == 4
    assert library.documents_saying(voice.id, "I hope you are well", most=3) == 3
    assert library.documents_saying(voice.id, "Number 2. I hope", most=9) == 1
    assert library.documents_saying(voice.id, "100% of it_", most=9) == 0
    other = library.create_voice(writer, "Other")
    assert library.documents_saying(other.id, "I hope you are well", most=9) == 0
