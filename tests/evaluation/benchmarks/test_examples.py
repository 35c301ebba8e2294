"""Questions as training examples: read like the prompts that are asked, with the loss of the answer alone."""

import argparse
from pathlib import Path

import pytest

from assistant.errors import CorpusError, ModelError
from assistant.evaluation.benchmarks.answering import Decoding, prompt_ids
from assistant.evaluation.benchmarks.examples import Learner, read_learner, write_examples
from assistant.evaluation.benchmarks.prompts import TokenCutter
from assistant.evaluation.benchmarks.questions import Question, find_files, read_questions
from assistant.evaluation.benchmarks.retrieval import retriever_named
from assistant.evaluation.benchmarks.run import BenchmarkSettings, prompt_for
from assistant.evaluation.benchmarks.tasks import LAMP
from assistant.evaluation.commands import add_evaluate_commands
from assistant.training.shards import Source, load_sources, noted_tokenizer
from assistant.training.tokenizer import vocabulary_fingerprint
from tests.evaluation.benchmarks.samples import headlines, write, write_split
from tests.evaluation.benchmarks.words import word_tokenizer
from tests.small_models import small_tokenizer, write_small_checkpoint

ROW = LAMP["LaMP-4"]
SETTINGS = BenchmarkSettings(decoding=Decoding(max_length=120))
BM25 = retriever_named("bm25", encoder=None, by_date=True, seed=0)


@pytest.fixture
def questions(tmp_path: Path) -> list[Question]:
    folder = write_split(tmp_path / "data", headlines(3))
    return read_questions(find_files(folder, ROW.name, "dev"), ROW.name, ROW.fields, ids_needed=True)


def written(questions: list[Question], learner: Learner, out: Path) -> Source:
    write_examples(ROW, questions, learner, BM25, SETTINGS, out)
    assert noted_tokenizer(out) == vocabulary_fingerprint(learner.tokenizer)
    (source,) = load_sources(out)
    assert source.name == "LaMP-4"
    assert len(source) == len(questions)
    return source


def read(question: Question, learner: Learner) -> list[int]:
    prompt = prompt_for(ROW, question, BM25, TokenCutter(learner.tokenizer), SETTINGS)
    kind = learner.is_encoder_decoder
    return prompt_ids(learner.tokenizer, prompt.text, SETTINGS.decoding, is_encoder_decoder=kind)


def test_a_causal_model_learns_to_write_and_end_the_answer_after_the_prompt(
    questions: list[Question], tmp_path: Path
) -> None:
    learner = Learner(small_tokenizer(), is_encoder_decoder=False)
    source = written(questions, learner, tmp_path / "shards")
    prompt = read(questions[0], learner)
    answer = [*learner.tokenizer(" The canal")["input_ids"], learner.tokenizer.eos_token_id]
    tokens, weights = source.example(0)
    assert tokens.tolist() == [*prompt, *answer]
    assert weights.tolist() == [0] * len(prompt) + [10] * len(answer)
    assert len(prompt) <= SETTINGS.decoding.max_length


def test_an_encoder_decoder_reads_the_prompt_and_writes_the_answer(questions: list[Question], tmp_path: Path) -> None:
    learner = Learner(word_tokenizer("The canal"), is_encoder_decoder=True)
    source = written(questions, learner, tmp_path / "shards")
    given, answer, weights = source.pair(0)
    assert given.tolist() == read(questions[0], learner)
    assert answer.tolist() == learner.tokenizer("The canal")["input_ids"]
    assert weights.tolist() == [10] * len(answer)


def test_a_question_without_its_answer_teaches_nothing_and_is_refused(tmp_path: Path) -> None:
    learner = Learner(small_tokenizer(), is_encoder_decoder=False)
    with pytest.raises(CorpusError, match="question 7 has no gold output"):
        write_examples(ROW, [Question("7", "", "article: a", ())], learner, BM25, SETTINGS, tmp_path)


def test_examples_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [row | {"output": "The canal"} for row in headlines(4)]
    write(tmp_path / "train_questions.json", rows)
    model = write_small_checkpoint(tmp_path / "small")
    parser = argparse.ArgumentParser()
    add_evaluate_commands(parser.add_subparsers())
    given = f"--task LaMP-4 --data {tmp_path} --model {model} --out {tmp_path / 'shards'} --k 1 --max-length 100"
    arguments = parser.parse_args(["evaluate", "lamp-examples", *given.split()])
    arguments.run(arguments)
    assert len(load_sources(tmp_path / "shards")[0]) == 4
    assert "LaMP-4:" in capsys.readouterr().err


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model in"):
        read_learner(tmp_path)
