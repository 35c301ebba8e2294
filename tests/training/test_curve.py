"""The loss curve: no gaps, no doubles, whatever a kill left; and a picture that shows it."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from assistant.errors import TrainingError
from assistant.training.curve import CURVE_FILE, PICTURE_FILE, CurvePoint, LossCurve, draw, read_curve


def point(step: int, *, validation: float | None = None) -> CurvePoint:
    return CurvePoint(step, 100 * step, 5 / step, rate=1.0, validation=validation)


def write(folder: Path, *steps: int, after: int) -> None:
    curve = LossCurve(folder, after=after)
    for step in steps:
        curve.add(point(step))
    curve.save()
    curve.close()


def steps(folder: Path) -> list[int]:
    return [found.step for found in read_curve(folder)]


def test_points_are_read_back_validation_included(tmp_path: Path) -> None:
    points = [point(1), point(2, validation=3.5), point(3)]
    curve = LossCurve(tmp_path, after=0)
    for each in points:
        curve.add(each)
    curve.save()
    assert read_curve(tmp_path) == points
    assert "validation" not in json.loads((tmp_path / CURVE_FILE).read_text().splitlines()[0])


def test_nothing_is_written_before_the_first_point(tmp_path: Path) -> None:
    curve = LossCurve(tmp_path / "run", after=0)
    curve.save()
    curve.close()
    assert not (tmp_path / "run").exists()


def test_what_was_trained_after_the_state_is_trained_and_written_again(tmp_path: Path) -> None:
    write(tmp_path, 1, 2, 3, 4, 5, after=0)
    write(tmp_path, 4, 5, 6, after=3)
    assert steps(tmp_path) == [1, 2, 3, 4, 5, 6]


def test_a_run_that_never_saved_begins_its_curve_anew(tmp_path: Path) -> None:
    write(tmp_path, 1, 2, after=0)
    write(tmp_path, 1, after=0)
    assert steps(tmp_path) == [1]


@pytest.mark.parametrize(
    "torn", ['{"step": 4, "tok', '{"step": 4, "tokens": 400, "loss": 1.0, "rate": 1.0}', "\x00\x00"]
)
def test_a_line_torn_by_a_kill_is_none(tmp_path: Path, torn: str) -> None:
    write(tmp_path, 1, 2, 3, after=0)
    with (tmp_path / CURVE_FILE).open("a") as file:
        file.write(torn)
    assert steps(tmp_path) == [1, 2, 3]
    write(tmp_path, 4, after=3)
    assert steps(tmp_path) == [1, 2, 3, 4]


def test_points_are_in_the_file_before_the_state_is_saved(tmp_path: Path) -> None:
    curve = LossCurve(tmp_path, after=0)
    curve.add(point(1))
    curve.save()
    assert steps(tmp_path) == [1]  # though the file is still open


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file")
    with pytest.raises(TrainingError, match=r"could not write .*loss.jsonl .*free some space and resume"):
        LossCurve(tmp_path / "run", after=0).add(point(1))


def test_the_picture_falls_as_the_loss_does_and_shows_every_check(tmp_path: Path) -> None:
    write(tmp_path, 1, after=0)
    svg = (tmp_path / PICTURE_FILE).read_text()
    ElementTree.fromstring(svg)  # well-formed, also with a single point
    root = ElementTree.fromstring(
        draw([point(step, validation=4.0 if step % 400 == 0 else None) for step in range(1, 1201)])
    )
    (line,) = root.findall("{*}polyline")
    heights = [float(pair.split(",")[1]) for pair in line.attrib["points"].split()]
    assert 200 <= len(heights) <= 300
    assert heights == sorted(heights)  # downwards in a picture is upwards in numbers
    assert len(root.findall("{*}circle")) == 3
    labels = [text.text for text in root.findall("{*}text")]
    assert "120 k" in labels
    assert {"tokens", "nats per token"} <= set(labels)
