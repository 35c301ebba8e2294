"""``train`` from a corpus to a checkpoint the assistant loads, by the verbs a person types."""

import argparse
from pathlib import Path

import pytest

from assistant.errors import OwnhandError, SettingsError, TrainingError
from assistant.generation.local import load_generator
from assistant.prompts import PromptTemplate
from assistant.training.commands import add_train_commands
from assistant.training.tokenizer import load_known_words
from tests.small_models import small_tokenizer, write_small_checkpoint
from tests.training.corpora import documents, names, write_corpus


def train(line: str) -> None:
    parser = argparse.ArgumentParser()
    add_train_commands(parser.add_subparsers())
    arguments = parser.parse_args(["train", *line.split()])
    arguments.run(arguments)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus, a small model to start from, its tokenizer, and prepared shards."""
    folder = tmp_path_factory.mktemp("train")
    write_corpus(folder / "c.jsonl", [r for s, name in enumerate(names("train", 3)) for r in documents(name, s)])
    write_small_checkpoint(folder / "small")
    small_tokenizer().save_pretrained(folder / "tokenizer")
    train(f"prepare pretrain {folder}/c.jsonl --tokenizer {folder}/tokenizer --out {folder}/shards --window 32")
    return folder


def test_a_tokenizer_is_learnt_with_its_word_list(folder: Path, tmp_path: Path) -> None:
    train(f"tokenizer {folder}/c.jsonl --out {tmp_path}/tokenizer --vocabulary 300 --characters 5000")
    assert "sluice" in load_known_words(tmp_path / "tokenizer")
    train(f"prepare pretrain {folder}/c.jsonl --tokenizer {tmp_path}/tokenizer --out {tmp_path}/shards --window 32")


def test_pretraining_and_fine_tuning_end_in_a_checkpoint(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = f"--shards {folder}/shards --tokenizer {folder}/tokenizer --tokens-per-batch 300 --warmup-tokens 100"
    train(f"pretrain {common} --out {tmp_path}/first --init {folder}/small --tokens 900")
    train(f"finetune {common} --out {tmp_path}/second --init {tmp_path}/first --tokens 600")
    train(f"export {tmp_path}/second --tokenizer {folder}/tokenizer --out {tmp_path}/done")
    generator, template = load_generator(str(tmp_path / "done"))
    assert template == PromptTemplate()
    begun, _ = load_generator(str(folder / "small"))
    assert generator.signature["weights_sha256"] != begun.signature["weights_sha256"]
    assert capsys.readouterr().out == ""  # stdout is for results


@pytest.mark.parametrize(
    ("line", "kind", "message"),
    [
        ("pretrain --shards {0}/none --tokenizer {0}/tokenizer --tokens 9", TrainingError, "run `train prepare` first"),
        ("pretrain --shards {0}/shards --tokenizer {0}/none --tokens 9", TrainingError, "no tokenizer in .*/none"),
        (
            "finetune --shards {0}/shards --tokenizer {0}/tokenizer --tokens 9 --init {0}/none",
            TrainingError,
            "no run in",
        ),
        ("pretrain --shards {0}/shards --tokenizer {0}/tokenizer --tokens 0", TrainingError, "tokens must be above 0"),
        ("pretrain --shards {0}/shards --tokenizer {0}/tokenizer --tokens 9 --mix a=b", SettingsError, "SOURCE=EPOCHS"),
        ("pretrain --shards {0}/shards --tokenizer {0}/tokenizer --tokens 9 --mix a", SettingsError, "SOURCE=EPOCHS"),
        ("pretrain --shards {0}/shards --tokenizer {0}/tokenizer --tokens 9 --mix a=1", TrainingError, r"not \['a'\]"),
        ("prepare pretrain {0}/none.jsonl --tokenizer {0}/tokenizer", OwnhandError, "no corpus at"),
        ("prepare pretrain {0}/c.jsonl --tokenizer {0}/none", TrainingError, "no tokenizer in"),
        ("tokenizer {0}/none.jsonl", OwnhandError, "no corpus at"),
    ],
)
def test_what_is_missing_or_wrong_is_said(
    folder: Path, tmp_path: Path, line: str, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        train(f"{line.format(folder)} --out {tmp_path}/out")


def test_an_exported_run_that_never_saved_is_an_error(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no run in"):
        train(f"export {tmp_path} --tokenizer {folder}/tokenizer --out {tmp_path}/done")
