"""A thread that limits itself limits nobody else, whatever the order in which threads come and go."""

import threading
from collections.abc import Callable, Iterator

import pytest
import torch

from assistant.processors import one_thread, stay_in_one_thread


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(threads)


def in_a_new_thread(work: Callable[[], int]) -> int:
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found[0]


def test_the_limit_ends_with_its_block() -> None:
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2


def test_a_thread_that_begins_meanwhile_has_all_processors() -> None:
    with one_thread():
        assert in_a_new_thread(torch.get_num_threads) == 2


def test_limits_that_overlap_leave_nothing_behind() -> None:
    first_is_in, second_is_in = threading.Event(), threading.Event()

    def outer() -> None:
        with one_thread():
            first_is_in.set()
            second_is_in.wait(10)

    def inner() -> int:
        with one_thread():
            second_is_in.set()
            first.join()
        return torch.get_num_threads()

    first = threading.Thread(target=outer)
    first.start()
    first_is_in.wait(10)
    assert in_a_new_thread(inner) == 2
    assert in_a_new_thread(torch.get_num_threads) == 2


def test_a_thread_may_stay_limited() -> None:
    def limited() -> int:
        stay_in_one_thread()
        return torch.get_num_threads()

    assert in_a_new_thread(limited) == 1
    assert torch.get_num_threads() == 2
