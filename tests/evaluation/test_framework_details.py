"""What the table means, from documents written by hand: gains, typing, selectors beside written helpers."""

from typing import Any

import pytest

from assistant.evaluation.framework_details import best_gain, details_as_markdown

FAST, WRITTEN = "RankDocBySnpt+SumCtx", "RankDocBySnpt+SumCtxWritten"


def row(method: str, **values: float) -> dict[str, Any]:
    intervals = {name: [value - 0.1, value + 0.1] for name, value in values.items()}
    return {"method": method, **values, "intervals": intervals}


def gain(method: str, percent: float, metric: str = "rouge1") -> dict[str, Any]:
    interval = [percent - 2, percent + 2]
    return {
        "method": method,
        "over": "ImmedCtx",
        "metric": metric,
        "percent": percent,
        "interval": interval,
        "p": 0.001,
        "p_corrected": 0.004,
    }


def compared(better: str, worse: str, difference: float) -> dict[str, Any]:
    interval = [difference - 0.2, difference + 0.2]
    return {"better": better, "worse": worse, "metric": "rouge1", "difference": difference, "interval": interval}


DOCUMENT: dict[str, Any] = {
    "rows": [
        row("ImmedCtx", rouge1=40, characters_saved=0.1, wrong_show_rate=0.8, exact_match_1=0.2, exact_match_2=0.05),
        row("RandomDoc", rouge1=50),
        row(FAST, rouge1=44, summary_milliseconds=2.0),
        row(WRITTEN, rouge1=44.2, summary_milliseconds=900.0, characters_saved=0.14, wrong_show_rate=0.7,
            exact_match_1=0.3, exact_match_2=0.1),
    ],
    "tests": [compared(WRITTEN, FAST, 0.2)],
    "gains": [
        gain("RandomDoc", 25.0),
        gain(FAST, 10.0),
        gain(WRITTEN, 10.5),
        gain(WRITTEN, 30.0, "rouge1_without_start"),
        gain(WRITTEN, 40.0, "characters_saved"),
    ],
}  # fmt: skip


def test_the_best_row_is_one_whose_past_was_chosen() -> None:
    said = best_gain(DOCUMENT)
    assert said.startswith(f"Best: {WRITTEN}, ROUGE-1 +10.5 % (+8.5 to +12.5, p = 0.0040) over ImmedCtx")
    assert "without the copied start +30.0 %" in said


def test_typing_is_a_table_and_says_how_many_times_as_much_is_saved() -> None:
    lines = details_as_markdown(DOCUMENT).splitlines()
    head = "| typing with | characters saved % | wrong shows % | 1 words exact % | 2 words exact % |"
    assert lines[lines.index(head) + 2].startswith("| ImmedCtx | 10.0 (0.0 to 20.0) | 80.0 ")
    assert f"{WRITTEN} saves 1.40 times (1.38 to 1.42) the characters of ImmedCtx, p = 0.0040." in lines


@pytest.mark.parametrize(
    ("better", "difference", "verdict"),
    [
        (WRITTEN, 0.05, "no worse than by 0.3"),
        (WRITTEN, 0.2, "cannot tell"),
        (WRITTEN, 0.6, "worse by more than 0.3"),
        (FAST, 0.6, "no worse than by 0.3"),
    ],
)
def test_selectors_stand_beside_what_is_written_with_their_times(better: str, difference: float, verdict: str) -> None:
    worse = FAST if better == WRITTEN else WRITTEN
    said = details_as_markdown(DOCUMENT | {"tests": [compared(better, worse, difference)]})
    (line,) = [line for line in said.splitlines() if line.startswith(f"| {FAST} | {WRITTEN} |")]
    sign = "-" if better == WRITTEN else "+"
    assert f"| {sign}{difference:.2f} (" in line
    assert line.endswith(f"| 2.0 | 900.0 | {verdict} |")


def test_what_was_not_measured_is_not_said() -> None:
    bare = {"rows": [row("ImmedCtx", rouge1=40), row(FAST, rouge1=44)], "tests": [], "gains": []}
    assert details_as_markdown(bare) == ""
