"""Records made in batches, and by several processes, are those made one by one."""

import os
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.errors import ModelError, SettingsError
from assistant.evaluation.checkpoint import Subject
from assistant.evaluation.framework import Outcome, record_signature, run_framework
from assistant.evaluation.framework_tasks import FrameworkSettings
from assistant.evaluation.framework_workers import OneProcess, Workers
from assistant.evaluation.journal import Journal
from assistant.evaluation.likelihood import Language
from assistant.evaluation.zero_shot import zero_shot_of
from assistant.generation.local import LocalGenerator
from assistant.generation.vocabulary import read_vocabulary
from assistant.prompts import PromptTemplate
from tests.hashing_encoder import HashingEncoder
from tests.one_thread import one_thread
from tests.small_models import VOCABULARY, small_model, small_tokenizer
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


def load() -> OneProcess:
    model, tokenizer = small_model().float().eval(), small_tokenizer()
    generator = LocalGenerator(model, read_vocabulary(tokenizer, size=VOCABULARY), {"model": "small"})
    return OneProcess(Subject(Language(model, tokenizer), generator, PromptTemplate(), frozenset()), HashingEncoder())


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
    other = LocalGenerator(small_model(seed=7).float().eval(), read_vocabulary(instructed, size=VOCABULARY), {})
    by = replace(load(), zero_shot=zero_shot_of(other, "small"))
    found = run(corpus, tmp_path / "b", with_it, by)
    assert_equal(run(corpus, tmp_path / "c", replace(with_it, batch=1), by), found)
    of_row = {row: [w for task, w in found.written.items() if task.row == row] for row in with_it.rows}
    assert len(of_row["LLMZeroShot"]) == len(of_row["ImmedCtx"]) == 6
    assert all(written.evidence_characters > 0 for written in of_row["LLMZeroShot"])
