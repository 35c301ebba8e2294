"""The rewriting check: what counts as a fault, what a kind is passed by, and what is recorded."""

import json
from pathlib import Path

import pytest

from assistant.__main__ import main
from assistant.evaluation.rewriting import (
    SOUND_SHARE,
    Judge,
    Judged,
    check_rewriting,
    copied_share,
    lent_voice,
    reading_grade,
    report,
)
from assistant.evaluation.rewriting_passages import PASSAGES
from assistant.keyword_candidates import words
from assistant.retrieval.encoder import load_encoder
from assistant.rewriting.facts import added_facts, lost_facts
from assistant.rewriting.rewriter import Rewriter
from assistant.rewriting_record import read_record
from assistant.types import RewriteKind
from tests.rewriting.answers import Answers
from tests.small_models import small_model, write_small_checkpoint

TEXT = (
    "Residents are hereby informed that the supply of water to all properties in Canal Street will be interrupted on "
    "Friday from 9 in the morning until approximately 2 in the afternoon, and it is recommended that a sufficient "
    "quantity of drinking water be set aside beforehand."
)
SHORTER = (
    "Canal Street will have no water on Friday from 9 in the morning to 2 in the afternoon; set some drinking water "
    "aside."
)
PLAINER = (
    "There will be no water in Canal Street on Friday. It will be off from 9 in the morning until about 2 in the "
    "afternoon. Please keep some drinking water ready."
)
LONGER = (
    "We would like to let all residents know that there will be no supply of water to any of the properties in Canal "
    "Street on Friday. The interruption will begin at 9 in the morning and will last until approximately 2 in the "
    "afternoon. As nothing will come out of the taps during that time, we recommend that you set aside a sufficient "
    "quantity of drinking water beforehand, so that there is enough of it for everybody at home."
)


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge(load_encoder(), lent_voice())


@pytest.mark.parametrize(
    ("kind", "rewrite"),
    [(RewriteKind.SHORTER, SHORTER), (RewriteKind.PLAINER, PLAINER), (RewriteKind.LONGER, LONGER)],
)
def test_a_good_rewrite_is_sound(judge: Judge, kind: RewriteKind, rewrite: str) -> None:
    assert judge.judge(kind, TEXT, rewrite).faults == ()


@pytest.mark.parametrize(
    ("kind", "rewrite", "fault"),
    [
        (
            RewriteKind.SHORTER,
            "The kettle on the boat was older than the captain, and nobody had seen it boil.",
            "meaning",
        ),
        (RewriteKind.SHORTER, SHORTER.replace("Friday", "Monday"), "facts"),
        (RewriteKind.SHORTER, SHORTER.replace(" on Friday", ""), "facts"),
        (RewriteKind.SHORTER, SHORTER.replace("; set", ", says Mr Pell; set"), "facts"),
        (RewriteKind.SHORTER, TEXT.replace("hereby ", ""), "change"),
        (RewriteKind.LONGER, SHORTER, "change"),
        (RewriteKind.PLAINER, TEXT.replace("sufficient quantity", "appropriately sufficient quantity"), "change"),
        (RewriteKind.PLAINER, TEXT, "copy"),
        (RewriteKind.LONGER, f"{SHORTER} {SHORTER} {SHORTER}", "loop"),
        (RewriteKind.SHORTER, SHORTER.removesuffix(" aside."), "broken off"),
    ],
)
def test_what_is_wrong_is_found(judge: Judge, kind: RewriteKind, rewrite: str, fault: str) -> None:
    assert fault in judge.judge(kind, TEXT, rewrite).faults


def test_in_my_voice_means_closer_to_the_voice(judge: Judge) -> None:
    voice = lent_voice()
    own = voice.passages[0].text
    assert "change" not in judge.judge(RewriteKind.VOICE, " ".join([PLAINER] * 3), own[:500]).faults
    assert "change" in judge.judge(RewriteKind.VOICE, own[:500], " ".join([PLAINER] * 3)).faults


def judged(kind: RewriteKind, sound: int, faulty: int) -> list[Judged]:
    return [Judged(kind, "", "", 0.8, ())] * sound + [Judged(kind, "", "", 0.4, ("meaning",))] * faulty


def test_a_kind_is_passed_by_the_share_of_its_sound_rewrites() -> None:
    assert SOUND_SHARE == 0.7
    enough, too_few = report([*judged(RewriteKind.SHORTER, 7, 3), *judged(RewriteKind.LONGER, 6, 4)])[1:3]
    assert (enough.kind, enough.is_passed, enough.faults["meaning"]) == (RewriteKind.SHORTER, True, 3)
    assert (too_few.kind, too_few.is_passed) == (RewriteKind.LONGER, False)
    assert enough.similarity == pytest.approx(0.7 * 0.8 + 0.3 * 0.4)


def test_a_model_that_copies_passes_nothing(judge: Judge) -> None:
    copying = Rewriter(Answers(lambda line: line), None)
    assert not any(each.is_passed for each in report(list(check_rewriting(copying, judge, lent_voice(), PASSAGES[:5]))))


def test_the_voice_is_shown_to_the_model_for_its_own_kind_alone(judge: Judge) -> None:
    answers = Answers(lambda line: line)
    list(check_rewriting(Rewriter(answers, None), judge, lent_voice(), PASSAGES[:1]))
    assert ["Passages:" in prompt for prompt in answers.prompts] == [kind is RewriteKind.VOICE for kind in RewriteKind]


def test_the_passages_are_worth_the_check() -> None:
    assert len(PASSAGES) >= 36
    assert len(set(PASSAGES)) == len(PASSAGES)
    assert all(30 <= len(words(text)) <= 90 and "\n" not in text for text in PASSAGES)
    with_facts = [text for text in PASSAGES if lost_facts(text, "")]
    assert len(with_facts) >= 0.9 * len(PASSAGES)
    assert sum(reading_grade(text) >= 8 for text in PASSAGES) >= len(PASSAGES) // 2


def test_the_measures_of_reading_and_copying() -> None:
    assert reading_grade(TEXT) > reading_grade(PLAINER) + 4
    assert copied_share(TEXT, TEXT) == 1
    assert copied_share("one two three four", "one three four five") == pytest.approx(0.75)
    assert copied_share("one two", "three four") == 0


def test_facts_that_go_and_come() -> None:
    text = "I asked Piet on Tuesday about the 14 cars."
    assert lost_facts(text, "Piet was asked about fourteen cars.") == ("Tuesday",)
    assert added_facts(text, "Piet and Hanna were asked on Tuesday about 15 cars.") == ("Hanna", "15")


def test_the_command_records_what_a_model_passed_beside_its_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("assistant.evaluation.rewriting_passages.PASSAGES", PASSAGES[:1])
    folder = write_small_checkpoint(tmp_path / "small", small_model())
    monkeypatch.setattr("sys.argv", ["assistant", "evaluate", "rewriting", "--model", str(folder), "--json"])
    assert main() == 0
    document = json.loads(capsys.readouterr().out)
    assert set(document["kinds"]) == {"voice", "shorter", "longer", "plainer"}
    assert document["signature"]["weights_sha256"]
    record = read_record(folder)
    assert record is not None
    assert record.passed == ()  # of a model that writes nonsense
    assert record.weights_sha256 == document["signature"]["weights_sha256"]
