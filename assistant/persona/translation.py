"""How a projector begins: as a translation of words, from the encoder's vector of a word to the language model's.

A projector of random numbers has to find out from writers' texts alone how two vector spaces hang together, and a
frozen language model gives it little to go by. But both spaces have vectors for the same words. Fitted to those in
closed form, the projector gives of a document, before any training, about the embedding that a word with its meaning
would have. The paper (arXiv 2409.11901) begins with random numbers.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from assistant.errors import SettingsError
from assistant.persona.plug import PersonaPlug, Projector

FEWEST_WORDS = 500
"""Fewer say too little about two spaces of hundreds of dimensions."""
# Of the regression, for each word: what an encoder's numbers do not explain is more than half of an embedding.
_RIDGE = 0.003


@dataclass(frozen=True, slots=True, eq=False)
class WordPairs:
    """The same words in both spaces, the commonest first.

    :raises SettingsError: if there are too few, or not as many of each.
    """

    vectors: Tensor
    """Of the encoder, (words, encoder width)."""
    embeddings: Tensor
    """Of the language model, (words, model width)."""

    def __post_init__(self) -> None:
        if not len(self.vectors) == len(self.embeddings) >= FEWEST_WORDS:
            raise SettingsError(
                f"{len(self.vectors)} words of the encoder and {len(self.embeddings)} of the language model: expected "
                f"as many of both, and {FEWEST_WORDS} or more"
            )


@torch.no_grad()
def begin_as_translation(plug: PersonaPlug, words: WordPairs, items: Tensor) -> None:
    """Fit the projector to words; each persona vector to another part of them, from the common to the rare.

    :param items: history items, (items, encoder width), by which the plug was measured; they come to have about the
        length of an embedding in the mean.
    """
    projector = plug.projector
    assert projector is not None  # the control has nothing to fit
    count = plug.settings.persona_vectors
    vectors, embeddings = _differences(words.vectors.float()), _differences(words.embeddings.float())
    hidden = nn.functional.gelu(projector.inner(vectors / vectors.square().mean().sqrt()))
    parts = torch.arange(len(hidden)).chunk(count)
    projector.outer.weight.copy_(torch.cat([_fitted(hidden[part], embeddings[part]) for part in parts]))
    _center(projector, plug, items)


def _fitted(hidden: Tensor, embeddings: Tensor) -> Tensor:
    """The ridge regression of embeddings on hidden numbers, (model width, hidden)."""
    inputs, wanted = _differences(hidden), _differences(embeddings)
    penalty = _RIDGE * len(inputs) * inputs.square().mean() * torch.eye(inputs.shape[1])
    solution: Tensor = torch.linalg.solve(inputs.T @ inputs + penalty, inputs.T @ wanted)
    return solution.T


def _center(projector: Projector, plug: PersonaPlug, items: Tensor) -> None:
    """Let items come to nothing in the mean, and each to the length of one embedding."""
    projector.outer.bias.zero_()
    projected = plug.project(items)
    average = projected.mean(0)
    lengths = (projected - average).norm(dim=-1).mean(0)
    scales = (1 / lengths)[:, None].expand_as(average).flatten()
    projector.outer.weight.mul_(scales[:, None])
    projector.outer.bias.copy_(-average.flatten() * scales)


def _differences(rows: Tensor) -> Tensor:
    return rows - rows.mean(0)
