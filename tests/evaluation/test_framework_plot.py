"""The pictures of the framework's table say what the table says."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from assistant.evaluation.framework_plot import draw_bars, draw_stages, write_plots

SVG = "{http://www.w3.org/2000/svg}"


def row(method: str, rouge1: float) -> dict[str, Any]:
    return {"method": method, "rouge1": rouge1, "intervals": {"rouge1": [rouge1 - 2, rouge1 + 2]}}


def compared(better: str, worse: str, difference: float, metric: str = "rouge1") -> dict[str, Any]:
    interval = [difference - 0.5, difference + 0.5]
    return {"better": better, "worse": worse, "metric": metric, "difference": difference, "interval": interval}


DOCUMENT: dict[str, Any] = {
    "rows": [
        row("ImmedCtx", 30.0),
        row("RankDocBM25", 36.0),
        row("RankDocBM25+SumCtx", 35.0),
        row("<odd> & new", 40.0),
    ],
    "tests": [
        compared("RankDocBM25", "ImmedCtx", 6.0),
        compared("RankDocBM25", "RankDocBM25+SumCtx", 1.0),
        compared("RankDocBM25", "ImmedCtx", -0.2, "bits_per_character"),
    ],
}


def bars(svg: str) -> dict[str, tuple[float, float]]:
    """Names with where their bars begin and how long they are."""
    root = ElementTree.fromstring(svg)
    found = {}
    for rect in root.iter(f"{SVG}rect"):
        title = rect.find(f"{SVG}title")
        assert title is not None
        assert title.text is not None
        found[title.text.rpartition(": ")[0]] = (float(rect.attrib["x"]), float(rect.attrib["width"]))
    return found


def test_bars_are_as_long_as_their_values() -> None:
    found = bars(draw_bars(DOCUMENT))
    assert list(found) == ["ImmedCtx", "RankDocBM25", "RankDocBM25+SumCtx", "<odd> & new"]
    assert found["<odd> & new"][1] / found["ImmedCtx"][1] == pytest.approx(40 / 30, rel=1e-2)
    assert len({start for start, _ in found.values()}) == 1
    assert "<title>ImmedCtx: 30 (28 to 32)</title>" in draw_bars(DOCUMENT)


def test_a_stage_that_loses_goes_to_the_left_and_saved_bits_go_to_the_right() -> None:
    svg = draw_stages(DOCUMENT)
    assert set(bars(svg)) == {"RankDocBM25 over ImmedCtx", "RankDocBM25 + SumCtx"}
    assert "RankDocBM25 over ImmedCtx: 6 (5.5 to 6.5)" in svg
    assert "RankDocBM25 over ImmedCtx: 0.2 (-0.3 to 0.7)" in svg
    assert "RankDocBM25 + SumCtx: -1 (-1.5 to -0.5)" in svg
    of_rouge = bars(draw_stages(DOCUMENT | {"tests": DOCUMENT["tests"][:2]}))
    (gain_start, gain), (loss_start, loss) = of_rouge.values()
    assert loss_start + loss == pytest.approx(gain_start, abs=0.2)
    assert gain == pytest.approx(6 * loss, rel=0.02)


def test_without_tests_there_is_an_empty_picture() -> None:
    assert bars(draw_stages({"rows": [row("ImmedCtx", 30.0)], "tests": []})) == {}


def test_the_markdown_shows_both_pictures(tmp_path: Path) -> None:
    shown = write_plots(DOCUMENT, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bars.svg", "stages.svg"]
    assert "](bars.svg)" in shown
    assert "](stages.svg)" in shown
