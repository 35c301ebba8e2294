"""Made-up writing, the same every time, and ways to look at a whole library."""

import random
import time
from pathlib import Path

from assistant.library.library import Library
from assistant.library.reports import ImportId, ImportReport
from assistant.types import SnippetId, VoiceId, WriterId
from tests.hashing_encoder import HashingEncoder

_SUBJECTS = ("harbour", "orchard", "sluice", "kettle", "ledger", "lantern", "ferry", "pear", "tide", "archive")
_VERBS = ("opens", "leaks", "waits", "counts", "forgets", "returns", "rusts", "sings")
_PLACES = ("at six", "in the fog", "behind the church", "by the quay", "in January", "without a word")


def made_up_text(seed: int, sentences: int) -> str:
    """Sentences about a few things, so that searches find something."""
    dice = random.Random(seed)
    return " ".join(
        f"The {dice.choice(_SUBJECTS)} {dice.choice(_VERBS)} {dice.choice(_PLACES)}, number {dice.randint(1, 999)}."
        for _ in range(sentences)
    )


def write_documents(folder: Path, count: int, *, sentences: int = 12, seed: int = 0) -> Path:
    """A folder of dated, titled documents."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        matter = f"---\ntitle: Letter {number}\ndate: 2020-01-{number % 28 + 1:02}\n---\n\n"
        text = made_up_text(seed + number, sentences)
        (folder / f"{number:03}.md").write_text(matter + text, encoding="utf-8")
    return folder


def wait_for(library: Library, writer: WriterId, job: ImportId, seconds: float = 60) -> ImportReport:
    """The report of an import once it has ended."""
    deadline = time.monotonic() + seconds
    while (report := library.import_report(writer, job)).state == "running":
        assert time.monotonic() < deadline, f"still running: {report}"
        time.sleep(0.01)
    return report


def everything(library: Library, writer: WriterId, voice: VoiceId) -> dict[str, object]:
    """All that a voice holds and finds, without the ids that say only in which order things came."""
    infos = sorted(library.documents(writer, voice), key=lambda info: info.id)
    places: dict[SnippetId, tuple[str, int]] = {}
    documents = []
    for info in infos:
        document = library.document(writer, info.id)
        snippets = library.snippets(writer, info.id)
        places |= {snippet.id: (document.title, snippet.position) for snippet in snippets}
        vectors = library.snippet_vectors(voice, [snippet.id for snippet in snippets]).tobytes()
        spans = [(snippet.position, snippet.span, snippet.text) for snippet in snippets]
        documents.append((document.title, document.written_on, document.text, document.origin, spans, vectors))
    queries = HashingEncoder().encode(["the harbour opens at six", "a pear in January", "number 17"])
    words = sorted({word for info in infos for word in library.document(writer, info.id).text.lower().split()})
    return {
        "documents": documents,
        "found": [
            [(places[snippet], score) for snippet, score in library.nearest(voice, query, 20)] for query in queries
        ],
        "words": {word: vector.tobytes() for word, vector in library.word_vectors(voice, words).items()},
    }
