"""Pictures of voices from the library: what stands in them, what never does, and that they stay as they are."""

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from assistant import voice_pictures
from assistant.embedding import Vectors
from assistant.errors import NotFoundError
from assistant.library.catalogue import Catalogue
from assistant.library.demos import DemoCorpus, demo_corpora, demo_documents
from assistant.library.library import Library
from assistant.persona.picture import OPENING_CHARACTERS, fit_axes
from assistant.types import VoiceId, WriterId
from assistant.voice_pictures import Cloud, Place, VoicePictures
from tests.hashing_encoder import HashingEncoder

MINE = {
    "gate.txt": "The sluice gate held through the flood. The keeper slept at last.",
    "barley.txt": "Barley came late that year, and the barn stood empty until October.",
    "kettle.txt": "The kettle sang. Grandmother cut the bread and said nothing at all.",
}
THEIRS = ("Ferries leave at noon and return at six.", "The queue grew faster than the workers could drain it.")


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> list[DemoCorpus]:
    """Two demo writers with two texts each."""
    root = tmp_path_factory.mktemp("corpora")
    made = []
    for name, texts in (("Maren", THEIRS), ("Priya", ("Rain again over the estuary.", "A rule of thumb for queues."))):
        (root / name).mkdir()
        for number, text in enumerate(texts):
            (root / name / f"{number}.md").write_text(f"# Piece {number}\n\n{text}", encoding="utf-8")
        made.append(DemoCorpus(name.casefold(), f"{name}'s mail", name, "", root / name))
    return made


@pytest.fixture
def writer(library: Library) -> WriterId:
    return library.local_writer()


def wait_for_demos(pictures: VoicePictures, seconds: float = 120) -> None:
    """Until the demo writers' work has been read."""
    deadline = time.monotonic() + seconds
    while pictures._demos.snippets() is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def pictures(library: Library, corpora: list[DemoCorpus]) -> VoicePictures:
    made = VoicePictures(library, HashingEncoder(), corpora)
    wait_for_demos(made)
    return made


def add(library: Library, folder: Path, name: str, texts: dict[str, str]) -> VoiceId:
    """A new voice with these documents."""
    voice = library.create_voice(library.local_writer(), name).id
    (folder / name).mkdir()
    for file, text in texts.items():
        (folder / name / file).write_text(text, encoding="utf-8")
    library.import_now(library.local_writer(), voice, [folder / name])
    return voice


def add_demo(library: Library, corpus: DemoCorpus, name: str = "") -> VoiceId:
    voice = library.create_voice(library.local_writer(), name or corpus.name).id
    library.import_now(library.local_writer(), voice, [corpus.folder])
    return voice


def test_documents_stand_where_the_axes_of_the_demo_texts_put_them(
    library: Library, writer: WriterId, pictures: VoicePictures, corpora: list[DemoCorpus], tmp_path: Path
) -> None:
    voice = add(library, tmp_path, "Novel", MINE)
    found = pictures.picture(writer, voice)
    texts = [document.text for corpus in corpora for document in demo_documents(corpus)]
    axes = fit_axes(HashingEncoder().encode([text[:OPENING_CHARACTERS] for text in texts]))
    expected = dict(zip(MINE, axes.places(HashingEncoder().encode(list(MINE.values()))), strict=True))
    assert {document.title for document in found.voice.documents} == {"gate", "barley", "kettle"}
    for document in found.voice.documents:
        place = (document.place.right, document.place.up)
        assert np.allclose(place, expected[f"{document.title}.txt"], atol=2e-3)  # the library keeps half precision
    assert found.voice.middle is not None
    assert found.voice.middle.up == pytest.approx(np.mean([place[1] for place in expected.values()]), abs=2e-3)
    assert found.reach == pytest.approx(axes.reach)


def demos_of(pictures: VoicePictures, writer: WriterId, voice: VoiceId) -> dict[str, Cloud]:
    demos = pictures.picture(writer, voice).demos
    assert demos is not None
    return {demo.name: demo for demo in demos}


def test_demo_writers_stand_beside_whether_or_not_they_are_in_the_library(
    library: Library, writer: WriterId, pictures: VoicePictures, corpora: list[DemoCorpus], tmp_path: Path
) -> None:
    voice = add(library, tmp_path, "Novel", MINE)
    before = demos_of(pictures, writer, voice)
    assert {name: demo.total for name, demo in before.items()} == {"Maren": 2, "Priya": 2}
    assert [(one.title, one.document, one.voice) for one in before["Maren"].documents] == [
        ("Piece 0", None, None),
        ("Piece 1", None, None),
    ]
    demo = add_demo(library, corpora[0])
    add_demo(library, corpora[0], "The same again")
    after = demos_of(pictures, writer, voice)
    assert {one.voice for one in after["Maren"].documents} == {demo}  # each piece once, and it leads to its document
    assert all(one.document is not None for one in after["Maren"].documents)
    assert [one.place for one in after["Maren"].documents] == [one.place for one in before["Maren"].documents]
    assert after["Priya"] == before["Priya"]
    library.delete_voice(writer, demo)
    again = demos_of(pictures, writer, voice)["Maren"]
    assert again.total == 2  # the second copy stands for it now
    assert demo not in {document.voice for document in again.documents}


def test_a_demo_writer_does_not_stand_beside_their_own_voice(
    library: Library, writer: WriterId, pictures: VoicePictures, corpora: list[DemoCorpus], tmp_path: Path
) -> None:
    voice = add(library, tmp_path, "Novel", MINE)
    beside = {one.title: one.place for one in demos_of(pictures, writer, voice)["Maren"].documents}
    demo = add_demo(library, corpora[0])
    found = pictures.picture(writer, demo)
    assert found.voice.total == 2
    assert set(demos_of(pictures, writer, demo)) == {"Priya"}
    for document in found.voice.documents:  # the same place, from the library's vectors and from those of the demos
        assert document.place.right == pytest.approx(beside[document.title].right, abs=2e-3)
        assert document.place.up == pytest.approx(beside[document.title].up, abs=2e-3)


class PatientEncoder(HashingEncoder):
    """Reads snippets only when it is told to; openings at once."""

    def __init__(self) -> None:
        self.reading = threading.Event()
        self.read = 0

    def encode(self, texts: Sequence[str]) -> Vectors:
        if threading.current_thread().name == "demo vectors":
            self.reading.wait(30)
            self.read += len(texts)
        return super().encode(texts)


def test_a_picture_does_not_wait_for_the_demo_writers(
    library: Library, writer: WriterId, corpora: list[DemoCorpus], tmp_path: Path
) -> None:
    voice = add(library, tmp_path, "Novel", MINE)
    encoder = PatientEncoder()
    pictures = VoicePictures(library, encoder, corpora)
    first = pictures.picture(writer, voice)
    assert first.demos is None
    encoder.reading.set()
    wait_for_demos(pictures)
    assert pictures.picture(writer, voice).voice == first.voice
    assert set(demos_of(pictures, writer, voice)) == {"Maren", "Priya"}


def test_demo_writers_are_read_once_for_a_folder_and_an_encoder(
    library: Library, writer: WriterId, corpora: list[DemoCorpus], tmp_path: Path
) -> None:
    voice, file = add(library, tmp_path, "Novel", MINE), tmp_path / "vectors.npz"

    def read(name: str = "hashing") -> tuple[int, dict[str, Cloud]]:
        encoder = PatientEncoder()
        encoder.name = name
        encoder.reading.set()
        pictures = VoicePictures(library, encoder, corpora, file=file)
        wait_for_demos(pictures)
        return encoder.read, demos_of(pictures, writer, voice)

    count, first = read()
    assert count > 0
    again, kept = read()
    assert again == 0
    assert [one.title for one in kept["Maren"].documents] == [one.title for one in first["Maren"].documents]
    assert kept["Maren"].documents[0].place.up == pytest.approx(first["Maren"].documents[0].place.up, abs=2e-3)
    assert read("another")[0] == count
    file.write_bytes(b"damaged")
    assert read()[0] == count


def test_other_voices_stand_in_no_picture(
    library: Library, writer: WriterId, pictures: VoicePictures, tmp_path: Path
) -> None:
    voice = add(library, tmp_path, "Novel", {"gate.txt": MINE["gate.txt"]})
    add(library, tmp_path, "Letters", {"kettle.txt": MINE["kettle.txt"]})
    found = pictures.picture(writer, voice)
    assert [document.title for document in found.voice.documents] == ["gate"]
    assert found.demos is not None
    assert "kettle" not in {document.title for demo in found.demos for document in demo.documents}


def test_another_writers_voice_has_no_picture_and_their_demos_do_not_count(
    library: Library, writer: WriterId, pictures: VoicePictures, corpora: list[DemoCorpus], tmp_path: Path
) -> None:
    voice = add(library, tmp_path, "Novel", MINE)
    demo = add_demo(library, corpora[0])
    catalogue: Catalogue = library._catalogue
    stranger = catalogue.writer("stranger")
    theirs = library.create_voice(stranger, "Secret").id
    (tmp_path / "secret.txt").write_text("Nobody may see this, not even as a point.", encoding="utf-8")
    library.import_now(stranger, theirs, [tmp_path / "secret.txt"])
    with pytest.raises(NotFoundError):
        pictures.picture(writer, theirs)
    with pytest.raises(NotFoundError):
        pictures.picture(stranger, voice)
    found = pictures.picture(stranger, theirs)
    assert found.voice.total == 1
    assert {document.document for demo in found.demos or () for document in demo.documents} == {None}
    assert "secret" not in {each.title for each in pictures.picture(writer, demo).voice.documents}


def test_a_deleted_document_is_gone_and_a_new_one_is_there(
    library: Library, writer: WriterId, pictures: VoicePictures, tmp_path: Path
) -> None:
    voice = add(library, tmp_path, "Novel", MINE)
    places = {each.title: each.place for each in pictures.picture(writer, voice).voice.documents}
    gate = next(each for each in pictures.picture(writer, voice).voice.documents if each.title == "gate")
    assert gate.document is not None
    library.delete_document(writer, gate.document)
    left = pictures.picture(writer, voice).voice
    assert {each.title: each.place for each in left.documents} == {t: p for t, p in places.items() if t != "gate"}
    assert left.middle == mean(places["barley"], places["kettle"])
    (tmp_path / "gate.txt").write_text(MINE["gate.txt"], encoding="utf-8")
    library.import_now(writer, voice, [tmp_path / "gate.txt"])
    assert {each.title: each.place for each in pictures.picture(writer, voice).voice.documents} == places


def mean(one: Place, other: Place) -> Place:
    return Place(pytest.approx((one.right + other.right) / 2), pytest.approx((one.up + other.up) / 2))  # type: ignore[arg-type]


def test_no_document_and_one(library: Library, writer: WriterId, pictures: VoicePictures, tmp_path: Path) -> None:
    empty = library.create_voice(writer, "Empty").id
    found = pictures.picture(writer, empty).voice
    assert (found.documents, found.total, found.middle) == ((), 0, None)
    voice = add(library, tmp_path, "One", {"gate.txt": MINE["gate.txt"]})
    one = pictures.picture(writer, voice).voice
    assert [document.place for document in one.documents] == [one.middle]


def test_of_very_many_documents_some_stand_for_all(
    library: Library, writer: WriterId, pictures: VoicePictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    voice = add(library, tmp_path, "Novel", MINE)
    whole = pictures.picture(writer, voice).voice
    monkeypatch.setattr(voice_pictures, "MOST_DRAWN", 2)
    some = pictures.picture(writer, voice).voice
    assert (len(some.documents), some.total, some.middle) == (2, 3, whole.middle)
    assert set(some.documents) < set(whole.documents)
    assert pictures.picture(writer, voice).voice == some


def test_the_shipped_demo_texts_are_those_that_an_import_stores(library: Library, writer: WriterId) -> None:
    pictures = VoicePictures(library, HashingEncoder())
    wait_for_demos(pictures)
    corpus = demo_corpora()[0]
    voice = add_demo(library, corpus)
    found = demos_of(pictures, writer, library.create_voice(writer, "Mine").id)
    assert list(found) == [one.writer for one in demo_corpora()]
    assert {document.voice for document in found[corpus.writer].documents} == {voice}
