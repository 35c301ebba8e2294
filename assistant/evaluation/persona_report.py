"""The records of ``evaluate persona`` become one JSON document: rows, tests, and what of the gain is the task's."""

from collections.abc import Sequence
from typing import Any

from assistant.evaluation.persona_rows import ALONE, COMPARED, CONTROL, PPLUG, ROWS, PersonaRow
from assistant.evaluation.statistics import holm, mean_interval, paired_test

Json = dict[str, Any]

_BITS = "bits_per_character"
_METRICS = ((_BITS, "bits", -1), ("rouge1", "rouge1", 1))
"""Of each metric its name, where records have it, and the sign of what is better."""


def as_document(records: Sequence[Json], signature: Json) -> Json:
    """The whole result; the p-values of all its tests are corrected together.

    :param records: see ``assistant.evaluation.persona.measure_authors``.
    """
    tests = [
        test
        for metric, key, sign in _METRICS
        for first, second in COMPARED
        if (test := _test(records, (first, second), metric, key, sign))
    ]
    for test, p in zip(tests, holm([test["p_uncorrected"] for test in tests]), strict=True):
        test["p"] = p
    return {
        "rows": [_row(records, row) for row in ROWS if row.name in records[0]["bits"]],
        "tests": tests,
        "task_adaptation": _task_adaptation(records),
        "authors": len(records),
        "earlier_documents": {
            "least": min(record["earlier"] for record in records),
            "most": max(record["earlier"] for record in records),
        },
        "signature": signature,
    }


def as_markdown(document: Json) -> str:
    """The rows as a table, the paper's ROUGE-1 beside ours, and the tests below."""
    lines = [
        "| row | bits per character | ROUGE-1 | published ROUGE-1, LaMP-4 / 5 / 7 |",
        "|---|---|---|---|",
    ]
    for row in document["rows"]:
        rouge = f"{row['rouge1']:.1f}" if "rouge1" in row else ""
        published = " / ".join(f"{value:.1f}" for value in row["published"].values())
        lines.append(f"| {row['method']} | {row[_BITS]:.3f} | {rouge} | {published} |")
    lines += ["", "| row | against | metric | difference | p |", "|---|---|---|---|---|"]
    for test in document["tests"]:
        p = "< 0.0001" if test["p"] < 0.0001 else f"{test['p']:.4f}"
        lines.append(f"| {test['row']} | {test['against']} | {test['metric']} | {test['difference']:+.4f} | {p} |")
    share = document["task_adaptation"]
    if share is not None:
        lines += ["", f"Task adaptation, which needs no writer: {100 * share['share']:.0f} % of the gain in bits."]
    return "\n".join(lines) + "\n"


def _row(records: Sequence[Json], row: PersonaRow) -> Json:
    made: Json = {"method": row.name}
    for metric, key, _ in _METRICS:
        if values := [record[key][row.name] for record in records if row.name in record[key]]:
            interval = mean_interval(values)
            made |= {metric: interval.mean, f"{metric}_interval": [interval.low, interval.high]}
    return made | {"published": dict(row.published), "authors": len(records)}


def _test(
    records: Sequence[Json], rows: tuple[PersonaRow, PersonaRow], metric: str, key: str, sign: int
) -> Json | None:
    """One row against another, on all authors; None where one of them was not measured."""
    name, base = (row.name for row in rows)
    if any(name not in record[key] or base not in record[key] for record in records):
        return None
    first, second = ([record[key][each] for record in records] for each in (name, base))
    test = paired_test(first, second)
    is_better = sign * test.difference > 0
    return {
        "row": name,
        "against": base,
        "better": name if is_better else base,
        "worse": base if is_better else name,
        "metric": metric,
        "difference": test.difference,
        "percent": 100 * test.difference / (sum(second) / len(second)) if any(second) else 0.0,
        "interval": [test.low, test.high],
        "p_uncorrected": test.p,
    }


def _task_adaptation(records: Sequence[Json]) -> Json | None:
    """What of the plug's gain the control has too; None without a control, or a gain to share."""
    if any(CONTROL.name not in record["bits"] for record in records):
        return None
    alone, control, own = (
        sum(record["bits"][row.name] for record in records) / len(records) for row in (ALONE, CONTROL, PPLUG)
    )
    if own >= alone:
        return None
    return {"gain_bits": alone - own, "task_bits": alone - control, "share": (alone - control) / (alone - own)}
