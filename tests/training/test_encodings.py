"""Examples in the format of each kind of model: what serving will show it, weights where they belong."""

from pathlib import Path
from typing import get_args

import pytest
from transformers import PreTrainedTokenizerFast

from assistant.errors import TrainingError
from assistant.generation.vocabulary import read_vocabulary
from assistant.prompts import (
    PAPER_TEMPLATE,
    PLAIN_TEMPLATE,
    HelperName,
    Part,
    PromptTemplate,
    build_prompt,
    helper_prompt,
)
from assistant.training.encodings import (
    Architecture,
    AuthorPair,
    Continuation,
    HelperTask,
    encoding_for,
    require_markers,
    template_for,
)
from assistant.training.shards import FULL_WEIGHT, ShardWriter, Source, load_sources
from assistant.types import DocumentId, Evidence, Keyword, RankedEntry, Snippet, SnippetId, Span, Summary
from tests.generation.architectures import byte_level, gemma, t5
from tests.small_models import small_tokenizer

DRAFT = "The keeper walked along the canal in the morning, and the sluice gate stood open."
CURSOR = DRAFT.index(" in the morning")


def entry(text: str) -> RankedEntry:
    snippet = Snippet(SnippetId(0), DocumentId(1), 0, Span(0, len(text)), text)
    return RankedEntry(DocumentId(1), "Gate", None, text, snippet.span, snippet, (snippet,), 1.0)


EVIDENCE = Evidence((entry("It holds, the man said."),), Summary(), (Keyword("gate", 1.0),))
CONTINUATION = Continuation(EVIDENCE, "Morning", DRAFT, CURSOR, ends=True)
PAIR = AuthorPair("He had written to the council.", "The barley was wet.", same=False)


def encoded(
    folder: Path,
    tokenizer: PreTrainedTokenizerFast,
    architecture: Architecture = "causal",
    *,
    example: Continuation | AuthorPair = CONTINUATION,
) -> Source:
    encoding = encoding_for(tokenizer, architecture)
    writer = ShardWriter(folder / "s", weighted=True)
    if isinstance(example, Continuation):
        encoding.add_continuation(writer, example)
    else:
        encoding.add_pair(writer, example)
    writer.close()
    (source,) = load_sources(folder)
    return source


@pytest.mark.parametrize("tokenizer", [byte_level(opens=True), byte_level(opens=False), gemma()])
@pytest.mark.parametrize("helper", get_args(HelperName))
def test_a_helper_reads_what_serving_shows_it_and_learns_its_label_alone(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast, helper: HelperName
) -> None:
    writer = ShardWriter(tmp_path / "s", weighted=True)
    task = HelperTask(helper, "The keeper", EVIDENCE.entries, "It holds, the man said.")
    encoding_for(tokenizer, "causal").add_task(writer, task)
    writer.close()
    (source,) = load_sources(tmp_path)
    tokens, weights = source.example(0)
    vocabulary = read_vocabulary(tokenizer, size=len(tokenizer))
    prompt = helper_prompt(PLAIN_TEMPLATE, helper, EVIDENCE.entries, "The keeper")
    served = [*vocabulary.opening, *vocabulary.encode(prompt)]
    assert tokens[: len(served)].tolist() == served
    assert set(weights[: len(served)].tolist()) == {0}
    label = tokens[weights == FULL_WEIGHT].tolist()
    assert vocabulary.text(label[:-1]).strip() == b"It holds, the man said."
    assert label[-1] == tokenizer.eos_token_id


@pytest.mark.parametrize("tokenizer", [byte_level(opens=True), byte_level(opens=False), gemma()])
def test_a_causal_model_of_others_reads_what_serving_shows_it(
    tmp_path: Path, tokenizer: PreTrainedTokenizerFast
) -> None:
    tokens, weights = encoded(tmp_path, tokenizer).example(0)
    vocabulary = read_vocabulary(tokenizer, size=len(tokenizer))
    prompt = build_prompt(PLAIN_TEMPLATE, EVIDENCE, title="Morning", before=DRAFT)
    served = [*vocabulary.opening, *vocabulary.encode(prompt)]
    assert vocabulary.text(tokens) == vocabulary.text(served)
    assert tokens[: len(vocabulary.opening)].tolist() == list(vocabulary.opening)
    assert tokens[-1] == tokenizer.eos_token_id
    full = tokens[weights == FULL_WEIGHT]
    assert vocabulary.text(full[:-1].tolist()) == DRAFT[CURSOR:].encode()
    assert set(weights.tolist()) == {4, 6, FULL_WEIGHT}


def test_an_encoder_decoder_reads_up_to_the_cursor_and_writes_from_the_first_word(tmp_path: Path) -> None:
    tokenizer = t5()
    source = encoded(tmp_path, tokenizer, "encoder-decoder")
    read, written, weights = source.pair(0)
    vocabulary = read_vocabulary(tokenizer, size=len(tokenizer))
    *shown, _ = build_prompt(PAPER_TEMPLATE, EVIDENCE, title="Morning", before=DRAFT[:CURSOR])
    assert read.tolist() == [*vocabulary.encode(tuple(shown)), *vocabulary.closing]
    text = tokenizer.decode(read)
    assert text.index("passage start") < text.index("important words") < text.index("past passages")
    assert "in the morning" not in text
    assert written.tolist() == [*vocabulary.encode((Part(DRAFT),)), tokenizer.eos_token_id]
    start = len(vocabulary.encode((Part(DRAFT[:CURSOR]),)))
    assert weights.tolist() == [6] * start + [FULL_WEIGHT] * (len(written) - start)


def test_a_document_that_goes_on_has_no_end(tmp_path: Path) -> None:
    going_on = Continuation(EVIDENCE, "", DRAFT, CURSOR, ends=False)
    _, written, _ = encoded(tmp_path, t5(), "encoder-decoder", example=going_on).pair(0)
    assert written[-1] != t5().eos_token_id


def test_an_encoder_reads_no_more_than_in_serving(tmp_path: Path) -> None:
    long = Evidence((entry("It holds, the man said. " * 400),), Summary(), ())
    example = Continuation(long, "Morning", DRAFT, CURSOR, ends=True)
    read, _, _ = encoded(tmp_path, t5(), "encoder-decoder", example=example).pair(0)
    assert len(read) == 1024
    assert read[-1] == t5().eos_token_id
    assert "passage start" in t5().decode(read)


@pytest.mark.parametrize("same", [True, False])
def test_the_answer_of_author_distinction_is_what_is_written(tmp_path: Path, same: bool) -> None:
    pair = AuthorPair(PAIR.first, PAIR.second, same)
    read, written, weights = encoded(tmp_path / "t5", t5(), "encoder-decoder", example=pair).pair(0)
    question = t5().decode(read)
    assert PAIR.first in question
    assert PAIR.second in question
    assert t5().decode(written, skip_special_tokens=True).strip() == str(same).lower()
    assert set(weights.tolist()) == {200}
    tokenizer = byte_level(opens=False)
    tokens, of_tokens = encoded(tmp_path / "gpt", tokenizer, example=pair).example(0)
    assert tokenizer.decode(tokens).endswith(f"Same author: {str(same).lower()}")
    assert tokenizer.decode(tokens[of_tokens == 200]) == f" {str(same).lower()}"


def test_the_template_follows_tokenizer_and_architecture() -> None:
    assert template_for(small_tokenizer(), is_encoder_decoder=False) == PromptTemplate()
    assert template_for(byte_level(opens=True), is_encoder_decoder=False) == PLAIN_TEMPLATE
    assert template_for(small_tokenizer(), is_encoder_decoder=True) == PAPER_TEMPLATE


def test_a_tokenizer_without_markers_or_end_is_refused_where_they_are_needed() -> None:
    require_markers(small_tokenizer())
    with pytest.raises(TrainingError, match=r"lacks the marker .*`train prepare finetune`"):
        require_markers(t5())
    endless = PreTrainedTokenizerFast(tokenizer_object=byte_level(opens=False).backend_tokenizer)
    with pytest.raises(TrainingError, match="no end-of-text token"):
        encoding_for(endless, "causal")
