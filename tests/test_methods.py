"""Every ranking, summary and synthesis can be had by its name, over an archive as over a library."""

from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from assistant.errors import ModelError, SettingsError
from assistant.evidence_methods import RANKINGS, SUMMARIES, SYNTHESES, evidence_signature, evidence_stages, settings_for
from assistant.library.library import Library
from assistant.retrieval.encoder import DEFAULT_WEIGHTS_SHA256
from assistant.selectors import load_selectors
from assistant.settings import (
    SHIPPED_SELECTORS,
    HelperSettings,
    KeywordSettings,
    RankingName,
    RankingSettings,
    Settings,
    SummaryName,
    SummarySettings,
    SynthesisName,
)
from assistant.signature import file_hash
from assistant.training.archive import ARCHIVE_VOICE, ArchiveView, WordVectors, build_archive
from assistant.training.corpus import Record
from assistant.types import Evidence, Request, WriterId
from tests.hashing_encoder import HashingEncoder
from tests.small_models import write_small_checkpoint
from tests.small_selectors import small_selectors
from tests.training.corpora import prose

ENCODER = HashingEncoder()


def view() -> ArchiveView:
    """Six documents of one hand, two on each of three subjects."""
    records = [Record("A", f"Note {i}", f"2004-0{i + 1}-01", prose(i % 3, i)) for i in range(6)]
    return build_archive(records, ENCODER, WordVectors(ENCODER)).before(6)


def evidence(settings: Settings, before: str = "We saw the sluice and the weir and the") -> Evidence:
    return evidence_stages(view(), ENCODER, settings).evidence(Request(WriterId(0), ARCHIVE_VOICE, "", before))


def test_the_tables_know_every_name() -> None:
    assert set(RANKINGS) == set(get_args(RankingName))
    assert set(SUMMARIES) == set(get_args(SummaryName))
    assert set(SYNTHESES) == set(get_args(SynthesisName))


@pytest.mark.parametrize("name", get_args(RankingName))
def test_every_ranking_gives_entries_within_the_budget(name: RankingName) -> None:
    entries = evidence(Settings(ranking=RankingSettings(method=name))).entries
    assert entries
    assert sum(len(entry.text) for entry in entries) <= 2500
    assert [entry.score for entry in entries] == sorted((entry.score for entry in entries), reverse=True)


def test_rankings_differ_as_their_names_say() -> None:
    def first(name: RankingName) -> int:
        return evidence(Settings(ranking=RankingSettings(method=name))).entries[0].document

    assert first("RecentDoc") == 5
    assert {first(name) for name in ("RankDocBySnpt", "RankDocBM25", "RankDocDense", "RankSnippet", "RankFusion")} <= {
        0,
        3,
    }


def test_a_recent_document_needs_no_words_in_the_draft() -> None:
    assert evidence(Settings(ranking=RankingSettings(method="RecentDoc")), before="").entries
    assert not evidence(Settings(), before="").entries


@pytest.fixture(scope="module")
def helpers(tmp_path_factory: pytest.TempPathFactory) -> HelperSettings:
    """Selectors that were learnt, and one small model, of random weights, for all that is written."""
    model = str(write_small_checkpoint(tmp_path_factory.mktemp("helper") / "small"))
    return HelperSettings(small_selectors(), None, model, model, model)


@pytest.mark.parametrize("summary", get_args(SummaryName))
@pytest.mark.parametrize("keywords", get_args(SynthesisName))
def test_every_summary_goes_with_every_synthesis(
    summary: SummaryName, keywords: SynthesisName, helpers: HelperSettings
) -> None:
    settings = Settings(
        summary=SummarySettings(method=summary), keywords=KeywordSettings(method=keywords), helpers=helpers
    )
    if "Written" in summary + keywords:  # random weights write nonsense; see tests/test_written_stages.py
        evidence(settings)
        return
    found = evidence(settings)
    assert bool(found.summary.sentences) == (summary != "none")
    assert bool(found.keywords) == (keywords != "none")


@pytest.mark.parametrize("keywords", ["SynCtx", "SynCtxNew"])
def test_with_another_encoder_the_shipped_selectors_give_way_to_what_needs_no_training(keywords: SynthesisName) -> None:
    asked = Settings(summary=SummarySettings(method="SumCtx"), keywords=KeywordSettings(method=keywords))
    served = settings_for(ENCODER, asked)
    assert (served.summary.method, served.keywords.method) == ("SumByDraft", "SynByDraft")
    assert evidence(asked) == evidence(served)


def test_selectors_that_were_named_do_not_give_way(helpers: HelperSettings, tmp_path: Path) -> None:
    asked = Settings(keywords=KeywordSettings(method="SynCtx"), helpers=helpers)
    assert settings_for(ENCODER, asked) == asked
    missing = replace(asked, helpers=replace(helpers, selectors=tmp_path / "none"))
    with pytest.raises(ModelError, match="no selectors at"):
        evidence(missing)


def test_the_shipped_selectors_belong_to_the_default_encoder() -> None:
    shipped = load_selectors(SHIPPED_SELECTORS, encoder_sha256=DEFAULT_WEIGHTS_SHA256)
    assert len(shipped.rarity) == 20_000
    assert shipped.rarity["people"] < 1.5 < shipped.rarity["canal"]
    assert SHIPPED_SELECTORS.stat().st_size < 1_000_000


def test_the_signature_names_the_selectors_where_they_are_used(helpers: HelperSettings) -> None:
    used = evidence_signature(Settings(keywords=KeywordSettings(method="SynCtx"), helpers=helpers))
    assert used["selectors_sha256"] == file_hash(helpers.selectors)
    assert "summary_model_sha256" not in used
    written = Settings(
        summary=SummarySettings(method="SumCtxWritten"), keywords=KeywordSettings(method="none"), helpers=helpers
    )
    assert "selectors_sha256" not in evidence_signature(written)
    assert "summary_model_sha256" in evidence_signature(written)


def test_a_library_serves_every_ranking_too(library: Library, tmp_path: Path) -> None:
    writer = library.local_writer()
    voice = library.create_voice(writer, "Canal").id
    (tmp_path / "note.txt").write_text(prose(0, 1), encoding="utf-8")
    library.import_now(writer, voice, [tmp_path / "note.txt"])
    for name in get_args(RankingName):
        stages = evidence_stages(library, ENCODER, Settings(ranking=RankingSettings(method=name)))
        assert stages.evidence(Request(writer, voice, "", "We saw the sluice and the weir")).entries


@pytest.mark.parametrize(
    ("kind", "said"),
    [(RankingSettings, "ranking"), (SummarySettings, "summary"), (KeywordSettings, "keywords")],
)
def test_an_unknown_name_is_refused_with_the_known_ones(
    kind: type[RankingSettings | SummarySettings | KeywordSettings], said: str
) -> None:
    with pytest.raises(SettingsError, match=f"{said} is 'best': expected one of .*, "):
        kind(method="best")  # type: ignore[arg-type]
