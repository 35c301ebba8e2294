"""A maker of keys that needs no model: it keeps a document's words as numbers, under the name of a made-up model."""

import hashlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from assistant.errors import ModelError
from assistant.library.library import Library
from assistant.types import Document, DocumentId, Voice

PATIENCE = 120  # seconds: a limit for a busy machine, not an expectation


@dataclass
class WordNumbers:
    """Keys are the hashes of words; a word takes a ``pause``; ``made`` was asked for, ``words`` are done so far."""

    model: str = "one"
    pause: float = 0.0
    refuses: str = ""
    made: list[DocumentId] = field(default_factory=list)
    words: int = 0
    started: threading.Event = field(default_factory=threading.Event)

    def make(self, document: Document, rest: Callable[[], None]) -> bytes:
        self.made.append(document.id)
        if self.refuses and self.refuses in document.text:
            raise ModelError("the model stopped: choose another")
        numbers = []
        for word in document.text.split():
            self.started.set()
            rest()
            time.sleep(self.pause)
            self.words += 1
            numbers.append(int.from_bytes(hashlib.sha256(word.encode()).digest()[:4]))
        content = hashlib.sha256(document.text.encode()).hexdigest()
        return json.dumps({"model": self.model, "content": content, "numbers": numbers}).encode()

    def accepts(self, data: bytes, content_hash: str) -> bool:
        try:
            found = json.loads(data)
        except ValueError:
            return False
        return bool((found["model"], found["content"]) == (self.model, content_hash))


def until_learned(library: Library, voice: Voice, seconds: float = PATIENCE) -> None:
    """Wait until every document of a voice has its keys."""
    deadline = time.monotonic() + seconds
    while library.learning(voice).learned < voice.documents:
        assert time.monotonic() < deadline, library.learning(voice)
        time.sleep(0.005)
