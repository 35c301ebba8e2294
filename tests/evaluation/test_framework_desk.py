"""Records made in batches, and by several processes, are those made one by one."""

import os
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import ModelError, SettingsError
from assistant.evaluation.checkpoint import Subject
from assistant.evaluation.framework import Outcome, record_signature, run_framework
from assistant.evaluation.framework_desk import OneProcess
from assistant.evaluation.framework_estimate import as_text, estimate_framework
from assistant.evaluation.framework_report import as_json, as_markdown
from assistant.evaluation.framework_table import tabulate
from assistant.evaluation.framework_tasks import FrameworkSettings
from assistant.evaluation.framework_workers import Workers
from assistant.evaluation.journal import Journal
from assistant.evaluation.likelihood import Language
from assistant.evaluation.zero_shot import zero_shot_of
from assistant.generation.local import LocalGenerator
from assistant.prompts import PromptTemplate
from assistant.settings import HelperSettings
from tests.hashing_encoder import HashingEncoder
from tests.one_thread import one_thread
from tests.small_models import as_loaded, small_model, small_tokenizer, write_small_checkpoint
from tests.training.corpora import documents, names, write_corpus

__all__ = ["one_thread"]

SETTINGS = FrameworkSettings(
    rows=(
        "ImmedCtx",
        "OtherWriter",
        "RankDocBM25",
        "RankDocBySnpt",
        "RankDocBySnpt+SumByDraft",
        "RankDocBySnpt+SumByDraft+SynByDraft",
        "RankDocBySnpt+Memory",
        "OtherWriter+Memory",
    ),
    typing_rows=("ImmedCtx", "RankDocBySnpt"),
    authors=3,
    documents=2,
    tokens=6,
    continuation_characters=120,
    typing_words=3,
    offered_words=2,
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [row for subject, author in enumerate(names("test", 4)) for row in documents(author, subject, count=8)]
    return write_corpus(tmp_path_factory.mktemp("corpus") / "corpus.jsonl", rows)


CHAT = "{% for message in messages %}<|first|>{{ message.content }}{% endfor %}<|second|>"


def subject(*, seed: int = 0) -> Subject:
    model, tokenizer = small_model(seed=seed).float().eval(), small_tokenizer()
    generator = LocalGenerator(as_loaded(model, model="small"))
    return Subject(Language(model, tokenizer), generator, PromptTemplate(), frozenset())


def load() -> OneProcess:
    return OneProcess(subject(), HashingEncoder())


def die() -> OneProcess:
    """As if memory had run out."""
    os._exit(9)


def run(corpus: Path, out: Path, settings: FrameworkSettings, by: OneProcess | Workers | None = None) -> Outcome:
    journal = Journal(out, record_signature({"model": "small"}, settings))
    return run_framework(corpus, journal, by or load(), settings)


@pytest.fixture(scope="module")
def one_by_one(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return run(corpus, tmp_path_factory.mktemp("out"), replace(SETTINGS, batch=1))


def assert_equal(found: Outcome, expected: Outcome) -> None:
    """Everything but the times."""
    assert found.typed == expected.typed
    assert set(found.written) == set(expected.written)
    for task, written in found.written.items():
        known = expected.written[task]
        assert (written.text, written.finish) == (known.text, known.finish)
        assert written.bits == pytest.approx(known.bits, rel=1e-4)
        assert written.evidence_characters == known.evidence_characters
        assert written.milliseconds > 0


def test_records_made_in_batches_are_those_made_one_by_one(corpus: Path, one_by_one: Outcome, tmp_path: Path) -> None:
    assert len(one_by_one.written) == 3 * 2 * 8
    assert len(one_by_one.typed) == 3 * 2
    assert len({written.text for written in one_by_one.written.values()}) > 20
    assert_equal(run(corpus, tmp_path / "a", SETTINGS), one_by_one)
    assert_equal(run(corpus, tmp_path / "b", replace(SETTINGS, batch=3)), one_by_one)


def test_an_evaluation_goes_on_with_batches_of_another_size(corpus: Path, one_by_one: Outcome, tmp_path: Path) -> None:
    run(corpus, tmp_path, replace(SETTINGS, documents=1, batch=5))
    before = (tmp_path / "records.jsonl").read_bytes()
    assert_equal(run(corpus, tmp_path, replace(SETTINGS, batch=1)), one_by_one)
    assert (tmp_path / "records.jsonl").read_bytes().startswith(before)


def test_several_processes_make_the_same_records_once(corpus: Path, one_by_one: Outcome, tmp_path: Path) -> None:
    done: list[int] = []
    journal = Journal(tmp_path, record_signature({"model": "small"}, SETTINGS))
    found = run_framework(corpus, journal, Workers(2, load), SETTINGS, on_progress=lambda now, _total: done.append(now))
    assert_equal(found, one_by_one)
    assert done == list(range(3 * 2 * 8 + 3 * 2 + 1))
    assert len(list(journal.records())) == done[-1]


def test_a_worker_that_dies_is_said_and_loses_nothing(corpus: Path, one_by_one: Outcome, tmp_path: Path) -> None:
    run(corpus, tmp_path, replace(SETTINGS, authors=2))
    before = (tmp_path / "records.jsonl").read_bytes()
    with pytest.raises(ModelError, match="a worker process died"):
        run(corpus, tmp_path, SETTINGS, Workers(2, die))
    assert (tmp_path / "records.jsonl").read_bytes() == before
    assert_equal(run(corpus, tmp_path, SETTINGS), one_by_one)


def test_an_instruction_tuned_model_has_a_row_of_its_own(corpus: Path, tmp_path: Path) -> None:
    with_it = replace(SETTINGS, rows=("ImmedCtx", "LLMZeroShot"), typing_documents=0)
    with pytest.raises(SettingsError, match="--zero-shot-model"):
        run(corpus, tmp_path / "a", with_it)
    instructed = deepcopy(small_tokenizer())
    instructed.chat_template = CHAT
    other = LocalGenerator(as_loaded(small_model(seed=7).float().eval(), instructed))
    by = replace(load(), zero_shot=zero_shot_of(other, "small"))
    found = run(corpus, tmp_path / "b", with_it, by)
    assert_equal(run(corpus, tmp_path / "c", replace(with_it, batch=1), by), found)
    of_row = {row: [w for task, w in found.written.items() if task.row == row] for row in with_it.rows}
    assert len(of_row["LLMZeroShot"]) == len(of_row["ImmedCtx"]) == 6
    assert all(written.evidence_characters > 0 for written in of_row["LLMZeroShot"])


OWN = replace(
    SETTINGS,
    rows=("ImmedCtx", "ImmedCtx@mine", "RankDocBySnpt+Memory@mine"),
    typing_rows=("ImmedCtx@mine",),
    documents=1,
    checkpoints={"mine": "hash of mine"},
)


def by_own(*, seed: int) -> OneProcess:
    return replace(load(), checkpoints={"mine": subject(seed=seed)})


def test_a_row_writes_with_its_own_checkpoint(corpus: Path, tmp_path: Path) -> None:
    found = run(corpus, tmp_path / "a", OWN, by_own(seed=7))
    assert_equal(run(corpus, tmp_path / "b", replace(OWN, batch=1), by_own(seed=7)), found)
    of_row = {row: [w.text for task, w in found.written.items() if task.row == row] for row in OWN.rows}
    assert [len(texts) for texts in of_row.values()] == [3, 3, 3]
    assert not set(of_row["ImmedCtx"]) & set(of_row["ImmedCtx@mine"])
    assert {task.row for task in found.typed} == {"ImmedCtx@mine"}
    alike = run(corpus, tmp_path / "c", OWN, by_own(seed=0)).written
    texts = {task.row: {task.author: w.text} for task, w in alike.items()}
    assert texts["ImmedCtx"] == texts["ImmedCtx@mine"]


def test_another_checkpoint_makes_its_rows_anew_and_leaves_the_others(corpus: Path, tmp_path: Path) -> None:
    run(corpus, tmp_path, OWN, by_own(seed=7))
    before = (tmp_path / "records.jsonl").read_text().splitlines()
    retrained = replace(OWN, checkpoints={"mine": "another hash"})
    found = run(corpus, tmp_path, retrained, by_own(seed=8))
    after = (tmp_path / "records.jsonl").read_text().splitlines()
    assert after[: len(before)] == before
    assert all("@mine" in line and "another hash" in line for line in after[len(before) :])
    assert len(after) - len(before) == 3 * 3  # two rows that write, one that types
    assert_equal(found, run(corpus, tmp_path / "fresh", retrained, by_own(seed=8)))


def test_a_checkpoint_that_was_not_given_is_asked_for(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="row ImmedCtx@yours wants a checkpoint: give --checkpoint yours=FOLDER"):
        run(corpus, tmp_path, replace(OWN, rows=("ImmedCtx@yours",)), by_own(seed=7))


def test_a_dear_row_is_measured_on_the_first_documents_of_the_others(corpus: Path, tmp_path: Path) -> None:
    settings = replace(SETTINGS, rows=("ImmedCtx", "RankDocBM25"), typing_rows=(), fewer={"RankDocBM25": 1})
    found = run(corpus, tmp_path, settings)
    places = {row: [(task.author, task.document) for task in found.written if task.row == row] for row in settings.rows}
    assert (len(places["ImmedCtx"]), len(places["RankDocBM25"])) == (6, 3)
    assert set(places["RankDocBM25"]) < set(places["ImmedCtx"])
    table = tabulate(found, settings)
    assert [row.documents for row in table.rows] == [6, 3]
    shared = set(places["RankDocBM25"])
    means = [
        sum(w.bits for task, w in found.written.items() if task.row == row and (task.author, task.document) in shared)
        for row in ("RankDocBM25", "ImmedCtx")
    ]
    (bits,) = [test for test in table.tests if test.metric == "bits_per_character"]
    assert abs(bits.test.difference) == pytest.approx(abs(means[0] - means[1]) / 3)
    assert "| RankDocBM25 (3 documents) |" in as_markdown(as_json(table, {}))


class Counting(LocalGenerator):
    """Says how often it was asked."""

    asked = 0

    def stream(self, *arguments: Any, **named: Any) -> Any:
        self.asked += 1
        return super().stream(*arguments, **named)


def test_rows_that_ask_the_very_same_are_answered_once(corpus: Path, tmp_path: Path) -> None:
    model, tokenizer = small_model().float().eval(), small_tokenizer()
    generator = Counting(as_loaded(model, model="small"))
    by = OneProcess(Subject(Language(model, tokenizer), generator, PromptTemplate(), frozenset()), HashingEncoder())
    # A model of random weights hardly ever writes what can be traced: mostly nothing is added to the entries.
    helpers = HelperSettings(generic_summary_model=str(write_small_checkpoint(tmp_path / "helper")))
    rows = ("RankDocBySnpt", "RankDocBySnpt+SumCtxIndWritten")
    settings = replace(SETTINGS, rows=rows, typing_rows=(), helpers=helpers, batch=1)
    written = run(corpus, tmp_path / "out", settings, by).written
    assert len(written) / 2 <= generator.asked < len(written)
    spent = {row: sum(w.summary_milliseconds for task, w in written.items() if task.row == row) for row in rows}
    assert spent[rows[1]] > spent[rows[0]]


def test_what_an_evaluation_takes_is_said_before_it_is_run(corpus: Path, tmp_path: Path) -> None:
    settings = replace(SETTINGS, rows=("ImmedCtx", "RankDocBySnpt"))
    estimate = estimate_framework(corpus, load(), settings, set())
    assert (estimate.authors, estimate.documents, estimate.rows) == (3, 6, 2)
    assert (estimate.texts, estimate.walks, estimate.made, estimate.tried) == (12, 6, 0, 6)
    assert estimate.seconds_left == pytest.approx(3 * estimate.seconds_tried)
    done = run(corpus, tmp_path, replace(settings, authors=1))
    left = estimate_framework(corpus, load(), settings, {*done.written, *done.typed})
    assert (left.made, left.texts) == (6, 12)
    assert left.seconds_left == pytest.approx(2 * left.seconds_tried)
    everything = run(corpus, tmp_path, settings)
    nothing = estimate_framework(corpus, load(), settings, {*everything.written, *everything.typed})
    assert (nothing.made, nothing.tried, nothing.seconds_left) == (18, 0, 0)
    assert "6 documents of 3 authors, 2 rows: 12 texts" in as_text(estimate)
