"""Defaults are the agreed numbers, and values out of range are refused at birth."""

import math
import os
import sys
from collections.abc import Callable

import pytest

import app
from assistant.errors import SettingsError
from assistant.settings import (
    GenerationSettings,
    KeywordSettings,
    RankingSettings,
    RetrievalSettings,
    ServerSettings,
    Settings,
    SummarySettings,
)


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (RetrievalSettings, "query_characters", 0),
        (RetrievalSettings, "candidates", 0),
        (RetrievalSettings, "dense_share", 1.1),
        (RetrievalSettings, "dense_share", math.nan),
        (RankingSettings, "passage_characters", 99),
        (SummarySettings, "sentences", -1),
        (SummarySettings, "diversity", 1.5),
        (KeywordSettings, "count", 0),
        (KeywordSettings, "diversity", -0.5),
        (GenerationSettings, "temperature", -1),
        (GenerationSettings, "top_p", 0),
        (GenerationSettings, "max_tokens", 0),
        (ServerSettings, "threads", 0),
    ],
)
def test_values_out_of_range_are_refused_by_name(kind: Callable[..., object], name: str, value: float) -> None:
    with pytest.raises(SettingsError, match=rf"{name} is {value}: expected .* to "):
        kind(**{name: value})


def test_the_evidence_budget_is_the_papers() -> None:
    assert Settings().ranking.budget_characters == 2500


def test_the_signature_holds_what_changes_a_result_and_no_paths() -> None:
    signature = Settings().signature()
    assert set(signature) == {"retrieval", "ranking", "summary", "keywords"}
    assert str(Settings().data_dir) not in str(signature)


def test_one_passage_may_not_be_longer_than_all_together() -> None:
    with pytest.raises(SettingsError, match="passage_characters is 1600: expected 100 to 400"):
        RankingSettings(budget_characters=400)


def test_the_app_computes_with_as_many_threads_as_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    for given, expected in (([], "3"), (["--threads", "2"], "2")):
        monkeypatch.setattr(sys, "argv", ["app.py", "--port", "-1", *given])
        with pytest.raises(SystemExit, match="--port"):
            app.main()
        assert os.environ["OMP_NUM_THREADS"] == expected
