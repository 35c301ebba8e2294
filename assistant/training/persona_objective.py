"""What a plug learns by: how well a frozen language model foresees what a writer went on to write, behind the plug.

Cross-entropy of the continuation alone, over all writers with one plug (arXiv 2409.11901, section 3.4). Gradients pass
through the language model to the vectors it reads first and change nothing in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel

from assistant.embedding import Vectors
from assistant.persona.plug import PersonaPlug
from assistant.training.objectives import weighted_cross_entropy
from assistant.training.persona_examples import Passage


@dataclass(frozen=True, slots=True)
class PersonaBatch:
    """Passages with their histories, right-padded, (batch, ...)."""

    passages: tuple[Passage, ...]
    queries: Tensor
    """(batch, encoder width)."""
    items: Tensor
    """(batch, most items, encoder width)."""
    present: Tensor
    """(batch, most items) what of these is no padding."""

    @property
    def written(self) -> int:
        """Tokens to be foreseen."""
        return sum(len(passage.written) for passage in self.passages)

    def on(self, device: torch.device) -> "PersonaBatch":
        """The same on a device."""
        return PersonaBatch(self.passages, self.queries.to(device), self.items.to(device), self.present.to(device))


def persona_batch(
    passages: Sequence[Passage], queries: Sequence[Vectors], histories: Sequence[Vectors]
) -> PersonaBatch:
    """Put passages together with the openings' vectors and the histories that go with them."""
    most = max(map(len, histories))
    items = np.zeros((len(histories), most, len(queries[0])), dtype=np.float32)
    present = np.zeros((len(histories), most), dtype=bool)
    for row, history in enumerate(histories):
        items[row, : len(history)] = history
        present[row, : len(history)] = True
    return PersonaBatch(
        tuple(passages),
        torch.from_numpy(np.stack(queries).astype(np.float32)),
        torch.from_numpy(items),
        torch.from_numpy(present),
    )


class PersonaObjective(nn.Module):
    """A plug before a frozen language model, with its loss."""

    def __init__(self, model: PreTrainedModel, plug: PersonaPlug) -> None:
        super().__init__()
        self.model = model.requires_grad_(requires_grad=False)
        self.plug = plug

    def forward(self, batch: PersonaBatch) -> Tensor:
        """The sum of the losses of all written tokens, in nats."""
        prefix = self.plug(batch.queries, batch.items, batch.present)
        return passage_nats(self.model, batch.passages, prefix)


def passage_nats(model: PreTrainedModel, passages: Sequence[Passage], prefix: Tensor) -> Tensor:
    """The summed negative log-likelihood of what was written, in nats.

    :param prefix: (passages, vectors, width), read before each passage; there may be none.
    """
    first = prefix.to(model.device, model.dtype)
    return (
        _source_target_nats(model, passages, first)
        if model.config.is_encoder_decoder
        else _causal_nats(model, passages, first)
    )


def _causal_nats(model: PreTrainedModel, passages: Sequence[Passage], prefix: Tensor) -> Tensor:
    rows = [np.concatenate([passage.read, passage.written]) for passage in passages]
    ids = _stack(rows).to(model.device)
    weights = _weights([(len(passage.read), len(passage.written)) for passage in passages], ids.shape[1])
    # Padding stands at the right and carries no weight, so causal attention needs no mask for it.
    read = torch.cat([prefix, model.get_input_embeddings()(ids[:, :-1])], dim=1)
    hidden = model.base_model(inputs_embeds=read, use_cache=False).last_hidden_state[:, prefix.shape[1] :]
    head = model.get_output_embeddings().weight
    return weighted_cross_entropy(
        hidden.flatten(0, 1), head, ids[:, 1:].flatten(), weights[:, 1:].flatten().to(model.device)
    )


def _source_target_nats(model: PreTrainedModel, passages: Sequence[Passage], prefix: Tensor) -> Tensor:
    source = _stack([passage.read for passage in passages]).to(model.device)
    lengths = torch.tensor([len(passage.read) for passage in passages])
    mask = (torch.arange(source.shape[1]) < lengths[:, None]).long()
    mask = torch.cat([torch.ones(prefix.shape[:2], dtype=torch.long), mask], dim=1).to(model.device)
    target = _stack([np.concatenate([passage.begun, passage.written]) for passage in passages]).to(model.device)
    weights = _weights([(len(passage.begun), len(passage.written)) for passage in passages], target.shape[1])
    # The decoder reads what it is to write, one token late.
    start = torch.full_like(target[:, :1], model.config.decoder_start_token_id)
    logits = model(
        inputs_embeds=torch.cat([prefix, model.get_input_embeddings()(source)], dim=1),
        attention_mask=mask,
        decoder_input_ids=torch.cat([start, target[:, :-1]], dim=1),
        use_cache=False,
    ).logits
    kept = weights.flatten().nonzero().squeeze(1).to(model.device)
    return functional.cross_entropy(logits.flatten(0, 1)[kept].float(), target.flatten()[kept], reduction="sum")


def _stack(rows: Sequence[np.ndarray]) -> Tensor:
    """Ids of several passages, right-padded with 0, (rows, most ids)."""
    ids = np.zeros((len(rows), max(map(len, rows))), dtype=np.int64)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = row
    return torch.from_numpy(ids)


def _weights(spans: Sequence[tuple[int, int]], width: int) -> Tensor:
    """1 where something is to be foreseen: after so many ids, so many."""
    weights = torch.zeros(len(spans), width)
    for row, (before, count) in enumerate(spans):
        weights[row, before : before + count] = 1
    return weights
