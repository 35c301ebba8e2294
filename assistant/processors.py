"""How many processors the operations of the calling thread are shared among; other threads go on as they were.

``torch.set_num_threads`` is no such thing: its number becomes that of every thread that asks later, so that two threads
which limit themselves for a moment, one within the other's moment, can leave the whole process on one processor.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one processor: for operations that are too short to be shared.

    On an idle machine that costs little. Beside a busy program, threads that wait for each other at every operation
    took ten to fifty times as long.
    """
    _settle()
    with _openmp().limit(limits=1):
        yield


def stay_in_one_thread() -> None:
    """Let the calling thread compute without the help of further ones for as long as it lives."""
    _settle()
    _openmp().limit(limits=1)


def _settle() -> None:
    """Let torch choose the calling thread's number now: it does so when first asked, and later would undo ours."""
    import torch

    torch.get_num_threads()


@cache
def _openmp() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="openmp")
