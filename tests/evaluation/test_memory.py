"""``evaluate memory`` from a corpus to its document: rows, tests, faults, going on after a stop."""

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import CorpusError
from assistant.evaluation.checkpoint import Subject
from assistant.evaluation.journal import Journal
from assistant.evaluation.likelihood import Language, bits_per_character
from assistant.evaluation.memory import MemorySettings, find_authors, measure_authors
from assistant.evaluation.memory_commands import add_memory_command
from assistant.evaluation.memory_report import as_document, as_markdown
from assistant.evaluation.memory_writing import longest_copied_run
from assistant.evaluation.report import fill_blocks
from assistant.generation.local import load_generator
from assistant.prompts import build_prompt
from assistant.training.memory_fit import FitSettings
from assistant.training.memory_run import run_memory_fit
from assistant.types import Evidence
from tests.hashing_encoder import HashingEncoder
from tests.small_models import write_small_checkpoint
from tests.training.corpora import documents, names, write_corpus

SETTINGS = MemorySettings(authors=3, documents=1, writings=1)
FIT = FitSettings(
    authors=3, documents=6, drafts=1, steps_per_draft=60, width=8, metric_updates=6, gate_updates=60, gate_batch=64
)


def corpus(folder: Path, authors: list[str], *, count: int = 9) -> Path:
    rows = [row for subject, author in enumerate(authors) for row in documents(author, subject, count=count)]
    return write_corpus(folder / "corpus.jsonl", rows)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small checkpoint whose memory was fitted on other writers."""
    root = tmp_path_factory.mktemp("fitted")
    folder = write_small_checkpoint(root / "small")
    run_memory_fit(folder, [corpus(root, names("validation", 3))], FIT, lambda *_: None)
    return folder


@pytest.fixture(scope="module")
def subject(checkpoint: Path) -> Subject:
    generator, template = load_generator(checkpoint)
    return Subject(Language(generator.model, generator.tokenizer), generator, template, frozenset())


@pytest.fixture(scope="module")
def records(subject: Subject, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    path = corpus(tmp_path_factory.mktemp("data"), names("test", 3))
    return measure_authors(path, None, subject, HashingEncoder(), SETTINGS)


def test_writers_who_repeat_themselves_are_foreseen_better_from_their_own_past_than_from_anothers(
    records: list[dict[str, Any]],
) -> None:
    for record in records:
        bits = record["bits"]
        assert bits["own memory"] < bits["draft cache"] < bits["model alone"]
        assert bits["own memory"] < bits["other memory"]
        assert bits["own memory, 5 documents"] < bits["own memory, 1 document"]
        assert "own memory, 20 documents" not in bits  # nobody here wrote so many
        assert "all documents" not in bits


def test_the_model_alone_is_what_the_likelihood_says(subject: Subject, records: list[dict[str, Any]]) -> None:
    from assistant.evaluation.held_out import cut
    from assistant.training.corpus import Record

    row = list(documents(records[0]["author"], names("test", 3).index(records[0]["author"]), count=9))[-1]
    draft = cut(Record(row["author"], row["title"], row["date"], row["text"]), continuation_characters=1200)
    prompt = build_prompt(subject.template, Evidence(), title=draft.title, before=draft.before)
    expected = bits_per_character(subject.language, prompt, draft.continuation)
    assert records[0]["bits"]["model alone"] == pytest.approx(expected, rel=1e-3)


def test_a_document_has_rows_tests_shares_harm_and_faults(records: list[dict[str, Any]]) -> None:
    document = as_document(records, {"model": "small"})
    rows = {row["method"]: row for row in document["rows"]}
    assert rows["own memory"]["authors"] == 3
    assert rows["own memory"]["bits_per_character"] == pytest.approx(sum(r["bits"]["own memory"] for r in records) / 3)
    tests = {test["row"]: test for test in document["tests"]}
    own = tests["own memory"]
    assert own["against"] == "draft cache"
    assert own["percent"] < 0
    assert own["better"] == "own memory"
    assert own["p"] >= own["p_uncorrected"]
    assert tests["prompt + own memory"]["against"] == "prompt"
    assert document["better_off_share"]["own memory"] == 1
    assert set(document["worst_harm_percent"]) >= {"own memory, 1 document", "own memory, 2 documents"}
    assert [writing["texts"] for writing in document["writings"]] == [3, 3]
    assert all(writing["longest_copied_words"] <= 8 for writing in document["writings"][1:])
    shown = as_markdown(document)
    assert "| own memory |" in shown
    assert "- Better off with own memory: 100 % of the authors." in shown
    harm = document["worst_harm_percent"]["own memory, 1 document"]
    assert f"- Worst author with own memory, 1 document: {harm:+.2f} % bits per character." in shown
    writing = document["writings"][1]
    assert f"| {writing['method']} | 3 | {100 * writing['loop_rate']:.1f} % |" in shown
    assert "Characters saved with the memory against without: p " in shown


def test_a_block_of_the_prose_gets_the_rows_and_shares(records: list[dict[str, Any]], tmp_path: Path) -> None:
    document = as_document(records, {"model": "small"}) | {"writings": [], "typing_test": None}
    path = tmp_path / "docs" / "results" / "memory-email.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(document))
    filled = fill_blocks("<!-- results:memory-email -->\n<!-- /results -->\n", tmp_path)
    assert filled == f"<!-- results:memory-email -->\n{as_markdown(document)}<!-- /results -->\n"
    assert "writing with" not in filled


def test_a_stopped_measurement_goes_on_where_it_was(subject: Subject, tmp_path: Path) -> None:
    path, settings = corpus(tmp_path, names("test", 3)), MemorySettings(authors=3, documents=1, writings=0)
    journal = Journal(tmp_path / "records", {"model": "small"})
    whole = measure_authors(path, journal, subject, HashingEncoder(), settings)
    lines = (tmp_path / "records" / "records.jsonl").read_text().splitlines()
    (tmp_path / "records" / "records.jsonl").write_text(lines[0] + "\n" + lines[1][:20])
    resumed = measure_authors(
        path, Journal(tmp_path / "records", {"model": "small"}), subject, HashingEncoder(), settings
    )
    assert resumed == whole


def test_authors_with_many_documents_are_half_of_those_measured(tmp_path: Path) -> None:
    few, many = names("test", 5)[:3], names("test", 5)[3:]
    rows = [row for subject, author in enumerate(few) for row in documents(author, subject, count=8)]
    rows += [row for subject, author in enumerate(many, start=3) for row in documents(author, subject, count=54)]
    path = write_corpus(tmp_path / "corpus.jsonl", rows)
    chosen = find_authors(path, MemorySettings(authors=4, documents=2))
    assert sum(author.name in many for author in chosen) == 2
    assert len({author.name for author in chosen}) == 4


def test_too_few_authors_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"has 1 authors .* expected at least 2"):
        find_authors(corpus(tmp_path, names("test", 1)), SETTINGS)


def test_a_copied_run_is_counted_in_words_of_one_document() -> None:
    past = [["the", "gate", "stood", "open"], ["stood", "open", "all", "night", "long"]]
    assert longest_copied_run(["then", "the", "gate", "stood", "open", "all", "day"], past) == 4
    assert longest_copied_run(["nothing"], past) == 0


def test_the_command_writes_its_document_and_goes_on(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.retrieval.encoder.load_encoder", HashingEncoder)
    parser = argparse.ArgumentParser()
    add_memory_command(parser.add_subparsers())
    path, out = corpus(tmp_path, names("test", 2)), tmp_path / "memory.json"
    given = ["memory", "--data", str(path), "--model", str(checkpoint), "--documents", "1", "--writings", "0"]
    for _ in range(2):
        arguments = parser.parse_args([*given, "--out", str(out), "--json"])
        arguments.run(arguments)
        printed = json.loads(capsys.readouterr().out)
        assert printed == json.loads(out.read_text())
    assert printed["signature"]["memory_is_fitted"]
    assert printed["writings"] == []
