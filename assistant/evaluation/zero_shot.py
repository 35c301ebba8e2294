"""The paper's baseline ``LLMZeroShot``: an instruction-tuned model that was never trained on the task.

It is given what the fine-tuned model is given, and an instruction (arXiv 2308.07968, section 4.3); its answer begins
with the start of the document, so that it goes on from there.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jinja2 import TemplateError
from transformers import PreTrainedTokenizerBase

from assistant.errors import ModelError
from assistant.generation.local import LocalGenerator, load_generator
from assistant.prompts import PAPER_TEMPLATE, PLAIN_TEMPLATE, Part, Prompt, build_prompt
from assistant.types import Evidence

# What stands in the rendered chat where the message will be: a document could hold a marker of the chat, and must not
# be read as one.
_MESSAGE = "MESSAGE-OF-THE-WRITER"


@dataclass(frozen=True, slots=True)
class ZeroShot:
    """An instruction-tuned model and its chat, as it stands before and after the message."""

    generator: LocalGenerator
    before: Prompt
    after: Prompt

    def prompt(self, evidence: Evidence, *, title: str, before: str) -> Prompt:
        """A chat in which the model is asked to finish the passage, and has begun to."""
        *sections, draft = build_prompt(PLAIN_TEMPLATE, evidence, title=title, before=before)
        text = f"{PAPER_TEMPLATE.instruction}{''.join(part.text for part in sections[:-1])}\n\nPassage start:\n"
        return (*self.before, Part(f"{text}{draft.text}"), *self.after, draft)


def load_zero_shot(folder: str | Path) -> ZeroShot:
    """Load a model with its chat template.

    :raises ModelError: if it cannot be loaded, or brings no chat template.
    """
    generator, _ = load_generator(folder)
    return zero_shot_of(generator, str(folder))


def zero_shot_of(generator: LocalGenerator, name: str) -> ZeroShot:
    """Read a model's chat template.

    :raises ModelError: if it has none, or one that does not take a message.
    """
    tokenizer = generator.tokenizer
    try:
        messages = [{"role": "user", "content": _MESSAGE}]
        chat = str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))
    except (ValueError, TemplateError) as error:
        raise ModelError(
            f"{name} brings no chat template that can be used: choose an instruction-tuned model"
        ) from error
    before, found, after = chat.partition(_MESSAGE)
    if not found:
        raise ModelError(f"the chat template of {name} leaves the message out: choose another instruction-tuned model")
    opening = "".join(tokenizer.convert_ids_to_tokens(list(generator.vocabulary.opening)))
    parts = tuple(_parts(before.removeprefix(opening), tokenizer)), tuple(_parts(after, tokenizer))
    return ZeroShot(generator, *parts)


def _parts(text: str, tokenizer: PreTrainedTokenizerBase) -> Iterator[Part]:
    """A piece of a chat as its markers and the texts between them."""
    markers = {token.content for token in tokenizer.added_tokens_decoder.values() if token.content.strip()}
    if not markers:
        yield from (Part(text),) if text else ()
        return
    longest_first = sorted(markers, key=len, reverse=True)
    for piece in re.split("(" + "|".join(map(re.escape, longest_first)) + ")", text):
        if piece:
            yield Part(piece, is_marker=piece in markers)
