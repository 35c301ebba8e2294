"""``evaluate checkpoint`` from a corpus to its report."""

import argparse
import json
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from assistant.errors import CorpusError
from assistant.evaluation.checkpoint import CheckpointReport, CheckpointSettings, Subject, evaluate_checkpoint
from assistant.evaluation.commands import add_evaluate_commands
from assistant.evaluation.likelihood import Language
from assistant.generation.local import LocalGenerator
from assistant.prompts import PromptTemplate
from assistant.signature import file_hash
from tests.hashing_encoder import HashingEncoder
from tests.small_models import VOCABULARY, as_loaded, small_model, small_tokenizer, write_small_checkpoint
from tests.training.corpora import documents, names, write_corpus

SETTINGS = CheckpointSettings(authors=3, documents=2, pairs=2, samples=3, sample_tokens=8)


def corpus(folder: Path, authors: list[str], *, count: int = 5) -> Path:
    rows = [row for subject, author in enumerate(authors) for row in documents(author, subject, count=count)]
    return write_corpus(folder / "corpus.jsonl", rows)


def subject(*, knows_nothing: bool = False) -> Subject:
    model = small_model().float().eval()
    if knows_nothing:
        torch.nn.init.zeros_(model.get_input_embeddings().weight)
    tokenizer = small_tokenizer()
    generator = LocalGenerator(as_loaded(model, model="small"))
    return Subject(Language(model, tokenizer), generator, PromptTemplate(), frozenset({"the", "canal"}))


def evaluate(path: Path, settings: CheckpointSettings = SETTINGS, *, knows_nothing: bool = False) -> CheckpointReport:
    return evaluate_checkpoint(path, subject(knows_nothing=knows_nothing), HashingEncoder(), settings)


def test_a_report_counts_what_it_measured(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    report = evaluate_checkpoint(
        corpus(tmp_path, names("test", 4)),
        subject(),
        HashingEncoder(),
        SETTINGS,
        on_progress=lambda done, total: seen.append((done, total)),
    )
    assert (report.authors, report.documents) == (3, 6)
    assert seen == [(done, 6) for done in range(1, 7)]
    assert len(report.samples) == 3
    assert all(report.samples)
    for share in (report.distinction_accuracy, report.loop_rate, report.known_word_rate, report.sentence_end_rate):
        assert 0 <= share <= 1
    assert len({report.bits_none, report.bits_own, report.bits_other}) == 3
    assert report.own_against_none.difference == pytest.approx(report.bits_own - report.bits_none)
    assert report.own_against_other.difference == pytest.approx(report.bits_own - report.bits_other)
    assert report.second_reading > 0


def test_to_a_model_that_knows_nothing_evidence_makes_no_difference(tmp_path: Path) -> None:
    report = evaluate(corpus(tmp_path, names("test", 3)), knows_nothing=True)
    assert report.bits_none == pytest.approx(report.bits_own) == pytest.approx(report.bits_other)
    assert report.bits_none < math.log2(VOCABULARY)  # more than one character a token
    assert report.own_against_none.difference == pytest.approx(0)
    assert report.second_reading == pytest.approx(1)


def test_a_report_is_repeatable_and_seeded(tmp_path: Path) -> None:
    path = corpus(tmp_path, names("test", 2))
    few = replace(SETTINGS, documents=1, samples=1)
    assert evaluate(path, few) == evaluate(path, few)
    assert evaluate(path, few) != evaluate(path, replace(few, seed=1))


def test_only_the_wanted_side_of_the_split_is_measured(tmp_path: Path) -> None:
    few = replace(SETTINGS, documents=1, samples=0, authors=9)
    held_out = corpus(tmp_path, names("test", 2))
    alone = evaluate(held_out, few)
    rows: list[Mapping[str, object]] = [json.loads(line) for line in held_out.read_text().splitlines()]
    rows += [row for s, author in enumerate(names("train", 3)) for row in documents(author, s + 2)]
    mixed = evaluate(write_corpus(tmp_path / "mixed.jsonl", rows), few)
    assert (mixed.bits_own, mixed.authors) == (alone.bits_own, 2)
    assert evaluate(tmp_path / "mixed.jsonl", replace(few, split=None)).authors == 5


@pytest.mark.parametrize(
    "authors", [[], names("train", 4), names("test", 1)], ids=["nobody", "training authors", "one author"]
)
def test_too_few_authors_are_an_error_with_a_next_step(tmp_path: Path, authors: list[str]) -> None:
    with pytest.raises(CorpusError, match=r"corpus.jsonl has [01] authors .* at least 2; try --split all"):
        evaluate(corpus(tmp_path, authors))


def test_authors_with_few_documents_are_none(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="has 0 authors with 4 documents"):
        evaluate(corpus(tmp_path, names("test", 3), count=3))


def test_without_samples_there_are_no_faults(tmp_path: Path) -> None:
    report = evaluate(corpus(tmp_path, names("test", 2)), replace(SETTINGS, samples=0))
    assert report.samples == ()
    assert report.loop_rate == 0


@pytest.mark.parametrize("sentence", ["漢字とかなで書かれた文章です{}。", "Это простой русский текст номер {}. "])
def test_other_scripts_without_dates_or_titles_are_measured(tmp_path: Path, sentence: str) -> None:
    rows = [
        {"author": author, "text": "".join(sentence.format(1000 * s + 100 * n + i) for i in range(40))}
        for s, author in enumerate(names("test", 2))
        for n in range(4)
    ]
    report = evaluate(write_corpus(tmp_path / "corpus.jsonl", rows), replace(SETTINGS, samples=1))
    assert report.documents == 4
    assert math.isfinite(report.bits_own)


def test_the_command_prints_one_document_with_its_signature(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = write_small_checkpoint(tmp_path / "small")
    data = corpus(tmp_path, names("test", 2))
    parser = argparse.ArgumentParser()
    add_evaluate_commands(parser.add_subparsers())
    out = tmp_path / "results" / "checkpoint.json"
    given = f"--data {data} --model {model} --out {out} --documents 1 --samples 1 --json"
    arguments = parser.parse_args(["evaluate", "checkpoint", *given.split()])
    arguments.run(arguments)
    printed = capsys.readouterr().out
    assert out.read_text() == printed
    document = json.loads(printed)
    assert set(document["bits_per_character"]) == {"none", "own", "other"}
    assert {
        "gain_own_over_none_percent",
        "gain_own_over_other_percent",
        "p_own_none",
        "p_own_other",
        "author_distinction_accuracy",
        "loop_rate",
        "known_word_rate",
        "sentence_end_rate",
        "authors",
        "documents",
    } <= set(document)
    bits = document["bits_per_character"]
    assert document["gain_own_over_none_percent"] == pytest.approx(100 * (bits["none"] - bits["own"]) / bits["none"])
    assert list(document)[-1] == "signature"
    assert document["signature"]["data_sha256"] == file_hash(data)
    assert document["signature"]["weights_sha256"] == file_hash(model / "model.safetensors")
    assert document["signature"]["settings"]["documents"] == 1
