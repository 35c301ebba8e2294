"""A working assistant around a library of the test's own, with a generator that writes what it is told."""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from assistant.assembly import Assistant
from assistant.evidence_methods import evidence_stages
from assistant.library.library import Library
from assistant.pipeline import Pipeline
from assistant.prompts import PLAIN_TEMPLATE, Prompt
from assistant.settings import Settings
from assistant.stages import Persona, Recollection
from assistant.types import Finish, Recall, Sampling
from tests.hashing_encoder import HashingEncoder


@dataclass
class Script:
    """What the generator writes and how: with a pause before each piece, and an error at the end if there is one."""

    pieces: Sequence[str] = (" It", " held", ".")
    pause: float = 0.0
    failure: Exception | None = None
    confidence: float | None = None
    closed: threading.Event = field(default_factory=threading.Event)
    samplings: list[Sampling] = field(default_factory=list)
    recollections: list[Recollection | None] = field(default_factory=list)
    personas: list[Persona | None] = field(default_factory=list)
    recalls: tuple[Recall, ...] = ()
    signature: dict[str, object] = field(default_factory=lambda: {"model": "script"})

    def stream(
        self,
        prompt: Prompt,
        sampling: Sampling,
        recollection: Recollection | None = None,
        persona: Persona | None = None,
    ) -> "ScriptedStream":
        self.samplings.append(sampling)
        self.recollections.append(recollection)
        self.personas.append(persona)
        return ScriptedStream(self)


class ScriptedStream:
    """One run of the script."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.finish: Finish = "cancelled"
        self.confidence = script.confidence
        self.recalls = script.recalls

    def __iter__(self) -> Iterator[str]:
        for piece in self._script.pieces:
            time.sleep(self._script.pause)
            yield piece
        if self._script.failure is not None:
            raise self._script.failure
        self.finish = "stop"

    def close(self) -> None:
        self._script.closed.set()


def assistant_with(library: Library, script: Script, data_dir: Path) -> Assistant:
    """The parts put together as ``assistant.assembly.load`` does, but for the models."""
    encoder, settings = HashingEncoder(), Settings(data_dir=data_dir)
    stages = evidence_stages(library, encoder, settings)
    return Assistant(settings, library, Pipeline(stages, script, PLAIN_TEMPLATE), encoder)
