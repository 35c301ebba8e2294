"""The records of ``evaluate persona`` become one JSON document: rows, ablations, tests, the share of the task."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from assistant.evaluation.persona_rows import (
    ABLATIONS,
    ALONE,
    COMPARED,
    CONTROL,
    MEAN,
    NO_INSTRUCTION,
    PPLUG,
    PPLUG_NEAREST,
    ROWS,
    TOP_FOUR,
    PersonaRow,
)
from assistant.evaluation.statistics import holm, mean_interval, paired_test

Json = dict[str, Any]

_BITS, _ROUGE = "bits_per_character", "rouge1"
_METRICS = ((_BITS, "bits", -1), (_ROUGE, "rouge1", 1))
"""Of each metric its name, where records have it, and the sign of what is better."""
_WORDS = {_BITS: "bits per character", _ROUGE: "ROUGE-1"}
_DIGITS = {_BITS: 3, _ROUGE: 1}
_PUBLISHED = {
    "lamp_1_accuracy": ("LaMP-1 accuracy", 1),
    "lamp_2_accuracy": ("LaMP-2 accuracy", 1),
    "lamp_3_mae": ("LaMP-3 MAE", 3),
    "lamp_4_rouge1": ("LaMP-4 ROUGE-1", 1),
    "lamp_5_rouge1": ("LaMP-5 ROUGE-1", 1),
    "lamp_7_rouge1": ("LaMP-7 ROUGE-1", 1),
}
"""Of each of the paper's metrics what it is called, and its digits."""
_FOOTNOTES = (
    f"`{PPLUG_NEAREST.name}`: the paper's model reads the retrieved text before instruction and persona, ours after.",
    f"`{NO_INSTRUCTION.name}` and `{TOP_FOUR.name}`: the main plug, read so; neither was trained by itself.",
    f"`{MEAN.name}`: a plug trained so where `--mean` names one, else the main plug with its items averaged.",
)


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
    rows = [_row(records, row) for row in ROWS if row.name in records[0]["bits"]]
    return {
        "rows": rows,
        "best": _best(rows),
        "ablations": _ablations(rows),
        "tests": tests,
        "task_adaptation": _task_adaptation(rows),
        "authors": len(records),
        "earlier_documents": {
            "least": min(record["earlier"] for record in records),
            "most": max(record["earlier"] for record in records),
        },
        "signature": signature,
    }


def as_markdown(document: Json) -> str:
    """Rows, ablations with the paper's beside ours, tests, and the share of the task."""
    parts = [
        _rows_table(document["rows"]),
        _ablations_table(document["ablations"]),
        _tests_table(document["tests"]),
        _conclusions(document),
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def _rows_table(rows: Sequence[Json]) -> list[str]:
    lines = ["| row | bits per character | ROUGE-1 |", "|---|---|---|"]
    return lines + [f"| {row['method']} | {_shown(row, _BITS)} | {_shown(row, _ROUGE)} |" for row in rows]


def _ablations_table(ablations: Sequence[Json]) -> list[str]:
    """Ours first; behind every number but the first line's stands its difference from that line."""
    if not ablations:
        return []
    names = ["variant", *_WORDS.values(), *(name for name, _ in _PUBLISHED.values())]
    lines = [
        "Ablations: ours, then those of arXiv 2409.11901",
        "",
        f"| {' | '.join(names)} |",
        "|---" * len(names) + "|",
    ]
    whole = ablations[0]
    for ablation in ablations:
        ours = [_beside(ablation, whole, metric, _DIGITS[metric]) for metric in _WORDS]
        theirs = [
            _beside(ablation["published"], whole["published"], key, digits) for key, (_, digits) in _PUBLISHED.items()
        ]
        lines.append(f"| {' | '.join([ablation['method'], *ours, *theirs])} |")
    return [*lines, "", *(f"- {note}" for note in _FOOTNOTES)]


def _tests_table(tests: Sequence[Json]) -> list[str]:
    lines = ["| row | against | metric | difference | p |", "|---|---|---|---|---|"]
    for test in tests:
        p = "< 0.0001" if test["p"] < 0.0001 else f"{test['p']:.4f}"
        lines.append(f"| {test['row']} | {test['against']} | {test['metric']} | {test['difference']:+.4f} | {p} |")
    return lines


def _conclusions(document: Json) -> list[str]:
    lines = [f"Best in {_WORDS[metric]}: {row}." for metric, row in document["best"].items()]
    shares = document["task_adaptation"] or {}
    lines += [
        f"Task adaptation, which needs no writer: {100 * found['share']:.0f} % of the gain in {_WORDS[metric]}."
        for metric, found in shares.items()
    ]
    return lines


def _shown(values: Json, metric: str) -> str:
    return f"{values[metric]:.{_DIGITS[metric]}f}" if metric in values else ""


def _beside(values: Json, whole: Json, key: str, digits: int) -> str:
    """A number, and how far it is from that of the whole plug."""
    if key not in values or key not in whole:
        return ""
    difference = "" if values is whole else f" ({values[key] - whole[key]:+.{digits}f})"
    return f"{values[key]:.{digits}f}{difference}"


def _row(records: Sequence[Json], row: PersonaRow) -> Json:
    made: Json = {"method": row.name}
    for metric, key, _ in _METRICS:
        if values := [record[key][row.name] for record in records if row.name in record[key]]:
            interval = mean_interval(values)
            made |= {metric: interval.mean, f"{metric}_interval": [interval.low, interval.high]}
    return made | {"authors": len(records)}


def _best(rows: Sequence[Json]) -> Json:
    """The best row by each metric that was measured."""
    return {
        metric: max(rows, key=lambda row: sign * row[metric])["method"]
        for metric, _, sign in _METRICS
        if all(metric in row for row in rows)
    }


def _ablations(rows: Sequence[Json]) -> list[Json]:
    """The variants that the paper has too, our numbers beside theirs."""
    measured = {row["method"]: row for row in rows}
    return [
        {"method": row.name}
        | {metric: measured[row.name][metric] for metric in _WORDS if metric in measured[row.name]}
        | {"published": asdict(row.published)}
        for row in ABLATIONS
        if row.name in measured and row.published is not None
    ]


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


def _task_adaptation(rows: Sequence[Json]) -> Json | None:
    """What of the plug's gain the control has too, by metric; None without a control.

    A metric in which the plug gains nothing has no share.
    """
    measured = {row["method"]: row for row in rows}
    if CONTROL.name not in measured:
        return None
    shares: Json = {}
    for metric, _, sign in _METRICS:
        if metric in measured[PPLUG.name]:
            alone, control, own = (sign * measured[row.name][metric] for row in (ALONE, CONTROL, PPLUG))
            if own > alone:
                shares[metric] = {
                    "gain": own - alone,
                    "task": control - alone,
                    "share": (control - alone) / (own - alone),
                }
    return shares
