"""The line that says how far a measurement is."""

import pytest

from assistant.evaluation.progress import Progress


def test_it_says_how_much_is_done_and_how_long_the_rest_will_take(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("documents")
    for done in (3, 3, 5, 8):  # a run that goes on where three were done before
        progress(done, 8)
    begun, unchanged, half, whole = (line.strip() for line in capsys.readouterr().err.split("\r")[1:])
    assert begun == unchanged == "3 of 8 documents"
    assert half == "5 of 8 documents, 0 min left"
    assert whole == "8 of 8 documents"


def test_it_ends_its_line_when_all_is_done_even_of_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    Progress("documents")(0, 0)
    assert capsys.readouterr().err == "\r0 of 0 documents   \n"
