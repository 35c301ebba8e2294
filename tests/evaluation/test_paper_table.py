"""Our table beside the paper's: which rows belong together, and the paper's numbers as printed."""

import argparse
import json
from pathlib import Path
from typing import Any, get_args

import pytest

from assistant.errors import CorpusError
from assistant.evaluation.commands import add_evaluate_commands
from assistant.evaluation.paper_table import PAPER, Domain, beside_paper, papers_row
from assistant.evaluation.report import fill_blocks
from assistant.evaluation.rows import ROWS


def row(method: str, rouge1: float) -> dict[str, Any]:
    return {"method": method, "bleu": 10.0, "rouge1": rouge1, "rouge2": 20.0, "rougeL": 30.0}


DOCUMENT: dict[str, Any] = {
    "rows": [
        row("ImmedCtx", 40.0),
        row("RankDocBySnpt+SumByDraft", 42.0),
        row("RankDocBySnpt+SumCtx@author-pred", 44.0),
    ],
    "gains": [
        {
            "method": "RankDocBySnpt+SumCtx@author-pred",
            "over": "ImmedCtx",
            "metric": "rouge1",
            "percent": 10.0,
            "interval": [8.0, 12.0],
            "p": 0.00001,
            "p_corrected": 0.00002,
        }
    ],
    "tests": [],
    "authors": 60,
    "documents": 600,
    "signature": {
        "model": "small",
        "data": "mail.jsonl.xz",
        "settings": {"tokens": 120, "continuation_characters": 450, "temperature": 0.0},
    },
}


def test_the_papers_rows_are_complete_and_gain_what_the_paper_says() -> None:
    assert set(PAPER) == set(get_args(Domain))
    assert len({tuple(rows) for rows in PAPER.values()}) == 1
    gained = {domain: 100 * (rows["+ AuthorPred"][1] / rows["ImmedCtx"][1] - 1) for domain, rows in PAPER.items()}
    assert gained["email"] == pytest.approx(27, abs=0.5)
    assert gained["blogs"] == pytest.approx(8, abs=0.5)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("ImmedCtx", "ImmedCtx"),
        ("UserID@ids", "UserID"),
        ("RankDocBM25", "RankDocBM25"),
        ("RankFusion", None),
        ("RandomDoc", None),
        ("RankDocBySnpt+SumCtxInd", "+ SumCtxInd"),
        ("RankDocBySnpt+SumCtxWritten@own", "+ SumCtx"),
        ("RankDocBySnpt+SumCtx+SynCtxInd", "+ SynCtxInd"),
        ("RankDocBySnpt+SumCtx+SynCtx", "+ SynCtx"),
        ("RankDocBySnpt+SumByDraft+SynCtx", None),
        ("RankDocBySnpt+SumCtx+SynCtx@author-pred", "+ AuthorPred"),
        ("OtherWriter+SumCtx", None),
    ],
)
def test_a_row_stands_beside_the_papers_of_its_name(ours: str, theirs: str | None) -> None:
    assert papers_row(ours) == theirs


def test_every_row_of_the_paper_that_one_checkpoint_can_give_is_in_our_table() -> None:
    apart = {"UserID", "LLMZeroShot", "+ AuthorPred"}
    assert {papers_row(name) for name in ROWS} - {None} == set(PAPER["email"]) - apart


def test_both_tables_stand_side_by_side_with_their_gains_and_what_differs() -> None:
    lines = beside_paper(DOCUMENT, "email").splitlines()
    assert lines[2].startswith("| ImmedCtx | 10.00 | 40.00 | 20.00 | 30.00 |  | ImmedCtx | 17.27 | 32.36 |")
    assert lines[3].endswith("|  |  |  |  |  |  |")  # ours alone
    assert lines[4].endswith("| +10.0 % | + AuthorPred | 23.27 | 41.02 | 28.60 | 35.70 | +26.8 % |")
    assert {line.count("|") for line in lines[:5]} == {13}
    said = "\n".join(lines[5:])
    assert "ROUGE-1 +10.0 % (+8.0 to +12.0, p < 0.0001) over ImmedCtx" in said
    assert "The paper's best: + AuthorPred, +26.8 %." in said
    assert "`small`, one checkpoint for all rows but those with `@`" in said
    assert "600 documents of 60 authors of `mail.jsonl.xz`" in said


def test_it_is_printed_from_a_result_and_filled_into_prose(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "docs" / "results" / "framework-email.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(DOCUMENT), encoding="utf-8")
    parser = argparse.ArgumentParser()
    add_evaluate_commands(parser.add_subparsers())
    arguments = parser.parse_args(f"evaluate beside-paper {path} --domain email".split())
    arguments.run(arguments)
    printed = capsys.readouterr().out
    assert printed == beside_paper(DOCUMENT, "email")
    block = "<!-- results:framework-email/paper -->\n{}<!-- /results -->"
    assert fill_blocks(block.format(""), tmp_path) == block.format(printed)
    arguments.result = tmp_path / "none.json"
    with pytest.raises(CorpusError, match=r"expected the framework\.json"):
        arguments.run(arguments)
