"""A writer's past as a plug reads it: one vector for every earlier document, and the opening of the draft at hand."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from assistant.embedding import Encoder, Vectors
from assistant.persona.documents import unit
from assistant.persona.plug import HistoryFields, PersonaPlug

OPENING_CHARACTERS = 150
"""The immediate context of arXiv 2308.07968, title not counted."""
# The opening grows in steps: each new query is a new persona, before which nothing that the model has read is of use.
_OPENING_STEP = 50


def opening(title: str, before: str) -> str:
    """What of a draft asks for the persona: its title and the beginning of its text.

    Not the end, as retrieval does: the persona stands before the prompt, and must stay as it is while the writer types
    if the model is not to read everything anew. So it changes three times, and never after 150 characters.
    """
    known = min(len(before), OPENING_CHARACTERS) // _OPENING_STEP * _OPENING_STEP
    return f"{title}\n{before[:known]}".strip()


@dataclass(frozen=True, slots=True)
class ItemDetails:
    """What is known of a history item beside its text; empty where nothing is."""

    title: str = ""
    label: str = ""
    rating: str = ""

    def texts(self, fields: HistoryFields) -> list[str]:
        """Those that are to be encoded and are there."""
        chosen = (
            (fields.titles, self.title),
            (fields.labels, self.label),
            (fields.ratings, self.rating and f"rated {self.rating}"),
        )
        return [text for is_wanted, text in chosen if is_wanted and text]


def item_vectors(
    texts: Sequence[Vectors], details: Sequence[ItemDetails], fields: HistoryFields, encoder: Encoder
) -> Vectors:
    """Vectors of items, (items, width): of each the mean of its text's and of its details' that are encoded.

    :param texts: the vector of every item's text.
    """
    further = [each.texts(fields) for each in details]
    wanted = list(dict.fromkeys(text for own in further for text in own))
    known = dict(zip(wanted, encoder.encode(wanted), strict=True)) if wanted else {}
    rows = [
        unit(np.mean([text, *(known[each] for each in own)], axis=0)) for text, own in zip(texts, further, strict=True)
    ]
    return np.stack(rows) if rows else np.zeros((0, encoder.dimensions), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """An unchanging snapshot of a writer's items, each projected once.

    Under mean pooling nothing but a running sum is kept, so that a new document costs the same however many there are.
    """

    count: int
    total: Tensor
    """Sum of all projections, (persona vectors, model width), in double precision: it may be added to for years."""
    items: Tensor
    """(items, encoder width); under mean pooling none."""
    projected: Tensor
    """(items, persona vectors, model width); under mean pooling none."""

    @classmethod
    def empty(cls, plug: PersonaPlug) -> "History":
        """No items."""
        settings = plug.settings
        shape = (settings.persona_vectors, settings.model_width)
        return cls(
            count=0,
            total=torch.zeros(shape, dtype=torch.float64),
            items=torch.zeros(0, settings.encoder_width),
            projected=torch.zeros(0, *shape),
        )

    @torch.no_grad()
    def with_items(self, plug: PersonaPlug, vectors: Vectors) -> "History":
        """The history with further items, (items, encoder width)."""
        if not len(vectors) or not plug.reads_history:
            return replace(self, count=self.count + len(vectors))
        items = torch.from_numpy(np.ascontiguousarray(vectors, dtype=np.float32))
        projected = plug.project(items)
        grown = replace(self, count=self.count + len(items), total=self.total + projected.double().sum(0))
        if plug.settings.pooling == "mean":
            return grown
        return replace(grown, items=torch.cat([self.items, items]), projected=torch.cat([self.projected, projected]))

    def mean(self) -> Tensor:
        """All items alike, (persona vectors, model width)."""
        return (self.total / self.count).float()

    @torch.no_grad()
    def persona(self, plug: PersonaPlug, query: Vectors, *, top: int | None = None) -> Tensor:
        """The persona for a draft, (persona vectors, model width): one matrix product over all items.

        :param query: the vector of the draft's opening, (encoder width,).
        :param top: let only so many of the nearest items count; None: all.
        """
        if plug.settings.pooling == "mean":
            return self.mean()
        weights = plug.weights(torch.tensor(query), self.items, top=top)
        return torch.einsum("i,ivw->vw", weights, self.projected)


def history_of(plug: PersonaPlug, vectors: Vectors) -> History:
    """A history of these items, (items, encoder width)."""
    return History.empty(plug).with_items(plug, vectors)
