"""A generator that answers what it is told, so that a test can say how a model would rewrite."""

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from assistant.prompts import Prompt
from assistant.stages import Persona, Recollection
from assistant.types import Finish, Recall, Sampling

Answer = Callable[[str], str]


@dataclass
class Answers:
    """``answer`` makes the text from the line that is to be rewritten; it comes a word at a time."""

    answer: Answer
    signature: dict[str, object] = field(default_factory=lambda: {"model": "answers", "weights_sha256": "abc"})
    prompts: list[str] = field(default_factory=list)
    samplings: list[Sampling] = field(default_factory=list)
    given: int = 0
    closed: threading.Event = field(default_factory=threading.Event)

    def stream(
        self,
        prompt: Prompt,
        sampling: Sampling,
        recollection: Recollection | None = None,
        persona: Persona | None = None,
    ) -> "AnswerStream":
        text = "".join(part.text for part in prompt)
        self.prompts.append(text)
        self.samplings.append(sampling)
        return AnswerStream(self, self.answer(line_in(text)))


def line_in(prompt: str) -> str:
    """The line that a prompt asks to rewrite: up to its end, or the marker that follows."""
    return re.split(r"[\n<]", prompt.split("Text:\n")[-1])[0]


class AnswerStream:
    """One answer."""

    def __init__(self, owner: Answers, text: str) -> None:
        self._owner = owner
        self._pieces: Sequence[str] = [word + " " for word in text.split(" ")]
        self.finish: Finish = "cancelled"
        self.confidence: float | None = None
        self.recalls: tuple[Recall, ...] = ()

    def __iter__(self) -> Iterator[str]:
        for piece in self._pieces:
            self._owner.given += 1
            yield piece
        self.finish = "stop"

    def close(self) -> None:
        self._owner.closed.set()
