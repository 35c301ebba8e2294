"""The records of ``evaluate memory`` become one JSON document: rows, tests, shares, harm, faults."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from assistant.evaluation.memory_rows import ALL, ALONE, CACHE, FEW, OWN, PROMPT, PROMPT_OWN, ROWS, compared_with
from assistant.evaluation.memory_writing import LONGEST_COPY, NAMES
from assistant.evaluation.statistics import holm, mean_interval, paired_test
from assistant.evaluation.typing_simulation import Typed

Json = dict[str, Any]

_BITS = "bits_per_character"


def as_document(records: Sequence[Json], signature: Json) -> Json:
    """The whole result.

    :param records: see ``assistant.evaluation.memory.measure_authors``.
    """
    compared = (_test(records, row.name, compared_with(row).name) for row in ROWS if row != ALONE)
    tests = [test for test in compared if test]
    for test, p in zip(tests, holm([test["p_uncorrected"] for test in tests]), strict=True):
        test["p"] = p
    return {
        "rows": [row for row in (_row(records, each.name) for each in ROWS) if row],
        "tests": tests,
        "better_off_share": _better_off(records, OWN.name),
        "worst_harm_percent": _worst_harm(records),
        "writings": [_writings(records, name) for name in NAMES if _typed(records, name)],
        "typing_test": _typing_test(records),
        "longest_copy_allowed": LONGEST_COPY,
        "authors": len(records),
        "earlier_documents": {"least": min(_earlier(records)), "most": max(_earlier(records))},
        "signature": signature,
    }


def as_markdown(document: Json) -> str:
    """Rows, who is better off and who worse, and the writings where there are any."""
    parts = [_rows_table(document), _shares(document), _writings_table(document)]
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def _rows_table(document: Json) -> list[str]:
    lines = ["| row | bits per character | against the same without | p | authors |", "|---|---|---|---|---|"]
    tests = {test["row"]: test for test in document["tests"]}
    for row in document["rows"]:
        test = tests.get(row["method"])
        gain = f"{test['percent']:+.2f} %" if test else ""
        lines.append(f"| {row['method']} | {row[_BITS]:.3f} | {gain} | {_shown_p(test)} | {row['authors']} |")
    return lines


def _shown_p(test: Json | None) -> str:
    if not test:
        return ""
    return "< 0.0001" if test["p"] < 0.0001 else f"{test['p']:.4f}"


def _shares(document: Json) -> list[str]:
    """Of how many authors the texts are foreseen better, and how much worse those of the unluckiest one."""
    lines = [
        f"- Better off with {name}: {100 * share:.0f} % of the authors."
        for name, share in document["better_off_share"].items()
    ]
    return lines + [
        f"- Worst author with {name}: {harm:+.2f} % bits per character."
        for name, harm in document["worst_harm_percent"].items()
    ]


def _writings_table(document: Json) -> list[str]:
    if not document["writings"]:
        return []
    lines = [
        "| writing with | texts | with a loop | longest copy, words | characters saved | wrongly shown |",
        "|---|---|---|---|---|---|",
    ]
    for each in document["writings"]:
        shares = [f"{100 * each[name]:.1f} %" for name in ("loop_rate", "characters_saved", "wrong_show_rate")]
        lines.append(
            f"| {each['method']} | {each['texts']} | {shares[0]} | {each['longest_copied_words']} | {shares[1]} "
            f"| {shares[2]} |"
        )
    if test := document["typing_test"]:
        lines += ["", f"Characters saved with the memory against without: p {_shown_p(test)}."]
    return lines


def _row(records: Sequence[Json], name: str) -> Json | None:
    values = [record["bits"][name] for record in records if name in record["bits"]]
    if not values:
        return None
    interval = mean_interval(values)
    return {"method": name, _BITS: interval.mean, "interval": [interval.low, interval.high], "authors": len(values)}


def _test(records: Sequence[Json], name: str, base: str) -> Json | None:
    """A row against its base, on the authors that have both; negative is better."""
    first, second = _both(records, name, base)
    if not first:
        return None
    test = paired_test(first, second)
    better, worse = (name, base) if test.difference < 0 else (base, name)
    return {
        "row": name,
        "against": base,
        "better": better,
        "worse": worse,
        "metric": _BITS,
        "difference": test.difference,
        "percent": 100 * test.difference / (sum(second) / len(second)),
        "interval": [test.low, test.high],
        "p_uncorrected": test.p,
    }


def _both(records: Sequence[Json], name: str, base: str) -> tuple[list[float], list[float]]:
    pairs = [(record["bits"][name], record["bits"][base]) for record in records if name in record["bits"]]
    return [first for first, _ in pairs], [second for _, second in pairs]


def _better_off(records: Sequence[Json], name: str) -> Json:
    """The share of authors whose documents are foreseen better with a memory than with the cache alone."""
    first, second = _both(records, name, CACHE.name)
    both = [(ALL.name, CACHE.name), (PROMPT_OWN.name, PROMPT.name)]
    shares = {name: sum(a < b for a, b in zip(first, second, strict=True)) / len(first)}
    for other, base in both:
        first, second = _both(records, other, base)
        if first:
            shares[other] = sum(a < b for a, b in zip(first, second, strict=True)) / len(first)
    return shares


def _worst_harm(records: Sequence[Json]) -> Json:
    """By how much the unluckiest author is worse off, in percent; negative: nobody is."""
    harm = {}
    few = [row.name for row in ROWS if row.documents is not None and row.documents < FEW]
    for name in (*few, OWN.name, "other memory"):
        first, second = _both(records, name, CACHE.name)
        if first:
            harm[name] = max(100 * (a / b - 1) for a, b in zip(first, second, strict=True))
    return harm


def _writings(records: Sequence[Json], name: str) -> Json:
    loops = [loop for record in records for loop in record["writings"].get(name, {}).get("loops", ())]
    copied = [run for record in records for run in record["writings"].get(name, {}).get("copied", ())]
    typed = sum(_typed(records, name)[1:], _typed(records, name)[0])
    return {
        "method": name,
        "texts": len(loops),
        "loop_rate": sum(loops) / len(loops),
        "longest_copied_words": max(copied),
        "mean_copied_words": sum(copied) / len(copied),
        "characters_saved": typed.saved_share,
        "wrong_show_rate": typed.wrong_show_rate,
        "exact_match": list(typed.exact_match),
    }


def _typed(records: Sequence[Json], name: str) -> list[Typed]:
    found = [typed for record in records for typed in record["writings"].get(name, {}).get("typed", ())]
    return [Typed(**values | {key: tuple(values[key]) for key in ("matches", "chances")}) for values in found]


def _typing_test(records: Sequence[Json]) -> Json | None:
    """Characters saved with a memory and without, author by author."""
    alone, own = ([_saved(record, name) for record in records if record["writings"]] for name in NAMES)
    return asdict(paired_test(own, alone)) if own else None


def _saved(record: Json, name: str) -> float:
    typed = _typed([record], name)
    return sum(each.saved for each in typed) / max(1, sum(each.characters for each in typed))


def _earlier(records: Sequence[Json]) -> list[int]:
    return [record["earlier"] for record in records]
