"""Documents on disk: by author, oldest first, each text once."""

from assistant.training.corpus import Record
from assistant.training.store import RecordStore

RECORDS = (
    Record("Ada", "Second", "2002-01-01", "The weir sang all night."),
    Record("Ben", "Only", "", "Barley, and rain on it."),
    Record("", "", "", "Nobody signed this."),
    Record("Ada", "First", "2001-01-01", "The lock froze over."),
    Record("Ada", "Third", "2002-01-01", "We mended the gate."),
    Record("Ben", "Again", "2003-01-01", "the  weir SANG all night."),
)


def test_an_authors_documents_come_oldest_first_and_those_of_a_day_in_file_order() -> None:
    store = RecordStore(RECORDS)
    assert [record.title for record in store.of_author("Ada")] == ["First", "Second", "Third"]
    assert store.of_author("Ada")[0] == RECORDS[3]
    assert store.of_author("Nobody") == ()


def test_a_text_is_kept_once_whoever_signs_it() -> None:
    assert [record.title for record in RecordStore(RECORDS).of_author("Ben")] == ["Only"]
    everything = RecordStore(RECORDS, keep_reprints=True)
    assert [record.title for record in everything.of_author("Ben")] == ["Only", "Again"]


def test_authors_are_those_with_enough_documents_in_order_of_first_occurrence() -> None:
    store = RecordStore(RECORDS, keep_reprints=True)
    assert store.authors(minimum_documents=1) == ["Ada", "Ben"]
    assert store.authors(minimum_documents=3) == ["Ada"]
    assert store.authors(minimum_documents=4) == []


def test_runs_keep_an_author_together_and_leave_the_nameless_alone() -> None:
    store = RecordStore([*RECORDS, Record("", "", "", "Nor this.")])
    runs = [[record.title or record.text for record in store.read(run)] for run in store.author_runs(2)]
    assert sorted(runs) == [["First", "Second"], ["Nobody signed this."], ["Nor this."], ["Only"], ["Third"]]


def test_an_empty_corpus_has_no_authors_and_no_runs() -> None:
    store = RecordStore([])
    assert store.authors(minimum_documents=1) == []
    assert store.author_runs(3) == []
