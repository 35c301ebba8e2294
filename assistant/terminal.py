"""What commands tell the person at the terminal while they work; stdout is for results."""

import sys


def say(line: str) -> None:
    """Write a line, at once."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def say_tenth(what: str, done: int, total: int) -> None:
    """Write how far something has come, a line for every tenth of it."""
    if done * 10 // total != (done - 1) * 10 // total:
        say(f"{what}: {done} of {total}")
