"""The table of ``evaluate framework`` drawn: every row's means with their intervals, and what each stage adds.

Written as SVG by hand, like the loss curve of a training run: two bar charts need no plotting library.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

Json = dict[str, Any]

BARS_FILE = "bars.svg"
STAGES_FILE = "stages.svg"

_WIDTH, _NAMES, _MARGIN = 860, 330, 24
_ROW, _BAR, _HEADING = 22, 12, 40
_TICKS = 4

# What is drawn: heading, metric, factor. Of the second kind a stage's gain is shown; less is better where it is -1.
_PANELS = (("ROUGE-1", "rouge1", 1), ("bits per character", "bits_per_character", 1), ("BLEU", "bleu", 1))
_GAINS = (("ROUGE-1 gained", "rouge1", 1), ("bits per character saved", "bits_per_character", -1))
_BASELINE = "ImmedCtx"


@dataclass(frozen=True, slots=True)
class _Bar:
    """A value with its 95 % interval."""

    name: str
    value: float
    low: float
    high: float


def write_plots(document: Json, folder: Path) -> str:
    """Draw a table's JSON document into a folder; returns the Markdown that shows the pictures."""
    pictures = {
        BARS_FILE: ("Means over authors with 95 % intervals", draw_bars(document)),
        STAGES_FILE: ("What each stage adds to the one before, with 95 % intervals", draw_stages(document)),
    }
    for name, (_, svg) in pictures.items():
        (folder / name).write_text(svg, encoding="utf-8")
    return "".join(f"\n![{title}]({name})\n" for name, (title, _) in pictures.items())


def draw_bars(document: Json) -> str:
    """A bar for every row and metric, from zero, as SVG."""
    panels = []
    for heading, metric, _ in _PANELS:
        rows = [row for row in document["rows"] if metric in row]
        panels.append((heading, [_Bar(row["method"], row[metric], *row["intervals"][metric]) for row in rows]))
    return _picture("Means over authors with 95 % intervals", panels)


def draw_stages(document: Json) -> str:
    """What each row gains over the row without its last stage, and a plain ranking over the draft alone, as SVG."""
    panels = [(heading, list(_gains(document, metric, sign))) for heading, metric, sign in _GAINS]
    return _picture("Gain of each stage over the one before, with 95 % intervals", panels)


def _gains(document: Json, metric: str, sign: int) -> Iterator[_Bar]:
    """A test says which of two rows is better by how much; here the later stage's gain is wanted, of either sign."""
    found = {}
    for test in document["tests"]:
        if test["metric"] == metric:
            low, high = sorted(sign * end for end in test["interval"])
            gain = sign * test["difference"]
            found[test["better"], test["worse"]] = (gain, low, high)
            found[test["worse"], test["better"]] = (-gain, -high, -low)
    for row in document["rows"]:
        before, _, last = row["method"].rpartition("+")
        if values := found.get((row["method"], before or _BASELINE)):
            name = f"{before} + {last}" if before else f"{last} over {_BASELINE}"
            yield _Bar(name, *values)


def _picture(title: str, panels: Sequence[tuple[str, Sequence[_Bar]]]) -> str:
    shapes: list[str] = []
    top = _MARGIN
    for heading, bars in panels:
        if bars:
            shapes += _panel(heading, bars, top)
            top += _HEADING + _ROW * len(bars) + _MARGIN
    head = _HEAD.format(width=_WIDTH, height=top, title=escape(title))
    return "\n".join([head, *shapes, "</svg>", ""])


_HEAD = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">
<title>{title}</title>
<style>
  text {{ font: 12px system-ui, sans-serif; fill: #666 }}
  .heading {{ font-weight: 600 }}
  .grid {{ stroke: #8884 }}
  .bar {{ fill: #2a6f97 }}
  .interval {{ stroke: #c8553d; stroke-width: 1.5 }}
</style>"""


def _panel(heading: str, bars: Sequence[_Bar], top: int) -> Iterator[str]:
    """One metric; values to the right of zero and, where there are any, to the left."""
    low = min(0.0, *(bar.low for bar in bars))
    high = max(0.0, *(bar.high for bar in bars))
    width = (high - low) or 1.0

    def x(value: float) -> float:
        return _NAMES + (value - low) / width * (_WIDTH - _NAMES - 3 * _MARGIN)

    bottom = top + _HEADING + _ROW * len(bars)
    yield f'<text class="heading" x="{_MARGIN}" y="{top + 12}">{escape(heading)}</text>'
    for tick in sorted({0.0, *(low + width * number / _TICKS for number in range(_TICKS + 1))}):
        yield f'<line class="grid" x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="{top + 28}" y2="{bottom}"/>'
        yield f'<text x="{x(tick):.1f}" y="{top + 24}" text-anchor="middle">{_short(tick)}</text>'
    for number, bar in enumerate(bars):
        middle = top + _HEADING + _ROW * number + _ROW / 2
        left, right = sorted((x(0.0), x(bar.value)))
        yield f'<text x="{_NAMES - 8}" y="{middle + 4:.1f}" text-anchor="end">{escape(bar.name)}</text>'
        yield (
            f'<rect class="bar" x="{left:.1f}" y="{middle - _BAR / 2:.1f}" width="{right - left:.1f}" height="{_BAR}">'
            f"<title>{escape(bar.name)}: {_short(bar.value)} ({_short(bar.low)} to {_short(bar.high)})</title></rect>"
        )
        ends = f'x1="{x(bar.low):.1f}" x2="{x(bar.high):.1f}" y1="{middle:.1f}" y2="{middle:.1f}"'
        yield f'<line class="interval" {ends}/>'


def _short(value: float) -> str:
    return f"{value:.3g}"
