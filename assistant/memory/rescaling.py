"""Unigram rescaling: the model's distribution, leaned towards the words that a writer uses more often than others do.

    p'(t)  proportional to  p_model(t) * (p_writer(t) / p_everyone(t)) ** exponent

Due to Kneser, Peters and Klakow 1997 ("Language model adaptation using dynamic marginals"). It says what places in a
memory cannot: that a name or a favourite word is near at all, wherever in a text it may come next. The writer's
frequencies are those of all tokens of the voice, smoothed towards everyone's, so that a short past leans little.
"""

import hashlib
from dataclasses import dataclass

import torch
from torch import Tensor

# Natural logarithm of the largest ratio of frequencies that counts, either way.
_LARGEST = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Rescaling:
    """What is fitted: everyone's frequencies, and how far a writer's count."""

    everyone: Tensor
    """(vocabulary,) how often writers use each token, summing to 1, none of them 0."""
    exponent: float
    prior: float
    """Tokens of everyone's that are added to the writer's."""

    def leaning(self, tokens: Tensor) -> Tensor:
        """What is added to the model's logits for a writer of these tokens, (n,): (vocabulary,)."""
        counts = torch.bincount(tokens, minlength=len(self.everyone)).float()
        writer = (counts + self.prior * self.everyone) / (len(tokens) + self.prior)
        return (writer / self.everyone).log().clamp(-_LARGEST, _LARGEST) * self.exponent

    @property
    def sha256(self) -> str:
        """What identifies it, for signatures."""
        numbers = torch.cat([self.everyone, torch.tensor([self.exponent, self.prior])])
        return hashlib.sha256(numbers.float().numpy().tobytes()).hexdigest()


def frequencies(writers: list[Tensor], size: int) -> Tensor:
    """Everyone's frequencies, (size,), from the tokens of several writers, each of whom counts alike.

    :param size: of the vocabulary. A token that nobody uses gets half of the smallest share there is.
    """
    shares = torch.zeros(size, dtype=torch.float64)
    for tokens in writers:
        shares += torch.bincount(tokens, minlength=size) / max(1, len(tokens))
    shares = shares.clamp_min(float(shares[shares > 0].min()) / 2)
    return (shares / shares.sum()).float()
