"""The measurements that the prose quotes are of the checkpoint that is shipped."""

import json
from pathlib import Path

import pytest

from assistant.settings import SHIPPED_CHECKPOINT
from assistant.signature import file_hash

RESULTS = sorted((Path(__file__).parents[1] / "docs" / "results").glob("*.json"))


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_a_result_that_names_weights_names_the_shipped_ones(path: Path) -> None:
    signature = json.loads(path.read_text(encoding="utf-8")).get("signature", {})
    shipped = file_hash(SHIPPED_CHECKPOINT / "model.safetensors")
    assert signature.get("weights_sha256", shipped) == shipped
