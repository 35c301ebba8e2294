"""``memory.json``: what was fitted to one checkpoint, beside its weights.

The *metric* is a matrix by which a state is turned and shortened before it becomes a key, so that states that the same
token follows lie together. The gate says how much to lean on what was found, and the rescaling how far the model leans
towards the voice's words. All of them hold for one set of weights only.
"""

import base64
import hashlib
import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from assistant.errors import ModelError
from assistant.memory.gate import Gate, conservative_gate
from assistant.memory.rescaling import Rescaling
from assistant.whole_files import replacing

MEMORY_FILE = "memory.json"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class FittedMemory:
    """A gate and a metric, (state width, key width); without a metric states are keys as they are."""

    model: str
    """What makes its keys: a hash of the weights and of the metric."""
    gate: Gate
    metric: Tensor | None
    is_fitted: bool

    @property
    def gate_sha256(self) -> str:
        """What identifies the gate and its rescaling, for signatures."""
        numbers = [array.detach().float().numpy().tobytes() for array in self.gate.state_dict().values()]
        if self.gate.rescaling is not None:
            numbers.append(self.gate.rescaling.sha256.encode())
        return hashlib.sha256(b"".join(numbers)).hexdigest()

    def keys(self, states: Tensor) -> Tensor:
        """Keys of length one, (n, key width) in float32, from states, (n, state width)."""
        states = states.float().cpu()
        return functional.normalize(states if self.metric is None else states @ self.metric, dim=1)


def fitted_memory(weights: str, gate: Gate, metric: Tensor | None) -> FittedMemory:
    """What was fitted to the weights of this hash."""
    kept = None if metric is None else metric.half().float().contiguous()
    return FittedMemory(_identity(weights, kept), gate.eval(), kept, is_fitted=True)


def save_memory(path: Path, fitted: FittedMemory, *, weights: str, signature: dict[str, Any]) -> None:
    """Write ``memory.json``, whole or not at all.

    :param weights: hash of the weights it was fitted to.
    :param signature: data, settings and versions it was fitted with.
    """
    gate = {
        name: [round(value, 6) for value in array.flatten().tolist()]
        for name, array in fitted.gate.state_dict().items()
    }
    document = {
        "weights_sha256": weights,
        "gate": gate,
        "rescaling": _packed_rescaling(fitted.gate.rescaling),
        "metric": None if fitted.metric is None else _packed(fitted.metric),
        "signature": signature,
    }
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in document.items())
    with replacing(path) as (new,):
        new.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


def load_memory(folder: Path, weights: str) -> FittedMemory:
    """Read what was fitted to a model; one without the file gets a conservative gate and no metric.

    A file that was fitted to other weights counts as none: leaning on a memory by the wrong measure does harm.

    :param weights: the hash of the model's weights.
    :raises ModelError: if the file is damaged.
    """
    path = folder / MEMORY_FILE
    if not path.is_file():
        return unfitted_memory(weights)
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["weights_sha256"] != weights:
            _log.warning(
                "%s was fitted to other weights (%s) than these (%s) and is left aside: fit it again with "
                "`python -m assistant train memory`",
                path,
                document["weights_sha256"][:8],
                weights[:8],
            )
            return unfitted_memory(weights)
        gate = Gate(_unpacked_rescaling(document.get("rescaling")))
        shapes = {name: array.shape for name, array in gate.state_dict().items()}
        gate.load_state_dict(
            {name: torch.tensor(document["gate"][name]).reshape(shape) for name, shape in shapes.items()}
        )
        metric = document["metric"]
        return fitted_memory(weights, gate, None if metric is None else _unpacked(metric))
    except (ValueError, KeyError, TypeError, RuntimeError, OSError) as error:
        raise ModelError(
            f"{path} is damaged ({type(error).__name__}: {error}): restore it from the checkpoint, or fit it again "
            "with `python -m assistant train memory`"
        ) from error


def unfitted_memory(weights: str) -> FittedMemory:
    """For weights to which nothing was fitted: a conservative gate and no metric."""
    return FittedMemory(_identity(weights, None), conservative_gate().eval(), None, is_fitted=False)


def _identity(weights: str, metric: Tensor | None) -> str:
    """Keys of the same weights by another metric are other keys."""
    return hashlib.sha256(weights.encode() + (b"" if metric is None else metric.numpy().tobytes())).hexdigest()


def _packed_rescaling(rescaling: Rescaling | None) -> dict[str, Any] | None:
    if rescaling is None:
        return None
    logarithms = _packed(rescaling.everyone.log())
    return {"exponent": rescaling.exponent, "prior": rescaling.prior, "everyone": logarithms}


def _unpacked_rescaling(packed: dict[str, Any] | None) -> Rescaling | None:
    """The frequencies sum to 1 again, however their logarithms were rounded."""
    if packed is None:
        return None
    return Rescaling(_unpacked(packed["everyone"]).softmax(0), float(packed["exponent"]), float(packed["prior"]))


def _packed(numbers: Tensor) -> dict[str, Any]:
    """Half-precision numbers as text."""
    return {"shape": list(numbers.shape), "float16": base64.b64encode(numbers.half().numpy().tobytes()).decode()}


def _unpacked(packed: dict[str, Any]) -> Tensor:
    numbers = np.frombuffer(base64.b64decode(packed["float16"], validate=True), dtype=np.float16)
    return torch.from_numpy(numbers.reshape(packed["shape"]).astype(np.float32))
