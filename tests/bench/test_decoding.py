"""``bench decode``."""

from pathlib import Path
from typing import Any

import pytest

from assistant.bench.decoding import DecodePlan, OurDecoding
from assistant.errors import SettingsError
from tests.bench.conftest import Bench

SIDES = {"ours", "reference", "reference_float32"}


@pytest.fixture(scope="module")
def result(bench: Bench, checkpoint: Path) -> Any:
    return bench(f"decode --model {checkpoint} --prompt-tokens 100 --tokens 8 --rounds 2")


def test_all_sides_write_the_same_number_of_tokens(result: Any) -> None:
    assert set(result["details"]) == SIDES
    for kind in ("cold", "cached"):
        (tokens,) = {side[kind]["tokens"] for side in result["details"].values()}
        assert tokens >= 2 * 0.6 * 8


def test_ratios_are_of_the_numbers_beside_them(result: Any) -> None:
    for pair in (result, result["cached"], result["float32"], result["float32"]["cached"]):
        assert pair["ratio"] == pytest.approx(pair["ours"] / pair["reference"])
        assert pair["reference"] > 0
    assert result["ours"] == result["float32"]["ours"] != result["cached"]["ours"]


def test_the_first_token_comes_before_the_last(result: Any) -> None:
    assert set(result["first_token_ms"]) == set(result["per_token_ms"]) == SIDES
    for name, side in result["first_token_ms"].items():
        for kind in ("cold", "cached"):
            assert 0 < side[kind] < 1000 * result["details"][name][kind]["seconds"] * 1.5
            assert result["per_token_ms"][name][kind] > 0


def test_the_reference_is_loaded_as_the_library_does_by_itself(result: Any) -> None:
    assert result["reference_precision"] == "bfloat16"  # the checkpoint's
    assert result["mean_prompt_tokens"] >= 100
    assert list(result)[-1] == "signature"
    assert len(result["signature"]["weights_sha256"]) == 64


def test_only_what_was_typed_on_is_read_again(checkpoint: Path) -> None:
    read: list[int] = []
    ours = OurDecoding(DecodePlan(str(checkpoint), prompt_tokens=100, tokens=8, rounds=1))
    ours.generator.model.register_forward_pre_hook(
        lambda _model, _arguments, named: read.append(named["input_ids"].shape[1]), with_kwargs=True
    )
    lap = ours.run(0, is_typed_on=False)
    assert lap.units == len(read)
    assert read[0] > 0.8 * len(ours.prompt_ids(0, is_typed_on=False))  # no other prompt begins alike
    read.clear()
    ours.run(0, is_typed_on=True)
    assert read[0] < 0.4 * len(ours.prompt_ids(0, is_typed_on=True))


def test_what_does_not_fit_the_model_is_refused(checkpoint: Path) -> None:
    with pytest.raises(SettingsError, match=r"context is 512; ask for fewer with --prompt-tokens or --tokens"):
        OurDecoding(DecodePlan(str(checkpoint), prompt_tokens=900, tokens=8, rounds=1))
