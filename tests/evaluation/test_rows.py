"""A row's name says whose past is used and how; comparisons follow from the names."""

import pytest

from assistant.errors import SettingsError
from assistant.evaluation.rows import ROWS, TYPING_ROWS, comparisons, row_named, rows_for
from assistant.settings import HelperSettings, Settings
from assistant.training.archive import ARCHIVE_VOICE, ArchiveView, WordVectors, build_archive
from assistant.training.corpus import Record
from assistant.types import Request, WriterId
from tests.hashing_encoder import HashingEncoder
from tests.training.corpora import prose

ENCODER = HashingEncoder()


def view() -> ArchiveView:
    records = [Record("A", "", f"2004-0{i + 1}-01", prose(i % 3, i)) for i in range(6)]
    return build_archive(records, ENCODER, WordVectors(ENCODER)).before(6)


def documents(name: str, *, seed: str = "0", before: str = "We saw the sluice and the weir and the") -> list[int]:
    stages = row_named(name).stages(view(), ENCODER, author="A", seed=seed)
    return [entry.document for entry in stages.evidence(Request(WriterId(0), ARCHIVE_VOICE, "", before)).entries]


@pytest.mark.parametrize("name", ROWS)
def test_every_row_of_the_table_has_a_name_that_can_be_read(name: str) -> None:
    row = row_named(name)
    assert row.name == name
    assert (row.settings.summary.method == "none") == ("Sum" not in name)
    assert (row.settings.keywords.method == "none") == ("Syn" not in name)


def test_the_last_row_is_what_is_served() -> None:
    assert row_named(ROWS[-1]).settings == Settings()
    assert row_named(ROWS[-1]).has_memory
    assert ROWS[-1] == TYPING_ROWS[-1]


def test_a_row_with_a_memory_is_compared_with_itself_without() -> None:
    assert row_named(ROWS[-1].removesuffix("+Memory")).has_memory is False
    assert (ROWS[-1], ROWS[-1].removesuffix("+Memory")) in comparisons(ROWS)
    assert row_named("OtherWriter+Memory").past == "other"


def test_the_draft_alone_has_no_past_to_remember() -> None:
    with pytest.raises(SettingsError, match=r"'Memory' in the row 'ImmedCtx.Memory': expected .*WorstFirst, Memory"):
        row_named("ImmedCtx+Memory")


def test_a_user_id_stands_in_the_place_of_the_past() -> None:
    request = Request(WriterId(0), None, "", "We saw the sluice")
    found = [row_named("UserID").stages(view(), ENCODER, author=author, seed="0").evidence(request) for author in "ABA"]
    assert found[0] == found[2] != found[1]
    assert found[0].entries == ()
    assert [keyword.text[:5] for keyword in found[0].keywords] == ["user "]
    with pytest.raises(SettingsError, match=r"'UserID.SumCtx': .* expected it alone"):
        row_named("UserID+SumCtx")


@pytest.mark.parametrize(
    ("name", "past"), [("ImmedCtx", "none"), ("OtherWriter", "other"), ("RandomDoc", "random"), ("RecentDoc", "own")]
)
def test_baselines_differ_in_whose_past_is_used(name: str, past: str) -> None:
    assert row_named(name).past == past


def test_any_combination_can_be_asked_for() -> None:
    settings = row_named("RankDocBM25+SumCtxInd+SynCtxInd").settings
    assert settings.ranking.method == "RankDocBM25"
    assert settings.summary.method == "SumCtxInd"
    assert settings.keywords.method == "SynCtxInd"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("BestDoc", "'BestDoc' in the row 'BestDoc': expected ImmedCtx, .*RankDocBySnpt, .* first"),
        ("", "'' in the row ''"),
        (
            "RecentDoc+Sum",
            "'Sum' in the row 'RecentDoc.Sum': expected SumByDraft, SumCtx, .*SumCtxIndWritten, SynByDraft",
        ),
        ("RecentDoc+none", "'none' in the row"),
        ("RecentDoc+SumCtxInd+SumByDraft", "'SumByDraft' in the row"),
    ],
)
def test_an_unknown_part_is_named_with_what_was_expected(name: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        row_named(name)


def test_what_is_written_needs_a_model_that_writes_it() -> None:
    with pytest.raises(SettingsError, match="SumCtxWritten without a model that writes it: name one made by"):
        row_named("RankDocBM25+SumCtxWritten")
    helpers = HelperSettings(summary_model="writer", keyword_model="writer")
    assert row_named("RankDocBM25+SumCtxWritten+SynCtxWritten", helpers).settings.helpers == helpers


def test_random_documents_are_drawn_by_seed_not_by_draft() -> None:
    drawn = documents("RandomDoc")
    assert drawn == documents("RandomDoc", before="Barley and harvest in the field")
    assert len(set(drawn)) == len(drawn) > 2
    assert {tuple(documents("RandomDoc", seed=str(seed))) for seed in range(5)} != {tuple(drawn)}


def test_worst_first_turns_the_order_round() -> None:
    assert documents("RankDocBySnpt+WorstFirst") == documents("RankDocBySnpt")[::-1]
    assert len(documents("RankDocBySnpt")) > 1


def test_rows_are_compared_with_no_past_the_stage_before_the_sibling_and_the_controls() -> None:
    names = [
        "ImmedCtx",
        "RandomDoc",
        "RankDocBySnpt",
        "RankDocBySnpt+SumCtxInd",
        "RankDocBySnpt+SumByDraft",
        "RankDocBySnpt+SumCtx",
        "RankDocBySnpt+SumByDraft+SynCtxInd",
        "RankDocBySnpt+SumByDraft+SynByDraft",
        "RankDocBySnpt+SumByDraft+SynCtx",
        "RankDocBySnpt+SumByDraft+SynCtxNew",
    ]
    pairs = comparisons(names)
    assert len(set(pairs)) == len(pairs)
    assert [first for first, second in pairs if second == "ImmedCtx"] == names[1:]
    assert set(pairs) - {(name, "ImmedCtx") for name in names} == {
        ("RankDocBySnpt", "RandomDoc"),
        ("RankDocBySnpt+SumCtxInd", "RankDocBySnpt"),
        ("RankDocBySnpt+SumByDraft", "RankDocBySnpt"),
        ("RankDocBySnpt+SumByDraft", "RankDocBySnpt+SumCtxInd"),
        ("RankDocBySnpt+SumCtx", "RankDocBySnpt"),
        ("RankDocBySnpt+SumCtx", "RankDocBySnpt+SumCtxInd"),
        ("RankDocBySnpt+SumCtx", "RankDocBySnpt+SumByDraft"),
        ("RankDocBySnpt+SumByDraft+SynCtxInd", "RankDocBySnpt+SumByDraft"),
        ("RankDocBySnpt+SumByDraft+SynByDraft", "RankDocBySnpt+SumByDraft"),
        ("RankDocBySnpt+SumByDraft+SynByDraft", "RankDocBySnpt+SumByDraft+SynCtxInd"),
        ("RankDocBySnpt+SumByDraft+SynCtx", "RankDocBySnpt+SumByDraft"),
        ("RankDocBySnpt+SumByDraft+SynCtx", "RankDocBySnpt+SumByDraft+SynCtxInd"),
        ("RankDocBySnpt+SumByDraft+SynCtx", "RankDocBySnpt+SumByDraft+SynByDraft"),
        ("RankDocBySnpt+SumByDraft+SynCtxNew", "RankDocBySnpt+SumByDraft"),
        ("RankDocBySnpt+SumByDraft+SynCtxNew", "RankDocBySnpt+SumByDraft+SynCtxInd"),
        ("RankDocBySnpt+SumByDraft+SynCtxNew", "RankDocBySnpt+SumByDraft+SynCtx"),
    }


def test_rows_that_were_not_measured_are_not_compared() -> None:
    assert comparisons(["RankDocBM25"]) == []


def test_a_row_may_have_a_checkpoint_of_its_own() -> None:
    own, shared = row_named("RankDocBM25+SumCtxInd@mine"), row_named("RankDocBM25+SumCtxInd")
    assert (own.checkpoint, shared.checkpoint) == ("mine", "")
    assert own.settings == shared.settings
    request = Request(WriterId(0), None, "", "We saw the sluice")
    ids = row_named("UserID@ids").stages(view(), ENCODER, author="A", seed="0").evidence(request).keywords
    assert [keyword.text[:5] for keyword in ids] == ["user "]


@pytest.mark.parametrize(
    ("name", "said"), [("RecentDoc@", "names no checkpoint"), ("LLMZeroShot@mine", "is another model already")]
)
def test_a_name_of_a_checkpoint_that_says_nothing_is_refused(name: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        row_named(name)


def test_rows_with_their_own_checkpoints_are_compared_with_each_other_and_with_themselves_on_the_shared_one() -> None:
    apart = ["ImmedCtx@a", "RankDocBySnpt@b", "RankDocBySnpt+SumCtx@c", "RankDocBySnpt+SumCtx@d"]
    assert set(comparisons(["ImmedCtx", "RankDocBySnpt", *apart])) == {
        ("RankDocBySnpt", "ImmedCtx"),
        ("RankDocBySnpt@b", "ImmedCtx@a"),
        ("RankDocBySnpt+SumCtx@c", "ImmedCtx@a"),
        ("RankDocBySnpt+SumCtx@d", "ImmedCtx@a"),
        ("RankDocBySnpt+SumCtx@c", "RankDocBySnpt@b"),
        ("RankDocBySnpt+SumCtx@d", "RankDocBySnpt@b"),
        ("RankDocBySnpt+SumCtx@d", "RankDocBySnpt+SumCtx@c"),
        ("ImmedCtx@a", "ImmedCtx"),
        ("RankDocBySnpt@b", "RankDocBySnpt"),
    }
    assert ("UserID@ids", "ImmedCtx") in comparisons(["ImmedCtx", "UserID@ids"])


def test_rows_whose_models_are_given_are_in_the_table() -> None:
    assert rows_for(HelperSettings(), zero_shot=False) == ROWS
    writing = HelperSettings(summary_model="a", generic_summary_model="b", keyword_model="c")
    added = [row for row in rows_for(writing, zero_shot=True) if row not in ROWS]
    assert added == [
        "RankDocBySnpt+SumCtxIndWritten",
        "RankDocBySnpt+SumCtxWritten",
        "RankDocBySnpt+SumCtx+SynCtxWritten",
        "RankDocBySnpt+SumCtxWritten+SynCtxWritten",
        "LLMZeroShot",
    ]
    for row in added:
        row_named(row, writing)
    pairs = comparisons(rows_for(writing, zero_shot=True))
    assert ("RankDocBySnpt+SumCtxWritten", "RankDocBySnpt+SumCtx") in pairs
    assert ("RankDocBySnpt+SumCtx+SynCtxWritten", "RankDocBySnpt+SumCtx+SynCtx") in pairs
    assert ("RankDocBySnpt+SumCtxIndWritten", "RankDocBySnpt+SumCtxInd") in pairs
