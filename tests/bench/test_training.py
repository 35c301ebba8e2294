"""``bench train``."""

from pathlib import Path
from typing import Any

import pytest

from assistant.bench.training import TrainPlan
from assistant.errors import SettingsError
from assistant.settings import SHIPPED_CHECKPOINT
from assistant.training.tokenizer import load_tokenizer
from tests.bench.conftest import Bench


@pytest.fixture(scope="module")
def result(bench: Bench) -> Any:
    return bench("train --hidden 64 --layers 1 --window 64 --batch 3 --steps 2 --warmup 1 --rounds 2")


def test_all_sides_train_on_the_same_number_of_tokens(result: Any) -> None:
    tokens = {name: side["tokens"] for name, side in result["details"].items()}
    expected = 2 * 2 * 3 * (64 + 1)  # rounds, steps, examples, tokens of an example
    assert tokens == {"ours": expected, "reference": expected, "reference_float32": expected}


def test_ratios_are_of_the_numbers_beside_them(result: Any) -> None:
    for pair in (result, result["float32"]):
        assert pair["ratio"] == pytest.approx(pair["ours"] / pair["reference"])
        assert pair["ours"] == result["ours"] > 0
    assert result["peak_memory_mb"] > 100
    embeddings = len(load_tokenizer(SHIPPED_CHECKPOINT)) * 64
    assert embeddings < result["parameters"] < embeddings + 100_000  # and one narrow layer


def test_one_reference_computes_in_bfloat16_as_users_switch_it_on(result: Any) -> None:
    assert result["details"]["reference"]["autocast"] is True
    assert result["details"]["reference_float32"]["autocast"] is False


def test_the_document_ends_with_what_it_depends_on(result: Any) -> None:
    assert list(result)[-1] == "signature"
    assert result["signature"]["settings"]["steps"] == 2
    assert len(result["signature"]["data_sha256"]) == 64


def test_a_width_of_no_whole_heads_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--hidden is 100: expected a multiple of 64"):
        TrainPlan(tmp_path, hidden=100)
