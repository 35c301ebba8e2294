"""Checks on held-out data while a run trains: when they are due, and the loss they find."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from accelerate import Accelerator
from torch import nn

from assistant.errors import TrainingError
from assistant.training.batches import Batch, Picks
from assistant.training.shards import Source, plan_batches


@dataclass(frozen=True, slots=True)
class Validation:
    """What to check on, how often, and how many checks without a better loss end the run."""

    sources: tuple[Source, ...]
    every_tokens: int
    patience: int = 3

    def __post_init__(self) -> None:
        if self.every_tokens <= 0 or self.patience <= 0:
            raise TrainingError(
                f"every_tokens={self.every_tokens}, patience={self.patience}: both must be above 0 to validate"
            )

    def is_due(self, before: int, after: int, *, end: int) -> bool:
        """Whether an update that brought the tokens from ``before`` to ``after`` calls for a check.

        So does the last one, at ``end``: with a falling learning rate the best weights tend to be the last.
        """
        return after // self.every_tokens > before // self.every_tokens or after >= end


def validation_loss(
    objective: nn.Module,
    validation: Validation,
    make_batch: Callable[[Sequence[Source], Picks], Batch],
    accelerator: Accelerator,
    tokens_per_batch: int,
) -> float:
    """Mean loss per token on all held-out data, in nats, the work shared by all processes."""
    plan = plan_batches(validation.sources, tokens_per_batch=tokens_per_batch, seed=0, round_number=0)
    sums = torch.zeros(2, device=accelerator.device)
    with torch.no_grad():
        for start in range(0, len(plan), accelerator.num_processes):
            group = plan[start : start + accelerator.num_processes]
            # Sharded models need every process for every batch: one without work of its own reads another's in vain.
            own = accelerator.process_index < len(group)
            batch = make_batch(validation.sources, group[accelerator.process_index if own else 0])
            loss = objective(*batch.on(accelerator.device))
            if own:
                sums += torch.stack([loss.detach().float(), torch.tensor(batch.weight, device=accelerator.device)])
    loss_sum, weight = accelerator.reduce(sums).tolist()
    return float(loss_sum / weight)
