"""How a run tells of itself on stderr: a bar on a terminal, a line now and then in a log."""

import sys
from types import TracebackType
from typing import Self

from tqdm import tqdm

from assistant.training.resumable import Progress

# In a log, one line for so many updates.
_LINE_EVERY = 10


class ProgressDisplay:
    """Shows loss, tokens per second and time left; a context manager.

    :param total: tokens of the whole run.
    :param done: tokens trained on in earlier sittings.
    """

    def __init__(self, *, total: int, done: int) -> None:
        self._shown = done
        self._bar = (
            tqdm(total=total, initial=min(done, total), unit="tokens", unit_scale=True, dynamic_ncols=True)
            if sys.stderr.isatty()
            else None
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, progress: Progress) -> None:
        """Report an update."""
        if self._bar is None:
            if progress.step % _LINE_EVERY == 0 or progress.validation is not None:
                sys.stderr.write(_line(progress) + "\n")
                sys.stderr.flush()
            return
        values = {"loss": f"{progress.loss:.3f}"}
        if progress.validation is not None:
            self._bar.write(_line(progress), file=sys.stderr)
        self._bar.set_postfix(values, refresh=False)
        self._bar.update(progress.tokens - self._shown)
        self._shown = progress.tokens


def _line(progress: Progress) -> str:
    checked = "" if progress.validation is None else f"  validation {progress.validation:.3f}"
    return (
        f"step {progress.step}  tokens {progress.tokens / 1e6:.2f} M  loss {progress.loss:.3f}{checked}  "
        f"{progress.tokens_per_second:,.0f} tokens/s  {progress.seconds_left / 60:.0f} min left"
    )
