"""Unigram rescaling: what a writer uses often becomes likelier, and a short past says little."""

import pytest
import torch

from assistant.memory.rescaling import Rescaling, frequencies
from assistant.types import DocumentId
from tests.memory.voices import MODEL, random_memory

EVERYONE = torch.tensor([0.4, 0.3, 0.2, 0.1])


def test_tokens_used_more_often_than_by_everyone_are_favoured_the_more_the_longer_the_past() -> None:
    rescaling = Rescaling(EVERYONE, exponent=0.5, prior=100.0)
    short, long = (rescaling.leaning(torch.tensor([3] * 5 * times + [0] * 5 * times)) for times in (1, 100))
    assert 0 < short[3] < long[3]
    assert short[1] < 0 < short[0]
    assert float(long[3]) == pytest.approx(0.5 * torch.tensor(510 / 1100 / 0.1).log().item(), abs=1e-5)


def test_no_ratio_counts_for_more_than_the_largest() -> None:
    rescaling = Rescaling(torch.tensor([0.9999, 0.0001]), exponent=1.0, prior=1.0)
    assert rescaling.leaning(torch.tensor([1] * 50)).tolist() == pytest.approx([-3.0, 3.0])


def test_of_everyones_frequencies_every_writer_has_the_same_part_and_no_token_none() -> None:
    shares = frequencies([torch.tensor([0] * 90), torch.tensor([1, 1, 1, 2])], 4)
    assert float(shares.sum()) == pytest.approx(1)
    assert float(shares[0] / shares[1]) == pytest.approx(1 / 0.75)
    assert 0 < shares[3] < shares[2]


def test_what_leans_is_what_is_left_of_a_memory() -> None:
    whole = random_memory(documents=3)
    rescaling = Rescaling(torch.ones(12) / 12, exponent=1.0, prior=5.0)
    before = whole.leaning(rescaling)
    left = whole.without({DocumentId(2)})
    alone = type(whole)(MODEL, [one for one in whole.documents if one[0] != 2])
    assert torch.equal(left.leaning(rescaling), alone.leaning(rescaling))
    assert not torch.equal(left.leaning(rescaling), before)
