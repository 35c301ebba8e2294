"""The command line as a person uses it: real processes, the shipped checkpoint, a demo corpus."""

import json
import os
import pty
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
START = "We were one person short, and I can tell you which one."


def run(*arguments: str, data_dir: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "assistant", *arguments, "--data-dir", str(data_dir)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def run_json(*arguments: str, data_dir: Path) -> Any:
    done = run(*arguments, "--json", data_dir=data_dir)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("library")
    for slug in ("work-mail", "technical-blog"):
        report = run_json("import", str(ROOT / "corpora" / slug), "--voice", slug, data_dir=folder)
        assert {file["status"] for file in report["files"]} == {"imported"}
    return folder


@pytest.fixture(scope="module")
def suggestion(data_dir: Path) -> Any:
    return run_json("write", "--voice", "work-mail", "--title", "Easter rota", "--start", START, data_dir=data_dir)


def test_entries_come_from_that_voice_only(suggestion: Any) -> None:
    titles = {
        line.removeprefix("title: ")
        for path in (ROOT / "corpora" / "work-mail").glob("*.md")
        for line in path.read_text(encoding="utf-8").splitlines()[:4]
        if line.startswith("title: ")
    }
    assert suggestion["entries"]
    assert {entry["title"].strip("\"'") for entry in suggestion["entries"]} <= {title.strip("\"'") for title in titles}


def test_summary_sentences_and_keywords_occur_in_the_entries(suggestion: Any) -> None:
    passages = " ".join(entry["snippet"] for entry in suggestion["entries"])
    flat = " ".join(passages.split())
    assert suggestion["summary"]["text"]
    assert len(suggestion["summary"]["snippets"]) >= 1
    first_sentence = suggestion["summary"]["text"].split(". ")[0]
    assert " ".join(first_sentence.split()) in flat
    assert suggestion["keywords"]
    assert all(keyword["text"] in passages.casefold() for keyword in suggestion["keywords"])
    assert sum(len(entry["snippet"]) for entry in suggestion["entries"]) <= 2500


def test_suggestion_is_new_text_with_timings_and_signature(suggestion: Any) -> None:
    passages = " ".join(entry["snippet"] for entry in suggestion["entries"])
    assert suggestion["suggestion"].strip()
    assert suggestion["suggestion"].strip() not in passages
    assert suggestion["finish"] in {"stop", "length"}
    assert {"retrieve", "rank", "summarize", "synthesize", "first_token", "total"} <= set(suggestion["timings_ms"])
    assert suggestion["signature"]["weights_sha256"]


def test_same_seed_gives_the_same_suggestion(suggestion: Any, data_dir: Path) -> None:
    again = run_json("write", "--voice", "work-mail", "--title", "Easter rota", "--start", START, data_dir=data_dir)
    assert again["suggestion"] == suggestion["suggestion"]


def test_the_evidence_is_steered_from_the_command_line_too(suggestion: Any, data_dir: Path) -> None:
    first, second = (entry["document"] for entry in suggestion["entries"][:2])
    steered = run_json(
        *("write", "--voice", "work-mail", "--title", "Easter rota", "--start", START),
        *("--leave-out", str(first), "--pin", str(second), "--add-word", "rota", "--summary-text", "One is ill."),
        data_dir=data_dir,
    )
    assert steered["entries"][0]["document"] == second
    assert first not in [entry["document"] for entry in steered["entries"]]
    assert steered["keywords"][0]["text"] == "rota"
    assert steered["summary"]["text"] == "One is ill."
    assert steered["signature"]["steering"]["excluded"] == [first]
    assert steered["signature"]["memory"]["tokens"] < suggestion["signature"]["memory"]["tokens"]
    assert first not in [support["document"] for recall in steered["recalls"] for support in recall["supports"]]


def test_import_again_finds_everything_present(data_dir: Path) -> None:
    report = run_json("import", str(ROOT / "corpora" / "work-mail"), "--voice", "work-mail", data_dir=data_dir)
    assert {file["status"] for file in report["files"]} == {"present"}


def test_doctor_finds_nothing_wrong(data_dir: Path) -> None:
    assert run("doctor", data_dir=data_dir).returncode == 0


def test_a_voice_is_found_in_any_case(suggestion: Any, data_dir: Path) -> None:
    again = run_json("write", "--voice", "WORK-MAIL", "--title", "Easter rota", "--start", START, data_dir=data_dir)
    assert [entry["title"] for entry in again["entries"]] == [entry["title"] for entry in suggestion["entries"]]


def test_an_import_of_nothing_says_so_and_exits_1(data_dir: Path) -> None:
    done = run("import", "no-such-file.txt", "--voice", "work-mail", data_dir=data_dir)
    assert done.returncode == 1
    assert "no-such-file.txt: the file cannot be found" in done.stdout
    assert "error: nothing was imported, 1 refused" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("write", "--voice", "nobody", "--start", "x"), "there are: 'technical-blog', 'work-mail'"),
        (("write", "--voice", "work-mail", "--start", "x", "--model", "no-such-folder"), "no checkpoint at"),
        (("write", "--voice", "work-mail", "--start", "x", "--pin", "99999"), "no document 99999 in this voice"),
    ],
    ids=["unknown voice", "missing checkpoint", "a document that is not there"],
)
def test_error_says_what_to_do_and_exits_1(arguments: tuple[str, ...], expected: str, data_dir: Path) -> None:
    done = run(*arguments, data_dir=data_dir)
    assert done.returncode == 1
    assert "error: " in done.stderr
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_place_that_cannot_be_written_is_said_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_text(json.dumps({"text": "The gate held, and so did we. " * 20}) + "\n")
    command = [
        sys.executable,
        "-m",
        "assistant",
        "train",
        "tokenizer",
        str(corpus),
        "--out",
        str(tmp_path / "file" / "x"),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=180)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {tmp_path / 'file' / 'x'}: Not a directory: expected files and folders")
    assert len(done.stderr.splitlines()) == 1


def test_a_reader_that_has_seen_enough_is_no_error(data_dir: Path) -> None:
    command = [sys.executable, "-m", "assistant", "import", str(ROOT / "corpora" / "work-mail"), "--json"]
    process = subprocess.Popen(
        [*command, "--voice", "work-mail", "--data-dir", str(data_dir)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    said = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait(timeout=180) == 141
    assert "Traceback" not in said
    assert "error" not in said.casefold()


def test_a_command_that_is_interrupted_says_so_in_a_line(tmp_path: Path) -> None:
    terminal, its_end = pty.openpty()
    asking = subprocess.Popen(
        [sys.executable, "-m", "assistant", "erase", "--all", "--data-dir", str(tmp_path / "data")],
        cwd=ROOT,
        stdin=its_end,
        stderr=subprocess.PIPE,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # ignored where tests run in the background
    )
    assert asking.stderr is not None
    said = b""
    while b"Type yes: " not in said:
        piece = os.read(asking.stderr.fileno(), 1000)
        assert piece, said
        said += piece
    asking.send_signal(signal.SIGINT)
    _, rest = asking.communicate(timeout=120)
    os.close(terminal)
    os.close(its_end)
    assert asking.returncode == 130
    assert rest == b"\nstopped\n"
