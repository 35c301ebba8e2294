"""``evaluate selectors``: agreement with the labels worked out by hand, and the command from a corpus to its table."""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.errors import CorpusError, ModelError
from assistant.evaluation.commands import add_evaluate_commands
from assistant.evaluation.selection import METRICS, SelectionReport, SelectionSettings, evaluate_selection
from assistant.evaluation.selection_report import as_json, as_markdown
from assistant.selectors import load_selectors
from assistant.settings import HelperSettings
from tests.hashing_encoder import HashingEncoder
from tests.small_selectors import small_selectors
from tests.training.corpora import names, prose, write_corpus

SETTINGS = SelectionSettings(documents=3, label_characters=250)
HELPERS = HelperSettings(selectors=small_selectors())


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four held-out authors who write now on one subject, now on another."""
    rows = (
        {"author": author, "title": "", "date": f"2004-{n + 1:02}-01", "text": prose((a + n) % 5, 50 * a + n)}
        for a, author in enumerate(names("test", 4))
        for n in range(12)
    )
    return write_corpus(tmp_path_factory.mktemp("selection") / "corpus.jsonl", rows)


def evaluate(corpus: Path, settings: SelectionSettings = SETTINGS) -> SelectionReport:
    rarity = load_selectors(HELPERS.selectors, encoder_sha256=HashingEncoder.name).rarity
    return evaluate_selection(corpus, HashingEncoder(), rarity, HELPERS, settings)


@pytest.fixture(scope="module")
def report(corpus: Path) -> SelectionReport:
    return evaluate(corpus)


def test_every_stage_is_measured_on_every_author(report: SelectionReport) -> None:
    assert [row.stage for row in report.rows] == [*SETTINGS.summaries, *SETTINGS.syntheses]
    assert report.authors == 4
    assert report.documents <= 12
    for row in report.rows:
        for metric in METRICS:
            value = getattr(row, metric)
            assert 0 <= value.low <= value.mean <= value.high <= 1
        assert row.milliseconds > 0


def test_what_was_learnt_on_such_authors_finds_more_of_the_label_than_frequent_words(report: SelectionReport) -> None:
    recall = {row.stage: row.recall.mean for row in report.rows}
    assert recall["SynCtx"] > recall["SynCtxInd"]


def test_each_stage_is_compared_with_the_trained_one_by_every_metric(report: SelectionReport) -> None:
    pairs = {frozenset((test.better, test.worse)) for test in report.tests}
    assert pairs == {
        frozenset(pair)
        for pair in (
            ("SumCtx", "SumByDraft"),
            ("SumCtx", "SumCtxInd"),
            ("SynCtx", "SynByDraft"),
            ("SynCtx", "SynCtxInd"),
        )
    }
    assert len(report.tests) == len(pairs) * len(METRICS)
    for test in report.tests:
        assert test.test.difference >= 0
        assert test.p >= test.test.p


def test_no_summary_and_no_words_foresee_nothing(corpus: Path) -> None:
    found = evaluate(corpus, replace(SETTINGS, summaries=("none",), syntheses=("none",)))
    assert [(row.precision.mean, row.recall.mean, row.foreseen.mean) for row in found.rows] == [(0, 0, 0)] * 2
    assert found.tests == ()


def test_too_few_authors_are_said(corpus: Path) -> None:
    with pytest.raises(CorpusError, match=r"0 authors .* on the validation side of the split.*try --split all"):
        evaluate(corpus, replace(SETTINGS, split="validation"))


def test_the_table_says_what_the_document_says(report: SelectionReport) -> None:
    document = json.loads(json.dumps(as_json(report, {"data": "corpus.jsonl"})))
    table = as_markdown(document)
    for row in document["rows"]:
        assert f"| {row['stage']} | {100 * row['precision']['mean']:.1f} [" in table
    assert table.count("\n| SynCtx |") >= 1
    assert f"precision {100 * document['chance']:.1f}" in table


def test_the_command_prints_one_document(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("assistant.retrieval.encoder.load_encoder", HashingEncoder)
    parser = argparse.ArgumentParser()
    add_evaluate_commands(parser.add_subparsers())
    line = f"evaluate selectors --data {corpus} --selectors {HELPERS.selectors} --documents 1 --out {tmp_path}/r.json"
    arguments = parser.parse_args(line.split())
    arguments.run(arguments)
    assert capsys.readouterr().out.startswith("3 documents of 3 authors (`corpus.jsonl`)")
    arguments.json = True
    arguments.run(arguments)
    shown = json.loads(capsys.readouterr().out)
    assert shown["signature"]["data"] == "corpus.jsonl"
    assert len(shown["signature"]["selectors_sha256"]) == 64
    written = json.loads((tmp_path / "r.json").read_text())
    assert [row["recall"] for row in written["rows"]] == [row["recall"] for row in shown["rows"]]
    arguments.selectors = tmp_path / "none"
    with pytest.raises(ModelError, match="make them by `train selectors`"):
        arguments.run(arguments)
