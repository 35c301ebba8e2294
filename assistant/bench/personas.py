"""``bench persona``: what a persona adds to a suggestion, by the number of documents, beside the paper's formula.

Ours is all that a suggestion waits for: the voice's history is held projected, and an opening that is known is not
encoded again (``new_opening_ms``: with one that is; ``first_ms``: the first suggestion, which reads the history too).
The reference reads the formula of arXiv 2409.11901 as it stands: it encodes the opening and projects every document,
for every suggestion. All take turns in one process; processor time is measured, because other work on the machine does
not lengthen it.
"""

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assistant.bench.measuring import median_turns
from assistant.bench.results import Json, signature
from assistant.embedding import Encoder, Vectors
from assistant.types import Document, DocumentId, Request, Snippet, SnippetId, Span, VoiceId, WriterId

if TYPE_CHECKING:
    from assistant.persona.plug import PersonaPlug

_VOICE = VoiceId(1)
_BEFORE = "The sluice gate stood open when we came back, and nobody had been told of it. " * 3


class _Kept:
    """A voice of so many documents of one snippet each, as a library would tell of it."""

    def __init__(self, documents: int, width: int) -> None:
        drawn = np.random.default_rng(0).standard_normal((documents, width)).astype(np.float32)
        self.vectors: Vectors = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)

    def voice_revision(self, voice: VoiceId) -> int:
        return 0

    def content_hashes(self, voice: VoiceId) -> dict[DocumentId, str]:
        return {DocumentId(number): str(number) for number in range(len(self.vectors))}

    def voice_snippets(self, voice: VoiceId) -> tuple[Snippet, ...]:
        return tuple(
            Snippet(SnippetId(number), DocumentId(number), 0, Span(0, 0), "") for number in range(len(self.vectors))
        )

    def document_snippets(self, voice: VoiceId, document: DocumentId) -> tuple[Snippet, ...]:
        return (self.voice_snippets(voice)[document],)

    def snippet_vectors(self, voice: VoiceId, ids: Sequence[SnippetId]) -> Vectors:
        return self.vectors[list(ids)]

    def documents_by_id(self, voice: VoiceId, ids: Sequence[DocumentId]) -> Mapping[DocumentId, Document]:
        return {}


def bench_persona(model: Path, sizes: tuple[int, ...], *, rounds: int) -> Json:
    """Milliseconds of processor time that a persona adds to a suggestion, the median over rounds."""
    import torch

    from assistant.generation.loading import load_language_model
    from assistant.persona.plug import PersonaPlug, PlugSettings, embedding_norm
    from assistant.persona.saving import model_side
    from assistant.retrieval.encoder import load_encoder

    loaded, encoder = load_language_model(model), load_encoder()
    side = model_side(loaded.model, loaded.signature)
    plug = PersonaPlug(PlugSettings(encoder.dimensions, side.width), embedding_norm=embedding_norm(loaded.model))
    plug.eval().requires_grad_(requires_grad=False)
    found = []
    for size in sizes:
        kept = _Kept(size, encoder.dimensions)
        first = _first_ms(kept, plug, encoder)
        works = _works(kept, plug, encoder)
        ours, new_opening, reference = median_turns(works, rounds=rounds)
        found.append(
            {
                "documents": size,
                "ours_ms": ours,
                "new_opening_ms": new_opening,
                "first_ms": first,
                "reference_ms": reference,
                "ratio": reference / ours,
            }
        )
    facts = signature(
        ("torch",), width=side.width, rounds=rounds, threads=torch.get_num_threads(), encoder=encoder.name
    )
    return {"bench": "persona", "unit": "ms of processor time a suggestion", "sizes": found, "signature": facts}


def _first_ms(kept: _Kept, plug: "PersonaPlug", encoder: Encoder) -> float:
    """Milliseconds of processor time of the first suggestion after a start, measured once."""
    from assistant.voice_personas import VoicePersonas

    source = VoicePersonas(plug, encoder, kept, model="", plug_sha256="")
    before = time.process_time()
    source.persona(Request(WriterId(1), _VOICE, "The gate", _BEFORE))
    return (time.process_time() - before) * 1000


def _works(kept: _Kept, plug: "PersonaPlug", encoder: Encoder) -> tuple[Callable[[], object], ...]:
    """A suggestion in a draft that goes on, the first in a new one, and one by the formula."""
    from assistant.voice_personas import VoicePersonas

    source = VoicePersonas(plug, encoder, kept, model="", plug_sha256="")
    titles = (f"Draft {number}" for number in itertools.count())

    def asked(title: str) -> Request:
        return Request(WriterId(1), _VOICE, title, _BEFORE)

    return (
        lambda: source.persona(asked("The gate")),
        lambda: source.persona(asked(next(titles))),
        lambda: _plainly(kept.vectors, plug, encoder),
    )


def _plainly(items: Vectors, plug: "PersonaPlug", encoder: Encoder) -> object:
    import torch

    query = torch.from_numpy(encoder.encode([f"The gate\n{_BEFORE[:150]}"]))
    with torch.inference_mode():
        return plug(query, torch.from_numpy(items)[None], torch.ones(1, len(items), dtype=torch.bool))
