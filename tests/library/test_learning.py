"""Keys are made in the background, for every document, once; whatever happens on the way."""

import time
from pathlib import Path

import pytest

from assistant.library.key_files import KEYS_FOLDER
from assistant.library.library import Library
from assistant.types import DocumentId, Voice
from tests.hashing_encoder import HashingEncoder
from tests.library.corpus import write_documents
from tests.library.keys import PATIENCE, WordNumbers, until_learned

DOCUMENTS = 6


@pytest.fixture
def voice(library: Library, tmp_path: Path) -> Voice:
    """A voice with some documents, without keys."""
    return filled(library, tmp_path / "in")


def filled(library: Library, folder: Path, name: str = "Letters", seed: int = 0) -> Voice:
    writer = library.local_writer()
    made = library.create_voice(writer, name)
    library.import_now(writer, made.id, [write_documents(folder, DOCUMENTS, seed=seed)])
    return library.voice(writer, made.id)


def ids(library: Library, voice: Voice) -> list[DocumentId]:
    return sorted(info.id for info in library.documents(voice.writer, voice.id))


def files_of(tmp_path: Path) -> set[str]:
    return {path.name for path in (tmp_path / "data" / KEYS_FOLDER).rglob("*") if path.is_file()}


def test_every_document_gets_its_keys_once(library: Library, voice: Voice) -> None:
    assert library.learning(voice).learned == 0
    maker = WordNumbers()
    library.learn_with(maker)
    until_learned(library, voice)
    library.learn_with(maker)
    time.sleep(0.05)
    assert maker.made == ids(library, voice)
    report = library.learning(voice)
    assert (report.documents, report.learned, report.is_running, report.reason) == (DOCUMENTS, DOCUMENTS, False, "")


def test_documents_that_come_later_are_learned_too(library: Library, voice: Voice, tmp_path: Path) -> None:
    library.learn_with(WordNumbers())
    until_learned(library, voice)
    second = filled(library, tmp_path / "more", "Essays", seed=100)
    until_learned(library, second)
    assert library.key_versions(second.id).keys() == set(ids(library, second))


def test_it_tells_how_far_it_is_and_how_long_it_will_take(library: Library, voice: Voice) -> None:
    maker = WordNumbers(pause=0.005)
    library.learn_with(maker)
    seen = []
    while (report := library.learning(voice)).learned < DOCUMENTS:
        seen.append(report)
        if report.learned:
            maker.pause = 0.003  # however unevenly a busy machine goes on, there is less and less to wait for
        time.sleep(0.01)
    assert all(report.is_running for report in seen)
    assert [report.learned for report in seen] == sorted(report.learned for report in seen)
    assert len({report.learned for report in seen}) > 2
    estimates = [report.seconds_left for report in seen if report.seconds_left is not None]
    assert estimates[0] > estimates[-1] > 0


def test_without_a_maker_nothing_is_made(library: Library, voice: Voice, tmp_path: Path) -> None:
    library.learn_with(None)
    time.sleep(0.05)
    assert files_of(tmp_path) == set()
    assert not library.learning(voice).is_running


def test_a_model_that_keeps_no_memory_is_said_to_and_keeps_the_keys_of_another(
    library: Library, voice: Voice, tmp_path: Path
) -> None:
    library.learn_now(WordNumbers(), [voice.id])
    before = files_of(tmp_path)
    library.learn_with(None, why_none="this model cannot recall")
    report = library.learning(voice)
    assert (report.learned, report.is_running, report.reason) == (0, False, "this model cannot recall")
    assert files_of(tmp_path) == before
    again = WordNumbers()
    library.learn_with(again)
    until_learned(library, voice)
    assert again.made == []


def test_an_empty_voice_is_learned_already(library: Library) -> None:
    empty = library.create_voice(library.local_writer(), "Empty")
    library.learn_with(WordNumbers())
    report = library.learning(empty)
    assert (report.documents, report.learned, report.is_running) == (0, 0, False)


def test_what_it_has_learned_is_still_known_after_a_restart(library: Library, voice: Voice, tmp_path: Path) -> None:
    library.learn_now(WordNumbers(), [voice.id])
    library.close()
    reopened = Library.open(tmp_path / "data", HashingEncoder())
    again = WordNumbers()
    reopened.learn_now(again, [voice.id])
    assert again.made == []
    reopened.close()


def test_keys_of_another_model_and_damaged_ones_are_made_anew(library: Library, voice: Voice, tmp_path: Path) -> None:
    library.learn_now(WordNumbers(), [voice.id])
    first, second, *_ = ids(library, voice)
    path = tmp_path / "data" / KEYS_FOLDER / str(voice.id) / f"{first}.safetensors"
    path.write_bytes(path.read_bytes()[:-10])
    fresh = WordNumbers()
    library.learn_now(fresh, [voice.id])
    assert fresh.made == [first]
    (path.parent / f"{second}.safetensors").unlink()
    fresh.made.clear()
    library.close()
    reopened = Library.open(tmp_path / "data", HashingEncoder())
    reopened.learn_now(fresh, [voice.id])
    assert fresh.made == [second]
    other = WordNumbers(model="two")
    reopened.learn_now(other, [voice.id])
    assert other.made == ids(reopened, voice)
    assert all(b'"two"' in (reopened.keys(voice.id, document) or b"") for document in other.made)
    reopened.close()


def test_another_model_in_use_is_learned_from_at_once(library: Library, voice: Voice) -> None:
    slow = WordNumbers(pause=0.002)
    library.learn_with(slow)
    assert slow.started.wait(PATIENCE)
    other = WordNumbers(model="two")
    library.learn_with(other)
    deadline = time.monotonic() + PATIENCE
    while not all(b'"two"' in (library.keys(voice.id, document) or b"") for document in ids(library, voice)):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert sorted(other.made) == ids(library, voice)


def test_keys_of_the_model_before_are_not_taken_for_learned(library: Library, voice: Voice, tmp_path: Path) -> None:
    second = filled(library, tmp_path / "more", "Essays", seed=100)
    library.learn_now(WordNumbers(), [voice.id, second.id])
    assert library.learning(second).learned == DOCUMENTS
    library.learn_with(WordNumbers(model="two", pause=0.01))
    while library.learning(voice).learned == 0:  # the first voice comes first
        assert library.learning(second).learned == 0
        time.sleep(0.005)
    assert library.learning(second).is_running
    until_learned(library, second)


def test_a_suggestion_does_not_wait_for_a_document(library: Library, voice: Voice) -> None:
    maker = WordNumbers(pause=0.002)
    library.learn_with(maker)
    assert maker.started.wait(PATIENCE)
    with library.undisturbed():
        done = maker.words
        time.sleep(0.3)
        assert maker.words - done <= 1  # the word under way
        assert library.learning(voice).is_running
    until_learned(library, voice)


def test_a_deleted_document_is_left_off_and_leaves_no_keys(library: Library, voice: Voice, tmp_path: Path) -> None:
    maker = WordNumbers(pause=0.002)
    library.learn_with(maker)
    assert maker.started.wait(PATIENCE)
    gone = maker.made[-1]
    library.delete_document(voice.writer, gone)
    left = library.voice(voice.writer, voice.id)
    until_learned(library, left)
    assert files_of(tmp_path) == {f"{document}.safetensors" for document in ids(library, left)}
    assert gone not in library.key_versions(voice.id)


def test_deleting_documents_deletes_their_keys_alone(library: Library, voice: Voice, tmp_path: Path) -> None:
    library.learn_now(WordNumbers(), [voice.id])
    kept = ids(library, voice)[2:]
    library.delete_documents(voice.writer, ids(library, voice)[:2])
    assert files_of(tmp_path) == {f"{document}.safetensors" for document in kept}
    assert library.key_versions(voice.id).keys() == set(kept)


def test_a_voice_that_is_being_learned_can_be_deleted(library: Library, voice: Voice, tmp_path: Path) -> None:
    maker = WordNumbers(pause=0.002)
    library.learn_with(maker)
    assert maker.started.wait(PATIENCE)
    library.delete_voice(voice.writer, voice.id)
    asked = len(maker.made)
    time.sleep(0.1)
    assert files_of(tmp_path) == set()
    assert len(maker.made) <= asked


def test_closing_does_not_wait_for_a_document(library: Library, voice: Voice, tmp_path: Path) -> None:
    maker = WordNumbers(pause=0.05)  # a document takes seconds
    library.learn_with(maker)
    assert maker.started.wait(PATIENCE)
    words = len(library.document(voice.writer, maker.made[0]).text.split())
    library.close()
    assert maker.words < words
    reopened = Library.open(tmp_path / "data", HashingEncoder())
    reopened.learn_with(WordNumbers())
    until_learned(reopened, voice)
    reopened.close()


def test_a_document_the_model_refuses_does_not_hold_up_the_others(library: Library, voice: Voice) -> None:
    refused = ids(library, voice)[1]
    number = library.document(voice.writer, refused).text.split("number ")[1].split(".")[0]
    library.learn_with(WordNumbers(refuses=f"number {number}."))
    deadline = time.monotonic() + PATIENCE
    while library.learning(voice).is_running:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert refused not in library.key_versions(voice.id)
    assert library.learning(voice).learned < DOCUMENTS
    assert library.learning(voice).reason == "the model stopped: choose another"
    library.delete_document(voice.writer, refused)
    library.learn_now(WordNumbers(refuses="nothing"), [voice.id])
    report = library.learning(library.voice(voice.writer, voice.id))
    assert (report.learned, report.documents, report.reason) == (DOCUMENTS - 1, DOCUMENTS - 1, "")


def test_a_refusal_ends_with_its_document(library: Library, voice: Voice, tmp_path: Path) -> None:
    refused = ids(library, voice)[1]
    number = library.document(voice.writer, refused).text.split("number ")[1].split(".")[0]
    maker = WordNumbers(refuses=f"number {number}.")
    library.learn_with(maker)
    deadline = time.monotonic() + PATIENCE
    while library.learning(voice).is_running:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    library.delete_document(voice.writer, refused)
    library.import_now(voice.writer, voice.id, [write_documents(tmp_path / "later", 2, seed=500)])
    kept = library.voice(voice.writer, voice.id)
    until_learned(library, kept)
    assert library.learning(kept).reason == ""


def test_rebuilding_the_index_makes_the_keys_anew(library: Library, voice: Voice) -> None:
    maker = WordNumbers()
    library.learn_with(maker)
    until_learned(library, voice)
    before = library.key_versions(voice.id)
    library.rebuild_index()
    until_learned(library, voice)
    assert maker.made == ids(library, voice) * 2
    assert not set(library.key_versions(voice.id).values()) & set(before.values())


def test_a_disk_that_takes_no_keys_leaves_the_import_whole_and_is_tried_again(
    library: Library, voice: Voice, tmp_path: Path
) -> None:
    (tmp_path / "data" / KEYS_FOLDER).write_text("a file where the folder should be: nothing can be written below it")
    library.learn_with(WordNumbers())
    deadline = time.monotonic() + PATIENCE
    while not (report := library.learning(voice)).reason:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert not report.is_running
    assert "your documents are all there" in report.reason
    assert len(library.documents(voice.writer, voice.id)) == DOCUMENTS
    (tmp_path / "data" / KEYS_FOLDER).unlink()
    second = filled(library, tmp_path / "more", "Essays", seed=100)  # an import, or a minute, brings the next try
    until_learned(library, voice)
    until_learned(library, second)
    assert library.learning(voice).reason == ""
