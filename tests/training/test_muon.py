"""Our Muon against torch's, and what orthogonalizing means."""

import pytest
import torch

from assistant.training.muon import StackedMuon, orthogonalized

SHAPES = [(24, 24), (16, 40), (40, 16), (24, 24), (40, 16)]


def _parameters(seed: int) -> list[torch.nn.Parameter]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.nn.Parameter(torch.randn(shape, generator=generator)) for shape in SHAPES]


def _gradients(step: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(1000 + step)
    return [torch.randn(shape, generator=generator) for shape in SHAPES]


def test_steps_like_torchs_muon() -> None:
    ours, theirs = _parameters(0), _parameters(0)
    optimizers = (
        StackedMuon(ours, lr=0.02, momentum=0.95, weight_decay=0.01),
        torch.optim.Muon(theirs, lr=0.02, momentum=0.95, weight_decay=0.01),
    )
    for step in range(4):
        for parameters, optimizer in zip((ours, theirs), optimizers, strict=True):
            for parameter, gradient in zip(parameters, _gradients(step), strict=True):
                parameter.grad = gradient.clone()
            optimizer.step()  # type: ignore[no-untyped-call]
    start = _parameters(0)
    for mine, torchs, before in zip(ours, theirs, start, strict=True):
        moved = (torchs - before).norm()
        assert (mine - torchs).norm() < 0.1 * moved  # bfloat16 products, rounded at other places


def test_keeps_the_state_that_torchs_muon_keeps() -> None:
    states = []
    for kind in (StackedMuon, torch.optim.Muon):
        parameters = _parameters(0)
        for parameter, gradient in zip(parameters, _gradients(0), strict=True):
            parameter.grad = gradient
        optimizer = kind(parameters, momentum=0.95)
        optimizer.step()  # type: ignore[no-untyped-call]
        states.append(optimizer.state_dict()["state"])
    ours, theirs = states
    assert ours.keys() == theirs.keys()
    for position in theirs:
        assert ours[position].keys() == theirs[position].keys()
        assert torch.equal(ours[position]["momentum_buffer"], theirs[position]["momentum_buffer"])


def test_a_parameter_without_a_gradient_stays() -> None:
    parameters = _parameters(0)
    parameters[1].grad = _gradients(0)[1]
    before = [parameter.detach().clone() for parameter in parameters]
    StackedMuon(parameters, momentum=0.95).step()
    changed = [not torch.equal(old, new) for old, new in zip(before, parameters, strict=True)]
    assert changed == [False, True, False, False, False]


@pytest.mark.parametrize("shape", [(12, 12), (8, 30), (30, 8)])
def test_orthogonalizing_makes_all_singular_values_alike(shape: tuple[int, int]) -> None:
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(3))
    (result,) = orthogonalized([matrix])
    assert result.shape == matrix.shape
    values = torch.linalg.svdvals(result.float())
    assert float(values.min()) > 0.5
    assert float(values.max()) < 1.35
