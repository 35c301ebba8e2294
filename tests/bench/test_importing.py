"""``bench import``."""

from typing import Any

import pytest

from assistant.bench.texts import Material
from assistant.library.snippets import snippet_spans
from tests.bench.conftest import Bench


@pytest.fixture(scope="module")
def result(bench: Bench) -> Any:
    return bench("import --voices 1 --documents 1 --rounds 2")


def test_both_sides_import_every_snippet_in_every_round(result: Any) -> None:
    ((document,),) = Material(voices=1, documents=1).read()
    snippets = 2 * len(snippet_spans(document.text))
    assert {side["snippets"] for side in result["details"].values()} == {snippets}
    assert {side["laps"] for side in result["details"].values()} == {2}


def test_the_numbers_are_what_they_say(result: Any) -> None:
    assert result["ratio"] == pytest.approx(result["ours"] / result["reference"])
    for side in result["details"].values():
        assert min(side["seconds"], side["cpu_seconds"]) > 0
        assert side["peak_memory_mb"] > 100  # a process that has loaded an encoder
    rate = result["details"]["ours"]["snippets"] / 2 / result["details"]["ours"]["seconds"]
    assert result["ours"] == pytest.approx(rate, rel=1)  # medians of two rounds
    assert result["peak_memory_mb"] == result["details"]["ours"]["peak_memory_mb"]


def test_the_wording_is_learned_by_a_third_side(result: Any) -> None:
    learning = result["with_keys"]
    assert learning["times_as_long"] == pytest.approx(learning["seconds"] / result["details"]["ours"]["seconds"])
    assert learning["snippets"] == result["details"]["ours"]["snippets"]
    assert 0.01 < learning["megabytes_per_1000_words"] < 5


def test_the_document_ends_with_what_it_depends_on(result: Any) -> None:
    assert list(result)[-1] == "signature"
    assert {"torch", "chromadb", "keybert"} <= set(result["signature"]["versions"])
    assert result["signature"]["settings"] == {"voices": 1, "documents": 1, "rounds": 2}
    assert result["signature"]["processor"]["threads"] == 1
