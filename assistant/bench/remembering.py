"""``bench memory``: what recalling adds to a token, by the size of the memory, beside a plain kNN-LM.

Ours is the whole step: search, gate and mixture. The reference looks at every key in float32 and mixes with a constant
weight, as the paper's formula reads (Khandelwal et al. 2020), over the same keys. Both take turns in one process;
processor time is measured, because other work on the machine does not lengthen it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.bench.measuring import median_turns
from assistant.bench.results import Json, signature
from assistant.types import DocumentId

if TYPE_CHECKING:
    import torch

    from assistant.memory.fitted import FittedMemory
    from assistant.memory.mixture import Draft
    from assistant.memory.search import VoiceMemory

_VOCABULARY = 8192
_DRAFT = 400
_WEIGHT = 0.2
_TEMPERATURE = 16.0


def bench_memory(model: Path, sizes: tuple[int, ...], *, rounds: int) -> Json:
    """Milliseconds of processor time that recalling adds to a token, the median over rounds."""
    import torch

    from assistant.generation.loading import load_language_model
    from assistant.memory.fitted import load_memory
    from assistant.memory.mixture import mix

    loaded = load_language_model(model)
    weights = str(loaded.signature["weights_sha256"])
    fitted = load_memory(model, weights)
    torch.manual_seed(0)
    state_width = int(loaded.model.config.get_text_config(decoder=True).hidden_size)
    width = state_width if fitted.metric is None else fitted.metric.shape[1]
    found = []
    for size in sizes:
        memory, logits = _memory(fitted, size, width), torch.randn(_VOCABULARY)
        draft = _draft(memory)
        ours: Callable[[], object] = lambda: mix(fitted.gate, logits, memory, draft)  # noqa: B023, E731 - used at once
        plain: Callable[[], object] = lambda: _plain(memory, draft, logits)  # noqa: B023, E731 - used at once
        mine, reference = median_turns((ours, plain), rounds=rounds)
        found.append({"keys": size, "ours_ms": mine, "reference_ms": reference, "ratio": reference / mine})
    facts = signature(("torch",), weights_sha256=weights, rounds=rounds, threads=torch.get_num_threads(), width=width)
    return {"bench": "memory", "unit": "ms of processor time a token", "sizes": found, "signature": facts}


def _memory(fitted: "FittedMemory", size: int, width: int) -> "VoiceMemory":
    """Tokens as frequent as in text (Zipf), under keys of which a few axes matter most, as they do in a model's."""
    import numpy as np
    import torch

    from assistant.memory.keys import DocumentKeys
    from assistant.memory.search import VoiceMemory

    frequency = 1 / torch.arange(3, _VOCABULARY + 3)
    keys = torch.nn.functional.normalize(torch.randn(size, width) * torch.logspace(0, -1, width), dim=1)
    document = DocumentKeys(
        model=fitted.model,
        content="",
        tokens=torch.multinomial(frequency, size, replacement=True).int().numpy(),
        spans=np.zeros((size, 2), np.int32),
        sentences=np.zeros(size, np.int32),
        words=np.zeros(0, np.uint32),
        keys=keys.half().numpy(),
    )
    return VoiceMemory(fitted.model, [(DocumentId(1), document)])


def _draft(memory: "VoiceMemory") -> "Draft":
    from assistant.memory.mixture import Draft

    return Draft(memory.tokens[:_DRAFT], memory.keys[:_DRAFT], 1)


def _plain(memory: "VoiceMemory", draft: "Draft", logits: "torch.Tensor") -> "torch.Tensor":
    weights = (memory.keys @ draft.keys[-1] * _TEMPERATURE).softmax(0)
    return (logits.softmax(0) * (1 - _WEIGHT)).index_add(0, memory.tokens, weights * _WEIGHT).log()
