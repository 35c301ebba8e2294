"""Examples as token ids, in the format of the model that is to learn them: what serving will show it.

Three formats: our own markers for causal models with our tokenizer, plain headings for any other causal model, and the
paper's order for encoder-decoders (arXiv 2308.07968, sections 3.6 and 4.1), which read everything up to the cursor and
write the draft from its first word on: leaving the start out of what is learnt cost 2.25 ROUGE-2 in the paper.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from transformers import PreTrainedTokenizerBase

from assistant.errors import TrainingError
from assistant.generation.vocabulary import Vocabulary, read_vocabulary
from assistant.prompts import (
    END,
    FIRST,
    MARKERS,
    PAPER_TEMPLATE,
    PLAIN_TEMPLATE,
    SAME,
    SECOND,
    HelperName,
    Part,
    Prompt,
    PromptTemplate,
    build_prompt,
    encode_prompt,
    helper_prompt,
)
from assistant.training.shards import FULL_WEIGHT, ShardWriter
from assistant.types import Evidence, RankedEntry

Architecture = Literal["causal", "encoder-decoder"]

# Loss weights in tenths. What the writer goes on to write counts in full; the draft's start is learnt too (dropping it
# cost 0.7 ROUGE-1 in the paper's ablation) but its evidence was found with these very words, so it counts less; the
# evidence is the same author's prose, and a young model can use every sentence.
_START_WEIGHT = 6
_EVIDENCE_WEIGHT = 4
# The texts of author distinction are prose like any other; their one answer must be heard beside it.
_PAIR_WEIGHT = 8
_ANSWER_WEIGHT = 200

# Author distinction shows the model this many characters of each document.
_PAIR_CHARACTERS = 700
# Tokens that an encoder reads at most, in serving too; the least relevant passages stand at the end and are dropped.
_ENCODER_TOKENS = 1024

ANSWERS = {True: " true", False: " false"}


@dataclass(frozen=True, slots=True)
class Continuation:
    """A draft with the evidence for it; what is to be written begins at ``cursor``.

    ``ends`` says whether the document ends where the draft does, or goes on.
    """

    evidence: Evidence
    title: str
    draft: str
    cursor: int
    ends: bool


@dataclass(frozen=True, slots=True)
class HelperTask:
    """What a helper reads, the draft and its ranked entries, and the label that it is to write."""

    helper: HelperName
    query: str
    entries: tuple[RankedEntry, ...]
    label: str


@dataclass(frozen=True, slots=True)
class AuthorPair:
    """Two passages, and whether one author wrote both."""

    first: str
    second: str
    same: bool


class ExampleEncoding(Protocol):
    """Writes examples as one kind of model wants them."""

    def add_continuation(self, writer: ShardWriter, continuation: Continuation) -> None:
        """Append a continuation to a weighted source."""
        ...

    def add_pair(self, writer: ShardWriter, pair: AuthorPair) -> None:
        """Append a pair of author distinction to a weighted source."""
        ...

    def add_task(self, writer: ShardWriter, task: HelperTask) -> None:
        """Append a helper's task to a weighted source; the loss is that of the label alone."""
        ...


def encoding_for(tokenizer: PreTrainedTokenizerBase, architecture: Architecture) -> ExampleEncoding:
    """How examples are written for a model with this tokenizer.

    :raises TrainingError: if the tokenizer cannot say where a text ends.
    """
    template = template_for(tokenizer, is_encoder_decoder=architecture == "encoder-decoder")
    if template.special_markers:
        return _MarkerEncoding(tokenizer, template)
    if tokenizer.eos_token_id is None:
        raise TrainingError("the tokenizer has no end-of-text token: expected one that belongs to a language model")
    vocabulary = read_vocabulary(tokenizer, size=len(tokenizer))
    kind = _SourceTargetEncoding if template.draft_first else _PlainEncoding
    return kind(vocabulary, template, tokenizer.eos_token_id)


def template_for(tokenizer: PreTrainedTokenizerBase, *, is_encoder_decoder: bool) -> PromptTemplate:
    """The prompt format in which a model with this tokenizer is trained, and served."""
    if is_encoder_decoder:
        return PAPER_TEMPLATE
    return PromptTemplate() if has_markers(tokenizer) else PLAIN_TEMPLATE


def has_markers(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether a tokenizer knows the markers of our own format."""
    return set(MARKERS) <= set(tokenizer.get_vocab())


def require_markers(tokenizer: PreTrainedTokenizerBase) -> None:
    """Refuse a tokenizer that does not know the markers of our own format.

    :raises TrainingError: naming one that it lacks.
    """
    if lacking := sorted(set(MARKERS) - set(tokenizer.get_vocab())):
        raise TrainingError(
            f"the tokenizer lacks the marker {lacking[0]}: pre-training windows are written for a tokenizer that "
            "`train tokenizer` made; other models are fine-tuned (`train prepare finetune`)"
        )


def distinction_prompt(first: str, second: str) -> Prompt:
    """The input of author distinction in our own format; the answer " true" or " false" follows."""
    return (
        Part(FIRST, is_marker=True),
        Part(first[:_PAIR_CHARACTERS]),
        Part(SECOND, is_marker=True),
        Part(second[:_PAIR_CHARACTERS]),
        Part(SAME, is_marker=True),
    )


@dataclass(frozen=True, slots=True)
class _MarkerEncoding:
    """Our own format: sections behind markers, each part encoded by itself."""

    tokenizer: PreTrainedTokenizerBase
    template: PromptTemplate

    def add_continuation(self, writer: ShardWriter, continuation: Continuation) -> None:
        draft, cursor = continuation.draft, continuation.cursor
        *context, _ = _prompt(self.template, continuation, before=draft)
        ids = encode_prompt(context, self.tokenizer)
        start = encode_prompt([Part(draft[:cursor])], self.tokenizer)
        rest = encode_prompt([Part(draft[cursor:])], self.tokenizer)
        if continuation.ends:
            rest.append(self.tokenizer.convert_tokens_to_ids(END))
        writer.add([*ids, *start, *rest], [*_weights(_EVIDENCE_WEIGHT, ids), *_draft_weights(start, rest)])

    def add_pair(self, writer: ShardWriter, pair: AuthorPair) -> None:
        ids = encode_prompt(distinction_prompt(pair.first, pair.second), self.tokenizer)
        answer = encode_prompt([Part(ANSWERS[pair.same])], self.tokenizer)
        writer.add([*ids, *answer], [*_weights(_PAIR_WEIGHT, ids), *_weights(_ANSWER_WEIGHT, answer)])

    def add_task(self, writer: ShardWriter, task: HelperTask) -> None:
        ids = encode_prompt(_task_prompt(self.template, task), self.tokenizer)
        label = [*encode_prompt([Part(task.label)], self.tokenizer), self.tokenizer.convert_tokens_to_ids(END)]
        writer.add([*ids, *label], [*_weights(0, ids), *_weights(FULL_WEIGHT, label)])


@dataclass(frozen=True, slots=True)
class _PlainEncoding:
    """Plain headings, for causal models that bring their own tokenizer."""

    vocabulary: Vocabulary
    template: PromptTemplate
    end: int

    def add_continuation(self, writer: ShardWriter, continuation: Continuation) -> None:
        *context, _ = _prompt(self.template, continuation, before=continuation.draft)
        ids = [*self.vocabulary.opening, *self.vocabulary.encode(tuple(context))]
        start, rest = _written(self.vocabulary, continuation, self.end)
        writer.add([*ids, *start, *rest], [*_weights(_EVIDENCE_WEIGHT, ids), *_draft_weights(start, rest)])

    def add_pair(self, writer: ShardWriter, pair: AuthorPair) -> None:
        question = (
            Part(f"First passage:\n{pair.first[:_PAIR_CHARACTERS]}\n\n"),
            Part(f"Second passage:\n{pair.second[:_PAIR_CHARACTERS]}\n\nSame author:"),
        )
        ids = [*self.vocabulary.opening, *self.vocabulary.encode(question)]
        answer = self.vocabulary.encode((Part(ANSWERS[pair.same]),))
        writer.add([*ids, *answer], [*_weights(_PAIR_WEIGHT, ids), *_weights(_ANSWER_WEIGHT, answer)])

    def add_task(self, writer: ShardWriter, task: HelperTask) -> None:
        ids = [*self.vocabulary.opening, *self.vocabulary.encode(_task_prompt(self.template, task))]
        label = [*self.vocabulary.encode((Part(task.label),)), self.end]
        writer.add([*ids, *label], [*_weights(0, ids), *_weights(FULL_WEIGHT, label)])


@dataclass(frozen=True, slots=True)
class _SourceTargetEncoding:
    """The paper's format, for encoder-decoders: instruction, draft so far and evidence in, the whole draft out."""

    vocabulary: Vocabulary
    template: PromptTemplate
    end: int

    def add_continuation(self, writer: ShardWriter, continuation: Continuation) -> None:
        *source, _ = _prompt(self.template, continuation, before=continuation.draft[: continuation.cursor])
        start, rest = _written(self.vocabulary, continuation, self.end)
        writer.add_pair(self._source(tuple(source)), [*start, *rest], _draft_weights(start, rest))

    def add_pair(self, writer: ShardWriter, pair: AuthorPair) -> None:
        question = (
            Part("Predict whether two passages are from the same author."),
            Part(f" first passage: {pair.first[:_PAIR_CHARACTERS]}"),
            Part(f" second passage: {pair.second[:_PAIR_CHARACTERS]}"),
        )
        answer = [*self.vocabulary.encode((Part(ANSWERS[pair.same]),)), self.end]
        writer.add_pair(self._source(question), answer, _weights(_ANSWER_WEIGHT, answer))

    def add_task(self, writer: ShardWriter, task: HelperTask) -> None:
        label = [*self.vocabulary.encode((Part(task.label),)), self.end]
        writer.add_pair(self._source(_task_prompt(self.template, task)), label, _weights(FULL_WEIGHT, label))

    def _source(self, prompt: Prompt) -> list[int]:
        closing = self.vocabulary.closing
        return [*self.vocabulary.encode(prompt)[: _ENCODER_TOKENS - len(closing)], *closing]


def _task_prompt(template: PromptTemplate, task: HelperTask) -> Prompt:
    """The prompt as serving builds it, without the empty part where the label begins."""
    *prompt, _ = helper_prompt(template, task.helper, task.entries, task.query)
    return tuple(prompt)


def _prompt(template: PromptTemplate, continuation: Continuation, *, before: str) -> Prompt:
    """The prompt as serving builds it, nothing of the draft cut off."""
    whole = replace(template, draft_characters=len(continuation.draft))
    return build_prompt(whole, continuation.evidence, title=continuation.title, before=before)


def _written(vocabulary: Vocabulary, continuation: Continuation, end: int) -> tuple[list[int], list[int]]:
    """Ids of the draft up to the cursor, and of what follows."""
    start = vocabulary.encode((Part(continuation.draft[: continuation.cursor]),))
    rest = vocabulary.encode((Part(continuation.draft[continuation.cursor :]),))
    return start, [*rest, end] if continuation.ends else rest


def _draft_weights(start: Sequence[int], rest: Sequence[int]) -> list[int]:
    return [*_weights(_START_WEIGHT, start), *_weights(FULL_WEIGHT, rest)]


def _weights(tenths: int, ids: Sequence[int]) -> list[int]:
    return [tenths] * len(ids)
