"""``evaluate framework`` from a corpus to its table: what is measured, what is kept, what goes on after a kill."""

import argparse
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import CorpusError, SettingsError
from assistant.evaluation.checkpoint import Subject
from assistant.evaluation.commands import add_evaluate_commands
from assistant.evaluation.framework import Outcome, record_signature, run_framework
from assistant.evaluation.framework_desk import OneProcess
from assistant.evaluation.framework_report import as_json, as_markdown
from assistant.evaluation.framework_table import Table, tabulate
from assistant.evaluation.framework_tasks import FrameworkSettings
from assistant.evaluation.journal import Journal
from assistant.evaluation.likelihood import Language
from assistant.evaluation.metrics import text_scores
from assistant.evaluation.report import fill_blocks
from assistant.generation.local import LocalGenerator
from assistant.prompts import PromptTemplate
from assistant.training.corpus import author_split
from tests.hashing_encoder import HashingEncoder
from tests.small_models import as_loaded, small_model, small_tokenizer, write_small_checkpoint
from tests.training.corpora import documents, names, write_corpus

SERVED = "RankDocBySnpt+SumByDraft+SynCtxNew"
SETTINGS = FrameworkSettings(
    rows=("ImmedCtx", "RandomDoc", "OtherWriter", "RankDocBySnpt", SERVED),
    authors=2,
    documents=1,
    tokens=6,
    continuation_characters=120,
    typing_words=2,
    offered_words=2,
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three authors to measure and ten whose hands can be learnt."""
    people = [*names("test", 3), *names("train", 10)]
    rows = [row for subject, author in enumerate(people) for row in documents(author, subject, count=8)]
    return write_corpus(tmp_path_factory.mktemp("corpus") / "corpus.jsonl", rows)


@pytest.fixture(scope="module")
def subject() -> Subject:
    model, tokenizer = small_model().float().eval(), small_tokenizer()
    generator = LocalGenerator(as_loaded(model, model="small"))
    return Subject(Language(model, tokenizer), generator, PromptTemplate(), frozenset())


def run(corpus: Path, out: Path, subject: Subject, settings: FrameworkSettings = SETTINGS) -> Outcome:
    journal = Journal(out, record_signature(subject.generator.signature, settings))
    return run_framework(corpus, journal, OneProcess(subject, HashingEncoder()), settings)


@pytest.fixture(scope="module")
def outcome(corpus: Path, subject: Subject, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return run(corpus, tmp_path_factory.mktemp("out"), subject)


@pytest.fixture(scope="module")
def table(outcome: Outcome) -> Table:
    return tabulate(outcome, SETTINGS)


def test_a_memory_is_mixed_into_what_is_written_and_foreseen(corpus: Path, subject: Subject, tmp_path: Path) -> None:
    rows = ("RecentDoc", "RecentDoc+Memory", "OtherWriter+Memory")
    settings = replace(SETTINGS, rows=rows, typing_rows=rows, authors=1, tokens=20)
    found = run(corpus, tmp_path, subject, settings)
    written = {task.row: value for task, value in found.written.items()}
    assert written["RecentDoc+Memory"].bits < written["OtherWriter+Memory"].bits
    assert written["RecentDoc+Memory"].bits < written["RecentDoc"].bits
    assert written["RecentDoc+Memory"].evidence_characters == written["RecentDoc"].evidence_characters
    assert {task.row for task in found.typed} == set(rows)


def test_every_row_writes_on_from_the_same_documents(outcome: Outcome) -> None:
    places = {
        row: {(task.author, task.document) for task in outcome.written if task.row == row} for row in SETTINGS.rows
    }
    assert len(places["ImmedCtx"]) == 2
    assert len({frozenset(found) for found in places.values()}) == 1
    assert {task.row for task in outcome.typed} == {"ImmedCtx", SERVED}
    assert all(author_split(task.author) == "test" for task in outcome.written)


def test_only_the_evidence_differs(outcome: Outcome) -> None:
    author = outcome.people.measured[0].name
    of_one = {task.row: written for task, written in outcome.written.items() if task.author == author}
    assert of_one["ImmedCtx"].evidence_characters == 0
    assert all(of_one[row].evidence_characters > 300 for row in SETTINGS.rows[1:])
    assert len({written.bits for written in of_one.values()}) == len(SETTINGS.rows)
    assert all(written.text for written in of_one.values())


def test_the_neighbour_is_another_writer(outcome: Outcome) -> None:
    people = outcome.people
    assert all(a.name != b.name for a, b in zip(people.measured, people.neighbours, strict=True))
    assert not {author.name for author in people.others} & {author.name for author in people.measured}
    assert len(people.others) == 11


def test_a_killed_evaluation_goes_on_where_it_stopped(
    corpus: Path, outcome: Outcome, subject: Subject, tmp_path: Path
) -> None:
    class Killed(Exception):
        """Stands for the end of the process."""

    def kill_after_three(done: int, total: int) -> None:
        if done == 3:
            raise Killed

    out = tmp_path / "out"
    journal = Journal(out, record_signature(subject.generator.signature, SETTINGS))
    by = OneProcess(subject, HashingEncoder())
    with pytest.raises(Killed):
        run_framework(corpus, journal, by, SETTINGS, on_progress=kill_after_three)
    before = (out / "records.jsonl").read_bytes()
    again = run(corpus, out, subject)
    assert (out / "records.jsonl").read_bytes().startswith(before)
    assert before.count(b"\n") == 3
    assert {task: written.text for task, written in again.written.items()} == {
        task: written.text for task, written in outcome.written.items()
    }
    assert again.typed == outcome.typed


def test_a_second_run_measures_nothing_and_fewer_rows_give_fewer(
    corpus: Path, subject: Subject, tmp_path: Path
) -> None:
    few = replace(SETTINGS, rows=("ImmedCtx", "RankDocBySnpt"), typing_documents=0)
    run(corpus, tmp_path, subject, few)
    records = (tmp_path / "records.jsonl").read_bytes()
    fewer = run(corpus, tmp_path, subject, replace(few, rows=("ImmedCtx",), authors=2))
    assert (tmp_path / "records.jsonl").read_bytes() == records
    assert {task.row for task in fewer.written} == {"ImmedCtx"}


def test_other_settings_need_another_folder(corpus: Path, subject: Subject, tmp_path: Path) -> None:
    few = replace(SETTINGS, rows=("ImmedCtx",), typing_documents=0)
    run(corpus, tmp_path, subject, few)
    with pytest.raises(CorpusError, match=r"settings.tokens differ"):
        run(corpus, tmp_path, subject, replace(few, tokens=7))


def test_the_table_is_means_over_authors_of_the_metrics(outcome: Outcome, table: Table) -> None:
    (row,) = [row for row in table.rows if row.method == "ImmedCtx"]
    assert (row.documents, table.documents, table.authors) == (2, 2, 2)
    bare = []
    records = {author.name: author.records for author in outcome.people.measured}
    for task, written in outcome.written.items():
        if task.row == "ImmedCtx":
            record = records[task.author][task.document]
            rest = record.text[record.text.rfind(" ", 0, 150 - len(record.title)) :][:120]
            bare.append(text_scores(rest[: rest.rfind(" ")], written.text, stemming=True).rouge1)
    assert row.metrics["rouge1_without_start"].mean == pytest.approx(sum(bare) / 2)
    assert row.metrics["rouge1"].mean > row.metrics["rouge1_without_start"].mean + 20


def test_typing_and_authorship_are_in_the_table(table: Table) -> None:
    by_method = {row.method: row.metrics for row in table.rows}
    assert "characters_saved" in by_method[SERVED]
    assert "characters_saved" not in by_method["RandomDoc"]
    assert all(0 <= metrics["authorship"].mean <= 1 for metrics in by_method.values())
    assert table.verifier_accuracy is not None
    assert table.authorship_of_real_text is not None


def test_tests_name_the_better_row_first(table: Table) -> None:
    by_method = {row.method: row.metrics for row in table.rows}
    assert {(test.better, test.worse) for test in table.tests if test.metric == "bleu"}
    for comparison in table.tests:
        better, worse = (by_method[name][comparison.metric].mean for name in (comparison.better, comparison.worse))
        assert comparison.test.difference == pytest.approx(better - worse)
        assert comparison.test.low <= comparison.test.difference <= comparison.test.high
        assert comparison.corrected_p >= comparison.test.p
        if comparison.metric == "bits_per_character":
            assert better <= worse
        else:
            assert better >= worse


def test_without_others_there_is_no_authorship(subject: Subject, tmp_path: Path) -> None:
    rows = [row for subject_, author in enumerate(names("test", 2)) for row in documents(author, subject_, count=7)]
    small = write_corpus(tmp_path / "small.jsonl", rows)
    settings = replace(SETTINGS, rows=("ImmedCtx",), typing_documents=0)
    table = tabulate(run(small, tmp_path / "out", subject, settings), settings)
    assert table.verifier_accuracy is None
    assert "authorship" not in table.rows[0].metrics


def test_too_few_authors_and_unknown_rows_are_errors(corpus: Path, subject: Subject, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"has 0 authors with 5 documents .* validation side .* try --split all"):
        run(corpus, tmp_path / "a", subject, replace(SETTINGS, split="validation"))
    with pytest.raises(SettingsError, match="'BestDoc'"):
        run(corpus, tmp_path / "b", subject, replace(SETTINGS, rows=("BestDoc",)))


def test_the_document_has_the_agreed_keys(table: Table) -> None:
    document = as_json(table, {"model": "small"})
    assert list(document)[-1] == "signature"
    for row in document["rows"]:
        keys = {"method", "bleu", "rouge1", "rouge2", "rougeL", "authorship", "documents", "intervals"}
        assert keys <= set(row)
    assert {"better", "worse", "metric", "difference", "p", "p_corrected"} <= set(document["tests"][0])
    assert json.loads(json.dumps(document)) == document


def test_the_table_can_be_read(table: Table) -> None:
    lines = as_markdown(as_json(table, {})).splitlines()
    assert lines[0].startswith("2 documents of 2 authors")
    assert lines[2].startswith("| method | BLEU | ROUGE-1 |")
    assert [line.split(" | ")[0] for line in lines[4:]] == [f"| {row}" for row in SETTINGS.rows]
    assert len({line.count("|") for line in lines[2:]}) == 1


def test_a_results_block_holds_the_table(table: Table, tmp_path: Path) -> None:
    document = as_json(table, {"data": "mail.jsonl.xz"})
    (tmp_path / "docs" / "results").mkdir(parents=True)
    (tmp_path / "docs" / "results" / "framework-email.json").write_text(json.dumps(document), encoding="utf-8")
    filled = fill_blocks("Before.\n<!-- results:framework-email -->\n<!-- /results -->\nAfter.", tmp_path)
    assert filled.startswith("Before.\n<!-- results:framework-email -->\n`mail.jsonl.xz`: 2 documents of 2 authors")
    assert filled.endswith("|\n<!-- /results -->\nAfter.")
    assert as_markdown(document) in filled


def test_a_star_marks_what_beats_the_draft_alone() -> None:
    def row(method: str, value: float) -> dict[str, Any]:
        return {"method": method, "bleu": value, "intervals": {"bleu": [value - 1, value + 1]}}

    def tested(better: str, p: float) -> dict[str, Any]:
        return {"better": better, "worse": "ImmedCtx", "metric": "bleu", "p_corrected": p}

    document = {
        "rows": [row("ImmedCtx", 10), row("RecentDoc", 12), row("RankDocBM25", 11)],
        "tests": [tested("RecentDoc", 0.001), tested("RankDocBM25", 0.02)],
        "authors": 9,
        "documents": 9,
    }
    *_, immed, recent, bm25 = as_markdown(document).splitlines()
    assert immed == "| ImmedCtx | 10.00 (9.00 to 11.00) |"
    assert recent == "| RecentDoc | 12.00 (11.00 to 13.00)\\* |"
    assert bm25.endswith("12.00) |")


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.retrieval.encoder.load_encoder", HashingEncoder)


def test_the_command_writes_and_prints_its_results(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], encoder: None
) -> None:
    model = write_small_checkpoint(tmp_path / "small")
    parser = argparse.ArgumentParser()
    add_evaluate_commands(parser.add_subparsers())
    given = f"--data {corpus} --out {tmp_path / 'out'} --model {model} --authors 2 --documents 1 --typing-documents 0"
    command = ["evaluate", "framework", *given.split(), "--rows", "ImmedCtx", "RecentDoc"]
    arguments = parser.parse_args([*command, "--json"])
    arguments.run(arguments)
    printed = capsys.readouterr()
    document = json.loads(printed.out)
    assert document == json.loads((tmp_path / "out" / "framework.json").read_text())
    assert [row["method"] for row in document["rows"]] == ["ImmedCtx", "RecentDoc"]
    assert document["signature"]["settings"]["rows"] == ["ImmedCtx", "RecentDoc"]
    assert "tok:13a" in document["signature"]["metrics"]["bleu"]
    assert "4 of 4 records" in printed.err
    arguments = parser.parse_args(command)
    arguments.run(arguments)
    written = (tmp_path / "out" / "framework.md").read_text()
    assert written.startswith(capsys.readouterr().out)
    pictures = re.findall(r"\]\((\w+\.svg)\)", written)
    assert [(tmp_path / "out" / name).is_file() for name in pictures] == [True, True]
