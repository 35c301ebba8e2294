"""Checkpoint folders as people have them: whole, damaged, of another kind. Each gets a model or a clear next step."""

import json
import re
import shutil
import sys
from io import StringIO
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from assistant.errors import ModelError
from assistant.generation import loading
from assistant.generation.loading import is_language_model
from assistant.generation.local import load_generator
from assistant.prompts import PLAIN_TEMPLATE, TEMPLATE_FILE, Part, PromptTemplate
from assistant.signature import file_hash
from assistant.types import Sampling
from tests.small_models import small_model, write_small_checkpoint


@pytest.fixture
def copy(checkpoint: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(checkpoint, tmp_path / "copy"))


def edit_config(folder: Path, **values: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def refusal(folder: Path) -> str:
    with pytest.raises(ModelError) as refused:
        load_generator(str(folder))
    return str(refused.value)


def test_a_whole_checkpoint_loads_with_its_template_and_signature(checkpoint: Path) -> None:
    generator, template = load_generator(str(checkpoint))
    assert template == PromptTemplate()
    assert generator.signature["model"] == "small"
    assert generator.signature["weights_sha256"] == file_hash(checkpoint / "model.safetensors")
    assert {"torch", "transformers"} <= set(generator.signature)
    assert generator.model.dtype == torch.bfloat16


def test_a_model_without_a_template_gets_plain_headings(copy: Path) -> None:
    (copy / TEMPLATE_FILE).unlink()
    _, template = load_generator(str(copy))
    assert template == PLAIN_TEMPLATE


def test_a_missing_folder_says_what_belongs_there(tmp_path: Path) -> None:
    message = refusal(tmp_path / "nowhere")
    assert str(tmp_path / "nowhere") in message
    assert re.search(r"expected a folder with config.json, model.safetensors and a tokenizer; give --model", message)


@pytest.mark.parametrize("file", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_missing_file_is_named_among_what_is_expected(copy: Path, file: str) -> None:
    (copy / file).unlink()
    if file == "tokenizer.json":
        (copy / "tokenizer_config.json").unlink()
    message = refusal(copy)
    assert str(copy) in message
    assert "restore the folder or choose another model" in message


@pytest.mark.parametrize("file", ["config.json", "model.safetensors", "tokenizer.json", TEMPLATE_FILE])
def test_a_file_cut_short_is_refused(copy: Path, file: str) -> None:
    whole = (copy / file).read_bytes()
    (copy / file).write_bytes(whole[: len(whole) // 2])
    assert "restore" in refusal(copy)


@pytest.mark.parametrize("file", ["config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json"])
@pytest.mark.parametrize("content", ["[]", "null"])
def test_a_file_that_holds_something_else_is_refused(copy: Path, file: str, content: str) -> None:
    (copy / file).write_text(content)
    assert "restore" in refusal(copy)


def test_a_damaged_header_is_refused(copy: Path) -> None:
    weights = bytearray((copy / "model.safetensors").read_bytes())
    weights[3] ^= 0xFF
    (copy / "model.safetensors").write_bytes(weights)
    assert "restore" in refusal(copy)


def test_weights_that_are_not_all_there_are_refused(copy: Path) -> None:
    tensors = load_file(copy / "model.safetensors")
    del tensors["model.layers.1.mlp.up_proj.weight"]
    save_file(tensors, copy / "model.safetensors", metadata={"format": "pt"})
    assert "model.layers.1.mlp.up_proj.weight" in refusal(copy)


def test_weights_of_another_shape_are_refused(copy: Path) -> None:
    edit_config(copy, intermediate_size=128)
    assert "restore" in refusal(copy)


def test_pickled_weights_are_not_read(copy: Path) -> None:
    (copy / "model.safetensors").unlink()
    torch.save(small_model().state_dict(), copy / "pytorch_model.bin")
    message = refusal(copy)
    assert "pytorch_model.bin, a format that can carry programs and is not read" in message
    assert "expected model.safetensors" in message


@pytest.mark.parametrize("kind", ["t5", "bart", "distilbert", "nonesuch"])
def test_weights_of_another_kind_of_model_are_refused(copy: Path, kind: str) -> None:
    edit_config(copy, model_type=kind, architectures=None)
    message = refusal(copy)
    assert str(copy) in message
    assert "restore the folder" in message


def test_another_kind_of_model_is_named(copy: Path) -> None:
    edit_config(copy, model_type="bert", architectures=["BertForMaskedLM"])
    assert "is not a language model but a BertForMaskedLM" in refusal(copy)


def test_weights_in_several_files_are_read_and_named_by_one_hash(copy: Path) -> None:
    whole, _ = load_generator(copy)
    whole.model.save_pretrained(copy, max_shard_size="20KB")
    (copy / "model.safetensors").unlink()
    assert len(list(copy.glob("model-*.safetensors"))) > 1
    parts, _ = load_generator(copy)
    assert len(str(parts.signature["weights_sha256"])) == 64
    for name, tensor in whole.model.state_dict().items():
        assert torch.equal(tensor, parts.model.state_dict()[name])


def test_a_model_too_big_for_the_memory_is_refused_before_it_is_read(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "free_memory", lambda: 150_000_000)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    (copy / "config.json").write_text("not even looked at")
    assert re.search(r"needs about 200 MB of memory, 150 MB are free: close other programs", refusal(copy))


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"model_type": "llama", "architectures": ["LlamaForCausalLM"]}, True),
        ({"model_type": "gemma3_text", "architectures": ["Gemma3ForCausalLM"]}, True),
        ({"model_type": "t5", "architectures": ["T5ForConditionalGeneration"]}, True),
        ({"model_type": "bert", "architectures": ["BertForMaskedLM"]}, False),
        ({"model_type": "whisper", "architectures": ["WhisperForConditionalGeneration"]}, False),
        ({"model_type": "vit", "architectures": ["ViTForImageClassification"]}, False),
        ({"model_type": "own", "architectures": ["OwnForCausalLM"], "auto_map": {}}, False),
        ({}, False),
    ],
)
def test_language_models_are_told_from_others_by_their_settings(config: dict[str, object], expected: bool) -> None:
    assert is_language_model(config) is expected


def test_a_tokenizer_with_more_ids_than_the_model_is_refused(tmp_path: Path) -> None:
    folder = write_small_checkpoint(tmp_path / "small", small_model(vocabulary=300))
    message = refusal(folder)
    assert "500" in message
    assert "300" in message


def test_a_template_whose_markers_the_tokenizer_lacks_is_refused(copy: Path) -> None:
    _plain_tokenizer().save_pretrained(copy)
    message = refusal(copy)
    assert "<|draft|>" in message
    assert TEMPLATE_FILE in message


def test_ids_beyond_the_tokenizer_are_never_written(tmp_path: Path) -> None:
    # Vocabularies are often padded to a round number; an untrained row may well be the likeliest.
    folder = write_small_checkpoint(tmp_path / "small", small_model(vocabulary=3000))
    generator, _ = load_generator(str(folder))
    for seed in range(3):
        assert "".join(generator.stream((Part("The keeper"),), Sampling(max_tokens=12, temperature=2, seed=seed)))


def test_code_that_comes_with_a_model_is_neither_run_nor_offered(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = tmp_path / "ran"
    (copy / "own.py").write_text(
        f"open({str(ran)!r}, 'w').close()\nfrom transformers import LlamaConfig as C, LlamaForCausalLM as M\n"
    )
    edit_config(copy, model_type="own", auto_map={"AutoConfig": "own.C", "AutoModelForCausalLM": "own.M"})
    answers = StringIO("y\n" * 5)  # transformers likes to ask
    monkeypatch.setattr(sys, "stdin", answers)
    assert str(copy) in refusal(copy)
    assert not ran.exists()
    assert answers.tell() == 0


def _plain_tokenizer() -> PreTrainedTokenizerFast:
    """A byte-level tokenizer without a marker of ours."""
    alphabet = {character: i for i, character in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    tokenizer = Tokenizer(models.BPE(vocab=alphabet, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer)
