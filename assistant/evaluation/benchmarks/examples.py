"""A benchmark's questions as training examples: the very prompts that are asked, and the right answers.

The loss is that of the answer alone, as in the LaMP reference's training, and an answer is cut at the length of
prompts, as there. A causal model writes its answer after a space and ends it; answers are stripped before they count.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from transformers import AutoConfig, PreTrainedTokenizerBase

from assistant.errors import CorpusError, ModelError
from assistant.evaluation.benchmarks.answering import prompt_ids
from assistant.evaluation.benchmarks.prompts import TokenCutter
from assistant.evaluation.benchmarks.questions import Question
from assistant.evaluation.benchmarks.retrieval import Choose
from assistant.evaluation.benchmarks.run import BenchmarkSettings, drawn_questions, prompt_for
from assistant.evaluation.benchmarks.tasks import Benchmark
from assistant.training.shards import FULL_WEIGHT, ShardWriter, note_tokenizer
from assistant.training.tokenizer import load_tokenizer, vocabulary_fingerprint


@dataclass(frozen=True, slots=True)
class Learner:
    """What must be known of a model to write examples for it."""

    tokenizer: PreTrainedTokenizerBase
    is_encoder_decoder: bool


def read_learner(folder: Path) -> Learner:
    """Read a model's tokenizer and kind, not its weights.

    :raises ModelError: if there is no model in the folder, or its tokenizer has no token that ends a text.
    """
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise ModelError(
            f"no model in {folder} ({error}): expected a folder with config.json and a tokenizer"
        ) from error
    tokenizer = load_tokenizer(folder)
    if tokenizer.eos_token_id is None:
        raise ModelError(f"the tokenizer in {folder} has no end token: expected that of a language model")
    return Learner(tokenizer, bool(config.is_encoder_decoder))


def write_examples(
    row: Benchmark,
    questions: Sequence[Question],
    learner: Learner,
    choose: Choose,
    settings: BenchmarkSettings,
    out: Path,
) -> int:
    """Write one source of shards named after the task; returns its tokens.

    :raises CorpusError: if a question has no gold output.
    """
    cutter = TokenCutter(learner.tokenizer)
    writer = ShardWriter(out / row.name, weighted=True)
    for question in drawn_questions(questions, settings):
        if question.gold is None:
            raise CorpusError(f"question {question.id} has no gold output: expected a split that has, such as train")
        prompt = prompt_for(row, question, choose, cutter, settings)
        _add(writer, learner, prompt.text, question.gold.strip(), settings)
    tokens = writer.close()
    note_tokenizer(out, vocabulary_fingerprint(learner.tokenizer))
    return tokens


def _add(writer: ShardWriter, learner: Learner, prompt: str, gold: str, settings: BenchmarkSettings) -> None:
    tokenizer, most = learner.tokenizer, settings.decoding.max_length
    read = prompt_ids(tokenizer, prompt, settings.decoding, is_encoder_decoder=learner.is_encoder_decoder)
    begins_anew = learner.is_encoder_decoder or settings.decoding.chat
    ids = tokenizer(gold if begins_anew else f" {gold}", add_special_tokens=False)["input_ids"]
    written = [*ids[: most - 1], tokenizer.eos_token_id]
    weights = [FULL_WEIGHT] * len(written)
    if learner.is_encoder_decoder:
        writer.add_pair(read, written, weights)
    else:
        writer.add([*read, *written], [*([0] * len(read)), *weights])
