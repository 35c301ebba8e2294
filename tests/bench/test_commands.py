"""What the verbs take."""

import argparse

import pytest

from assistant.bench.commands import add_bench_commands


def parse(line: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_bench_commands(parser.add_subparsers())
    return parser.parse_args(["bench", *line.split()])


def test_sizes_are_a_list_without_repetition_smallest_first() -> None:
    assert parse("suggest --snippets 10000,1000,10000").snippets == (1_000, 10_000)
    assert parse("suggest").snippets == (1_000, 10_000, 100_000)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("import --rounds 0", "--rounds: '0'"),
        ("train --steps -1", "--steps: '-1'"),
        ("decode --tokens many", "--tokens: 'many'"),
        ("suggest --snippets 1000,", "--snippets: ''"),
    ],
)
def test_what_is_no_count_is_refused(line: str, found: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(line)
    assert f"{found}: expected a whole number, 1 or more" in capsys.readouterr().err
