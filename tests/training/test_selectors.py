"""Training of the selectors: from training authors alone, out of fold, from labels that can be learnt."""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import CorpusError
from assistant.selectors import Selectors, load_selectors, save_selectors
from assistant.settings import HelperSettings, KeywordSettings, Settings, SummarySettings
from assistant.training.commands import add_train_commands
from assistant.training.examples import ExampleSettings, evidence_for, prepare_finetuning
from assistant.training.selectors import SelectorSettings, train_selectors, word_rarity
from assistant.training.weak_labels import fold_of
from tests.hashing_encoder import HashingEncoder
from tests.small_models import small_tokenizer
from tests.small_selectors import SMALL_SETTINGS, small_corpus
from tests.training.corpora import documents, names, prose, write_corpus


def learnt(path: Path, settings: SelectorSettings = SMALL_SETTINGS) -> Selectors:
    return train_selectors([path], HashingEncoder(), encoder_sha256="hashing", settings=settings)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_corpus(tmp_path_factory.mktemp("selectors") / "c.jsonl")


@pytest.fixture(scope="module")
def made(corpus: Path) -> Selectors:
    return learnt(corpus)


def with_more(corpus: Path, path: Path, authors: list[str]) -> Path:
    """The corpus and some further authors, none of whose texts is in it."""
    rows = (
        {"author": author, "title": "", "date": f"2004-{n + 1:02}-01", "text": prose(n % 3, 900 + 20 * a + n)}
        for a, author in enumerate(authors)
        for n in range(12)
    )
    write_corpus(path, rows)
    path.write_text(corpus.read_text(encoding="utf-8") + path.read_text(encoding="utf-8"), encoding="utf-8")
    return path


def test_held_out_authors_change_nothing(corpus: Path, made: Selectors, tmp_path: Path) -> None:
    again = learnt(with_more(corpus, tmp_path / "more.jsonl", [*names("test", 2), *names("validation", 2)]))
    assert again.rarity == made.rarity
    np.testing.assert_array_equal(again.served.keywords.weights, made.served.keywords.weights)


def test_an_author_is_learnt_from_in_one_half_alone(corpus: Path, made: Selectors, tmp_path: Path) -> None:
    author = next(name for name in names("train", 40)[6:] if fold_of(name) == 1)
    again = learnt(with_more(corpus, tmp_path / "more.jsonl", [author]))
    assert occasions(again)[0] == occasions(made)[0]
    assert occasions(again)[1] == occasions(made)[1] + SMALL_SETTINGS.per_author


def occasions(selectors: Selectors) -> list[int]:
    """How many each half learnt from."""
    found = selectors.signature["occasions"]
    assert isinstance(found, list)
    return found


def test_examples_of_an_author_come_from_the_half_without_them() -> None:
    settings = ExampleSettings(
        evidence=Settings(summary=SummarySettings(method="SumCtx"), helpers=HelperSettings(half=0))
    )
    for author in names("train", 20):
        assert evidence_for(author, settings).helpers.half == 1 - fold_of(author)
    for author in names("validation", 3):
        assert evidence_for(author, settings) == settings.evidence


def test_the_generators_examples_hear_the_half_without_their_author(
    corpus: Path, made: Selectors, tmp_path: Path
) -> None:
    def words(selectors: Selectors, name: str) -> bytes:
        save_selectors(selectors, tmp_path / f"{name}.safetensors")
        helpers = HelperSettings(selectors=tmp_path / f"{name}.safetensors")
        evidence = Settings(keywords=KeywordSettings(method="SynCtx", count=4), helpers=helpers)
        settings = ExampleSettings(
            per_author=3, minimum_documents=8, no_evidence=0, foreign_evidence=0, evidence=evidence
        )
        out = tmp_path / name
        list(prepare_finetuning([corpus], small_tokenizer(), out, settings=settings, encoder=HashingEncoder()))
        return (out / "continuation" / "tokens.npy").read_bytes()

    as_made = words(made, "made")
    assert words(replace(made, served=made.halves[0]), "other-served") == as_made
    assert words(replace(made, halves=(made.halves[1], made.halves[0])), "swapped") != as_made


def test_rarity_worked_out_by_hand() -> None:
    texts = ["the gate and the weir", "a gate", "one gate", "two weirs, a weir", "barley", "weir"]
    rarity = word_rarity(texts, replace(SMALL_SETTINGS, rarity_words=5))
    assert rarity == {"gate": pytest.approx(np.log(2)), "weir": pytest.approx(np.log(2))}
    assert list(word_rarity(texts, replace(SMALL_SETTINGS, rarity_words=1))) == ["gate"]


def test_too_little_to_learn_from_is_said(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="1 texts by training authors, no word in 3 of them: add documents"):
        word_rarity(["gate"], SMALL_SETTINGS)
    rows = [row for author in names("train", 3) for row in documents(author, 0, count=3)]
    with pytest.raises(CorpusError, match="expected at least 2: add authors"):
        learnt(write_corpus(tmp_path / "c.jsonl", rows))


def test_the_command_writes_a_file_that_loads(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("assistant.retrieval.encoder.load_encoder", HashingEncoder)
    parser = argparse.ArgumentParser()
    add_train_commands(parser.add_subparsers())
    line = f"train selectors {corpus} --out {tmp_path}/new/s.safetensors --authors 6 --characters 50000"
    arguments = parser.parse_args(line.split())
    arguments.run(arguments)
    loaded = load_selectors(tmp_path / "new" / "s.safetensors", encoder_sha256="hashing")
    assert loaded.signature["data"]
    assert "selectors written to" in capsys.readouterr().err
