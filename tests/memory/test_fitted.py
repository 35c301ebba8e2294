"""``memory.json`` gives back what was fitted."""

from pathlib import Path

import pytest
import torch

from assistant.memory.fitted import MEMORY_FILE, fitted_memory, load_memory, save_memory
from assistant.memory.gate import Gate
from assistant.memory.rescaling import Rescaling


def test_the_rescaling_is_read_back_and_is_part_of_what_identifies_the_gate(tmp_path: Path) -> None:
    torch.manual_seed(0)
    everyone = torch.randn(50).mul(3).softmax(0)
    plain, leaning = (fitted_memory("weights", Gate(by), None) for by in (None, Rescaling(everyone, 0.25, 2000.0)))
    save_memory(tmp_path / MEMORY_FILE, leaning, weights="weights", signature={})
    read = load_memory(tmp_path, "weights").gate.rescaling
    assert read is not None
    assert (read.exponent, read.prior) == (0.25, 2000.0)
    assert torch.allclose(read.everyone, everyone, rtol=1e-2)
    assert float(read.everyone.sum()) == pytest.approx(1)
    assert plain.gate_sha256 != leaning.gate_sha256
