"""The rules by which a token is drawn, on rows of logits one can check by eye."""

import pytest
import torch

from assistant.generation.decoding import draw, ends_sentence, forbid_loops, press_for_end


def drawn(logits: list[float], *, temperature: float = 1.0, top_p: float = 1.0, times: int = 200) -> set[int]:
    generator = torch.Generator().manual_seed(0)
    row = torch.tensor(logits)
    return {draw(row, temperature=temperature, top_p=top_p, generator=generator) for _ in range(times)}


def test_temperature_zero_takes_the_likeliest() -> None:
    assert drawn([0.0, 2.0, 1.9], temperature=0) == {1}


def test_everything_likely_is_drawn_sooner_or_later() -> None:
    assert drawn([1.0, 1.0, 1.0, -torch.inf]) == {0, 1, 2}


def test_the_nucleus_leaves_out_the_tail() -> None:
    # Probabilities 0.5, 0.3, 0.2: the first two reach 0.7, the third comes after that.
    logits = torch.tensor([0.5, 0.3, 0.2]).log().tolist()
    assert drawn(logits, top_p=0.7) == {0, 1}
    assert drawn(logits, top_p=0.4) == {0}


def test_the_likeliest_stays_however_small_the_nucleus() -> None:
    assert drawn([0.1, 0.2, 0.3], top_p=0.0) == {2}


def test_drawing_follows_the_probabilities() -> None:
    generator = torch.Generator().manual_seed(1)
    row = torch.tensor([0.6, 0.3, 0.1]).log()
    counts = torch.zeros(3)
    for _ in range(3000):
        counts[draw(row, temperature=1.0, top_p=1.0, generator=generator)] += 1
    assert counts / 3000 == pytest.approx([0.6, 0.3, 0.1], abs=0.03)


def test_rounding_seldom_changes_a_draw() -> None:
    generator = torch.Generator().manual_seed(0)
    row = torch.randn(300, generator=generator) * 0.5
    rounded = row + torch.randn(300, generator=generator) * 0.01  # many neighbours in rank change places
    assert row.argsort().tolist() != rounded.argsort().tolist()
    same = 0
    for seed in range(300):
        first, second = (
            draw(logits, temperature=0.7, top_p=0.92, generator=torch.Generator().manual_seed(seed))
            for logits in (row, rounded)
        )
        same += first == second
    assert same > 290


def test_a_low_temperature_sharpens() -> None:
    assert drawn([1.0, 0.0], temperature=0.05) == {0}


def test_drawing_leaves_the_logits_alone() -> None:
    row = torch.tensor([0.1, 0.2, 0.3])
    draw(row, temperature=0.5, top_p=0.5, generator=torch.Generator())
    assert row.tolist() == pytest.approx([0.1, 0.2, 0.3])


@pytest.mark.parametrize(
    ("history", "forbidden"),
    [
        ([1, 2, 3, 4, 5, 1, 2, 3], {4}),  # 1 2 3 was followed by 4
        ([1, 2, 3, 4, 1, 2, 3, 5, 1, 2, 3], {4, 5}),
        ([7, 7, 7, 7], {7}),
        ([1, 2, 3], set()),
        ([1, 2, 3, 4, 5], set()),
        ([], set()),
    ],
)
def test_a_run_of_four_may_not_come_again(history: list[int], forbidden: set[int]) -> None:
    logits = torch.zeros(10)
    forbid_loops(logits, history, torch.arange(10))
    assert set(logits.isinf().nonzero().flatten().tolist()) == forbidden


def test_neither_case_nor_punctuation_makes_a_loop_anything_else() -> None:
    # 0 to 3 are four words, 4 and 5 the first two with a capital letter, 6 is a comma.
    words = torch.tensor([0, 1, 2, 3, 0, 1, -1, 7])
    logits = torch.zeros(8)
    forbid_loops(logits, [0, 1, 2, 3, 6, 7, 4, 6, 5, 2], words)
    assert set(logits.isinf().nonzero().flatten().tolist()) == {3}
    logits = torch.zeros(8)
    forbid_loops(logits, [2, 3, 7, 0, 6, 2, 3, 6, 7], words)
    assert set(logits.isinf().nonzero().flatten().tolist()) == {0, 4}  # the word, however it is written


def test_the_end_of_a_sentence_gets_likelier_the_longer_a_suggestion_runs_over() -> None:
    ends = torch.tensor([2])
    early, late = torch.zeros(4), torch.zeros(4)
    press_for_end(early, ends, overtime=1)
    press_for_end(late, ends, overtime=5)
    assert 0 < early[2] < late[2]
    assert early[[0, 1, 3]].tolist() == late[[0, 1, 3]].tolist() == [0, 0, 0]


@pytest.mark.parametrize("text", ["Done.", "Done. ", "Really?!", "“Yes!”", "(So it was.)", "and then…", "'No.'"])
def test_a_sentence_end_is_known(text: str) -> None:
    assert ends_sentence(text)


@pytest.mark.parametrize("text", ["", " ", "and then", "a, b,", "3.5 m", "”", "yes:"])
def test_what_is_no_sentence_end_is_known(text: str) -> None:
    assert not ends_sentence(text)
