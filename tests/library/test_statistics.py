"""Statistics of suggestions and rewrites: added up, the writer's alone, without text, off and gone on demand."""

from dataclasses import replace
from pathlib import Path

import pytest

from assistant.errors import LibraryError
from assistant.library.library import Library
from assistant.library.rewrite_outcomes import RewriteOutcome, RewriteReport, RewriteSumming
from assistant.library.schema import RewriteOutcomeRow, SuggestionOutcomeRow
from assistant.library.statistics import Outcome, OutcomeId, Percentiles, Timings
from assistant.types import RewriteKind, VoiceId, WriterId
from tests.hashing_encoder import HashingEncoder
from tests.library.earlier_schema import write_library

SHOWN = Outcome(None, "small", words=10, accepted_words=0, is_dismissed=True, timings=Timings(retrieve=5, total=100))

REWRITTEN = RewriteOutcome(None, "small", RewriteKind.SHORTER, changes=5, accepted_changes=0, is_dismissed=True)


@pytest.fixture
def writer(library: Library) -> WriterId:
    return library.local_writer()


@pytest.fixture
def voice(library: Library, writer: WriterId) -> VoiceId:
    return library.create_voice(writer, "Letters").id


def record(library: Library, writer: WriterId, outcome: Outcome) -> OutcomeId:
    number = library.statistics.record(writer, outcome)
    assert number is not None
    return number


def test_nothing_shown_is_nothing_to_report(library: Library, writer: WriterId) -> None:
    report = library.statistics.report(writer)
    assert report.is_kept
    assert (report.all.shown, report.all.phases, report.by_voice, report.by_model) == (0, {}, (), ())


def test_outcomes_are_added_up_for_all_by_voice_and_by_model(
    library: Library, writer: WriterId, voice: VoiceId
) -> None:
    record(library, writer, SHOWN)
    record(library, writer, replace(SHOWN, voice=voice, accepted_words=7, is_dismissed=False, kept_words=6))
    record(library, writer, replace(SHOWN, voice=voice, model="big", accepted_words=4, is_dismissed=False))
    report = library.statistics.report(writer)
    assert (report.all.shown, report.all.accepted, report.all.accepted_words, report.all.dismissed) == (3, 2, 11, 1)
    assert (report.all.looked_after, report.all.kept_words) == (7, 6)
    assert [(one.name, one.shown, one.accepted_words) for one in report.by_voice] == [("Letters", 2, 11), ("", 1, 0)]
    assert [(one.name, one.shown) for one in report.by_model] == [("small", 2), ("big", 1)]


def test_percentiles_are_values_that_were_measured(library: Library, writer: WriterId) -> None:
    for milliseconds in range(1, 101):
        record(library, writer, replace(SHOWN, timings=Timings(retrieve=milliseconds)))
    assert library.statistics.report(writer).all.phases == {"retrieve": Percentiles(50, 95)}


def test_one_measurement_is_its_own_percentile(library: Library, writer: WriterId) -> None:
    record(library, writer, SHOWN)
    assert library.statistics.report(writer).all.phases["total"] == Percentiles(100, 100)


@pytest.mark.parametrize(("words", "accepted", "kept"), [(5, 6, None), (5, -1, None), (5, 3, 4), (5, 3, -1)], ids=str)
def test_numbers_that_cannot_be_are_refused(words: int, accepted: int, kept: int | None) -> None:
    with pytest.raises(LibraryError, match="each to be at most the one before"):
        Outcome(None, "small", words, accepted, is_dismissed=False, kept_words=kept)


def test_switched_off_nothing_is_counted_and_what_was_stays(library: Library, writer: WriterId, tmp_path: Path) -> None:
    record(library, writer, SHOWN)
    library.statistics.keep(writer, is_kept=False)
    assert library.statistics.record(writer, SHOWN) is None
    library.close()
    reopened = Library.open(tmp_path / "data", HashingEncoder())
    report = reopened.statistics.report(writer)
    assert (report.is_kept, report.all.shown) == (False, 1)
    reopened.statistics.keep(writer, is_kept=True)
    assert reopened.statistics.record(writer, SHOWN) is not None
    reopened.close()


def test_they_are_the_writers_alone_and_deleted_with_one_word(
    library: Library, writer: WriterId, voice: VoiceId
) -> None:
    stranger = library._catalogue.writer("stranger")
    record(library, writer, replace(SHOWN, accepted_words=2, is_dismissed=False))
    record(library, stranger, replace(SHOWN, voice=voice))
    assert library.statistics.report(stranger).by_voice[0].name == ""  # not even the name of a voice of another
    library.statistics.delete(writer)
    assert library.statistics.report(writer).all.shown == 0
    assert library.statistics.report(stranger).all.shown == 1


def test_a_deleted_voice_leaves_its_numbers_without_its_name(
    library: Library, writer: WriterId, voice: VoiceId
) -> None:
    record(library, writer, replace(SHOWN, voice=voice))
    library.delete_voice(writer, voice)
    assert [one.name for one in library.statistics.report(writer).by_voice] == [""]


def test_the_oldest_go_when_there_are_too_many(
    library: Library, writer: WriterId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.library.statistics.MOST_OUTCOMES", 3)
    for words in range(5):
        record(library, writer, replace(SHOWN, words=10 + words, accepted_words=words, is_dismissed=False))
    report = library.statistics.report(writer)
    assert (report.all.shown, report.all.accepted_words) == (3, 2 + 3 + 4)


# ---- rewrites ----


def test_rewrites_are_added_up_for_all_by_kind_voice_and_model(
    library: Library, writer: WriterId, voice: VoiceId
) -> None:
    taken = replace(REWRITTEN, voice=voice, kind=RewriteKind.VOICE, model="big", accepted_changes=3, is_dismissed=False)
    for outcome in (REWRITTEN, REWRITTEN, taken):
        assert library.statistics.record_rewrite(writer, outcome) is not None
    report = library.statistics.report(writer)
    left, kept = RewriteSumming("", 2, 0, 10, 0, 2), RewriteSumming("", 1, 1, 5, 3, 0)
    assert report.rewrites == RewriteReport(
        RewriteSumming("", shown=3, accepted=1, changes=15, accepted_changes=3, dismissed=2),
        by_kind=(replace(left, name="shorter"), replace(kept, name="voice")),
        by_voice=(left, replace(kept, name="Letters")),
        by_model=(replace(left, name="small"), replace(kept, name="big")),
    )
    assert report.all.shown == 0


def test_the_same_switch_and_the_same_deletion_hold_for_rewrites(library: Library, writer: WriterId) -> None:
    stranger = library._catalogue.writer("stranger")
    library.statistics.record_rewrite(writer, REWRITTEN)
    library.statistics.record_rewrite(stranger, REWRITTEN)
    library.statistics.keep(writer, is_kept=False)
    assert library.statistics.record_rewrite(writer, REWRITTEN) is None
    assert library.statistics.report(writer).rewrites.all.shown == 1
    library.statistics.delete(writer)
    assert library.statistics.report(writer).rewrites.all.shown == 0
    assert library.statistics.report(stranger).rewrites.all.shown == 1


def test_a_rewrite_of_a_voice_that_is_anothers_or_deleted_counts_as_without(
    library: Library, writer: WriterId, voice: VoiceId
) -> None:
    stranger = library._catalogue.writer("stranger")
    library.statistics.record_rewrite(stranger, replace(REWRITTEN, voice=voice))
    assert [one.name for one in library.statistics.report(stranger).rewrites.by_voice] == [""]
    library.statistics.record_rewrite(writer, replace(REWRITTEN, voice=voice))
    library.delete_voice(writer, voice)
    assert [one.name for one in library.statistics.report(writer).rewrites.by_voice] == [""]


def test_the_oldest_rewrites_go_when_there_are_too_many(
    library: Library, writer: WriterId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.library.statistics.MOST_OUTCOMES", 2)
    for changes in (1, 2, 3):
        library.statistics.record_rewrite(writer, replace(REWRITTEN, changes=changes))
    assert library.statistics.report(writer).rewrites.all.changes == 2 + 3


@pytest.mark.parametrize(("changes", "accepted"), [(2, 3), (2, -1)])
def test_rewrites_that_cannot_be_are_refused(changes: int, accepted: int) -> None:
    with pytest.raises(LibraryError, match="at most as many accepted as shown"):
        replace(REWRITTEN, changes=changes, accepted_changes=accepted)


def test_no_column_could_hold_a_text() -> None:
    names = set(SuggestionOutcomeRow.__table__.columns.keys())
    assert names == {
        *("id", "writer_id", "voice_id", "model", "ended_at", "timings"),
        *("words", "accepted_words", "kept_words", "is_dismissed"),
    }
    assert set(RewriteOutcomeRow.__table__.columns.keys()) == {
        *("id", "writer_id", "voice_id", "model", "ended_at", "kind"),
        *("changes", "accepted_changes", "is_dismissed"),
    }


def test_a_library_of_an_earlier_schema_counts_from_now_on(tmp_path: Path) -> None:
    write_library(tmp_path / "data", "0003")
    migrated = Library.open(tmp_path / "data", HashingEncoder())
    writer = migrated.local_writer()
    assert migrated.statistics.record(writer, SHOWN) is not None
    assert migrated.statistics.record_rewrite(writer, REWRITTEN) is not None
    migrated.close()
