"""Documents and tables of measurements."""

import json
from pathlib import Path
from typing import Any

import pytest

from assistant.bench.measuring import Lap, Measured
from assistant.bench.results import comparison, publish, side_details, signature
from assistant.bench.tables import bench_table
from assistant.evaluation.report import fill_blocks


def imported(*, ours: float = 300.0, reference: float = 100.0) -> dict[str, Any]:
    side = Measured((Lap(900, 3.0, 6.0),), 812.3)
    return {
        "bench": "import",
        **comparison("snippets per second", ours, reference),
        "peak_memory_mb": 812.3,
        "details": {"ours": side_details(side, "snippets"), "reference": side_details(side, "snippets")},
        "signature": signature(["numpy"], settings={"rounds": 1}),
    }


def test_a_ratio_says_how_many_times_as_fast_ours_is() -> None:
    assert comparison("tokens per second", 30, 10)["ratio"] == 3
    assert comparison("seconds", 10, 30, less_is_better=True)["ratio"] == 3


def test_details_are_medians_and_sums() -> None:
    details = side_details(Measured((Lap(5, 1.0, 2.0), Lap(7, 3.0, 4.0)), 99.0), "tokens", further=1)
    assert details == {
        "tokens": 12,
        "laps": 2,
        "seconds": 2.0,
        "cpu_seconds": 3.0,
        "peak_memory_mb": 99.0,
        "further": 1,
    }


def test_a_signature_names_machine_versions_and_settings() -> None:
    facts = imported()["signature"]
    assert facts["machine"]["cores"] >= 1
    assert facts["versions"]["numpy"][0].isdigit()
    assert facts["settings"] == {"rounds": 1}


def test_a_document_is_written_and_printed_as_a_table_or_as_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "bench-import.json"
    publish(imported(), out=out, as_json=False)
    table = capsys.readouterr().out
    assert "| snippets per second | 300  | 100       |" in table
    assert "3.0 times as fast" in table
    publish(imported(), out=None, as_json=True)
    assert json.loads(capsys.readouterr().out) == json.loads(out.read_text()) == imported()


def test_the_prose_gets_the_table_of_the_result_file(tmp_path: Path) -> None:
    publish(imported(), out=tmp_path / "docs" / "results" / "bench-import.json", as_json=False)
    filled = fill_blocks("Fast:\n<!-- results:bench-import -->\n<!-- /results -->\n", tmp_path)
    assert bench_table(imported()) in filled


@pytest.mark.parametrize(
    ("kind", "size", "row"),
    [
        (
            "persona",
            {
                "documents": 5000,
                "ours_ms": 4.0,
                "new_opening_ms": 9.5,
                "first_ms": 60.0,
                "reference_ms": 80.0,
                "ratio": 20.0,
            },
            "| 5,000     | 4        | 9.5           | 60        | 80        | 20    |",
        ),
        (
            "memory",
            {"keys": 20_000, "ours_ms": 0.5, "reference_ms": 5.0, "ratio": 10.0},
            "| 20,000 | 0.5      | 5         | 10    |",
        ),
    ],
)
def test_times_by_size_have_a_row_each(tmp_path: Path, kind: str, size: dict[str, Any], row: str) -> None:
    document = {"bench": kind, "unit": "ms", "sizes": [size], "signature": {}}
    publish(document, out=tmp_path / "docs" / "results" / f"bench-{kind}.json", as_json=False)
    filled = fill_blocks(f"<!-- results:bench-{kind} -->\n<!-- /results -->\n", tmp_path)
    assert row in filled


def test_small_numbers_keep_three_digits_and_large_ones_all_before_the_point() -> None:
    table = bench_table(imported(ours=12_345.67, reference=0.012345))
    assert "| 12,346 |" in table
    assert "| 0.0123 " in table
