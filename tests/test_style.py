"""What is left of a text when its subject is taken away, and whose manner it is then."""

from pathlib import Path

import pytest

from assistant.errors import ModelError
from assistant.style import Manner, StyleCounts, StyleTable, load_style_table, marks_of

CURT = "No. It leaks. I fixed it; he didn't. So: no. We wait. It is what it is. "
LONG = "There was, as there always is in such a house, a door that nobody had the courage, or the key, to open, and "


def test_a_subject_leaves_no_trace() -> None:
    harbour, orchard = (
        "The harbour wasn't closed in 1987, and I left.",
        "The orchard wasn't pruned in 2004, and I slept.",
    )
    assert marks_of(harbour) == marks_of(orchard)
    assert marks_of(harbour) == ["the", "*2", "wasn't", "*2", "in", "#", ",", "and", "i", "*1", "."]


def test_case_apostrophes_and_the_length_of_an_ellipsis_are_no_style() -> None:
    assert marks_of("I DON’T know…\n\nwell") == marks_of("i don't know.....\nwell".replace(".....", "…"))


def counts(*texts: str) -> StyleCounts:
    return StyleCounts.of(marks_of(text) for text in texts)


def test_a_manner_tells_its_writer_from_another() -> None:
    table = StyleTable.of([CURT * 20, LONG * 20], fewest=5)
    curt = Manner(counts(CURT * 5), table)
    assert curt.likeness(marks_of(CURT)) > 0 > curt.likeness(marks_of(LONG))


def test_a_document_left_out_counts_no_more() -> None:
    table = StyleTable.of([CURT * 20, LONG * 20], fewest=5)
    both = counts(CURT * 5, LONG * 5)
    without = Manner(both, table, without=counts(LONG * 5))
    alone = Manner(counts(CURT * 5), table)
    assert without.likeness(marks_of(LONG)) == pytest.approx(alone.likeness(marks_of(LONG)))


def test_what_writers_at_large_never_use_tells_nothing() -> None:
    table = StyleTable.of([CURT * 20], fewest=5)
    assert Manner(counts("§ § § § §" * 20), table).likeness(["§"]) == 0


def test_a_table_comes_back_from_its_file_and_a_damaged_one_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    table = StyleTable.of([CURT * 20], fewest=5)
    table.save(path, {"corpora": {}})
    assert load_style_table(path).counts == table.counts
    assert load_style_table(path).marks == table.marks
    damaged = tmp_path / "damaged.json"
    damaged.write_text("[]")
    with pytest.raises(ModelError, match="train style"):
        load_style_table(damaged)


def test_the_table_that_comes_along_knows_common_marks() -> None:
    counted = load_style_table().counts
    assert {"the", ",", ".", "*1 *2", ", and"} <= set(counted)
    assert counted["the"] > counted["whereas"] if "whereas" in counted else counted["the"] > 0
