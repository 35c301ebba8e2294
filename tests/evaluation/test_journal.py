"""Records survive a kill, and never mix with another evaluation's."""

from pathlib import Path

import pytest

from assistant.errors import CorpusError
from assistant.evaluation.journal import Journal, measured_once

SIGNATURE = {"model": "small", "settings": {"tokens": 8, "seed": 0}}


def test_records_come_back_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "out", SIGNATURE)
    assert list(journal.records()) == []
    journal.append({"row": "ImmedCtx", "text": "line\nbreak — naïve"})
    journal.append({"row": "RecentDoc"})
    again = Journal(tmp_path / "out", SIGNATURE)
    assert list(again.records()) == [{"row": "ImmedCtx", "text": "line\nbreak — naïve"}, {"row": "RecentDoc"}]


@pytest.mark.parametrize("kept", [1, 5, 17])
def test_half_a_line_is_dropped_and_written_over(tmp_path: Path, kept: int) -> None:
    journal = Journal(tmp_path, SIGNATURE)
    journal.append({"number": 1})
    whole = (tmp_path / "records.jsonl").read_bytes()
    (tmp_path / "records.jsonl").write_bytes(whole + b'{"number": 2, "te'[:kept])
    again = Journal(tmp_path, SIGNATURE)
    assert list(again.records()) == [{"number": 1}]
    again.append({"number": 3})
    assert list(again.records()) == [{"number": 1}, {"number": 3}]


def test_another_evaluation_is_refused_by_what_differs(tmp_path: Path) -> None:
    Journal(tmp_path, SIGNATURE).append({"number": 1})
    with pytest.raises(CorpusError, match=r"holds another evaluation \(settings.tokens differ\).*another --out"):
        Journal(tmp_path, {"model": "small", "settings": {"tokens": 9, "seed": 0}})
    with pytest.raises(CorpusError, match=r"\(encoder differ\)"):
        Journal(tmp_path, SIGNATURE | {"encoder": "hashing"})
    assert list(Journal(tmp_path, SIGNATURE).records()) == [{"number": 1}]


def test_an_author_is_measured_once(tmp_path: Path) -> None:
    journal = Journal(tmp_path, SIGNATURE)
    journal.append({"author": "b", "bits": 2})
    asked: list[int] = []
    told: list[tuple[int, int]] = []

    def measure(number: int) -> dict[str, object]:
        asked.append(number)
        return {"author": "abc"[number], "bits": number}

    found = measured_once("abc", measure, journal, lambda done, total: told.append((done, total)))
    assert [record["bits"] for record in found] == [0, 2, 2]
    assert asked == [0, 2]
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert [record["author"] for record in journal.records()] == ["b", "a", "c"]
    assert measured_once("ab", measure, None, lambda *_: None)[1]["bits"] == 1
