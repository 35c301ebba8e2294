"""``train memory``: a gate and a metric that fit one checkpoint, and that make its memory worth having."""

import json
import logging
from pathlib import Path

import pytest
import torch

from assistant.errors import CorpusError, ModelError
from assistant.generation.local import load_generator
from assistant.memory.fitted import MEMORY_FILE, load_memory
from assistant.training.memory_fit import FitReport, FitSettings
from assistant.training.memory_run import run_memory_fit
from tests.small_models import write_small_checkpoint
from tests.training.corpora import documents, names, write_corpus

SETTINGS = FitSettings(
    authors=3, documents=6, drafts=1, steps_per_draft=60, width=8, metric_updates=6, gate_updates=60, gate_batch=64
)


def corpus(folder: Path, authors: list[str]) -> Path:
    rows = [row for subject, author in enumerate(authors) for row in documents(author, subject)]
    return write_corpus(folder / "corpus.jsonl", rows)


def fit(folder: Path, path: Path, said: list[str] | None = None) -> FitReport:
    heard = [] if said is None else said
    return run_memory_fit(folder, [path], SETTINGS, lambda what, done, total: heard.append(f"{what} {done}/{total}"))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small checkpoint with its memory fitted."""
    root = tmp_path_factory.mktemp("fitted")
    folder = write_small_checkpoint(root / "small")
    fit(folder, corpus(root, names("validation", 3)))
    return folder


def test_a_fitted_memory_is_worth_having_and_is_read_back_with_the_checkpoint(tmp_path: Path) -> None:
    folder, said = write_small_checkpoint(tmp_path / "small"), list[str]()
    report = fit(folder, corpus(tmp_path, names("validation", 3)), said)
    assert (
        report.with_memory > report.model_alone + 0.5
    )  # a random model knows nothing, and the authors repeat themselves
    generator, _ = load_generator(folder)
    assert generator.memory.is_fitted
    assert generator.memory.model == report.fitted.model
    fitted = generator.memory.gate.state_dict()
    for name, values in report.fitted.gate.state_dict().items():
        assert torch.allclose(values, fitted[name], atol=1e-5)
    assert {line.split()[0] for line in said} == {"authors", "metric", "drafts", "gates"}


def test_keys_have_the_width_that_was_fitted(checkpoint: Path) -> None:
    generator, _ = load_generator(checkpoint)
    keys = generator.keys_of("A note", "The keeper walked along the canal.")
    assert keys is not None
    assert keys.keys.shape == (len(keys.tokens), SETTINGS.width)


def test_the_same_corpora_and_seed_give_the_same_memory(checkpoint: Path, tmp_path: Path) -> None:
    folder = write_small_checkpoint(tmp_path / "small")
    fit(folder, corpus(tmp_path, names("validation", 3)))
    first, second = (json.loads((each / MEMORY_FILE).read_text()) for each in (checkpoint, folder))
    assert first["gate"] == second["gate"]
    assert first["metric"] == second["metric"]


def test_a_memory_of_other_weights_is_left_aside_with_a_clear_word(
    checkpoint: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        other = load_memory(checkpoint, "another hash")
    assert not other.is_fitted
    assert other.metric is None
    assert "train memory" in caplog.text


@pytest.mark.parametrize("damage", ["{", "[]", '{"weights_sha256": 3}'])
def test_a_damaged_memory_is_refused_with_what_to_do(damage: str, tmp_path: Path) -> None:
    (tmp_path / MEMORY_FILE).write_text(damage)
    with pytest.raises(ModelError, match=r"is damaged .* train memory"):
        load_memory(tmp_path, "hash")


def test_authors_of_the_other_sides_are_not_fitted_on(tmp_path: Path) -> None:
    folder = write_small_checkpoint(tmp_path / "small")
    path = corpus(tmp_path, [*names("train", 2), *names("test", 2)])
    with pytest.raises(CorpusError, match=r"0 validation authors .* expected at least 2"):
        fit(folder, path)
    assert not (folder / MEMORY_FILE).exists()
