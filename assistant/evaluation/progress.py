"""How far a measurement is, on the terminal."""

import sys
from time import monotonic


class Progress:
    """A line on stderr: how much is done, and how long the rest will take at the pace so far."""

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._start: tuple[float, int] | None = None

    def __call__(self, done: int, total: int) -> None:
        now = monotonic()
        if self._start is None:  # what was there before this run took it no time
            self._start = (now, done)
        started, before = self._start
        left = ""
        if before < done < total:
            left = f", {(now - started) / (done - before) * (total - done) / 60:.0f} min left"
        sys.stderr.write(f"\r{done} of {total} {self._unit}{left}   " + ("\n" if done == total else ""))
        sys.stderr.flush()
