"""``evaluate paper``: commands that a person could type, each fed by those before it, and a table at the end."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.errors import SettingsError, TrainingError
from assistant.evaluation.commands import add_evaluate_commands
from assistant.evaluation.recipe import Amounts, Recipe, Step, as_script, run_steps, steps_of
from assistant.training.commands import add_train_commands
from tests.hashing_encoder import HashingEncoder
from tests.small_models import write_small_checkpoint
from tests.training.corpora import names, prose, write_corpus

AMOUNTS = Amounts(tokens=600, authors=10, per_author=2, measured_authors=2, measured_documents=1, written_documents=1)


def recipe(out: Path, *, separate: bool = False, written: bool = False) -> Recipe:
    return Recipe(
        data=out / "mail.jsonl",
        out=out / "made",
        init=str(out / "small"),
        architecture="causal",
        amounts=AMOUNTS,
        ranking="RankDocBM25",
        separate=separate,
        written=written,
        validates=True,
    )


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    verbs = parser.add_subparsers()
    add_train_commands(verbs)
    add_evaluate_commands(verbs)
    return parser.parse_args(arguments)


@pytest.mark.parametrize("written", [False, True])
@pytest.mark.parametrize("separate", [False, True])
def test_every_command_is_one_and_reads_only_what_earlier_ones_wrote(
    tmp_path: Path, *, separate: bool, written: bool
) -> None:
    there = {str(tmp_path / "mail.jsonl"), str(tmp_path / "small")}
    for step in steps_of(recipe(tmp_path, separate=separate, written=written)):
        given = parsed(step.arguments)
        read = [value for name in ("shards", "validation", "run_folder", "summary_model", "keyword_model", "model")
                if (value := getattr(given, name, None))]  # fmt: skip
        if step.name != "selectors":
            read += [given.selectors] if hasattr(given, "selectors") else []
        read += [pair.partition("=")[2] for pair in getattr(given, "checkpoint", [])]
        assert {str(path) for path in read} <= there, step.name
        there.add(str(given.out))


def test_the_key_rows_have_models_of_their_own_only_if_asked_for(tmp_path: Path) -> None:
    shared, apart = (parsed(steps_of(recipe(tmp_path, separate=s))[-1].arguments) for s in (False, True))
    assert shared.checkpoint == []
    assert "UserID" in shared.rows
    assert set(apart.rows) - set(shared.rows) == {
        "ImmedCtx@without-history",
        "UserID@ids",
        "RankDocBM25@ranking",
        "RankDocBM25+SumCtx+SynCtx@all-stages",
        "RankDocBM25+SumCtx+SynCtx@author-pred",
    }


def test_helpers_that_write_learn_from_one_half_and_serve_the_other(tmp_path: Path) -> None:
    steps = {step.name: parsed(step.arguments) for step in steps_of(recipe(tmp_path, written=True))}
    assert steps["prepare-summaries"].half is None  # a helper's own half is the first
    assert steps["prepare-mixture"].half == 1
    assert steps["prepare-mixture"].summary_model == str(tmp_path / "made" / "summaries" / "model")
    assert "RankDocBySnpt+SumCtxWritten=1" in steps["table"].fewer


STEPS = [Step("first", ("a", "b c")), Step("second", ("d",)), Step("table", ("e",))]


def test_what_is_done_is_not_done_again_but_the_table_is_printed(tmp_path: Path) -> None:
    ran: list[tuple[str, ...]] = []

    def run(arguments: Sequence[str]) -> int:
        ran.append(tuple(arguments))
        return 1 if arguments[0] == "d" and len(ran) < 3 else 0

    said: list[str] = []
    with pytest.raises(TrainingError, match="the step second ended with status 1"):
        run_steps(STEPS, tmp_path, run, said.append)
    run_steps(STEPS, tmp_path, run, said.append)
    run_steps(STEPS, tmp_path, run, said.append)
    assert ran == [("a", "b c"), ("d",), ("d",), ("e",), ("e",)]
    assert said[0] == "step 1 of 3: first"


def test_other_choices_want_another_folder(tmp_path: Path) -> None:
    run_steps(STEPS, tmp_path, lambda _: 0, lambda _: None)
    with pytest.raises(SettingsError, match="begun with other choices"):
        run_steps([Step("first", ("x",)), *STEPS[1:]], tmp_path, lambda _: 0, lambda _: None)


def test_the_script_can_be_typed() -> None:
    assert as_script(STEPS).splitlines()[0] == "python -m assistant a 'b c'"


@pytest.mark.slow
def test_from_a_corpus_to_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("assistant.retrieval.encoder.load_encoder", HashingEncoder)
    people = [*names("train", 10), *names("validation", 2), *names("test", 2)]
    rows = (  # now on one subject, now on another: what is taken up differs
        {"author": who, "title": "", "date": f"2004-{n + 1:02}-01", "text": prose((a + n) % 5, 50 * a + n)}
        for a, who in enumerate(people)
        for n in range(10)
    )
    write_corpus(tmp_path / "mail.jsonl", rows)
    write_small_checkpoint(tmp_path / "small")

    def run(arguments: Sequence[str]) -> int:
        given = parsed(arguments)
        given.run(given)
        return 0

    made = recipe(tmp_path, separate=True)
    run_steps(steps_of(made), made.out, run, lambda _: None)
    document = json.loads((made.out / "table" / "framework.json").read_text())
    methods = [row["method"] for row in document["rows"]]
    assert {"UserID", "ImmedCtx@without-history", "RankDocBM25+SumCtx+SynCtx@author-pred"} <= set(methods)
    hashes = {name: one["weights_sha256"] for name, one in document["signature"]["checkpoints"].items()}
    assert len({*hashes.values(), document["signature"]["weights_sha256"]}) == 6
    assert "RankDocBM25@ranking" in capsys.readouterr().out
    other = steps_of(replace(made, amounts=replace(AMOUNTS, tokens=700)))
    with pytest.raises(SettingsError, match="begun with other choices"):
        run_steps(other, made.out, run, lambda _: None)
