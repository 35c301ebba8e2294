"""``bench suggest``: made libraries, the plain stages, recall, and the verb."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.bench.bulk import BulkEncoder
from assistant.bench.suggesting import WARM_AGAIN, recall_at_10
from tests.bench.conftest import Bench
from tests.hashing_encoder import DIMENSIONS, HashingEncoder

ROOT = Path(__file__).resolve().parents[2]

SENTENCES = ("The gate stood open all night.", "Nobody had written to the council.", "Bread was short that week.")


@pytest.fixture(scope="module")
def result(bench: Bench, checkpoint: Path) -> Any:
    return bench(f"suggest --model {checkpoint} --snippets 60,30 --queries 2 --voices 1 --documents 2")


def test_libraries_have_the_sizes_asked_for_smallest_first(result: Any) -> None:
    assert [size["snippets"] for size in result["sizes"]] == [30, 60]


def test_both_sides_find_evidence_and_ratios_are_of_their_medians(result: Any) -> None:
    for size in result["sizes"]:
        for side in (size["ours"], size["reference"]):
            assert 0 < side["p50_ms"] <= side["p90_ms"] <= side["p95_ms"]
            assert side["mean_entries"] >= 1
            assert set(side["stages_ms"]) == {"retrieve", "rank", "summarize", "synthesize"}
        assert size["ratio"] == pytest.approx(size["reference"]["p50_ms"] / size["ours"]["p50_ms"])
        assert size["ours"]["first_ms"] > 0
        waits = size["first_token"]
        assert 0 < waits["cached_p50_ms"] <= waits["cached_p90_ms"]
        assert 0 < waits["cold_p50_ms"] <= waits["cold_p90_ms"]
        assert min(size["peak_memory_mb"].values()) > 100


def test_the_whole_is_judged_by_the_largest_and_the_worst(result: Any) -> None:
    small, large = result["sizes"]
    assert result["growth"] == pytest.approx(large["ours"]["p50_ms"] / small["ours"]["p50_ms"])
    assert (result["ratio"], result["first_token"]) == (large["ratio"], large["first_token"])
    assert result["recall_at_10"] == 1  # so few are searched exactly
    assert list(result)[-1] == "signature"
    assert result["signature"]["settings"]["sizes"] == [30, 60]
    assert len(result["signature"]["weights_sha256"]) == 64


def test_known_sentences_give_a_vector_near_their_mean_that_is_the_texts_own() -> None:
    real = HashingEncoder()
    encoder = BulkEncoder(real, dict(zip(SENTENCES, real.encode(SENTENCES), strict=True)))
    forth, back, again = encoder.encode([" ".join(SENTENCES), " ".join(SENTENCES[::-1]), " ".join(SENTENCES)])
    mean = real.encode(SENTENCES).mean(axis=0)
    mean /= np.linalg.norm(mean)
    assert forth @ mean > 0.95
    assert 0.9 < forth @ back < 0.9999
    assert np.array_equal(forth, again)
    assert np.linalg.norm(forth) == pytest.approx(1, abs=1e-5)


def test_what_is_not_made_of_known_sentences_is_encoded_for_real() -> None:
    real = HashingEncoder()
    encoder = BulkEncoder(real, {SENTENCES[0]: real.encode(SENTENCES[:1])[0]})
    texts = ["sluice", f"{SENTENCES[0]} A new one follows.", SENTENCES[0]]
    vectors = encoder.encode(texts)
    assert np.array_equal(vectors[:2], real.encode(texts[:2]))
    assert not np.array_equal(vectors[2], real.encode(texts[2:])[0])
    assert (encoder.name, encoder.dimensions) == (real.name, DIMENSIONS)


def test_recall_counts_the_true_neighbours_found() -> None:
    vectors = np.random.default_rng(0).standard_normal((200, 8)).astype(np.float32)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    queries = unit[:5]

    def exact(query: Any) -> list[int]:
        return [int(row) for row in np.argsort(-(unit @ query))[:10]]

    assert recall_at_10(exact, vectors, queries) == 1
    assert recall_at_10(lambda query: [*exact(query)[:7], *np.argsort(unit @ query)[:3]], vectors, queries) == 0.7
    assert recall_at_10(lambda query: exact(query)[:4], vectors, queries) == 0.4


def test_of_equally_near_neighbours_any_will_do() -> None:
    vectors = np.ones((30, 4), dtype=np.float32)
    assert recall_at_10(lambda _: list(range(20, 30)), vectors, vectors[:1]) == 1


def test_the_model_is_warmed_as_often_as_on_the_page() -> None:
    page = (ROOT / "assistant/ui/static/write/automatic.js").read_text(encoding="utf-8")
    (characters,) = re.findall(r"const WARM_AGAIN = (\d+);", page)
    assert int(characters) == WARM_AGAIN
