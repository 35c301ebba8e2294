"""The table of ``evaluate framework`` as JSON and as Markdown; ``framework_details`` says the rest of it."""

from typing import TYPE_CHECKING, Any

from assistant.evaluation.row_names import NO_PAST, method_of

if TYPE_CHECKING:
    from assistant.evaluation.framework_table import Comparison, Gain, MethodResult, Table

Json = dict[str, Any]

# What the Markdown table shows: heading, metric, digits after the point, factor.
_COLUMNS = (
    ("BLEU", "bleu", 2, 1),
    ("ROUGE-1", "rouge1", 2, 1),
    ("ROUGE-2", "rouge2", 2, 1),
    ("ROUGE-L", "rougeL", 2, 1),
    ("METEOR", "meteor", 2, 1),
    ("ROUGE-1 without start", "rouge1_without_start", 2, 1),
    ("bits per character", "bits_per_character", 3, 1),
    ("authorship %", "authorship", 1, 100),
    ("characters saved %", "characters_saved", 1, 100),
)
SIGNIFICANT = 0.01
"""The paper's level."""


def as_json(table: "Table", signature: Json) -> Json:
    """The document that is kept: flat means, intervals beside them, tests, signature last."""
    document: Json = {
        "rows": [_row(row) for row in table.rows],
        "tests": [_comparison(test) for test in table.tests],
        "gains": [_gain(gain) for gain in table.gains],
        "authors": table.authors,
        "documents": table.documents,
    }
    if table.verifier_accuracy is not None:
        document["verifier_accuracy"] = table.verifier_accuracy
    if (real := table.authorship_of_real_text) is not None:
        document["authorship_of_real_text"] = real.mean
    return document | {"signature": signature}


def as_markdown(document: Json) -> str:
    """The table with its intervals, from the JSON document; columns nobody has are left out.

    ``*`` marks what is better than the draft alone at p < 0.01 after correction. Rows that were measured on fewer
    documents say on how many.
    """
    rows = document["rows"]
    most = max((row.get("documents", 0) for row in rows), default=0)
    columns = [column for column in _COLUMNS if any(column[1] in row for row in rows)]
    better = {
        (test["better"], test["metric"])
        for test in document["tests"]
        if method_of(test["worse"]) == NO_PAST and test["p_corrected"] < SIGNIFICANT
    }
    lines = [
        f"{document['documents']} documents of {document['authors']} authors; means over authors, 95 % intervals; "
        f"`*`: better than ImmedCtx, p < {SIGNIFICANT} after Holm's correction.",
        "",
        "| method | " + " | ".join(heading for heading, *_ in columns) + " |",
        "|---|" + "---|" * len(columns),
    ]
    for row in rows:
        cells = [_cell(row, metric, digits, factor) for _, metric, digits, factor in columns]
        marks = ["\\*" if (row["method"], metric) in better else "" for _, metric, *_ in columns]
        fewer = f" ({row['documents']} documents)" if row.get("documents", most) < most else ""
        lines.append(f"| {row['method']}{fewer} | " + " | ".join(map("".join, zip(cells, marks, strict=True))) + " |")
    return "\n".join(lines) + "\n"


def _row(row: "MethodResult") -> Json:
    means = {name: interval.mean for name, interval in row.metrics.items()}
    intervals = {name: [interval.low, interval.high] for name, interval in row.metrics.items()}
    return {"method": row.method, "documents": row.documents, **means, "intervals": intervals}


def _comparison(comparison: "Comparison") -> Json:
    test = comparison.test
    return {
        "better": comparison.better,
        "worse": comparison.worse,
        "metric": comparison.metric,
        "difference": test.difference,
        "interval": [test.low, test.high],
        "p": test.p,
        "p_bootstrap": test.bootstrap_p,
        "p_corrected": comparison.corrected_p,
    }


def _gain(gain: "Gain") -> Json:
    return {
        "method": gain.method,
        "over": gain.over,
        "metric": gain.metric,
        "percent": gain.percent.mean,
        "interval": [gain.percent.low, gain.percent.high],
        "p": gain.p,
        "p_corrected": gain.corrected_p,
    }


def _cell(row: Json, metric: str, digits: int, factor: int) -> str:
    if metric not in row:
        return ""
    low, high = row["intervals"][metric]
    return f"{factor * row[metric]:.{digits}f} ({factor * low:.{digits}f} to {factor * high:.{digits}f})"
