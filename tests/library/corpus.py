"""Made-up writing, the same every time, and ways to look at a whole library."""

import random
import time
from pathlib import Path

import numpy as np

from assistant.embedding import Vectors
from assistant.library.library import Library
from assistant.library.reports import ImportId, ImportReport
from assistant.types import VoiceId, WriterId

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


def wait_for(library: Library, writer: WriterId, job: ImportId, seconds: float = 180) -> ImportReport:
    """The report of an import once it has ended."""
    deadline = time.monotonic() + seconds
    while (report := library.import_report(writer, job)).state == "running":
        assert time.monotonic() < deadline, f"still running: {report}"
        time.sleep(0.01)
    return report


def everything(library: Library, writer: WriterId, voice: VoiceId) -> dict[str, object]:
    """All that a voice holds and finds, without the ids that say only in which order things came.

    What is near some query is not compared: the graph that is searched has links by lot and by the order of threads.
    """
    infos = sorted(library.documents(writer, voice), key=lambda info: info.id)
    documents, lost = [], []
    for info in infos:
        document = library.document(writer, info.id)
        snippets = library.snippets(writer, info.id)
        vectors = library.snippet_vectors(voice, [snippet.id for snippet in snippets])
        spans = [(snippet.position, snippet.span, snippet.text) for snippet in snippets]
        documents.append(
            (document.title, document.written_on, document.text, document.origin, spans, vectors.tobytes())
        )
        lost += [
            snippet for snippet, vector in zip(snippets, vectors, strict=True) if not _finds(library, voice, vector)
        ]
    words = sorted({word for info in infos for word in library.document(writer, info.id).text.lower().split()})
    return {
        "documents": documents,
        "lost": lost,
        "words": {word: vector.tobytes() for word, vector in library.word_vectors(voice, words).items()},
    }


def _finds(library: Library, voice: VoiceId, vector: Vectors) -> bool:
    """Whether the nearest snippet to a snippet's vector is that one, or one just like it."""
    ((nearest, _),) = library.nearest(voice, vector, 1)
    return bool(np.array_equal(library.snippet_vectors(voice, [nearest])[0], vector))
