"""``bench persona``: a time for every size, ours beside the formula's."""

from pathlib import Path

import pytest

from assistant.bench.personas import bench_persona
from assistant.bench.tables import bench_table
from tests.hashing_encoder import HashingEncoder
from tests.small_models import write_small_checkpoint


def test_every_size_is_timed_on_both_sides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.retrieval.encoder.load_encoder", HashingEncoder)
    document = bench_persona(write_small_checkpoint(tmp_path / "small"), (300, 5000), rounds=5)
    assert [size["documents"] for size in document["sizes"]] == [300, 5000]
    assert f"{document['sizes'][0]['ours_ms']:.3g}" in bench_table(document)
    for size in document["sizes"]:
        assert min(size["ours_ms"], size["new_opening_ms"], size["first_ms"]) > 0
        assert size["ratio"] == size["reference_ms"] / size["ours_ms"]
    assert document["sizes"][-1]["ours_ms"] < 50  # some milliseconds; the bound is for a busy machine
    assert document["signature"]["width"] == 32
