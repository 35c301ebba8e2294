"""``bench start``."""

from pathlib import Path
from typing import Any

import pytest

from assistant.bench.starting import OurStart, StartPlan
from assistant.errors import OwnhandError
from tests.bench.conftest import Bench


@pytest.fixture(scope="module")
def result(bench: Bench, checkpoint: Path) -> Any:
    return bench(f"start --model {checkpoint} --rounds 1")


def test_fewer_seconds_are_a_higher_ratio(result: Any) -> None:
    assert result["unit"] == "seconds"
    assert result["ratio"] == pytest.approx(result["reference"] / result["ours"])
    assert {side["starts"] for side in result["details"].values()} == {1}


def test_time_and_memory_are_those_of_the_processes_started(result: Any) -> None:
    for side in result["details"].values():
        assert side["cpu_seconds"] > 0.5  # such imports take longer
        assert side["peak_memory_mb"] > 100
    assert list(result)[-1] == "signature"


def test_an_app_that_ends_before_it_answers_is_an_error_with_its_last_word(tmp_path: Path) -> None:
    with pytest.raises(OwnhandError, match=r"the app ended before it answered: error: .*no-such-model"):
        OurStart(StartPlan(tmp_path, str(tmp_path / "no-such-model"))).run()
