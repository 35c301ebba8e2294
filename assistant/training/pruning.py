"""A trained model made shallower: layers dropped one by one, each time the one whose absence costs least.

Neighbouring layers of a deep model do similar work, and each adds to the same stream: without one of them the rest
still makes sense of most of it (Gromov et al. 2024, arXiv 2403.17887; Kim et al. 2024, arXiv 2402.02834). What is lost
is learnt again in a few million tokens, far fewer than a model of that depth would need from scratch.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from assistant.errors import TrainingError
from assistant.training.objectives import NextTokenObjective


def prune_depth(
    model: PreTrainedModel,
    windows: Tensor,
    *,
    layers: int,
    on_layer: Callable[[int, float], None] = lambda _left, _loss: None,
) -> tuple[int, ...]:
    """Leave a causal model ``layers`` of its layers, and return which; the first and the last are never dropped.

    :param windows: token ids to measure on, (count, length).
    :param on_layer: called after each with the layers left and the loss, in nats per token.
    :raises TrainingError: if the model has no more layers than that, or keeps them elsewhere than Llama does.
    """
    every = _layers_of(model)
    if not 2 <= layers < len(every):
        raise TrainingError(f"--layers {layers}: expected 2 to {len(every) - 1}, fewer than the model has")
    kept = list(range(len(every)))
    while len(kept) > layers:
        loss, dropped = min((_loss_of(model, every, _without(kept, i), windows), i) for i in kept[1:-1])
        kept.remove(dropped)
        on_layer(len(kept), loss)
    _use(model, every, kept)
    return tuple(kept)


def _layers_of(model: PreTrainedModel) -> list[nn.Module]:
    layers = getattr(model.base_model, "layers", None)
    kinds = set(getattr(model.config, "layer_types", None) or ())
    if not isinstance(layers, nn.ModuleList) or len(kinds) > 1:
        raise TrainingError(
            f"cannot drop layers of a {model.config.model_type}: expected one whose layers are all alike"
        )
    return list(layers)


def _without(kept: Sequence[int], dropped: int) -> list[int]:
    return [i for i in kept if i != dropped]


@torch.no_grad()
def _loss_of(model: PreTrainedModel, every: Sequence[nn.Module], kept: Sequence[int], windows: Tensor) -> float:
    """Nats per token of the model with these layers."""
    _use(model, every, kept)
    loss = NextTokenObjective(model)(windows, torch.ones(windows.shape))
    return float(loss / windows[:, 1:].numel())


def _use(model: PreTrainedModel, every: Sequence[nn.Module], kept: Sequence[int]) -> None:
    """Let the model run through these layers alone."""
    model.base_model.layers = nn.ModuleList([every[i] for i in kept])
    for place, layer in enumerate(model.base_model.layers):
        layer.self_attn.layer_idx = place  # where the layer keeps its keys in a cache
    model.config.num_hidden_layers = len(kept)
    if getattr(model.config, "layer_types", None):
        model.config.layer_types = model.config.layer_types[: len(kept)]
