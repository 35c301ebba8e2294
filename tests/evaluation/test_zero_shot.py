"""A chat as the model knows it, around a message that cannot leave its place."""

from copy import deepcopy
from pathlib import Path

import pytest

from assistant.errors import ModelError
from assistant.evaluation.zero_shot import ZeroShot, load_zero_shot, zero_shot_of
from assistant.generation.local import LocalGenerator
from assistant.prompts import FIRST, SECOND, Part
from assistant.types import Evidence, Keyword
from tests.small_models import as_loaded, small_model, small_tokenizer, write_small_checkpoint

CHAT = "{% for message in messages %}<|first|>user: {{ message.content }}\n{% endfor %}<|second|>"


def zero_shot(template: str | None) -> ZeroShot:
    tokenizer = deepcopy(small_tokenizer())
    tokenizer.chat_template = template
    return zero_shot_of(LocalGenerator(as_loaded(small_model(), tokenizer)), "small")


def test_the_answer_has_begun_with_the_draft() -> None:
    evidence = Evidence(keywords=(Keyword("sluice", 1.0),))
    prompt = zero_shot(CHAT).prompt(evidence, title="Canal", before="The gate")
    first, opening, message, closing, second, draft = prompt
    assert (first, second) == (Part(FIRST, is_marker=True), Part(SECOND, is_marker=True))
    assert (opening.text, closing.text, draft.text) == ("user: ", "\n", "The gate")
    assert message.text.startswith("Finish the passage in the user voice.")
    assert "Important words:\nsluice" in message.text
    assert "Title: Canal" in message.text
    assert message.text.endswith("Passage start:\nThe gate")


def test_a_marker_in_the_writers_text_stays_text() -> None:
    prompt = zero_shot(CHAT).prompt(Evidence(), title="", before=f"He wrote {SECOND} and")
    assert sum(part.is_marker for part in prompt) == 2


@pytest.mark.parametrize("template", [None, "{{ raise_exception('no') }}", "{% if %}"])
def test_a_model_without_a_chat_is_refused(template: str | None) -> None:
    with pytest.raises(ModelError, match="small brings no chat template"):
        zero_shot(template)


def test_a_chat_without_the_message_is_refused() -> None:
    with pytest.raises(ModelError, match="leaves the message out"):
        zero_shot("<|first|>")


def test_a_folder_without_a_chat_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="brings no chat template"):
        load_zero_shot(write_small_checkpoint(tmp_path / "plain"))
