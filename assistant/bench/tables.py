"""Measurements as Markdown tables: for the terminal, and for the prose that quotes ``docs/results/bench-*.json``."""

from collections.abc import Callable, Sequence
from typing import Any

Json = dict[str, Any]

_PLAIN_NAMES = {"ours": "ours", "reference": "reference", "reference_float32": "in float32"}


def bench_table(result: Json) -> str:
    """The table of any bench document, with a line break at its end."""
    return _TABLES[result["bench"]](result)


def _sides(result: Json) -> str:
    """Import, train and start: one number for each side, and what it cost."""
    sides: dict[str, Json] = result["details"]
    rates = [result["ours"], result["reference"]]
    if "float32" in result:
        rates.append(result["float32"]["reference"])
    rows = [
        [result["unit"], *rates],
        ["processor seconds", *(side["cpu_seconds"] for side in sides.values())],
        ["peak memory, MB", *(side["peak_memory_mb"] for side in sides.values())],
    ]
    return _table(["", *(_PLAIN_NAMES[name] for name in sides)], rows) + _verdict(result)


def _import(result: Json) -> str:
    """Import: the sides, and what learning the wording of every document adds."""
    learning: Json = result.get("with_keys", {})
    if not learning:
        return _sides(result)
    return _sides(result) + (
        f"With the memory of your wording it takes {learning['times_as_long']:.1f} times as long; that memory takes "
        f"{learning['megabytes_per_1000_words']:.2f} MB per 1,000 words.\n"
    )


def _decode(result: Json) -> str:
    """Decode: cold prompts, and those that grew by a few words."""
    first, full = result["first_token_ms"], result["float32"]
    precision = result["reference_precision"]
    rows = [
        [result["unit"], result["ours"], result["reference"], full["reference"]],
        [
            "the same, typed on",
            result["cached"]["ours"],
            result["cached"]["reference"],
            full["cached"]["reference"],
        ],
        ["first token, ms", *(side["cold"] for side in first.values())],
        ["the same, typed on", *(side["cached"] for side in first.values())],
    ]
    return _table(["", "ours", f"generate, {precision}", "generate, float32"], rows) + _verdict(result)


def _suggest(result: Json) -> str:
    """Suggest: a row for every size."""
    rows = [
        [
            f"{size['snippets']:,}",
            *(size["ours"][share] for share in ("p50_ms", "p90_ms", "p95_ms")),
            *(size["reference"][share] for share in ("p50_ms", "p95_ms")),
            size["ratio"],
            size["recall_at_10"],
            *size["first_token"].values(),
        ]
        for size in result["sizes"]
    ]
    columns = ["snippets", "p50, ms", "p90", "p95", "reference p50", "p95", "ratio", "recall at 10"]
    return _table([*columns, "first word p50", "p90", "typed on p50", "p90"], rows)


def _memory(result: Json) -> str:
    """Memory: a row for every size."""
    rows = [[f"{size['keys']:,}", size["ours_ms"], size["reference_ms"], size["ratio"]] for size in result["sizes"]]
    return _table(["keys", f"ours, {result['unit']}", "reference", "ratio"], rows)


def _persona(result: Json) -> str:
    """Persona: a row for every size."""
    rows = [
        [
            f"{size['documents']:,}",
            *(size[name] for name in ("ours_ms", "new_opening_ms", "first_ms", "reference_ms", "ratio")),
        ]
        for size in result["sizes"]
    ]
    return _table(["documents", f"ours, {result['unit']}", "a new opening", "the first", "reference", "ratio"], rows)


_TABLES: dict[str, Callable[[Json], str]] = {
    "import": _import,
    "train": _sides,
    "start": _sides,
    "decode": _decode,
    "suggest": _suggest,
    "memory": _memory,
    "persona": _persona,
}


def _verdict(result: Json) -> str:
    return f"\nOurs is {result['ratio']:.1f} times as fast.\n"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str | float]]) -> str:
    """Cells padded to a width each, so that it reads well unrendered."""
    cells = [list(columns), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[number]) for row in cells) for number in range(len(columns))]
    lines = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in cells]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]]) + "\n"


def _cell(value: str | float) -> str:
    """Three digits, or all that stand before the point."""
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
