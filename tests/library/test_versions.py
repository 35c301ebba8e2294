"""Versions come by themselves when they are worth it, can be compared and restored, and thin out with age."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assistant.errors import LibraryError, NotFoundError
from assistant.library import versions
from assistant.library.drafts import DraftConflictError
from assistant.library.erasure import files_holding
from assistant.library.library import Library
from assistant.library.versions import edit_size, surplus
from assistant.types import Draft, Origin, OriginSpan, VersionId, VersionReason, WriterId
from tests.hashing_encoder import HashingEncoder
from tests.library.earlier_schema import write_library

SENTENCE = "The harbour was quiet, and so was I. "
LATER = timedelta(minutes=11)


@pytest.fixture
def writer(library: Library) -> WriterId:
    return library.local_writer()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Lets time pass for the keeping of versions."""
    passed = timedelta(0)

    def moment() -> datetime:
        return datetime.now(UTC).replace(tzinfo=None) + passed

    def let_pass(time: timedelta) -> None:
        nonlocal passed
        passed += time

    monkeypatch.setattr(versions, "now", moment)
    return let_pass


def texts(library: Library, writer: WriterId, draft: Draft) -> list[tuple[str, str]]:
    """Reason and text of every version, latest first."""
    care = library.draft_care
    return [(info.reason, care.version(writer, draft.id, info.id).text) for info in care.versions(writer, draft.id)]


def titles(library: Library, writer: WriterId, draft: Draft) -> list[str]:
    care = library.draft_care
    return [care.version(writer, draft.id, info.id).title for info in care.versions(writer, draft.id)]


def write(library: Library, writer: WriterId, draft: Draft, text: str) -> Draft:
    return library.save_draft(writer, replace(draft, text=text))


def test_typing_for_a_moment_keeps_no_version(library: Library, writer: WriterId) -> None:
    draft = library.create_draft(writer, None)
    for length in range(1, 20):
        draft = write(library, writer, draft, SENTENCE[:length])
    assert texts(library, writer, draft) == []


def test_after_some_time_what_stood_there_is_kept(
    library: Library, writer: WriterId, clock: Callable[[timedelta], None]
) -> None:
    draft = write(library, writer, library.create_draft(writer, None), "Yesterday's text.")
    clock(LATER)
    draft = write(library, writer, draft, "Yesterday's text. And")
    draft = write(library, writer, draft, "Yesterday's text. And today's.")
    assert texts(library, writer, draft) == [("time", "Yesterday's text.")]


def test_much_writing_is_kept_on_the_way(library: Library, writer: WriterId) -> None:
    draft = library.create_draft(writer, None)
    for count in range(1, 121):
        draft = write(library, writer, draft, SENTENCE * count)
    kept = texts(library, writer, draft)
    assert [reason for reason, _ in kept] == ["changes", "changes"]
    assert all(len(SENTENCE) * 120 > len(text) >= 2000 for _, text in kept)


@pytest.mark.parametrize("after", ["", "short.", SENTENCE * 40])
def test_before_a_large_change_the_text_is_kept(library: Library, writer: WriterId, after: str) -> None:
    before = SENTENCE * 10
    draft = write(library, writer, library.create_draft(writer, None, "", before), after)
    assert texts(library, writer, draft) == [("large change", before)]


def test_the_same_text_is_not_kept_twice(library: Library, writer: WriterId) -> None:
    before = SENTENCE * 10
    draft = write(library, writer, library.create_draft(writer, None, "", before), "")
    back = library.draft_care.restore(
        writer, draft.id, library.draft_care.versions(writer, draft.id)[0].id, draft.revision
    )
    write(library, writer, back, "")
    assert [text for _, text in texts(library, writer, draft)].count(before) <= 2


def test_a_restored_version_keeps_what_it_replaces(library: Library, writer: WriterId) -> None:
    origins = (OriginSpan(0, 5, Origin.SUGGESTED),)
    draft = library.create_draft(writer, None, "First title", "first words")
    draft = library.save_draft(writer, replace(draft, origins=origins))
    care = library.draft_care
    first = care.keep_version(writer, draft.id, "  The   first ")
    assert (first.name, first.words, first.reason) == ("The first", 2, VersionReason.NAMED)
    now = library.save_draft(writer, replace(draft, title="Second title", text="second words", origins=()))
    back = care.restore(writer, draft.id, first.id, now.revision)
    assert (back.title, back.text, back.origins) == ("First title", "first words", origins)
    assert back.revision == now.revision + 1
    assert ("restore", "second words") in texts(library, writer, draft)
    with pytest.raises(DraftConflictError):
        care.restore(writer, draft.id, first.id, now.revision)


def test_a_title_that_was_changed_since_is_kept_too(library: Library, writer: WriterId) -> None:
    draft = library.create_draft(writer, None, "First title", "the same words")
    care = library.draft_care
    first = care.keep_version(writer, draft.id, "One")
    now = library.save_draft(writer, replace(draft, title="Second title"))
    back = care.restore(writer, draft.id, first.id, now.revision)
    assert back.title == "First title"
    assert "Second title" in titles(library, writer, draft)
    again = care.restore(writer, draft.id, first.id, back.revision)
    assert care.restore(writer, draft.id, first.id, again.revision).title == "First title"
    assert sorted(titles(library, writer, draft)).count("Second title") == 1


def test_a_version_is_compared_with_now_word_by_word(library: Library, writer: WriterId) -> None:
    draft = library.create_draft(writer, None, "", "The red door is open.")
    version = library.draft_care.keep_version(writer, draft.id, "Red")
    write(library, writer, draft, "The blue door is open.")
    runs = library.draft_care.compare(writer, draft.id, version.id)
    assert [(run.kind, run.text) for run in runs] == [
        ("same", "The "),
        ("gone", "red "),
        ("new", "blue "),
        ("same", "door is open."),
    ]


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_a_version_kept_by_hand_needs_a_name(library: Library, writer: WriterId, name: str) -> None:
    draft = library.create_draft(writer, None, "", "text")
    with pytest.raises(LibraryError, match="expected 1 to 80"):
        library.draft_care.keep_version(writer, draft.id, name)


def test_versions_thin_out_with_age() -> None:
    moment = datetime(2026, 5, 20, 12, 0)
    every_minute = [(VersionId(number), moment - timedelta(minutes=number)) for number in range(60 * 24 * 60)]
    gone = surplus(every_minute, moment)
    ages = [timedelta(minutes=number) for number in range(60 * 24 * 60) if number not in gone]
    assert sum(age < timedelta(hours=1) for age in ages) == 60
    assert 23 <= sum(timedelta(hours=1) <= age < timedelta(days=1) for age in ages) <= 24
    assert 29 <= sum(timedelta(days=1) <= age < timedelta(days=30) for age in ages) <= 30
    assert 4 <= sum(age >= timedelta(days=30) for age in ages) <= 6
    left = [one for one in every_minute if one[0] not in gone]
    assert surplus(left, moment) == frozenset()


def test_thinning_spares_named_versions(library: Library, writer: WriterId, clock: Callable[[timedelta], None]) -> None:
    draft = library.create_draft(writer, None, "", "0 " + SENTENCE * 20)
    library.draft_care.keep_version(writer, draft.id, "One")
    library.draft_care.keep_version(writer, draft.id, "Two")
    clock(timedelta(days=60))
    for number in range(1, 5):
        draft = write(library, writer, draft, f"{number} " + SENTENCE * 20 * (number % 2))
    assert [reason for reason, _ in texts(library, writer, draft)].count("named") == 2
    assert [reason for reason, _ in texts(library, writer, draft)].count("large change") == 1


@pytest.mark.parametrize(
    ("old", "new", "size"),
    [("abc", "abXc", (0, 1)), ("abcdef", "af", (4, 0)), ("aaa", "aa", (1, 0)), ("", "x", (0, 1)), ("a", "b", (1, 1))],
)
def test_the_size_of_an_edit(old: str, new: str, size: tuple[int, int]) -> None:
    assert edit_size(old, new) == size


def test_versions_go_from_every_byte_with_their_draft(library: Library, writer: WriterId, tmp_path: Path) -> None:
    secret = "The password of the boathouse is grebe-lantern-nine. "
    draft = library.create_draft(writer, None, "Plans", secret * 8)
    care = library.draft_care
    care.keep_version(writer, draft.id, "With the password")
    draft = write(library, writer, draft, "Nothing to see.")
    assert files_holding(tmp_path / "data", secret)
    for info in care.versions(writer, draft.id):
        care.delete_version(writer, draft.id, info.id)
    assert not files_holding(tmp_path / "data", secret)
    care.keep_version(writer, write(library, writer, draft, secret).id, "Again")
    library.erase_draft(writer, draft.id)
    assert not files_holding(tmp_path / "data", secret)
    with pytest.raises(NotFoundError):
        care.versions(writer, draft.id)


def test_versions_of_another_draft_are_not_found(library: Library, writer: WriterId) -> None:
    one, other = library.create_draft(writer, None, "", "one"), library.create_draft(writer, None, "", "other")
    version = library.draft_care.keep_version(writer, one.id, "One")
    with pytest.raises(NotFoundError):
        library.draft_care.version(writer, other.id, version.id)
    with pytest.raises(NotFoundError):
        library.draft_care.restore(writer, other.id, version.id, other.revision)


def test_drafts_of_an_earlier_schema_get_versions(tmp_path: Path) -> None:
    write_library(tmp_path / "data", "0002")
    migrated = Library.open(tmp_path / "data", HashingEncoder())
    writer = migrated.local_writer()
    (line,) = migrated.drafts(writer, search="TEXT")
    draft = migrated.draft(writer, line.id)
    assert draft.origins == ()
    write(migrated, writer, draft, "other")
    assert texts(migrated, writer, draft) == [("time", "text")]
    migrated.close()
