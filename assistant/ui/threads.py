"""A blocking generator read from the event loop: the one place of the page with a thread of its own."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import closing
from typing import Generic, TypeVar

_Item = TypeVar("_Item")


async def in_thread(blocking: Generator[_Item, None, None]) -> AsyncGenerator[_Item, None]:
    """Yield what a blocking generator yields, run in a thread that is its only caller.

    When the reader goes away, by cancellation or ``aclose``, the generator is closed in its thread as soon as its
    current step returns. What it raises is raised here.
    """
    reader = _Reader(blocking)
    threading.Thread(target=reader.work, name="suggestion", daemon=True).start()
    try:
        while True:
            step = await reader.steps.get()
            if isinstance(step, _End):
                if step.error is not None:
                    raise step.error
                return
            yield step
    finally:
        reader.left.set()


class _End:
    """The generator has ended, well or by an error."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error


class _Reader(Generic[_Item]):
    """What the thread and the event loop share."""

    def __init__(self, blocking: Generator[_Item, None, None]) -> None:
        self._blocking = blocking
        self._loop = asyncio.get_running_loop()
        self.steps: asyncio.Queue[_Item | _End] = asyncio.Queue()
        self.left = threading.Event()

    def work(self) -> None:
        """Step through the generator until it ends or nobody listens any more."""
        error: Exception | None = None
        try:
            with closing(self._blocking):
                for item in self._blocking:
                    if self.left.is_set():
                        break
                    self._hand_over(item)
        except Exception as raised:  # noqa: BLE001 - whatever it is, the reader must hear of it
            error = raised
        if not self.left.is_set():
            self._hand_over(_End(error))

    def _hand_over(self, step: "_Item | _End") -> None:
        try:
            self._loop.call_soon_threadsafe(self.steps.put_nowait, step)
        except RuntimeError:  # the loop is closed: the server is going down, and nobody listens
            self.left.set()
