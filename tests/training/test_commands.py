"""``train`` from a corpus to a checkpoint the assistant loads, by the verbs a person types."""

import argparse
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import ModelError, OwnhandError, SettingsError, TrainingError
from assistant.generation.loading import load_language_model
from assistant.generation.local import load_generator
from assistant.generation.packing import is_packed
from assistant.prompts import PromptTemplate
from assistant.retrieval.encoder import DEFAULT_WEIGHTS_SHA256, load_encoder
from assistant.retrieval.ready_words import load_ready_words
from assistant.training.commands import add_train_commands
from assistant.training.encodings import template_for
from assistant.training.tokenizer import load_known_words
from tests.full_disk import full_disk
from tests.generation.architectures import FAMILIES, byte_level
from tests.hashing_encoder import HashingEncoder
from tests.small_models import small_model, small_tokenizer, write_small_checkpoint
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


def test_common_words_are_encoded_for_the_encoder_to_ship_with(folder: Path, tmp_path: Path) -> None:
    train(f"words {folder}/c.jsonl --out {tmp_path}/new/words.safetensors --count 5 --characters 5000")
    ready = load_ready_words(tmp_path / "new" / "words.safetensors", weights_sha256=DEFAULT_WEIGHTS_SHA256)
    computed = load_encoder(with_ready_words=False).encode(ready.words)
    assert len(ready.words) == 5
    assert np.linalg.norm(ready.find(ready.words)[1] - computed, axis=1).max() < 0.05


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


def test_a_run_by_adamw_is_exported_packed(folder: Path, tmp_path: Path) -> None:
    train(
        f"pretrain --shards {folder}/shards --tokenizer {folder}/tokenizer --tokens-per-batch 300 --out {tmp_path}/run "
        f"--init {folder}/small --tokens 600 --matrix-optimizer adamw"
    )
    for name, option in {"whole": "", "packed": "--pack"}.items():
        train(f"export {tmp_path}/run --tokenizer {folder}/tokenizer --out {tmp_path}/{name} {option}")
    assert [is_packed(tmp_path / name / "model.safetensors") for name in ("whole", "packed")] == [False, True]
    whole, packed = (load_language_model(tmp_path / name).model.get_input_embeddings().weight.detach().float()
                     for name in ("whole", "packed"))  # fmt: skip
    assert 0 < float((packed - whole).norm() / whole.norm()) < 0.1


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


@pytest.mark.parametrize("room", [10_000, 50_000])
def test_a_full_disk_leaves_the_checkpoint_that_was_exported_before(folder: Path, tmp_path: Path, room: int) -> None:
    common = f"--shards {folder}/shards --tokenizer {folder}/tokenizer --tokens-per-batch 300 --init {folder}/small"
    train(f"pretrain {common} --out {tmp_path}/run --tokens 600")
    write_small_checkpoint(tmp_path / "done")
    (tmp_path / "done" / "README.md").write_text("A model card.")
    before = recorded(tmp_path / "done")
    export = f"export {tmp_path}/run --tokenizer {folder}/tokenizer --out {tmp_path}/done"
    with full_disk(room), pytest.raises(TrainingError, match=r"done could not be written .* as it was: .*free some"):
        train(export)
    assert recorded(tmp_path / "done") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["done", "run"]

    train(export)
    after = recorded(tmp_path / "done")
    changed = {name for name in before if after[name] != before[name]}
    assert {str(tmp_path / "done" / "model.safetensors"), str(tmp_path / "done" / "signature.json")} <= changed
    assert after[str(tmp_path / "done" / "README.md")] == b"A model card."


def test_an_export_over_weights_in_several_files_leaves_none_of_them(folder: Path, tmp_path: Path) -> None:
    small_model(seed=5).save_pretrained(tmp_path / "done", max_shard_size="30KB")
    assert len(list((tmp_path / "done").glob("model-*.safetensors"))) > 1
    train(
        f"pretrain --shards {folder}/shards --tokenizer {folder}/tokenizer --tokens-per-batch 300 --tokens 300 "
        f"--init {folder}/small --out {tmp_path}/run"
    )
    train(f"export {tmp_path}/run --tokenizer {folder}/tokenizer --out {tmp_path}/done")
    assert [path.name for path in (tmp_path / "done").glob("*model*")] == ["model.safetensors"]
    load_generator(str(tmp_path / "done"))


@pytest.mark.parametrize("number", ["0", "-3", "1.5", "many"])
@pytest.mark.parametrize(
    "line",
    [
        "pretrain --shards s --tokenizer t --tokens 9 --accumulation {0}",
        "pretrain --shards s --tokenizer t --tokens 9 --tokens-per-batch {0}",
        "finetune --shards s --tokenizer t --tokens 9 --init m --patience {0}",
        "prepare pretrain c.jsonl --tokenizer t --window {0}",
        "tokenizer c.jsonl --vocabulary {0}",
    ],
)
def test_what_is_no_count_is_refused_before_anything_is_read(
    line: str, number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        train(f"{line.format(number)} --out o")
    assert f"'{number}': expected a whole number, 1 or more" in capsys.readouterr().err


# Runs that are only tried, stopped early, or of other models


def recorded(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_dry_run_says_what_it_takes_and_writes_nothing(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = (
        f"pretrain --shards {folder}/shards --tokenizer {folder}/tokenizer --init {folder}/small --out {tmp_path}/run"
    )
    line = f"{common} --tokens 900 --tokens-per-batch 300 --warmup-tokens 100"
    train(f"{line} --dry-run")
    said = capsys.readouterr().out
    assert not (tmp_path / "run").exists()
    for word in ("parameters", "master weights", "moments", "activations", "tokens", "updates", "time", "in a pass"):
        assert word in said
    train(line)
    before = recorded(tmp_path)
    train(f"{line} --dry-run")
    assert "0 to go" in capsys.readouterr().out
    assert recorded(tmp_path) == before


def test_a_validated_run_stops_early_and_its_best_weights_are_exported(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_corpus(tmp_path / "v.jsonl", [r for s, name in enumerate(names("validation", 2)) for r in documents(name, s)])
    train(
        f"prepare pretrain {tmp_path}/v.jsonl --tokenizer {folder}/tokenizer --out {tmp_path}/held-out --window 32 "
        "--split validation"
    )
    train(
        f"pretrain --shards {folder}/shards --tokenizer {folder}/tokenizer --out {tmp_path}/run --tokens 20000 "
        f"--tokens-per-batch 300 --warmup-tokens 0 --matrix-rate 0.5 --other-rate 0.5 --init {folder}/small "
        f"--validation {tmp_path}/held-out --validate-every 500 --patience 2"
    )
    assert "stopped early: no better validation loss in 2 checks" in capsys.readouterr().err
    for name in ("best", "last"):
        train(
            f"export {tmp_path}/run --tokenizer {folder}/tokenizer --out {tmp_path}/{name}"
            + " --last" * (name == "last")
        )
    best, last = (load_generator(str(tmp_path / name))[0].signature["weights_sha256"] for name in ("best", "last"))
    assert best != last


@pytest.mark.parametrize(("family", "architecture"), [("llama 3", "causal"), ("t5", "encoder-decoder")])
def test_a_model_of_others_is_fine_tuned_and_served(
    folder: Path, tmp_path: Path, family: str, architecture: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.retrieval.encoder.load_encoder", HashingEncoder)
    base = FAMILIES[family].write(tmp_path / "base")
    train(
        f"prepare finetune {folder}/c.jsonl --tokenizer {base} --out {tmp_path}/shards --architecture {architecture} "
        "--per-author 1 --continuation-characters 200"
    )
    common = f"--shards {tmp_path}/shards --tokenizer {base} --init {base} --tokens 1500 --tokens-per-batch 4000"
    train(f"finetune {common} --out {tmp_path}/run --lora-rank 2")
    for name, option in (("merged", ""), ("adapter", "--keep-adapter")):
        train(f"export {tmp_path}/run --tokenizer {base} --out {tmp_path}/{name} {option}")
    language = load_language_model(tmp_path / "merged")
    assert language.template == template_for(language.tokenizer, is_encoder_decoder=family == "t5")
    assert language.model.config.is_encoder_decoder == (family == "t5")
    assert {path.suffix for path in (tmp_path / "merged").iterdir()} == {".json", ".safetensors"}
    weights = [path.name for path in (tmp_path / "adapter").glob("*.safetensors")]
    assert weights == ["adapter_model.safetensors"]
    assert (tmp_path / "adapter" / "prompt.json").is_file()


@pytest.mark.parametrize(
    ("line", "kind", "message"),
    [
        ("pretrain --tokenizer {0}/tokenizer --lora-rank 4", SettingsError, "an adapter needs a trained model"),
        ("pretrain --tokenizer {0}/tokenizer --init no/model", ModelError, "no/model is not on this machine"),
        ("pretrain --tokenizer {1} --init {0}/small", TrainingError, "prepared with another tokenizer"),
        ("pretrain --tokenizer {0}/tokenizer --init {0}/small --validation {0}", TrainingError, "run `train prepare`"),
    ],
)
def test_what_does_not_belong_together_is_said(
    folder: Path, tmp_path: Path, line: str, kind: type[Exception], message: str
) -> None:
    byte_level(opens=False).save_pretrained(tmp_path / "other")
    with pytest.raises(kind, match=message):
        train(f"{line.format(folder, tmp_path / 'other')} --shards {folder}/shards --tokens 9 --out {tmp_path}/out")
    assert not (tmp_path / "out").exists()


def test_an_adapter_over_a_run_is_refused(folder: Path, tmp_path: Path) -> None:
    common = f"--shards {folder}/shards --tokenizer {folder}/tokenizer --tokens 300 --tokens-per-batch 300"
    train(f"pretrain {common} --init {folder}/small --out {tmp_path}/run")
    with pytest.raises(SettingsError, match="`train export` it first"):
        train(f"finetune {common} --init {tmp_path}/run --out {tmp_path}/second --lora-rank 2")
    with pytest.raises(SettingsError, match=r"--keep-adapter: .* trained whole weights"):
        train(f"export {tmp_path}/run --tokenizer {folder}/tokenizer --out {tmp_path}/done --keep-adapter")


def test_windows_are_not_written_with_a_tokenizer_of_others(folder: Path, tmp_path: Path) -> None:
    byte_level(opens=False).save_pretrained(tmp_path / "other")
    with pytest.raises(TrainingError, match="lacks the marker"):
        train(f"prepare pretrain {folder}/c.jsonl --tokenizer {tmp_path}/other --out {tmp_path}/shards")
