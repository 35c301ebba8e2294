"""What a run says on stderr: lines in a log, a bar on a terminal."""

import io
import sys

import pytest

from assistant.training.progress import ProgressDisplay
from assistant.training.resumable import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def show(*steps: int, validation: float | None = None) -> None:
    with ProgressDisplay(total=10_000, done=0) as display:
        for step in steps:
            display.show(Progress(step, 100 * step, 2.5, 1234.0, 120.0, validation))


def test_a_log_gets_a_line_every_ten_updates(capsys: pytest.CaptureFixture[str]) -> None:
    show(*range(1, 31))
    captured = capsys.readouterr()
    lines = captured.err.splitlines()
    assert captured.out == ""
    assert [line.split()[:2] for line in lines] == [["step", "10"], ["step", "20"], ["step", "30"]]
    assert lines[0].endswith("loss 2.500  1,234 tokens/s  2 min left")


def test_a_log_gets_every_check(capsys: pytest.CaptureFixture[str]) -> None:
    show(7, validation=2.25)
    assert "validation 2.250" in capsys.readouterr().err


def test_a_terminal_gets_a_bar_with_loss_speed_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    show(1, 50, 100)
    last = terminal.getvalue().split("\r")[-1]
    assert "100%" in last
    assert "10.0k/10.0k" in last
    assert "tokens/s" in last
    assert "loss=2.500" in last
