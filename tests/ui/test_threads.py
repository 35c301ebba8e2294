"""A blocking generator read from the event loop."""

import asyncio
import threading
import time
from collections.abc import Generator
from contextlib import aclosing

import pytest

from assistant.ui.threads import in_thread

PATIENCE = 60  # seconds: a limit for a busy machine, not an expectation


class Slow:
    """Counts up with a pause before each number, and notes when and where it was closed."""

    def __init__(self, pause: float) -> None:
        self.pause = pause
        self.closed = threading.Event()
        self.threads: set[int] = set()

    def numbers(self) -> Generator[int, None, None]:
        number = 0
        try:
            while True:
                time.sleep(self.pause)
                self.threads.add(threading.get_ident())
                yield number
                number += 1
        finally:
            self.threads.add(threading.get_ident())
            self.closed.set()


def test_items_arrive_in_order_and_the_loop_stays_free() -> None:
    asked, answered = threading.Event(), threading.Event()

    def numbers() -> Generator[int, None, None]:
        """Each number waits for an answer of the loop, which a loop that is blocked could not give."""
        for number in range(5):
            asked.set()
            assert answered.wait(PATIENCE)
            answered.clear()
            yield number

    async def answer() -> None:
        while True:
            if asked.is_set():
                asked.clear()
                answered.set()
            await asyncio.sleep(0.001)

    async def read() -> list[int]:
        answering = asyncio.create_task(answer())
        found = [number async for number in in_thread(numbers())]
        answering.cancel()
        return found

    assert asyncio.run(read()) == [0, 1, 2, 3, 4]


def test_leaving_closes_the_generator_in_its_own_thread() -> None:
    async def read(slow: Slow) -> float:
        async with aclosing(in_thread(slow.numbers())) as numbers:
            await anext(numbers)
        start = time.perf_counter()
        assert await asyncio.to_thread(slow.closed.wait, PATIENCE)
        return time.perf_counter() - start

    tries = [Slow(0.01) for _ in range(5)]  # a busy machine may be slow now and then
    assert min(asyncio.run(read(slow)) for slow in tries) < 0.1
    for slow in tries:
        assert len(slow.threads) == 1
        assert threading.get_ident() not in slow.threads


def test_a_cancelled_reader_closes_the_generator() -> None:
    slow = Slow(0.01)

    async def read() -> None:
        async for _ in in_thread(slow.numbers()):
            pass

    async def cancel() -> None:
        reading = asyncio.create_task(read())
        while not slow.threads:
            await asyncio.sleep(0.001)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert await asyncio.to_thread(slow.closed.wait, PATIENCE)

    asyncio.run(cancel())


def test_an_error_of_the_generator_reaches_the_reader() -> None:
    def failing() -> Generator[int, None, None]:
        yield 1
        raise RuntimeError("at piece 2")

    async def read() -> list[int]:
        return [number async for number in in_thread(failing())]

    with pytest.raises(RuntimeError, match="at piece 2"):
        asyncio.run(read())


def test_a_generator_that_ends_ends_the_reading() -> None:
    async def read() -> list[int]:
        return [number async for number in in_thread(number for number in range(3))]

    assert asyncio.run(read()) == [0, 1, 2]
