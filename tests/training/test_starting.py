"""What a run starts from: folders, runs and names of the hub; and what is said of those that cannot be had."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import huggingface_hub.constants
import pytest
import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertModel, GPT2Config, GPT2LMHeadModel

from assistant.errors import ModelError, TrainingError
from assistant.persona.saving import PLUG_FILE
from assistant.signature import file_hash
from assistant.training.checkpoints import RunState, Weights, save_state
from assistant.training.starting import check_tokenizer, load_start, model_folder
from assistant.training.tokenizer import vocabulary_fingerprint
from tests.generation.architectures import FAMILIES, byte_level, t5
from tests.small_models import small_model, small_tokenizer, write_small_checkpoint


class Hub(BaseHTTPRequestHandler):
    """Answers as the hub does for a model that needs a licence, and for one that is not there."""

    def do_HEAD(self) -> None:
        gated = "gated" in self.path
        self.send_response(403 if gated else 404)
        self.send_header("X-Error-Code", "GatedRepo" if gated else "RepoNotFound")
        self.send_header("X-Error-Message", "")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_HEAD

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A hub on this machine in place of the real one."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr(
        huggingface_hub.constants,
        "HUGGINGFACE_CO_URL_TEMPLATE",
        f"http://127.0.0.1:{server.server_port}/{{repo_id}}/resolve/{{revision}}/{{filename}}",
    )
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    yield
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("someone/gated", r"someone/gated is given to those alone who accept its licence: .*choose another model"),
        ("someone/nothing", r"there is no model someone/nothing: .*check the spelling"),
    ],
)
@pytest.mark.usefixtures("hub")
def test_a_model_that_the_hub_does_not_give_is_said(name: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        load_start(name, allow_download=True)


def test_nothing_is_fetched_unless_asked_for() -> None:
    with pytest.raises(ModelError, match=r"someone/model is not on this machine: .*--allow-download"):
        load_start("someone/model")


def test_a_folder_and_a_run_are_found_with_their_identity(tmp_path: Path) -> None:
    folder = write_small_checkpoint(tmp_path / "checkpoint")
    start = load_start(str(folder))
    assert start.identity == file_hash(folder / "model.safetensors")
    assert torch.equal(start.model.state_dict()["model.norm.weight"], small_model().state_dict()["model.norm.weight"])
    model = small_model(seed=3)
    save_state(tmp_path / "run", Weights(model, model.state_dict()), {"a": torch.ones(1)}, RunState(5, 50, 0, 5), {})
    assert model_folder(str(tmp_path / "run")) == tmp_path / "run" / "state-0000005" / "model"
    assert load_start(str(tmp_path / "run")).identity != start.identity


@pytest.mark.parametrize("family", FAMILIES)
def test_models_of_all_families_are_started_from(tmp_path: Path, family: str) -> None:
    model = load_start(str(FAMILIES[family].write(tmp_path))).model
    assert model.config.is_encoder_decoder == ("t5" in family)


def test_weights_in_several_files_are_one_identity(tmp_path: Path) -> None:
    model = small_model()
    model.save_pretrained(tmp_path / "one")
    model.save_pretrained(tmp_path / "many", max_shard_size="30KB")
    assert len(list((tmp_path / "many").glob("*.safetensors"))) > 1
    many = load_start(str(tmp_path / "many"))
    assert len(many.identity) == 64
    assert many.identity != load_start(str(tmp_path / "one")).identity


def test_a_plug_beside_a_model_makes_it_no_other_model(tmp_path: Path) -> None:
    folder = write_small_checkpoint(tmp_path)
    before = load_start(str(folder)).identity
    save_file({"persona": torch.ones(1)}, folder / PLUG_FILE)
    assert load_start(str(folder)).identity == before == file_hash(folder / "model.safetensors")


def test_a_path_without_a_model_is_no_name_of_the_hub(tmp_path: Path) -> None:
    for name in (str(tmp_path), str(tmp_path / "none"), "./none"):
        with pytest.raises(TrainingError, match="no run in"):
            load_start(name)


def test_an_encoder_is_not_a_language_model(tmp_path: Path) -> None:
    config = BertConfig(
        vocab_size=100, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
    )
    BertModel(config).save_pretrained(tmp_path)
    with pytest.raises(ModelError, match=r"is not a language model \(BertModel\): expected one that writes text"):
        load_start(str(tmp_path))


def test_damaged_or_missing_weights_are_said(tmp_path: Path) -> None:
    folder = write_small_checkpoint(tmp_path)
    (folder / "model.safetensors").write_bytes(b"half")
    with pytest.raises(ModelError, match="cannot load a language model from"):
        load_start(str(folder))
    model = small_model()
    state = {name: tensor for name, tensor in model.state_dict().items() if "mlp" not in name}
    model.save_pretrained(folder, state_dict=state)
    with pytest.raises(ModelError, match=r"lacks 6 weights, model.layers.0.mlp"):
        load_start(str(folder))


# Tokenizers


def test_tokenizers_that_belong_to_model_and_shards_pass(tmp_path: Path) -> None:
    model = load_start(str(write_small_checkpoint(tmp_path))).model
    check_tokenizer(small_tokenizer(), model, shards=vocabulary_fingerprint(small_tokenizer()))
    check_tokenizer(small_tokenizer(), small_model(), shards=None)  # nothing is known of either


def test_a_tokenizer_that_did_not_prepare_the_shards_is_refused() -> None:
    with pytest.raises(TrainingError, match="prepared with another tokenizer"):
        check_tokenizer(small_tokenizer(), small_model(), shards=vocabulary_fingerprint(t5()))


def test_a_tokenizer_with_more_tokens_than_the_model_is_refused() -> None:
    model = GPT2LMHeadModel(GPT2Config(vocab_size=200, n_embd=16, n_layer=1, n_head=2))
    with pytest.raises(TrainingError, match=r"the tokenizer has 500 tokens, the model 200"):
        check_tokenizer(small_tokenizer(), model, shards=None)


def test_a_tokenizer_that_is_not_the_models_own_is_refused(tmp_path: Path) -> None:
    model = load_start(str(write_small_checkpoint(tmp_path))).model
    with pytest.raises(TrainingError, match="has another tokenizer than --tokenizer: give the model's own"):
        check_tokenizer(byte_level(opens=False), model, shards=None)
