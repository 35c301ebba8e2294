"""Words taken from suggestions are looked for in the saved draft as it was five minutes later, whoever looks when."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from assistant.library import looks
from assistant.library.library import Library
from assistant.library.looks import LOOK_AFTER, Taken
from assistant.library.schema import LookRow
from assistant.library.statistics import Outcome
from assistant.types import Draft, WriterId
from tests.hashing_encoder import HashingEncoder
from tests.library.earlier_schema import write_library

SUGGESTED = "the door stuck again on Friday"
TEXT = f"As ever, {SUGGESTED} and nobody came."
TAKEN = Outcome(None, "small", words=6, accepted_words=6, is_dismissed=False)

Wait = Callable[[timedelta], None]


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Wait:
    """Lets time pass for the one who looks."""
    passed = timedelta(0)

    def moment() -> datetime:
        return datetime.now(UTC).replace(tzinfo=None) + passed

    def on(time: timedelta) -> None:
        nonlocal passed
        passed += time

    monkeypatch.setattr(looks, "now", moment)
    return on


@pytest.fixture
def writer(library: Library) -> WriterId:
    return library.local_writer()


@pytest.fixture
def draft(library: Library, writer: WriterId) -> Draft:
    """A draft that words of a suggestion were just taken into."""
    made = library.create_draft(writer, None, "The door", TEXT)
    library.statistics.record(writer, TAKEN, Taken(made.id, SUGGESTED))
    return made


def kept(library: Library, writer: WriterId) -> tuple[int, int]:
    """Words that were looked for, and words that stood."""
    found = library.statistics.report(writer).all
    return found.looked_after, found.kept_words


def waiting(library: Library) -> int:
    with library._parts.database.reading() as session:
        return session.scalar(select(func.count()).select_from(LookRow)) or 0


def test_after_five_minutes_and_not_before_it_is_known(
    library: Library, writer: WriterId, draft: Draft, wait: Wait
) -> None:
    wait(LOOK_AFTER - timedelta(seconds=10))
    assert kept(library, writer) == (0, 0)
    wait(timedelta(seconds=20))
    assert kept(library, writer) == (6, 6)
    assert waiting(library) == 0


def test_what_is_deleted_within_five_minutes_was_not_kept_and_what_is_deleted_later_was(
    library: Library, writer: WriterId, draft: Draft, wait: Wait
) -> None:
    shorter = library.save_draft(writer, replace(draft, text="As ever, the door stuck again and nobody came."))
    wait(LOOK_AFTER * 12)
    library.save_draft(writer, replace(shorter, text=""))  # the first save after it: what stood until then counts
    assert kept(library, writer) == (6, 4)


@pytest.mark.parametrize(
    ("taken", "text", "words"),
    [
        ("the door stuck again", "So the door stuck again, no: the door stuck again today", 4),
        ("the door stuck again", "the door stuck twice", 3),
        ("the door stuck again", "a door that stuck again", 0),
        ("a door", "here is a door", 2),
        ("door", "door", 1),
        ("the door", "the old door", 0),
        ("the door stuck", "", 0),
        ("\ud800 the naïve 🦆", "see the naïve 🦆", 3),
        ("see the naïve 🦆", "see the naïve 🦆", 4),
    ],
)
def test_words_stand_in_runs_of_three_or_all_of_fewer(
    library: Library, writer: WriterId, wait: Wait, *, taken: str, text: str, words: int
) -> None:
    made = library.create_draft(writer, None, "", text)
    library.statistics.record(writer, TAKEN, Taken(made.id, taken))
    wait(LOOK_AFTER)
    assert kept(library, writer) == (6, words)


def test_a_merge_and_a_version_that_comes_back_count_as_saves(
    library: Library, writer: WriterId, draft: Draft, wait: Wait
) -> None:
    version = library.draft_care.keep_version(writer, draft.id, "with the door")
    wait(LOOK_AFTER)
    library.draft_care.merge(writer, replace(draft, text="Nothing."), draft)
    assert kept(library, writer) == (6, 6)
    stored = library.draft(writer, draft.id)
    library.statistics.record(writer, TAKEN, Taken(draft.id, SUGGESTED))
    wait(LOOK_AFTER)
    library.draft_care.restore(writer, draft.id, version.id, stored.revision)
    assert kept(library, writer) == (12, 6)


def test_a_library_that_was_closed_meanwhile_still_tells(
    library: Library, writer: WriterId, draft: Draft, wait: Wait, tmp_path: Path
) -> None:
    library.close()
    wait(timedelta(days=3))
    reopened = Library.open(tmp_path / "data", HashingEncoder())
    assert kept(reopened, writer) == (6, 6)
    reopened.close()


def test_of_a_draft_deleted_before_nothing_is_known_until_it_is_put_back(
    library: Library, writer: WriterId, draft: Draft, wait: Wait
) -> None:
    library.draft_care.delete(writer, draft.id)
    wait(LOOK_AFTER)
    assert kept(library, writer) == (0, 0)
    library.draft_care.put_back(writer, draft.id)
    assert kept(library, writer) == (6, 6)


@pytest.mark.parametrize("is_put_away_first", [True, False])
def test_of_a_draft_deleted_after_it_is_known_even_when_it_is_erased(
    library: Library, writer: WriterId, draft: Draft, wait: Wait, *, is_put_away_first: bool
) -> None:
    wait(LOOK_AFTER)
    if is_put_away_first:
        library.draft_care.delete(writer, draft.id)
    library.erase_draft(writer, draft.id)
    assert kept(library, writer) == (6, 6)


def test_an_erased_draft_takes_along_what_was_to_be_looked_for(
    library: Library, writer: WriterId, draft: Draft, wait: Wait
) -> None:
    library.erase_draft(writer, draft.id)
    assert waiting(library) == 0
    wait(LOOK_AFTER)
    assert kept(library, writer) == (0, 0)
    assert library.statistics.report(writer).all.accepted_words == 6


def test_deleted_numbers_are_not_looked_for(library: Library, writer: WriterId, draft: Draft, wait: Wait) -> None:
    library.statistics.delete(writer)
    assert waiting(library) == 0
    wait(LOOK_AFTER)
    library.save_draft(writer, replace(draft, text=""))
    assert kept(library, writer) == (0, 0)


def test_switched_off_nothing_is_to_be_looked_for(library: Library, writer: WriterId) -> None:
    library.statistics.keep(writer, is_kept=False)
    made = library.create_draft(writer, None, "", TEXT)
    library.statistics.record(writer, TAKEN, Taken(made.id, SUGGESTED))
    assert waiting(library) == 0


def test_another_writers_draft_is_not_looked_into(library: Library, draft: Draft, wait: Wait) -> None:
    stranger = library._catalogue.writer("stranger")
    library.statistics.record(stranger, TAKEN, Taken(draft.id, SUGGESTED))
    wait(LOOK_AFTER)
    assert kept(library, stranger) == (0, 0)


def test_no_word_of_it_is_kept(library: Library, writer: WriterId, tmp_path: Path) -> None:
    made = library.create_draft(writer, None, "", "")
    library.statistics.record(writer, TAKEN, Taken(made.id, "quarrelsome heron"))
    assert waiting(library) == 1
    library.close()
    for path in (tmp_path / "data").iterdir():
        assert path.is_dir() or b"quarrelsome" not in path.read_bytes()


def test_the_same_words_leave_other_fingerprints_each_time(library: Library, writer: WriterId, draft: Draft) -> None:
    library.statistics.record(writer, TAKEN, Taken(draft.id, SUGGESTED))
    with library._parts.database.reading() as session:
        first, second = session.scalars(select(LookRow.runs)).all()
    assert len(first) == len(second) == 4 * 8
    assert first != second


def test_a_library_of_an_earlier_schema_looks_from_now_on(tmp_path: Path, wait: Wait) -> None:
    write_library(tmp_path / "data", "0005")
    migrated = Library.open(tmp_path / "data", HashingEncoder())
    writer = migrated.local_writer()
    made = migrated.create_draft(writer, None, "", TEXT)
    migrated.statistics.record(writer, TAKEN, Taken(made.id, SUGGESTED))
    wait(LOOK_AFTER)
    assert kept(migrated, writer) == (6, 6)
    migrated.close()
