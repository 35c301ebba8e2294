"""The results of ``evaluate selectors`` as a JSON document and as a table."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assistant.evaluation.selection import SelectionReport


def as_json(report: "SelectionReport", signature: dict[str, Any]) -> dict[str, Any]:
    """The document that the command prints."""
    tests = [
        {"better": one.better, "worse": one.worse, "metric": one.metric, **asdict(one.test), "p_corrected": one.p}
        for one in report.tests
    ]
    return {
        "rows": [asdict(row) for row in report.rows],
        "tests": tests,
        "chance": report.chance,
        "authors": report.authors,
        "documents": report.documents,
        "signature": signature,
    }


def as_markdown(document: dict[str, Any]) -> str:
    """The document as a table, with what differs significantly below it."""
    metrics = [name for name, value in document["rows"][0].items() if isinstance(value, dict)]
    lines = [
        f"{document['documents']} documents of {document['authors']} authors (`{document['signature']['data']}`); "
        f"snippets chosen by lot would have precision {100 * document['chance']:.1f}.",
        "",
        "| stage | " + " | ".join(f"{metric} %" for metric in metrics) + " | ms |",
        "|---|" + "---|" * (len(metrics) + 1),
    ]
    for row in document["rows"]:
        cells = [_interval(row[metric]) for metric in metrics]
        lines.append(f"| {row['stage']} | " + " | ".join(cells) + f" | {row['milliseconds']:.1f} |")
    lines += ["", "| better | worse | by | points | p (Holm) |", "|---|---|---|---|---|"]
    for test in document["tests"]:
        difference = f"{100 * test['difference']:+.1f} [{100 * test['low']:+.1f}, {100 * test['high']:+.1f}]"
        p = "< 0.0001" if test["p_corrected"] < 0.0001 else f"{test['p_corrected']:.4f}"
        lines.append(f"| {test['better']} | {test['worse']} | {test['metric']} | {difference} | {p} |")
    return "\n".join(lines) + "\n"


def _interval(value: dict[str, float]) -> str:
    return f"{100 * value['mean']:.1f} [{100 * value['low']:.1f}, {100 * value['high']:.1f}]"
