"""The chat template of an instruction-tuned model, read into what stands before and after a message."""

import logging
import re
from collections.abc import Iterator

from jinja2 import TemplateError
from transformers import PreTrainedTokenizerBase

from assistant.errors import ModelError
from assistant.generation.local import LocalGenerator
from assistant.prompts import Chat, Part

_log = logging.getLogger(__name__)

# What stands in the rendered chat where the message will be: a document could hold a marker of the chat, and must not
# be read as one.
_MESSAGE = "MESSAGE-OF-THE-WRITER"


def chat_of(generator: LocalGenerator) -> Chat | None:
    """The chat of a model; None if it was not taught to follow instructions, or its template cannot be used."""
    if not generator.tokenizer.chat_template:
        return None
    try:
        return read_chat(generator, str(generator.signature.get("model", "the model")))
    except ModelError as error:
        _log.warning("%s; asking it in plain words", error)
        return None


def read_chat(generator: LocalGenerator, name: str) -> Chat:
    """Read a model's chat template.

    :raises ModelError: if it has none, or one that does not take a message.
    """
    tokenizer = generator.tokenizer
    try:
        messages = [{"role": "user", "content": _MESSAGE}]
        # Models that can think aloud before they answer are to answer at once; the others' templates ignore it.
        chat = str(
            tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True, enable_thinking=False)
        )
    except (ValueError, TemplateError) as error:
        raise ModelError(
            f"{name} brings no chat template that can be used: choose an instruction-tuned model"
        ) from error
    before, found, after = chat.partition(_MESSAGE)
    if not found:
        raise ModelError(f"the chat template of {name} leaves the message out: choose another instruction-tuned model")
    opening = "".join(tokenizer.convert_ids_to_tokens(list(generator.vocabulary.opening)))
    return Chat(tuple(_parts(before.removeprefix(opening), tokenizer)), tuple(_parts(after, tokenizer)))


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
