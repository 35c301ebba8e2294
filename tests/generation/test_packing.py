"""Weights in four bits: what comes back, how close it is, and that such a checkpoint is loaded like any other."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from assistant.errors import ModelError
from assistant.generation.loading import count_parameters, load_language_model
from assistant.generation.packing import PackedMatrix, is_packed, load_packed, pack, rounded, save_packed
from assistant.prompts import PromptTemplate
from assistant.training.checkpoints import write_checkpoint
from assistant.training.starting import load_start
from tests.small_models import small_model, small_tokenizer, write_small_checkpoint

LEVELS = 16
# Weights as narrow as a trained model's: wide random ones blow up any rounding.
SPREAD = 0.05


def packed_and_read(weights: dict[str, Tensor], path: Path) -> dict[str, Tensor]:
    save_packed(weights, path)
    return {name: w.whole() if isinstance(w, PackedMatrix) else w for name, w in load_packed(path).items()}


def some_matrix(rows: int, columns: int) -> Tensor:
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(columns))


@pytest.mark.parametrize("columns", [4, 12, 32, 576, 1536])
def test_a_matrix_comes_back_close_to_what_it_was(tmp_path: Path, columns: int) -> None:
    matrix = some_matrix(20, columns)

    read = packed_and_read({"a": matrix}, tmp_path / "w.safetensors")["a"]

    # Sixteen levels over some four standard deviations: a third of their distance on average.
    assert read.shape == matrix.shape
    assert float((read - matrix).norm() / matrix.norm()) < 0.1


def test_what_training_computes_with_is_what_the_file_gives(tmp_path: Path) -> None:
    matrix = some_matrix(20, 576)

    assert torch.equal(rounded(matrix), packed_and_read({"a": matrix}, tmp_path / "w.safetensors")["a"])
    assert torch.equal(rounded(matrix), pack(matrix).whole())


def test_rounding_twice_changes_next_to_nothing() -> None:
    once = rounded(some_matrix(20, 576))

    twice = rounded(once.bfloat16())

    assert float((twice - once).norm() / once.norm()) < 0.01


def test_sixteen_even_levels_of_a_group_come_back(tmp_path: Path) -> None:
    row = (torch.arange(LEVELS).repeat(2)[None] - 6) * 0.02

    read = packed_and_read({"a": row}, tmp_path / "w.safetensors")["a"]

    assert torch.allclose(read, row, atol=0.001)


def test_a_large_number_is_felt_by_its_own_group_alone(tmp_path: Path) -> None:
    matrix = some_matrix(1, 64) * 0.1
    matrix[0, 0] = 5.0

    read = packed_and_read({"a": matrix}, tmp_path / "w.safetensors")["a"]

    assert float((read[0, 32:] - matrix[0, 32:]).norm() / matrix[0, 32:].norm()) < 0.15
    assert float((read[0, 1:32] - matrix[0, 1:32]).norm() / matrix[0, 1:32].norm()) > 0.3


def test_empty_and_tiny_matrices_survive(tmp_path: Path) -> None:
    weights = {"zeros": torch.zeros(3, 8), "tiny": torch.full((2, 8), 1e-12), "rows": torch.zeros(0, 8)}

    read = packed_and_read(weights, tmp_path / "w.safetensors")

    assert all(torch.isfinite(tensor).all() for tensor in read.values())
    assert {name: tensor.shape for name, tensor in read.items()} == {n: t.shape for n, t in weights.items()}
    assert not read["zeros"].any()


def test_what_is_no_matrix_or_fills_no_bytes_is_kept_to_the_bit(tmp_path: Path) -> None:
    weights = {"norm": torch.randn(7), "odd": torch.randn(3, 5), "cube": torch.randn(2, 3, 4)}

    read = packed_and_read(weights, tmp_path / "w.safetensors")

    assert all(torch.equal(read[name], weight) for name, weight in weights.items())


def test_a_plain_file_is_not_taken_for_a_packed_one(tmp_path: Path) -> None:
    save_file({"a": torch.zeros(2, 4)}, tmp_path / "plain.safetensors")
    save_packed({"a": torch.zeros(2, 4)}, tmp_path / "packed.safetensors")

    assert not is_packed(tmp_path / "plain.safetensors")
    assert is_packed(tmp_path / "packed.safetensors")


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    folder = tmp_path / "packed"
    write_checkpoint(
        folder,
        small_model(spread=SPREAD),
        small_tokenizer(),
        template=PromptTemplate(),
        signature={"model": "small"},
        packed=True,
    )
    return folder


def test_a_packed_checkpoint_answers_as_the_whole_one_does(packed: Path, tmp_path: Path) -> None:
    whole = load_language_model(write_small_checkpoint(tmp_path / "whole", small_model(spread=SPREAD)))
    ids = torch.tensor([small_tokenizer().encode("The keeper walked along the canal in the morning")])

    read = load_language_model(packed)

    with torch.no_grad():
        before, after = whole.model(ids).logits.float(), read.model(ids).logits.float()
    assert float((after - before).norm() / before.norm()) < 0.3
    assert not torch.equal(before, after)
    assert read.model.get_output_embeddings().weight is read.model.get_input_embeddings().weight
    assert read.ends == whole.ends


def test_its_size_is_a_fraction_and_its_parameters_are_all_counted(packed: Path, tmp_path: Path) -> None:
    whole = write_small_checkpoint(tmp_path / "whole")
    sizes = [sum(t.nbytes for t in load_file(f / "model.safetensors").values()) for f in (packed, whole)]

    assert sizes[0] < 0.5 * sizes[1]
    assert count_parameters(packed) == count_parameters(whole)


def test_training_goes_on_from_it(packed: Path) -> None:
    start = load_start(str(packed))

    assert start.model.num_parameters() == small_model().num_parameters()
    assert start.identity


def test_one_that_lacks_a_weight_is_refused(packed: Path) -> None:
    path = packed / "model.safetensors"
    weights = packed_and_read(dict(small_model().state_dict()), path)
    del weights["model.norm.weight"], weights["lm_head.weight"]
    save_packed(weights, path)

    with pytest.raises(ModelError, match=r"lacks 1 weights, model\.norm\.weight among them: restore"):
        load_language_model(packed)
