"""Drafts found again, put back after a deletion, and merged when two tabs wrote in them."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from assistant.errors import NotFoundError
from assistant.library import draft_care
from assistant.library.drafts import folded
from assistant.library.erasure import files_holding
from assistant.library.library import Library
from assistant.types import Origin, OriginSpan, VersionReason, WriterId
from tests.hashing_encoder import HashingEncoder


@pytest.fixture
def writer(library: Library) -> WriterId:
    return library.local_writer()


# ---- search ----


@pytest.mark.parametrize("search", ["ete a", "ÉTÉ", "harbour Été", "straße", "STRASSE", "  quiet  "])
def test_drafts_are_found_by_words_in_any_case_and_accent(library: Library, writer: WriterId, search: str) -> None:
    found = library.create_draft(writer, None, "Été à Brest", "The harbour was quiet in the Straße.")
    library.create_draft(writer, None, "Another", "Something else.")
    assert [info.id for info in library.drafts(writer, search=search)] == [found.id]
    assert library.count_drafts(writer, search=search) == 1


def test_a_search_knows_what_was_just_saved_and_what_is_gone(library: Library, writer: WriterId) -> None:
    draft = library.create_draft(writer, None, "", "ferry")
    assert library.drafts(writer, search="ferry")
    draft = library.save_draft(writer, replace(draft, text="harbour"))
    assert library.drafts(writer, search="ferry") == ()
    assert library.drafts(writer, search="harbour")
    library.draft_care.delete(writer, draft.id)
    assert library.drafts(writer, search="harbour") == ()
    assert library.drafts(writer, search="100% _ '") == ()


def test_the_list_comes_in_parts(library: Library, writer: WriterId) -> None:
    made = [library.create_draft(writer, None, f"Draft {number}").id for number in range(5)]
    parts = [library.drafts(writer, limit=2, offset=offset) for offset in (0, 2, 4)]
    assert [info.id for part in parts for info in part] == made[::-1]
    assert library.count_drafts(writer) == 5


def test_folding_leaves_no_case_and_no_accent() -> None:
    assert folded("ÀÉÎõü Straße ﬁn Ελλάδα") == "aeiou strasse fin ελλαδα"


# ---- deletion ----


def test_a_deleted_draft_can_be_put_back_with_its_versions(library: Library, writer: WriterId) -> None:
    care = library.draft_care
    draft = library.create_draft(writer, None, "Title", "text")
    version = care.keep_version(writer, draft.id, "One")
    care.delete(writer, draft.id)
    assert library.drafts(writer) == ()
    with pytest.raises(NotFoundError):
        library.draft(writer, draft.id)
    with pytest.raises(NotFoundError):
        library.save_draft(writer, draft)
    assert [(line.id, line.title) for line in care.deleted(writer)] == [(draft.id, "Title")]
    assert care.put_back(writer, draft.id) == draft
    assert care.versions(writer, draft.id) == (version,)
    assert care.deleted(writer) == ()


def test_after_a_day_a_deleted_draft_is_gone_from_every_byte(
    library: Library, writer: WriterId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "The password of the signal box is plover-nine-harbour. "
    draft = library.create_draft(writer, None, "Secret", secret * 20)
    library.draft_care.keep_version(writer, draft.id, "One")
    library.drafts(writer, search="password")
    library.draft_care.delete(writer, draft.id)
    library.close()
    reopened = Library.open(tmp_path / "data", HashingEncoder())
    assert len(reopened.draft_care.deleted(writer)) == 1
    assert files_holding(tmp_path / "data", secret)
    monkeypatch.setattr(draft_care, "KEPT_AFTER_DELETION", timedelta(0))
    assert reopened.draft_care.deleted(writer) == ()
    assert not files_holding(tmp_path / "data", secret)
    assert not files_holding(tmp_path / "data", secret.casefold())
    with pytest.raises(NotFoundError):
        reopened.draft_care.put_back(writer, draft.id)
    reopened.close()


def test_a_list_of_drafts_erases_what_was_deleted_a_day_ago(
    library: Library, writer: WriterId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = library.create_draft(writer, None, "Secret", "plover-nine-harbour " * 20)
    library.draft_care.delete(writer, draft.id)
    library.drafts(writer)
    assert files_holding(tmp_path / "data", "plover-nine-harbour")
    monkeypatch.setattr(draft_care, "KEPT_AFTER_DELETION", timedelta(0))
    library.drafts(writer)
    assert not files_holding(tmp_path / "data", "plover-nine-harbour")


# ---- two tabs ----


def test_two_sides_of_a_draft_are_stored_as_one(library: Library, writer: WriterId) -> None:
    base = library.create_draft(writer, None, "Title", "One. Two. Three.")
    library.save_draft(writer, replace(base, title="New title", text="One. Two. Three. Four."))
    mine = replace(base, text="Zero. One. Two. Three.", origins=(OriginSpan(0, 5, Origin.SUGGESTED),))
    merged = library.draft_care.merge(writer, mine, base)
    assert merged.places == ()
    assert (merged.draft.title, merged.draft.text) == ("New title", "Zero. One. Two. Three. Four.")
    assert merged.draft.origins == (OriginSpan(0, 5, Origin.SUGGESTED),)
    assert merged.draft == library.draft(writer, base.id)
    assert merged.draft.revision == base.revision + 2


def test_where_both_changed_the_same_words_a_version_of_each_is_kept(library: Library, writer: WriterId) -> None:
    base = library.create_draft(writer, None, "Title", "The red door.")
    library.save_draft(writer, replace(base, text="The blue door."))
    merged = library.draft_care.merge(writer, replace(base, text="The green door."), base)
    assert merged.draft.text == "The [blue / green] door."
    assert [merged.draft.text[place.start : place.end] for place in merged.places] == ["[blue / green]"]
    kept = library.draft_care.versions(writer, base.id)
    assert {info.reason for info in kept} == {VersionReason.MERGE}
    assert {library.draft_care.version(writer, base.id, info.id).text for info in kept} == {
        "The blue door.",
        "The green door.",
    }


def test_a_merge_of_what_is_stored_already_changes_nothing(library: Library, writer: WriterId) -> None:
    base = library.create_draft(writer, None, "", "One.")
    stored = library.save_draft(writer, replace(base, text="One. Two."))
    assert library.draft_care.merge(writer, replace(base, text="One. Two."), base).draft == stored


def test_the_voice_that_one_side_chose_counts(library: Library, writer: WriterId) -> None:
    voice = library.create_voice(writer, "Letters").id
    base = library.create_draft(writer, None, "", "One.")
    library.save_draft(writer, replace(base, voice=voice))
    assert library.draft_care.merge(writer, replace(base, text="One. Two."), base).draft.voice == voice
    assert library.draft_care.merge(writer, replace(base, text="One."), None).draft.text == "One. Two."
