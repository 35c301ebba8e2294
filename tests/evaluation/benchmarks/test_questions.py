"""Official files are read in all their shapes; what does not fit is refused with its place."""

from pathlib import Path
from typing import Any

import pytest

from assistant.errors import CorpusError
from assistant.evaluation.benchmarks.questions import Item, Question, find_files, read_questions
from assistant.evaluation.benchmarks.tasks import LAMP, LONGLAMP
from tests.evaluation.benchmarks.samples import Json, golds, headlines, write, write_split


def read(place: Path, task: str = "LaMP-4", split: str = "dev") -> list[Question]:
    row = (LAMP | LONGLAMP)[task]
    return read_questions(find_files(place, task, split), task, row.fields, ids_needed=row.has_ids)


def refusal(place: Path, task: str = "LaMP-4") -> str:
    with pytest.raises(CorpusError) as error:
        read(place, task)
    return str(error.value)


def test_questions_and_outputs_come_together_by_id(tmp_path: Path) -> None:
    questions = headlines(3)
    outputs = golds(questions)
    outputs["golds"] = [gold | {"output": f"gold of {gold['id']}"} for gold in reversed(outputs["golds"])]
    found = read(write_split(tmp_path, questions, outputs))
    assert [(question.id, question.user, question.gold) for question in found] == [
        ("0", "u0", "gold of 0"),
        ("1", "u1", "gold of 1"),
        ("2", "u0", "gold of 2"),
    ]
    assert found[0].profile[1] == Item({"title": "Harvest", "text": "the harvest again"}, "2019-02-03")


@pytest.mark.parametrize(
    ("questions", "outputs"),
    [
        ("dev_questions.json", "dev_outputs.json"),
        ("LaMP_4/dev/dev_questions.json", "LaMP_4/dev/dev_outputs.json"),
        ("LaMP-4/dev_questions.json.gz", "LaMP-4/dev_outputs.json.gz"),
        ("LaMP_4_questions.json.xz", "LaMP_4_outputs.json.xz"),
        ("LaMP_4_dev_questions.jsonl", "LaMP_4_dev_outputs.json"),
    ],
)
def test_files_are_found_under_the_names_in_use(tmp_path: Path, questions: str, outputs: str) -> None:
    rows = headlines(2)
    write(tmp_path / questions, rows)
    write(tmp_path / outputs, golds(rows))
    assert [question.gold for question in read(tmp_path)] == ["The canal"] * 2
    assert read(tmp_path) == read(tmp_path / questions)


def test_the_split_by_users_has_neither_users_nor_dates(tmp_path: Path) -> None:
    rows = headlines(1)
    del rows[0]["user_id"]
    for item in rows[0]["profile"]:
        del item["date"]
    found = read(write_split(tmp_path, rows))
    assert found[0].user == ""
    assert {item.date for item in found[0].profile} == {""}


def test_a_test_split_has_no_outputs(tmp_path: Path) -> None:
    write(tmp_path / "test_questions.json", headlines(2))
    assert [question.gold for question in read(tmp_path, split="test")] == [None, None]


def test_the_test_split_of_lamp_6_stands_below_golds(tmp_path: Path) -> None:
    write(tmp_path / "dev_questions.json", {"task": "LaMP_6", "golds": headlines(2)})
    assert len(read(tmp_path, "LaMP-6")) == 2


def test_merged_outputs_are_a_bare_list(tmp_path: Path) -> None:
    rows = headlines(2)
    assert read(write_split(tmp_path, rows, golds(rows)["golds"]))[1].gold == "The canal"


def test_numbers_as_ids_and_scores_are_text(tmp_path: Path) -> None:
    rows: list[Json] = [{"id": 7, "input": "review: fine", "profile": [{"id": 1, "text": "ok", "score": 4}]}]
    found = read(write_split(tmp_path, rows, {"task": "LaMP_3", "golds": [{"id": 7, "output": 4}]}), "LaMP-3")
    assert found == [Question("7", "", "review: fine", (Item({"text": "ok", "score": "4"}),), "4")]


@pytest.mark.parametrize("size", [0, 1])
def test_a_short_profile_is_a_profile(tmp_path: Path, size: int) -> None:
    rows = headlines(1)
    rows[0]["profile"] = rows[0]["profile"][:size]
    assert len(read(write_split(tmp_path, rows))[0].profile) == size


def test_rows_of_longlamp_carry_their_output_and_are_named_by_user_and_place(tmp_path: Path) -> None:
    review = {"overall": 5.0, "summary": "Good", "description": None, "reviewText": "A pan."}
    rows = [{"reviewerId": "A1", "input": "Write a review", "output": "It is good.", "profile": [review]}] * 2
    write(tmp_path / "val.jsonl.xz", rows)
    found = read(tmp_path, "product_review_writing")
    assert [(question.id, question.gold) for question in found] == [("A1-0", "It is good."), ("A1-1", "It is good.")]
    expected = {"overall": "5.0", "summary": "Good", "description": "", "reviewText": "A pan."}
    assert found[0].profile == (Item(expected),)


@pytest.mark.parametrize("names", [("input", "output"), ("summary", "content")])
def test_topics_are_read_under_both_names_of_their_fields(tmp_path: Path, names: tuple[str, str]) -> None:
    item = dict(zip(names, ("rain", "wet streets"), strict=True))
    write(tmp_path / "dev.json", [{"author": "ann", "input": "Write", "output": "Rain.", "profile": [item]}])
    assert read(tmp_path, "topic_writing")[0].profile[0].fields == {"input": "rain", "output": "wet streets"}


def test_lamp_qa_asks_questions_and_has_no_output(tmp_path: Path) -> None:
    row = {
        "id": "q1",
        "question": "How to sand?",
        "narrative": "I have an old table.",
        "rubric_aspects": [{"aspect": "grit"}],
        "profile": [{"id": "p", "category": "woodworking", "text": "Which paint?"}],
    }
    found = read(write(tmp_path / "Lifestyle_and_Personal_Development_validation.json", [row]), "LaMP-QA")
    assert found == [Question("q1", "", "How to sand?", (Item({"text": "Which paint?"}),))]


def test_a_missing_file_says_what_is_expected(tmp_path: Path) -> None:
    assert "expected dev_questions.json" in refusal(tmp_path)


def test_a_question_without_its_gold_is_refused(tmp_path: Path) -> None:
    rows = headlines(9)
    message = refusal(write_split(tmp_path, rows, golds(rows[:2])))
    assert "dev_outputs.json lacks id 2, 3, 4, 5, 6 and 2 more" in message
    assert "one split" in message


def test_a_gold_without_its_question_is_refused(tmp_path: Path) -> None:
    rows = headlines(3)
    assert "dev_questions.json lacks id 2" in refusal(write_split(tmp_path, rows[:2], golds(rows)))


def test_ids_that_come_twice_are_refused(tmp_path: Path) -> None:
    rows = headlines(2)
    assert "dev_questions.json holds id 0 more than once" in refusal(write_split(tmp_path, [*rows, rows[0]]))
    outputs = golds([*rows, rows[1]])
    assert "dev_outputs.json holds id 1 more than once" in refusal(write_split(tmp_path, rows, outputs))


def test_outputs_of_another_task_are_refused(tmp_path: Path) -> None:
    rows = headlines(2)
    assert "holds outputs of LaMP_5: expected LaMP_4" in refusal(write_split(tmp_path, rows, golds(rows, "LaMP_5")))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["text"], "question 1 of dev_questions.json is str"),
        ([{"input": "a", "profile": []}], "question 1 of dev_questions.json has no id"),
        ([{"id": "110", "profile": []}], "(id 110) has no text as its input"),
        ([{"id": "110", "input": ["a"], "profile": []}], "(id 110) has no text as its input"),
        ([{"id": "110", "input": "a"}], "(id 110) has no list as its profile"),
        ([{"id": "110", "input": "a", "profile": ["b"]}], "profile item 1 of question 1 of dev_questions.json"),
        ([{"id": "110", "input": "a", "profile": [{"title": "b"}]}], "has no text: expected title, text"),
        ([], "holds no question"),
        ({"task": "LaMP_4"}, "holds no list of questions"),
    ],
)
def test_a_malformed_question_is_refused_with_its_place(tmp_path: Path, rows: Any, message: str) -> None:
    write(tmp_path / "dev_questions.json", rows)
    assert message in refusal(tmp_path)


@pytest.mark.parametrize("outputs", [{"task": "LaMP_4"}, [{"id": "0"}], [{"output": "a"}], "text"])
def test_malformed_outputs_are_refused(tmp_path: Path, outputs: Any) -> None:
    assert "dev_outputs.json" in refusal(write_split(tmp_path, headlines(1), outputs))


@pytest.mark.parametrize("name", ["dev_questions.json", "dev_questions.json.xz", "dev_questions.json.gz"])
def test_a_damaged_file_is_refused(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, headlines(3))
    path.write_bytes(path.read_bytes()[:-20])
    assert "cannot read" in refusal(tmp_path)
