"""Small memories written for a test: documents of random keys, or of keys that one chooses."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from assistant.memory.copying import word_fingerprints
from assistant.memory.keys import DocumentKeys
from assistant.memory.search import VoiceMemory
from assistant.types import DocumentId

MODEL = "made for a test"


def document_keys(tokens: Sequence[int], keys: Tensor, *, text: str = "") -> DocumentKeys:
    """The keys of a document of one sentence whose tokens are its words, each one character long."""
    count = len(tokens)
    return DocumentKeys(
        model=MODEL,
        content="hash of the text",
        tokens=np.array(tokens, dtype=np.int32),
        spans=np.array([(i, i + 1) for i in range(count)], dtype=np.int32).reshape(count, 2),
        sentences=np.zeros(count, dtype=np.int32),
        words=word_fingerprints(text),
        keys=torch.nn.functional.normalize(keys, dim=1).half().numpy(),
    )


def random_memory(
    *, documents: int = 3, tokens: int = 40, width: int = 6, vocabulary: int = 12, seed: int = 0
) -> VoiceMemory:
    """Documents of random tokens under random keys."""
    lot = torch.Generator().manual_seed(seed)
    made = []
    for number in range(documents):
        ids = torch.randint(vocabulary, (tokens,), generator=lot).tolist()
        made.append((DocumentId(number + 1), document_keys(ids, torch.randn(tokens, width, generator=lot))))
    return VoiceMemory(MODEL, made)


def unit(*shape: int, seed: int = 0) -> Tensor:
    """Random rows of length one."""
    return torch.nn.functional.normalize(torch.randn(*shape, generator=torch.Generator().manual_seed(seed)), dim=-1)
