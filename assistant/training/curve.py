"""The loss curve of a run: JSON lines, one for every update, and a picture drawn from them.

The lines outlive kills without gaps or doubles: they are on disk before the state that they lead up to, and a resumed
run first cuts off what was written after the state it starts from. No times are in them, so that the same run leaves
the same bytes.
"""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from assistant.errors import TrainingError

CURVE_FILE = "loss.jsonl"
PICTURE_FILE = "loss.svg"

_WIDTH, _HEIGHT, _MARGIN = 720, 360, 56
# More points than this cannot be told apart in the picture; neighbours are averaged.
_POINTS = 300
_TICKS = 5


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One update: tokens trained on so far, loss and validation loss (where checked) in nats per token.

    ``rate`` is the share of the peak learning rates that was used.
    """

    step: int
    tokens: int
    loss: float
    rate: float
    validation: float | None = None


class LossCurve:
    """Appends points to a run's curve; nothing is written before the first of them.

    :param after: the step of the state the run starts from; later points of an earlier attempt are dropped.
    """

    def __init__(self, folder: Path, *, after: int) -> None:
        self._folder = folder
        self._after = after
        self._file: IO[str] | None = None

    def add(self, point: CurvePoint) -> None:
        """Append a point.

        :raises TrainingError: if it cannot be written.
        """
        try:
            if self._file is None:
                self._file = self._open()
            values = {key: value for key, value in asdict(point).items() if value is not None}
            self._file.write(json.dumps(values) + "\n")
        except OSError as error:
            raise self._unwritten(error) from error

    def save(self) -> None:
        """Bring all points to disk and draw them.

        :raises TrainingError: if that fails.
        """
        try:
            if self._file is not None:
                self._file.flush()
                os.fsync(self._file.fileno())
            points = read_curve(self._folder)
            if points:
                picture = self._folder / f"{PICTURE_FILE}.new"
                picture.write_text(draw(points), encoding="utf-8")
                picture.replace(self._folder / PICTURE_FILE)
        except OSError as error:
            raise self._unwritten(error) from error

    def close(self) -> None:
        """Close the file; what was not saved may be lost."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self) -> IO[str]:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / CURVE_FILE
        kept = sum(length for length, point in _lines(path) if point.step <= self._after)
        if path.is_file():
            os.truncate(path, kept)
        return path.open("a", encoding="utf-8")

    def _unwritten(self, error: OSError) -> TrainingError:
        return TrainingError(f"could not write {self._folder / CURVE_FILE} ({error}): free some space and resume")


def read_curve(folder: Path) -> list[CurvePoint]:
    """The points of a run's curve; an unfinished line at its end, left by a kill, is none."""
    return [point for _, point in _lines(folder / CURVE_FILE)]


def _lines(path: Path) -> Iterator[tuple[int, CurvePoint]]:
    """Points of a curve with the length of their lines in bytes, up to the first that is not whole."""
    if not path.is_file():
        return
    with path.open("rb") as lines:
        for line in lines:
            try:
                point = CurvePoint(**json.loads(line))
            except (ValueError, TypeError):
                return
            if line.endswith(b"\n"):
                yield len(line), point


def draw(points: Sequence[CurvePoint]) -> str:
    """A curve as SVG: the loss as a line over the tokens, neighbours averaged, and validation losses as dots."""
    line = _averaged([(point.tokens, point.loss) for point in points])
    dots = [(point.tokens, point.validation) for point in points if point.validation is not None]
    tokens = (0.0, float(points[-1].tokens))
    losses = [loss for _, loss in (*line, *dots)]
    room = (max(losses) - min(losses) or 1.0) * 0.05
    area = _Area(tokens, (min(losses) - room, max(losses) + room))
    shapes = [
        *_axes(area),
        f'<polyline class="loss" points="{" ".join(f"{area.x(x):.1f},{area.y(y):.1f}" for x, y in line)}"/>',
        *(f'<circle class="validation" cx="{area.x(x):.1f}" cy="{area.y(y):.1f}" r="3"/>' for x, y in dots),
    ]
    return "\n".join([_HEAD, *shapes, "</svg>", ""])


_HEAD = f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">
<title>Training loss (line) and validation loss (dots)</title>
<style>
  text {{ font: 12px system-ui, sans-serif; fill: #666 }}
  .grid {{ stroke: #8884 }}
  .loss {{ fill: none; stroke: #2a6f97; stroke-width: 1.5 }}
  .validation {{ fill: #c8553d }}
</style>"""


@dataclass(frozen=True, slots=True)
class _Area:
    """Where in the picture a value stands."""

    tokens: tuple[float, float]
    losses: tuple[float, float]

    def x(self, tokens: float) -> float:
        low, high = self.tokens
        return _MARGIN + (tokens - low) / (high - low) * (_WIDTH - 2 * _MARGIN)

    def y(self, loss: float) -> float:
        low, high = self.losses
        return _HEIGHT - _MARGIN - (loss - low) / (high - low) * (_HEIGHT - 2 * _MARGIN)


def _axes(area: _Area) -> Iterator[str]:
    right, bottom = _WIDTH - _MARGIN, _HEIGHT - _MARGIN
    for loss in _ticks(*area.losses):
        y = area.y(loss)
        yield f'<line class="grid" x1="{_MARGIN}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{_MARGIN - 8}" y="{y + 4:.1f}" text-anchor="end">{loss:.2f}</text>'
    for tokens in _ticks(*area.tokens):
        yield f'<text x="{area.x(tokens):.1f}" y="{bottom + 20}" text-anchor="middle">{_short(tokens)}</text>'
    yield f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 12}" text-anchor="middle">tokens</text>'
    yield f'<text x="{_MARGIN}" y="{_MARGIN - 20}" text-anchor="middle">nats per token</text>'


def _ticks(low: float, high: float) -> list[float]:
    return [low + (high - low) * number / _TICKS for number in range(_TICKS + 1)]


def _short(tokens: float) -> str:
    for size, unit in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if tokens >= size:
            return f"{tokens / size:.3g} {unit}"
    return f"{tokens:.0f}"


def _averaged(points: list[tuple[int, float]]) -> list[tuple[float, float]]:
    together = -(-len(points) // _POINTS)
    groups = (points[start : start + together] for start in range(0, len(points), together))
    return [(sum(x for x, _ in group) / len(group), sum(y for _, y in group) / len(group)) for group in groups]
