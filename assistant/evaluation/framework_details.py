"""What the table of ``evaluate framework`` means: the best row's gain, typing, selectors beside written helpers.

All from the JSON document, so that it can be said again without measuring again.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from assistant.evaluation.row_names import method_of

Json = dict[str, Any]

# A selector may cost so many points of ROUGE-1 beside the language model that writes the same.
_MARGIN = 0.3
# Fast selectors with the language models that write the same, and where their time is.
_WRITTEN = (
    ("SumCtx", "SumCtxWritten", "summary_milliseconds"),
    ("SynCtx", "SynCtxWritten", "keywords_milliseconds"),
    ("SumCtxInd", "SumCtxIndWritten", "summary_milliseconds"),
)
# Rows of another writer's past, or of a past that nobody chose: controls, never the best.
_CONTROLS = ("OtherWriter", "RandomDoc")


def details_as_markdown(document: Json) -> str:
    """Paragraphs and tables below the main one; nothing that was not measured."""
    parts = (best_gain(document), _typing(document), _helpers(document))
    return "".join(f"\n{part}" for part in parts if part)


def best_gain(document: Json) -> str:
    """By how many percent the best row's ROUGE-1 lies above the draft alone; "" where nothing was compared."""
    gains = [gain for gain in document.get("gains", ()) if gain["metric"] == "rouge1" and not _is_control(gain)]
    if not gains:
        return ""
    rouge = {row["method"]: row["rouge1"] for row in document["rows"]}
    best = max(gains, key=lambda gain: (rouge[gain["method"]], gain["percent"]))
    bare = _same(document, best, "rouge1_without_start")
    without = f"; without the copied start {_percent(bare)}" if bare else ""
    return f"Best: {best['method']}, ROUGE-1 {_percent(best)} over {best['over']}{without}.\n"


def p_value(value: float) -> str:
    """A p-value as prose has it."""
    return "p < 0.0001" if value < 0.0001 else f"p = {value:.4f}"


def _same(document: Json, gain: Json, metric: str) -> Json | None:
    wanted = (gain["method"], gain["over"], metric)
    return next((one for one in document["gains"] if (one["method"], one["over"], one["metric"]) == wanted), None)


def _percent(gain: Json) -> str:
    low, high = gain["interval"]
    return f"{gain['percent']:+.1f} % ({low:+.1f} to {high:+.1f}, {p_value(gain['p_corrected'])})"


def _is_control(gain: Json) -> bool:
    return method_of(gain["method"]).startswith(_CONTROLS)


# ---- typing ----


def _typing(document: Json) -> str:
    rows = [row for row in document["rows"] if "characters_saved" in row]
    if not rows:
        return ""
    lengths = [length for length in range(1, 20) if f"exact_match_{length}" in rows[0]]
    heads = ["typing with", "characters saved %", "wrong shows %", *(f"{length} words exact %" for length in lengths)]
    table = [
        [row["method"], *(_share(row, name) for name in ("characters_saved", "wrong_show_rate", *_exact(lengths)))]
        for row in rows
    ]
    return _table(heads, table) + "".join(f"\n{line}\n" for line in _times_as_many(document))


def _exact(lengths: Iterable[int]) -> Iterator[str]:
    return (f"exact_match_{length}" for length in lengths)


def _share(row: Json, name: str) -> str:
    low, high = row["intervals"][name]
    return f"{100 * row[name]:.1f} ({100 * low:.1f} to {100 * high:.1f})"


def _times_as_many(document: Json) -> Iterator[str]:
    for gain in document.get("gains", ()):
        if gain["metric"] == "characters_saved":
            times, low, high = (1 + percent / 100 for percent in (gain["percent"], *gain["interval"]))
            yield (
                f"{gain['method']} saves {times:.2f} times ({low:.2f} to {high:.2f}) the characters of {gain['over']}, "
                f"{p_value(gain['p_corrected'])}."
            )


# ---- helpers ----


def _helpers(document: Json) -> str:
    rows = {row["method"]: row for row in document["rows"]}
    lines = [
        [fast, written, *_compared(document, rows[fast], rows[written], time)]
        for selector, writer, time in _WRITTEN
        for written in rows
        for fast in [_with_last(written, writer, selector)]
        if fast in rows
    ]
    heads = ["selector", "written", "ROUGE-1 of the selector less the written", "ms", "ms written", "verdict"]
    return _table(heads, lines) if lines else ""


def _with_last(row: str, writer: str, selector: str) -> str:
    """The row with a selector in the place of the language model that is its last stage; "" for other rows."""
    before, _, last = row.rpartition("+")
    return f"{before}+{selector}" if last == writer else ""


def _compared(document: Json, fast: Json, written: Json, time: str) -> list[str]:
    gained, low, high = _difference(document, fast["method"], written["method"])
    if low > -_MARGIN:
        verdict = f"no worse than by {_MARGIN}"
    elif high < -_MARGIN:
        verdict = f"worse by more than {_MARGIN}"
    else:
        verdict = "cannot tell"
    difference = f"{gained:+.2f} ({low:+.2f} to {high:+.2f})"
    return [difference, f"{fast[time]:.1f}", f"{written[time]:.1f}", verdict]


def _difference(document: Json, first: str, second: str) -> tuple[float, float, float]:
    """ROUGE-1 of the first row less the second's, with its interval."""
    for test in document["tests"]:
        if test["metric"] == "rouge1" and {test["better"], test["worse"]} == {first, second}:
            low, high = test["interval"]
            if test["better"] == first:
                return test["difference"], low, high
            return -test["difference"], -high, -low
    raise KeyError(f"{first} and {second} were not compared")  # rows say that siblings always are


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = list(heads)
    lines = [_line(heads), "|" + "---|" * len(heads), *map(_line, rows)]
    return "\n".join(lines) + "\n"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
