"""The plug itself: a writer's past and the draft at hand become vectors in a language model's embedding space.

"LLMs + Persona-Plug" (arXiv 2409.11901): the frozen history encoder gives a vector h_i for every earlier document and
one for the draft; a trained input encoder makes of the latter the query x_u; every item is projected into the space of
the language model's embeddings and counts by how near it is to the query:

    P_u = sum_i softmax_i(x_u . h_i / T) Proj(h_i)

The language model, frozen too, then reads [I ; P_u ; x]: trained instruction vectors, the persona, and the prompt.

Where paper and published code leave something open or differ, it is settled here:

- The input encoder is a linear map over the frozen encoder's vector of the draft's opening, at first the identity, so
  that attention begins as plain similarity. The paper trains a second BERT, which no draft could wait for.
- Queries and items have length one, so that their products are cosines; with the paper's temperature of 1 the weights
  are then nearly uniform. Ours is a setting.
- Items are projected by how they differ from the average item of the writers trained on. Vectors of one encoder have
  much in common; projected as they are, what is common outgrows what is the writer's within a few hundred updates, and
  the personas of any two writers end with a cosine of 0.97.
- What is trained is in units of the language model's embeddings: everything is multiplied by the mean length of one,
  measured when the plug is put to a model. The published code multiplies by constants that hold for one model.
- The vectors go in as embeddings (``inputs_embeds``); there are no token ids for them. The published code enlarges the
  embedding table by two and overwrites what stands there, in a model that is to stay as it is.
- ``strength`` scales what sets this writer apart from the average of the writers trained on. The norm layers of a
  language model undo a mere shortening of vectors; a step towards the average they do not.
"""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from assistant.errors import SettingsError

Pooling = Literal["attention", "mean", "none"]
"""How items count: by the draft at hand, all alike, or not at all (the control: instruction vectors alone)."""


# Items that are all the same differ by rounding alone.
_LEAST_SPREAD = 1e-3


@dataclass(frozen=True, slots=True)
class HistoryFields:
    """What of a history item is encoded beside its text. The published code leaves out labels and ratings.

    Titles are off by default: of texts the library has the vectors, titles it would have to encode.
    """

    titles: bool = False
    labels: bool = False
    ratings: bool = False


@dataclass(frozen=True, slots=True)
class PlugSettings:
    """The form of a plug.

    :raises SettingsError: if the temperature is not above 0, or there are no vectors.
    """

    encoder_width: int
    model_width: int
    pooling: Pooling = "attention"
    temperature: float = 0.1
    """The paper has none, which is 1."""
    persona_vectors: int = 1
    instruction_vectors: int = 1
    fields: HistoryFields = HistoryFields()

    def __post_init__(self) -> None:
        if not self.temperature > 0:
            raise SettingsError(f"the temperature of a plug is {self.temperature}: expected a number above 0")
        if self.persona_vectors < 1 or self.instruction_vectors < 1:
            raise SettingsError(
                f"{self.persona_vectors} persona and {self.instruction_vectors} instruction vectors: expected 1 or more"
            )

    @property
    def prefix_vectors(self) -> int:
        """Vectors read before a prompt; the control has as many as what it is compared with."""
        return self.persona_vectors + self.instruction_vectors


class Projector(nn.Module):
    """Items in the space of the language model: a linear layer, GELU, and another (paper, section 3.3).

    Items come with numbers of about 1 and leave with about the length of an embedding.
    """

    def __init__(self, settings: PlugSettings) -> None:
        super().__init__()
        self._shape = (settings.persona_vectors, settings.model_width)
        self.inner = nn.Linear(settings.encoder_width, settings.model_width)
        self.outer = nn.Linear(settings.model_width, math.prod(self._shape))
        nn.init.normal_(self.inner.weight, std=settings.encoder_width**-0.5)
        nn.init.normal_(self.outer.weight, std=1 / settings.model_width)
        for layer in (self.inner, self.outer):
            nn.init.zeros_(layer.bias)

    def forward(self, items: Tensor) -> Tensor:
        """Project items, (..., encoder width), to (..., persona vectors, model width)."""
        projected: Tensor = self.outer(nn.functional.gelu(self.inner(items)))
        return projected.view(*projected.shape[:-1], *self._shape)


class PersonaPlug(nn.Module):
    """The trained part: instruction vectors, input encoder, projector. One for all writers.

    :param embedding_norm: mean length of the language model's embeddings, see ``embedding_norm``.
    """

    average_item: Tensor
    """Mean history item of the writers trained on, (encoder width,)."""
    item_spread: Tensor
    """Root of the mean square of the numbers by which items differ from it, ()."""
    average_writer: Tensor
    """Mean persona of the writers trained on, (persona vectors, model width), in units of the embeddings."""

    def __init__(self, settings: PlugSettings, *, embedding_norm: float, seed: int = 0) -> None:
        super().__init__()
        self._settings = settings
        self._embedding_norm = embedding_norm
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            has_history = settings.pooling != "none"
            count = settings.instruction_vectors if has_history else settings.prefix_vectors
            directions = torch.randn(count, settings.model_width)
            self.instruction_embeddings = nn.Embedding(
                count, settings.model_width, _weight=nn.functional.normalize(directions, dim=1)
            )
            self.input_encoder = _begun_as_identity(settings) if settings.pooling == "attention" else None
            self.projector = Projector(settings) if has_history else None
        self.register_buffer("average_item", torch.zeros(settings.encoder_width))
        self.register_buffer("item_spread", torch.ones(()))
        self.register_buffer("average_writer", torch.zeros(settings.persona_vectors, settings.model_width))

    @property
    def settings(self) -> PlugSettings:
        return self._settings

    @property
    def instruction(self) -> Tensor:
        """The instruction vectors, (vectors, model width); those of the control stand for its persona too."""
        return self.instruction_embeddings.weight

    @property
    def reads_history(self) -> bool:
        """Whether it is more than the control."""
        return self.projector is not None

    @torch.no_grad()
    def measure_items(self, items: Tensor) -> None:
        """Learn what history items have in common, once, from (items, encoder width)."""
        self.average_item.copy_(items.mean(0))
        self.item_spread.copy_((items - self.average_item).square().mean().sqrt().clamp_min(_LEAST_SPREAD))

    def project(self, items: Tensor) -> Tensor:
        """What every item gives to a persona, (..., persona vectors, model width)."""
        assert self.projector is not None  # the control is never asked
        projected: Tensor = self.projector((items - self.average_item) / self.item_spread)
        return projected

    def similarities(self, queries: Tensor, items: Tensor) -> Tensor:
        """How near every item, (..., items, width), is to a draft, (..., width); all alike for mean pooling."""
        if self.input_encoder is None:
            return items.new_zeros(items.shape[:-1])
        encoded = nn.functional.normalize(self.input_encoder(queries), dim=-1)
        return (items @ encoded[..., None])[..., 0]

    def weights(self, queries: Tensor, items: Tensor, present: Tensor | None = None, top: int | None = None) -> Tensor:
        """How much every item counts, softmax_i(x_u . h_i / T): the weights of one draft add up to 1.

        :param present: (..., items); False marks padding. Where all is padding, nothing counts.
        :param top: let only so many of the nearest items count; None: all.
        """
        scores = self.similarities(queries, items) / self._settings.temperature
        if present is not None:
            scores = scores.masked_fill(~present, torch.finfo(scores.dtype).min)  # infinity would make all padding NaN
        if top is not None and top < scores.shape[-1]:
            nearest = scores.topk(top, dim=-1).indices
            scores = torch.full_like(scores, -torch.inf).scatter(-1, nearest, scores.gather(-1, nearest))
        weights = scores.softmax(dim=-1)
        return weights if present is None else weights * present

    def forward(self, queries: Tensor, items: Tensor, present: Tensor) -> Tensor:
        """The vectors to be read before a batch of prompts, (batch, prefix vectors, model width).

        :param queries: (batch, encoder width).
        :param items: (batch, items, encoder width), each writer's history; ``present`` marks what is no padding.
        """
        if not self.reads_history:
            return (self.instruction * self._embedding_norm).expand(len(queries), -1, -1)
        weights = self.weights(queries, items, present)
        personas = torch.einsum("bi,bivw->bvw", weights, self.project(items))
        instructions = self.instruction.expand(len(queries), -1, -1)
        return torch.cat([instructions, personas], dim=1) * self._embedding_norm

    @torch.no_grad()
    def prefix(self, persona: Tensor | None, *, strength: float = 1.0) -> Tensor:
        """The vectors to be read before one prompt, (prefix vectors, model width).

        :param persona: (persona vectors, model width) in units of the embeddings; None only for the control.
        :param strength: above 0: how far to go from the average writer to this one; 1 is all the way.
        """
        if persona is None:
            assert not self.reads_history
            return self.instruction.detach() * self._embedding_norm
        scaled = self.average_writer + strength * (persona - self.average_writer)
        return torch.cat([self.instruction.detach(), scaled]) * self._embedding_norm


@torch.no_grad()
def embedding_norm(model: PreTrainedModel) -> float:
    """The mean length of a language model's input embeddings, of 4,096 spread over its vocabulary at most.

    Models that scale what they look up do it within their embedding module.
    """
    embeddings = model.get_input_embeddings()
    count = int(embeddings.num_embeddings)
    found: Tensor = embeddings(torch.linspace(0, count - 1, min(count, 4096), device=model.device).long())
    return float(found.float().norm(dim=-1).mean())


def _begun_as_identity(settings: PlugSettings) -> nn.Linear:
    layer = nn.Linear(settings.encoder_width, settings.encoder_width)
    nn.init.eye_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
