import shutil
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from assistant.errors import NotFoundError, OwnhandError
from assistant.library.importing import ImportFailedError
from assistant.library.library import Library
from assistant.library.reports import FileReport, ImportReport
from assistant.retrieval.encoder import load_encoder
from assistant.types import VoiceId, WriterId
from tests.browser.writings import every_format
from tests.hashing_encoder import HashingEncoder
from tests.library.corpus import everything, wait_for, write_documents


@pytest.fixture
def writer(library: Library) -> WriterId:
    return library.local_writer()


@pytest.fixture
def voice(library: Library, writer: WriterId) -> VoiceId:
    return library.create_voice(writer, "Letters").id


class _GatedEncoder(HashingEncoder):
    """Waits at a gate before it encodes its n-th batch; fails there if told to."""

    def __init__(self, gate_at: int, error: Exception | None = None) -> None:
        self.reached = threading.Event()
        self.open = threading.Event()
        self._batches_left = gate_at
        self._error = error

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self._batches_left -= 1
        if self._batches_left == 0:
            self.reached.set()
            assert self.open.wait(30)
            if self._error is not None:
                raise self._error
        return super().encode(texts)


def gated_library(tmp_path: Path) -> tuple[_GatedEncoder, Library, WriterId]:
    """A library whose third batch waits at the gate."""
    encoder = _GatedEncoder(gate_at=3)
    library = Library.open(tmp_path / "data", encoder)
    return encoder, library, library.local_writer()


def test_every_format_is_imported_and_every_file_reported(
    library: Library, writer: WriterId, voice: VoiceId, tmp_path: Path
) -> None:
    report = library.import_now(writer, voice, every_format(tmp_path))
    by_path = {file.path: file for file in report.files}
    refused = by_path.pop("broken.pdf")
    assert (refused.status, refused.documents) == ("refused", 0)
    assert "damaged" in refused.reason
    assert {file.status for file in by_path.values()} == {"imported"}
    assert by_path.keys() >= {"letters.zip/june.txt", "letters.zip/july/second.txt", "tides.pdf", "kettle.html"}
    assert (report.state, report.files_done, report.files_total) == ("done", 8, 8)
    assert report.documents == len(library.documents(writer, voice)) == 7
    assert report.snippets == len(library.voice_snippets(voice))
    titles = {info.title for info in library.documents(writer, voice)}
    assert titles >= {"The pear tree can count", "Holding the ladder", "On kettles", "harbour 2021-03-04", "june"}


def test_the_rest_of_a_batch_of_bad_files_is_imported(
    library: Library, writer: WriterId, voice: VoiceId, tmp_path: Path
) -> None:
    bad = {"empty.txt": b"", "junk.txt": bytes(range(256)) * 10, "a.docx": b"no", "a.zip": b"no", "a.exe": b"MZ"}
    for name, data in bad.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "z.txt").write_text("A good one.")
    report = library.import_now(writer, voice, [*(tmp_path / name for name in bad), tmp_path / "z.txt"])
    assert [file.status for file in report.files] == ["refused"] * 5 + ["imported"]
    assert all(file.reason for file in report.files[:5])


def test_the_same_text_is_imported_once(library: Library, writer: WriterId, voice: VoiceId, tmp_path: Path) -> None:
    folder = write_documents(tmp_path / "in", 4)
    shutil.copy(folder / "000.md", folder / "copy.md")
    (folder / "windows.md").write_bytes((folder / "001.md").read_bytes().replace(b"\n", b"\r\n"))
    first = library.import_now(writer, voice, [folder])
    assert [file.status for file in first.files] == ["imported"] * 4 + ["present"] * 2
    before = everything(library, writer, voice)
    again = library.import_now(writer, voice, [folder])
    assert {file.status for file in again.files} == {"present"}
    assert (again.documents, again.snippets) == (0, 0)
    assert everything(library, writer, voice) == before


def test_an_import_runs_in_the_background_and_needs_its_files_no_longer(
    library: Library, writer: WriterId, voice: VoiceId, tmp_path: Path
) -> None:
    folder = write_documents(tmp_path / "in", 10)
    job = library.start_import(writer, voice, [folder])
    shutil.rmtree(folder)
    report = wait_for(library, writer, job)
    assert (report.state, report.documents) == ("done", 10)
    assert list((tmp_path / "data" / "staging").iterdir()) == []
    assert library.imports(writer, voice) == (report,)


def test_imports_wait_for_each_other(library: Library, writer: WriterId, voice: VoiceId, tmp_path: Path) -> None:
    jobs = [library.start_import(writer, voice, [write_documents(tmp_path / "in", 6)]) for _ in range(3)]
    now = library.import_now(writer, voice, [tmp_path / "in"])
    reports = [wait_for(library, writer, job) for job in jobs]
    assert sum(report.documents for report in [*reports, now]) == 6
    assert len(library.documents(writer, voice)) == 6


def test_an_import_by_name_takes_the_voice_there_is_or_makes_one_that_stays_if_it_got_something(
    library: Library, writer: WriterId, voice: VoiceId, tmp_path: Path
) -> None:
    (tmp_path / "empty.txt").touch()
    folder = write_documents(tmp_path / "in", 2)
    found, report = library.import_by_name(writer, " LETTERS", [folder])
    assert (found.id, found.documents, report.documents) == (voice, 2, 2)
    made, report = library.import_by_name(writer, "Novel", [folder])
    assert (made.name, made.documents, report.documents) == ("Novel", 2, 2)
    _, report = library.import_by_name(writer, "Nothing", [tmp_path / "empty.txt"])
    assert report.files[0].status == "refused"
    assert [one.name for one in library.voices(writer)] == ["Letters", "Novel"]


def test_a_voice_there_is_stays_though_nothing_came(
    library: Library, writer: WriterId, voice: VoiceId, tmp_path: Path
) -> None:
    (tmp_path / "empty.txt").touch()
    assert library.import_by_name(writer, "letters", [tmp_path / "empty.txt"])[0].id == voice
    assert len(library.voices(writer)) == 1


def test_no_voice_is_left_of_an_import_that_failed(tmp_path: Path) -> None:
    encoder = _GatedEncoder(gate_at=1, error=OwnhandError("the encoder is broken"))
    encoder.open.set()
    library = Library.open(tmp_path / "data", encoder)
    with pytest.raises(ImportFailedError):
        library.import_by_name(library.local_writer(), "Letters", [write_documents(tmp_path / "in", 3)])
    assert library.voices(library.local_writer()) == ()
    library.close()


def test_nothing_to_import_is_done_at_once(library: Library, writer: WriterId, voice: VoiceId, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert wait_for(library, writer, library.start_import(writer, voice, [tmp_path / "empty"])).files == ()
    assert library.import_now(writer, voice, []).state == "done"


def test_progress_is_reported_as_it_is_made(library: Library, writer: WriterId, voice: VoiceId, tmp_path: Path) -> None:
    seen: list[ImportReport] = []
    folder = write_documents(tmp_path / "in", 150)
    final = library.import_now(writer, voice, [folder], on_progress=seen.append)
    done = [report.files_done for report in seen]
    assert done == sorted(done)
    assert len(set(done)) >= 3
    assert all(report.seconds_left is not None for report in seen)
    assert seen[-1].files_done == final.files_done == 150


def test_a_cancelled_import_keeps_what_it_has_stored(tmp_path: Path) -> None:
    encoder, library, writer = gated_library(tmp_path)
    voice = library.create_voice(writer, "Letters").id
    job = library.start_import(writer, voice, [write_documents(tmp_path / "in", 150)])
    assert encoder.reached.wait(30)
    (running,) = library.imports(writer, voice)
    assert running.state == "running"
    assert {file.status for file in running.files} == {"imported", "waiting"}
    assert library.is_importing(library.voice(writer, voice))
    assert not library.is_importing(library.create_voice(writer, "Another"))
    library.cancel_import(writer, job)
    encoder.open.set()
    report = wait_for(library, writer, job)
    assert report.state == "cancelled"
    assert not library.is_importing(library.voice(writer, voice))
    assert 0 < report.documents == len(library.documents(writer, voice)) < 150
    assert [file for file in report.files if file.status == "waiting"]
    library.close()
    with_the_same = Library.open(tmp_path / "data", HashingEncoder())
    assert with_the_same.import_report(writer, job) == report
    assert with_the_same.import_now(writer, voice, [tmp_path / "in"]).documents == 150 - report.documents
    with_the_same.close()


def test_a_closed_library_goes_on_when_it_is_opened_again(tmp_path: Path) -> None:
    encoder, library, writer = gated_library(tmp_path)
    voice = library.create_voice(writer, "Letters").id
    job = library.start_import(writer, voice, [write_documents(tmp_path / "in", 150)])
    assert encoder.reached.wait(30)
    shutil.rmtree(tmp_path / "in")
    threading.Timer(0.1, encoder.open.set).start()
    library.close()
    again = Library.open(tmp_path / "data", HashingEncoder())
    report = wait_for(again, writer, job)
    assert (report.state, report.documents) == ("done", 150)
    assert len(again.documents(writer, voice)) == 150
    again.close()


def test_a_file_among_the_staged_folders_does_not_stop_the_opening(tmp_path: Path) -> None:
    (tmp_path / "data" / "staging" / "77").mkdir(parents=True)
    (tmp_path / "data" / "staging" / ".DS_Store").touch()
    Library.open(tmp_path / "data", HashingEncoder()).close()
    assert [path.name for path in (tmp_path / "data" / "staging").iterdir()] == [".DS_Store"]


@pytest.mark.parametrize("error", [OwnhandError("the encoder is broken"), MemoryError("too much")])
def test_an_import_that_fails_says_why_and_does_not_stop_the_next(tmp_path: Path, error: Exception) -> None:
    encoder = _GatedEncoder(gate_at=1, error=error)
    encoder.open.set()
    library = Library.open(tmp_path / "data", encoder)
    writer = library.local_writer()
    voice = library.create_voice(writer, "Letters").id
    folder = write_documents(tmp_path / "in", 3)
    report = wait_for(library, writer, library.start_import(writer, voice, [folder]))
    assert report.state == "failed"
    assert str(error) in report.reason
    assert not library.is_importing(library.voice(writer, voice))
    assert library.documents(writer, voice) == ()
    assert wait_for(library, writer, library.start_import(writer, voice, [folder])).documents == 3
    library.close()


def test_an_import_in_the_callers_thread_raises_what_went_wrong(tmp_path: Path) -> None:
    encoder = _GatedEncoder(gate_at=1, error=OwnhandError("the encoder is broken"))
    encoder.open.set()
    library = Library.open(tmp_path / "data", encoder)
    writer = library.local_writer()
    voice = library.create_voice(writer, "Letters").id
    with pytest.raises(ImportFailedError, match="the encoder is broken"):
        library.import_now(writer, voice, [write_documents(tmp_path / "in", 3)])
    library.close()


class _CountingEncoder(HashingEncoder):
    """Remembers what it was asked to encode."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.texts.extend(texts)
        return super().encode(texts)


def test_words_that_another_voice_has_are_not_embedded_again(tmp_path: Path) -> None:
    encoder = _CountingEncoder()
    library = Library.open(tmp_path / "data", encoder)
    writer = library.local_writer()
    first, second = (library.create_voice(writer, name).id for name in ("First", "Second"))
    (tmp_path / "a.txt").write_text("The sluice gate stuck.")
    (tmp_path / "b.txt").write_text("The sluice was mended by the farrier.")
    library.import_now(writer, first, [tmp_path / "a.txt"])
    encoder.texts.clear()
    library.import_now(writer, second, [tmp_path / "b.txt"])
    assert encoder.texts == ["The sluice was mended by the farrier.", "mended", "farrier"]
    found = library.word_vectors(second, ["sluice", "mended", "gate"])
    assert found.keys() == {"sluice", "mended"}
    assert (found["sluice"] == library.word_vectors(first, ["sluice"])["sluice"]).all()
    library.close()


def test_deleting_a_voice_stops_the_import_into_it(tmp_path: Path) -> None:
    encoder, library, writer = gated_library(tmp_path)
    voice = library.create_voice(writer, "Letters").id
    job = library.start_import(writer, voice, [write_documents(tmp_path / "in", 150)])
    assert encoder.reached.wait(30)
    threading.Timer(0.1, encoder.open.set).start()
    library.delete_voice(writer, voice)
    assert library.voices(writer) == ()
    with pytest.raises(NotFoundError):
        library.import_report(writer, job)
    assert not library._parts.index.voices()
    library.close()


def test_an_import_into_another_voice_holds_up_neither_a_deletion_nor_a_short_import(tmp_path: Path) -> None:
    """The long import is at its second group until the short one has had its turn."""
    encoder, library, writer = gated_library(tmp_path)
    long, short, gone = (library.create_voice(writer, name).id for name in ("Long", "Short", "Gone"))
    job = library.start_import(writer, long, [write_documents(tmp_path / "in", 300)])
    assert encoder.reached.wait(30)
    waiting = library.start_import(writer, gone, [tmp_path / "in"])
    library.delete_voice(writer, gone)
    with pytest.raises(NotFoundError):
        library.import_report(writer, waiting)
    states: list[str] = []
    with ThreadPoolExecutor() as pool:
        joining = pool.submit(
            library.import_now,
            writer,
            short,
            [write_documents(tmp_path / "short", 1, seed=999)],
            on_progress=lambda _: states.append(library.import_report(writer, job).state),
        )
        while not library.imports(writer, short):
            time.sleep(0.005)
        encoder.open.set()
        assert joining.result().documents == 1
    assert states == ["running"]
    assert wait_for(library, writer, job).documents == 300
    library.close()


def test_an_import_that_waits_is_cancelled_at_once(tmp_path: Path) -> None:
    encoder, library, writer = gated_library(tmp_path)
    voice = library.create_voice(writer, "Letters").id
    first, second = (library.start_import(writer, voice, [write_documents(tmp_path / "in", 80)]) for _ in range(2))
    assert encoder.reached.wait(30)
    library.cancel_import(writer, second)
    assert library.import_report(writer, second).state == "cancelled"
    assert not (tmp_path / "data" / "staging" / str(second)).exists()
    encoder.open.set()
    assert wait_for(library, writer, first).documents == 80
    library.close()


def test_a_document_deleted_while_an_import_runs_stays_deleted(tmp_path: Path) -> None:
    encoder, library, writer = gated_library(tmp_path)
    voice = library.create_voice(writer, "Letters").id
    job = library.start_import(writer, voice, [write_documents(tmp_path / "in", 150)])
    assert encoder.reached.wait(30)
    gone = library.documents(writer, voice)[0]
    library.delete_document(writer, gone.id)
    encoder.open.set()
    assert wait_for(library, writer, job).state == "done"
    assert len(library.documents(writer, voice)) == 149
    found = {snippet for snippet, _ in library.nearest(voice, HashingEncoder().encode(["harbour"])[0], 5000)}
    assert found == {snippet.id for snippet in library.voice_snippets(voice)}
    library.close()


def test_with_the_real_encoder_an_interrupted_import_ends_as_an_undisturbed_one(tmp_path: Path) -> None:
    def interrupt(report: ImportReport) -> None:
        raise KeyboardInterrupt

    library = Library.open(tmp_path / "data", load_encoder())
    writer = library.local_writer()
    folder = write_documents(tmp_path / "in", 80, sentences=3)  # two groups, by the number of files
    undisturbed = library.create_voice(writer, "Undisturbed").id
    library.import_now(writer, undisturbed, [folder])
    interrupted = library.create_voice(writer, "Interrupted").id
    with pytest.raises(KeyboardInterrupt):
        library.import_now(writer, interrupted, [folder], on_progress=interrupt)
    assert library.imports(writer, interrupted)[0].state == "cancelled"
    assert 0 < len(library.documents(writer, interrupted)) < len(library.documents(writer, undisturbed))
    library.import_now(writer, interrupted, [folder])
    assert everything(library, writer, interrupted) == everything(library, writer, undisturbed)
    library.close()


def test_reports_count_what_the_import_added() -> None:
    files = (
        FileReport("a.txt", "imported", documents=1, snippets=3),
        FileReport("b.txt", "present"),
        FileReport("c.txt", "refused", reason="empty"),
        FileReport("d.txt", "waiting"),
    )
    report = ImportReport(*(1, VoiceId(1), "running"), files)  # type: ignore[arg-type]
    assert (report.files_total, report.files_done, report.documents, report.snippets) == (4, 3, 1, 3)
