"""Rewriting line by line: what stays, what is asked of the model, what a rewrite is made from."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.errors import LibraryError, SettingsError
from assistant.evidence_methods import evidence_stages
from assistant.generation.local import LocalGenerator
from assistant.library.library import Library
from assistant.pipeline import Pipeline
from assistant.prompts import PLAIN_TEMPLATE, Chat, Part
from assistant.rewriting.rewriter import (
    LONGEST_SELECTION,
    Rewrite,
    RewriteDelta,
    RewriteFinished,
    Rewriter,
    RewriteRequest,
    rewrite,
)
from assistant.settings import Settings
from assistant.types import RewriteKind, VoiceId, WriterId
from tests.hashing_encoder import HashingEncoder
from tests.rewriting.answers import Answers
from tests.small_models import as_loaded, small_model

MAIL = "Dear Piet,\n\n  The bow door failed again on Tuesday.\n- It is the ram, I fear.\n"
CHAT = Chat((Part("<user>", is_marker=True),), (Part("<model>", is_marker=True),))


def whole(rewriter: Rewriter, selection: str, kind: RewriteKind = RewriteKind.SHORTER, *, seed: int = 0) -> Rewrite:
    *_, last = rewriter.write(selection, kind, seed=seed)
    assert isinstance(last, RewriteFinished)
    return last.rewrite


def test_only_the_words_of_lines_change() -> None:
    rewriter = Rewriter(Answers(lambda line: f"Sure, here is the text:\n\n“{line.upper()}”\n\nAnything else?"), CHAT)
    made = whole(rewriter, MAIL)
    assert made.text == "Dear Piet,\n\n  THE BOW DOOR FAILED AGAIN ON TUESDAY.\n- IT IS THE RAM, I FEAR.\n"
    assert (made.selection, made.kind, made.finish) == (MAIL, RewriteKind.SHORTER, "stop")


def test_a_paragraph_broken_by_hand_is_asked_for_as_a_whole() -> None:
    answers = Answers(str.upper)
    mail = (
        "We lost the bow door again on Tuesday, at the worst possible moment, and\n"
        "the tide was going out.\n\nIt is the ram.\n"
    )
    made = whole(Rewriter(answers, CHAT), mail)
    assert [prompt.partition("Text:\n")[2] for prompt in answers.prompts] == [
        mail.splitlines()[0] + " the tide was going out.<model>",
        "It is the ram.<model>",
    ]
    assert made.text == made.selection.upper()
    assert made.selection.splitlines() == [mail.splitlines()[0] + " the tide was going out.", "", "It is the ram."]


def test_the_pieces_come_as_they_are_written() -> None:
    rewriter = Rewriter(Answers(lambda _: "It failed."), CHAT)
    pieces = [event.text for event in rewriter.write("  The bow door failed again.\n", RewriteKind.SHORTER)
              if isinstance(event, RewriteDelta)]  # fmt: skip
    assert pieces == ["  ", "It ", "failed. ", "\n"]


def test_a_line_of_which_nothing_comes_stays() -> None:
    assert whole(Rewriter(Answers(lambda _: "\n\n"), None), MAIL).text == MAIL


def test_a_model_with_a_chat_is_asked_in_it_and_another_in_plain_words() -> None:
    chatting, plain = Answers(str.upper), Answers(str.upper)
    whole(Rewriter(chatting, CHAT), "The bow door failed again.")
    whole(Rewriter(plain, None), "The bow door failed again.")
    assert chatting.prompts[0].startswith("<user>Rewrite the text below in fewer words")
    assert chatting.prompts[0].endswith("Text:\nThe bow door failed again.<model>")
    assert plain.prompts[0].endswith("Text:\nThe bow door failed again.\n\nRewritten text:\n")


def test_it_stops_reading_where_the_line_is_whole() -> None:
    answers = Answers(lambda _: "It failed.\n" + " and so on" * 50)
    assert whole(Rewriter(answers, None), "The bow door failed again.").text == "It failed."
    assert answers.given < 5


def test_longer_has_more_room_than_shorter() -> None:
    answers = Answers(str.upper)
    line = "The bow door failed again on Tuesday. " * 4
    whole(Rewriter(answers, CHAT), line, RewriteKind.SHORTER)
    whole(Rewriter(answers, CHAT), line, RewriteKind.LONGER, seed=7)
    shorter, longer = answers.samplings
    assert longer.max_tokens > 2 * shorter.max_tokens
    assert longer.seed == 7


def test_closing_stops_the_model() -> None:
    answers = Answers(lambda line: line * 100)
    with closing(Rewriter(answers, CHAT).write(MAIL, RewriteKind.LONGER)) as events:
        for event in events:
            if isinstance(event, RewriteDelta) and "door" in event.text:
                break
    assert answers.closed.is_set()
    assert answers.given < 10


# ---- with a real model ----


@pytest.fixture(scope="module")
def local() -> LocalGenerator:
    return LocalGenerator(as_loaded(small_model(), model="small"))


def test_a_seed_reproduces_and_no_marker_gets_in(local: LocalGenerator) -> None:
    rewriter = Rewriter(local, None)
    line = "The gate stood open and it holds."
    first, again = (whole(rewriter, line, seed=3) for _ in range(2))
    assert first.text == again.text
    assert first.text != line
    assert "<|" not in first.text


def test_a_paragraph_too_long_for_the_model_says_so(local: LocalGenerator) -> None:
    line = "The keeper walked along the canal and the gate stood open. " * 12
    with pytest.raises(SettingsError, match=r"\d+ tokens too long for the model in use: select less"):
        whole(Rewriter(local, None), line)


# ---- of a library ----


@pytest.fixture
def writer(library: Library) -> WriterId:
    return library.local_writer()


@pytest.fixture
def voice(library: Library, writer: WriterId, tmp_path: Path) -> VoiceId:
    made = library.create_voice(writer, "Letters").id
    letter = tmp_path / "letter.txt"
    letter.write_text("The sluice gate stuck again on Friday, and I wrote to the council about it. " * 4)
    library.import_now(writer, made, [letter])
    return made


def pipeline(library: Library, answers: Answers, tmp_path: Path) -> Pipeline:
    stages = evidence_stages(library, HashingEncoder(), Settings(data_dir=tmp_path))
    return Pipeline(stages, answers, PLAIN_TEMPLATE, chat=CHAT)


def rewritten(running: Pipeline, request: RewriteRequest) -> Rewrite:
    *_, last = rewrite(running, request)
    assert isinstance(last, RewriteFinished)
    return last.rewrite


@pytest.mark.parametrize(
    "selection", ["The sluice gate is stuck and the council knows.", "Quite unrelated zebras run far."]
)
def test_in_my_voice_shows_the_model_passages_of_the_writer(
    library: Library, writer: WriterId, voice: VoiceId, tmp_path: Path, selection: str
) -> None:
    answers = Answers(str.upper)
    request = RewriteRequest(writer, voice, selection, RewriteKind.VOICE)
    made = rewritten(pipeline(library, answers, tmp_path), request)
    assert made.passages
    assert f"Passages:\n{made.passages[0].text}" in answers.prompts[0]
    assert made.signature["passages"] == [entry.document for entry in made.passages]


def test_other_kinds_need_no_voice(library: Library, writer: WriterId, tmp_path: Path) -> None:
    answers = Answers(str.upper)
    request = RewriteRequest(writer, None, "The sluice gate is stuck.", RewriteKind.PLAINER)
    assert rewritten(pipeline(library, answers, tmp_path), request).text == "THE SLUICE GATE IS STUCK."
    assert "Passages" not in answers.prompts[0]


def test_in_my_voice_without_writing_of_mine_says_what_to_do(
    library: Library, writer: WriterId, tmp_path: Path
) -> None:
    request = RewriteRequest(writer, None, "The sluice gate is stuck.", RewriteKind.VOICE)
    with pytest.raises(LibraryError, match="choose a voice that has documents"):
        rewritten(pipeline(library, Answers(str.upper), tmp_path), request)


@pytest.mark.parametrize(
    ("selection", "why"), [(" \n", "nothing is selected"), ("x" * (LONGEST_SELECTION + 1), "2,001")]
)
def test_nothing_and_too_much_are_refused(writer: WriterId, selection: str, why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        RewriteRequest(writer, None, selection, RewriteKind.SHORTER)


def test_work_in_the_background_rests(library: Library, writer: WriterId, tmp_path: Path) -> None:
    resting = []

    @contextmanager
    def undisturbed() -> Iterator[None]:
        resting.append("begun")
        yield
        resting.append("over")

    running = replace(pipeline(library, Answers(str.upper), tmp_path), undisturbed=undisturbed)
    rewritten(running, RewriteRequest(writer, None, "The gate is stuck.", RewriteKind.SHORTER))
    assert resting == ["begun", "over"]
