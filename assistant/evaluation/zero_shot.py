"""The paper's baseline ``LLMZeroShot``: an instruction-tuned model that was never trained on the task.

It is given what the fine-tuned model is given, and an instruction (arXiv 2308.07968, section 4.3); its answer begins
with the start of the document, so that it goes on from there.
"""

from dataclasses import dataclass
from pathlib import Path

from assistant.generation.chat import read_chat
from assistant.generation.local import LocalGenerator, load_generator
from assistant.prompts import PAPER_TEMPLATE, PLAIN_TEMPLATE, Chat, Part, Prompt, build_prompt
from assistant.types import Evidence


@dataclass(frozen=True, slots=True)
class ZeroShot:
    """An instruction-tuned model and its chat."""

    generator: LocalGenerator
    chat: Chat

    def prompt(self, evidence: Evidence, *, title: str, before: str) -> Prompt:
        """A chat in which the model is asked to finish the passage, and has begun to."""
        *sections, draft = build_prompt(PLAIN_TEMPLATE, evidence, title=title, before=before)
        text = f"{PAPER_TEMPLATE.instruction}{''.join(part.text for part in sections[:-1])}\n\nPassage start:\n"
        return (*self.chat.before, Part(f"{text}{draft.text}"), *self.chat.after, draft)


def load_zero_shot(folder: str | Path) -> ZeroShot:
    """Load a model with its chat template.

    :raises ModelError: if it cannot be loaded, or brings no chat template.
    """
    generator, _ = load_generator(folder)
    return zero_shot_of(generator, str(folder))


def zero_shot_of(generator: LocalGenerator, name: str) -> ZeroShot:
    """A loaded model with its chat.

    :raises ModelError: if it has none, or one that does not take a message.
    """
    return ZeroShot(generator, read_chat(generator, name))
