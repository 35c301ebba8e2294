"""``bench memory``: a time for every size, ours beside the plain one's."""

from pathlib import Path

from assistant.bench.remembering import bench_memory
from assistant.bench.tables import bench_table
from tests.small_models import write_small_checkpoint


def test_every_size_is_timed_on_both_sides(tmp_path: Path) -> None:
    document = bench_memory(write_small_checkpoint(tmp_path / "small"), (600, 900), rounds=3)
    assert [size["keys"] for size in document["sizes"]] == [600, 900]
    assert f"{document['sizes'][0]['ours_ms']:.3g}" in bench_table(document)
    for size in document["sizes"]:
        assert size["ours_ms"] > 0
        assert size["ratio"] == size["reference_ms"] / size["ours_ms"]
    assert document["signature"]["width"] == 32
