"""A corpus by the paper's rules, counted by hand."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.evaluation.commands import add_evaluate_commands
from assistant.evaluation.framework_tasks import FrameworkSettings, find_people, tasks_of
from assistant.training.corpus import Record
from assistant.training.domains import DomainSide, current_documents_of, describe_domain, people_of
from tests.training.corpora import names, prose, write_corpus

TRAIN, TEST = names("train", 2), names("test", 2)


def written(author: str, *lengths: int) -> Iterator[dict[str, str]]:
    """An author's documents, a month apart, of so many characters, none like another."""
    for number, length in enumerate(lengths):
        text = f"{author} {number}. " + prose(number, number, characters=length)
        date = f"20{number // 12:02}-{number % 12 + 1:02}-01"
        yield {"author": author, "title": "", "date": date, "text": text[:length]}


def records(*lengths: int) -> list[Record]:
    return [Record("A", "", "", "x" * length) for length in lengths]


def test_a_current_document_is_longer_than_300_characters_and_has_two_before_it() -> None:
    assert current_documents_of(records(900, 900, 300, 301, 50, 900)) == [3, 5]
    assert current_documents_of(records(10, 10, 301)) == [2]  # whatever those before are like
    assert current_documents_of(records(900, 900)) == []


def test_of_an_author_the_latest_fifty_count() -> None:
    assert current_documents_of(records(*[400] * 70)) == list(range(20, 70))


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    rows = [
        *written(TRAIN[0], 400, 400, *[400] * 6),  # 6 examples
        *written(TRAIN[1], 400, 400, *[400] * 4, 300, 300),  # 4: too few
        *written(TEST[0], 20, 30, 500, 40, *[500] * 4),  # 5, among short ones
        *written(TEST[1], *[400] * 60),  # 50
    ]
    rows.append(rows[0] | {"date": "2030-01-01"})  # identical: kept once
    return write_corpus(tmp_path / "mail.jsonl", rows)


def test_authors_with_five_examples_are_counted_on_their_sides(corpus: Path) -> None:
    assert {author.name for author in people_of(corpus, seed=0)} == {TRAIN[0], *TEST}
    domain = describe_domain(corpus)
    assert domain.sides == {"train": DomainSide(1, 6), "validation": DomainSide(0, 0), "test": DomainSide(2, 55)}
    pasts = [*range(2, 8), 2, 4, 5, 6, 7, *range(10, 60)]
    assert domain.past_documents == pytest.approx(sum(pasts) / 61)
    assert domain.characters == pytest.approx((6 * 400 + 5 * 500 + 50 * 400) / 61)


def test_the_table_measures_these_documents_with_short_ones_in_their_past(corpus: Path) -> None:
    settings = FrameworkSettings(rows=("ImmedCtx",), typing_documents=0, documents=50)
    people = find_people(corpus, settings)
    places = [task.document for task in tasks_of(people, settings) if task.author == TEST[0]]
    assert sorted(places) == [2, 4, 5, 6, 7]
    (author,) = [author for author in people.measured if author.name == TEST[0]]
    assert len(author.records[0].text) == 20


def test_the_command_prints_a_row_for_every_corpus(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    add_evaluate_commands(parser.add_subparsers())
    arguments = parser.parse_args(["evaluate", "domains", str(corpus), str(corpus)])
    arguments.run(arguments)
    lines = capsys.readouterr().out.splitlines()
    assert lines[2] == lines[3] == "| mail.jsonl | 408.2 | 29.1 | 1 | 0 | 2 | 6 | 0 | 55 |"
    arguments.json = True
    arguments.run(arguments)
    assert json.loads(capsys.readouterr().out)["domains"][0]["sides"]["test"] == {"authors": 2, "examples": 55}
