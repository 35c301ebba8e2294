"""A blocking generator read from the event loop."""

import asyncio
import threading
import time
from collections.abc import Generator
from contextlib import aclosing

import pytest

from assistant.ui.threads import in_thread


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
    async def read() -> tuple[list[int], int]:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0.001)

        ticking = asyncio.create_task(tick())
        found: list[int] = []
        async with aclosing(in_thread(Slow(0.02).numbers())) as numbers:
            async for number in numbers:
                found.append(number)
                if number == 4:
                    break
        ticking.cancel()
        return found, ticks

    found, ticks = asyncio.run(read())
    assert found == [0, 1, 2, 3, 4]
    assert ticks > 10


def test_leaving_closes_the_generator_in_its_own_thread() -> None:
    slow = Slow(0.01)

    async def read() -> float:
        async with aclosing(in_thread(slow.numbers())) as numbers:
            await anext(numbers)
        start = time.perf_counter()
        await asyncio.to_thread(slow.closed.wait, 5)
        return time.perf_counter() - start

    assert asyncio.run(read()) < 0.1
    assert slow.closed.is_set()
    assert len(slow.threads) == 1
    assert threading.get_ident() not in slow.threads


def test_a_cancelled_reader_closes_the_generator() -> None:
    slow = Slow(0.01)

    async def read() -> None:
        async for _ in in_thread(slow.numbers()):
            pass

    async def cancel() -> None:
        reading = asyncio.create_task(read())
        await asyncio.sleep(0.05)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert await asyncio.to_thread(slow.closed.wait, 5)

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
