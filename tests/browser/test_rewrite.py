"""Rewriting what is selected, in a real browser: change by change, by keys, and not with every model."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from assistant.rewriting.selection import unbroken
from assistant.rewriting_record import RECORD_FILE, save_record
from assistant.signature import file_hash
from assistant.types import RewriteKind
from tests.browser.conftest import App, OpenPage
from tests.browser.test_ghost import scripted
from tests.browser.test_write import go_to_end, open_draft, saved, text_of
from tests.small_models import write_small_checkpoint

pytestmark = pytest.mark.browser

BEFORE, AFTER = "Dear Piet,\n\n", "\n\nYours, Marta 🙂\n"
SELECTED = "We lost the bow door again on Tuesday, at the worst possible moment. It is the ram."
SHORTER = "We lost the door on Tuesday, at the worst moment. It is the ram, I fear."
TEXT = BEFORE + SELECTED + AFTER
CHAT = "{% for message in messages %}<|first|>{{ message.content }}{% endfor %}<|second|>"


@pytest.fixture(scope="module")
def checked_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model that was taught a chat."""
    folder = write_small_checkpoint(tmp_path_factory.mktemp("model") / "tiny-instruct")
    (folder / "chat_template.jinja").write_text(CHAT)
    return folder


@pytest.fixture(scope="module")
def app(
    browser_type_launch_args: dict[str, Any], tmp_path_factory: pytest.TempPathFactory, checked_model: Path
) -> Iterator[App]:
    """An app that writes with that model."""
    with App(tmp_path_factory.mktemp("rewriting") / "data", checked_model) as running:
        yield running


@pytest.fixture(autouse=True)
def check(checked_model: Path) -> None:
    """The model has passed its check, whatever the last test left."""
    passed(checked_model, *RewriteKind)


def passed(model: Path, *kinds: RewriteKind) -> None:
    save_record(model, file_hash(model / "model.safetensors"), kinds, {})


def answering(page: Page, text: str = SHORTER, **told: object) -> list[dict[str, object]]:
    """Let the page get this rewrite from now on; returns what it asks for."""
    asked: list[dict[str, object]] = []
    finished: dict[str, object] = {"event": "finished", "text": text, "finish": "stop", "passages": []}
    finished |= {"lost": [], "added": []}
    finished |= {"signature": {"model": "tiny"}, "voice_score": {"percentile": 62, "reason": ""}} | told

    def answer(route: Route) -> None:
        if route.request.method == "GET":
            route.continue_()
            return
        sent = route.request.post_data_json
        assert isinstance(sent, dict)
        asked.append(sent)
        answered = ({"event": "text", "text": text}, {"selection": unbroken(sent["selection"])} | finished)
        body = "".join(json.dumps(line) + "\n" for line in answered)
        route.fulfill(body=body, content_type="application/x-ndjson")

    page.route("**/api/rewrite", answer)
    return asked


def panel(page: Page) -> Locator:
    return page.get_by_role("region", name="Rewrite")


def hunks(page: Page) -> Locator:
    return panel(page).get_by_role("checkbox")


def select(page: Page, start: int, end: int) -> None:
    box = page.locator(".editor textarea")
    box.focus()
    box.evaluate("(box, [start, end]) => box.setSelectionRange(start, end)", [start, end])


def selected_draft(app: App, open_page: OpenPage, text: str = TEXT) -> Page:
    """A draft with the sentences selected."""
    page = open_draft(open_page, app.draft(text=text))
    select(page, len(BEFORE), len(BEFORE) + len(SELECTED))
    return page


def ask_for(page: Page, kind: str) -> None:
    """By keys alone: open the panel, go to the kind, choose it."""
    page.keyboard.press("Alt+r")
    expect(panel(page).get_by_role("button", name="In my voice")).to_be_focused()
    wanted = panel(page).get_by_role("button", name=kind, exact=True)
    while not wanted.evaluate("button => button === document.activeElement"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(hunks(page).first).to_be_focused()


def test_changes_are_taken_one_by_one_and_undone_in_one_step(app: App, open_page: OpenPage) -> None:
    page = selected_draft(app, open_page)
    asked = answering(page)
    ask_for(page, "Shorter")
    assert (asked[0]["kind"], asked[0]["selection"]) == ("shorter", SELECTED)
    expect(hunks(page)).to_have_count(3)
    expect(panel(page)).to_contain_text("3 of 3 changes taken")
    expect(panel(page)).to_contain_text("Sounds like you: 62 of 100")
    expect(page.locator("[data-live]")).to_contain_text("with 3 changes, all taken")
    page.keyboard.press("ArrowRight")
    expect(hunks(page).nth(1)).to_be_focused()
    page.keyboard.press(" ")
    expect(hunks(page).nth(1)).not_to_be_checked()
    expect(panel(page)).to_contain_text("2 of 3 changes taken")
    assert text_of(page) == TEXT
    page.keyboard.press("Control+Enter")
    expect(panel(page)).to_be_hidden()
    wanted = "We lost the door on Tuesday, at the worst possible moment. It is the ram, I fear."
    assert text_of(page) == BEFORE + wanted + AFTER
    expect(page.locator(".editor textarea")).to_be_focused()
    saved(page)
    page.keyboard.press("Control+z")
    assert text_of(page) == TEXT
    page.keyboard.press("Control+Shift+z")
    assert text_of(page) == BEFORE + wanted + AFTER


def test_only_what_was_taken_counts_as_suggested(app: App, open_page: OpenPage) -> None:
    number = app.draft(text=TEXT)
    page = open_draft(open_page, number)
    select(page, len(BEFORE), len(BEFORE) + len(SELECTED))
    answering(page, SELECTED.replace("the ram", "the ram, I fear"))
    ask_for(page, "Plainer")
    page.keyboard.press("Control+Enter")
    saved(page)
    draft = app.get(f"/api/drafts/{number}")
    spans = [draft["text"][span["start"] : span["end"]] for span in draft["origins"]]
    assert spans == [", I fear"]


def test_all_none_and_escape(app: App, open_page: OpenPage) -> None:
    page = selected_draft(app, open_page)
    answering(page)
    ask_for(page, "Shorter")
    put = panel(page).get_by_role("button", name="Put it in")
    page.keyboard.press("n")
    expect(put).to_be_disabled()
    expect(panel(page)).to_contain_text("0 of 3 changes taken")
    page.keyboard.press("Control+Enter")  # there is nothing to put in
    expect(panel(page)).to_be_visible()
    page.keyboard.press("a")
    expect(put).to_be_enabled()
    expect(hunks(page).first).to_be_checked()
    page.keyboard.press("Escape")
    expect(panel(page)).to_be_hidden()
    assert text_of(page) == TEXT
    expect(page.locator(".editor textarea")).to_be_focused()


def test_typing_into_the_text_lets_the_rewrite_go(app: App, open_page: OpenPage) -> None:
    page = selected_draft(app, open_page)
    answering(page)
    ask_for(page, "Shorter")
    go_to_end(page)
    page.keyboard.type("P")
    expect(panel(page)).to_be_hidden()
    assert text_of(page) == TEXT + "P"
    expect(page.locator("[data-live]")).to_contain_text("The rewrite was let go")


def test_facts_that_went_or_came_are_named_and_another_has_another_seed(app: App, open_page: OpenPage) -> None:
    page = selected_draft(app, open_page)
    asked = answering(page, lost=["Tuesday"], added=["Hanna"])
    ask_for(page, "Longer")
    expect(panel(page)).to_contain_text("It leaves out “Tuesday”.")
    expect(panel(page)).to_contain_text("It brings in “Hanna”")
    panel(page).get_by_role("button", name="Another").click()
    expect(hunks(page).first).to_be_focused()
    assert [sent["seed"] for sent in asked] == [0, 1]


def test_with_nothing_selected_it_is_the_paragraph(app: App, open_page: OpenPage) -> None:
    page = open_draft(open_page, app.draft(text=TEXT))
    place = len(BEFORE) + 5
    select(page, place, place)
    asked = answering(page)
    ask_for(page, "Shorter")
    assert asked[0]["selection"] == SELECTED


def test_a_model_that_was_not_checked_is_explained_in_place(app: App, open_page: OpenPage, checked_model: Path) -> None:
    (checked_model / RECORD_FILE).unlink()
    page = selected_draft(app, open_page)
    page.get_by_role("button", name="Rewrite…").click()
    expect(panel(page)).to_contain_text("Rewriting is not offered with tiny-instruct: it has not been checked")
    expect(panel(page)).to_contain_text("python -m assistant evaluate rewriting --model")
    expect(panel(page).get_by_role("link", name="Models")).to_have_attribute("href", "/models")
    expect(panel(page).get_by_role("button", name="Shorter")).to_have_count(0)
    page.keyboard.press("Escape")
    assert text_of(page) == TEXT
    page.goto("/models")
    expect(page.locator(".mod-row[data-state='in-use'] .mod-rewrites")).to_contain_text("not checked yet")


def test_only_kinds_that_were_passed_are_offered_and_too_much_is_refused(
    app: App, open_page: OpenPage, checked_model: Path
) -> None:
    passed(checked_model, RewriteKind.SHORTER, RewriteKind.PLAINER)
    page = selected_draft(app, open_page)
    page.keyboard.press("Alt+r")
    expect(panel(page).locator(".rewrite-kinds button")).to_have_text(["Shorter", "Plainer"])
    expect(panel(page)).to_contain_text("did not pass the check for: in my voice, longer")
    page.keyboard.press("Escape")
    page.locator(".editor textarea").fill("word " * 500)
    page.keyboard.press("Control+a")
    page.keyboard.press("Alt+r")
    expect(panel(page)).to_contain_text("2,500 characters are selected; at most 2,000")
    expect(panel(page).locator(".rewrite-kinds button")).to_have_count(0)


def test_a_real_model_rewrites_and_can_be_stopped(app: App, open_page: OpenPage) -> None:
    page = selected_draft(app, open_page)
    ask_for(page, "Plainer")
    page.keyboard.press("Control+Enter")
    expect(panel(page)).to_be_hidden()
    after = text_of(page)
    assert after != TEXT
    assert after.startswith(BEFORE)
    assert after.endswith(AFTER)
    page.keyboard.press("Control+z")
    assert text_of(page) == TEXT
    select(page, len(BEFORE), len(BEFORE) + len(SELECTED))
    page.keyboard.press("Alt+r")
    panel(page).get_by_role("button", name="Longer").click()
    page.keyboard.press("Escape")
    expect(panel(page)).to_be_hidden()
    assert text_of(page) == TEXT


def test_every_way_to_go_on_has_its_voice_score(app: App, open_page: OpenPage) -> None:
    page = selected_draft(app, open_page)
    scripted(page, " and", " so", " it", " went.", voice_score={"percentile": 41, "reason": ""})
    go_to_end(page)
    page.keyboard.press("Control+Shift+Enter")
    scores = page.locator(".continuation .voice-score")
    expect(scores.nth(2)).to_have_text("Sounds like you: 41 of 100")
    assert "less like you" in str(scores.first.get_attribute("title"))
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".bar .voice-score")).to_have_text("Sounds like you: 41 of 100")


# ---- lines that were broken by hand ----

MAIL = (
    "We lost the bow door again on Tuesday, at the worst possible moment, with\n"
    "fourteen cars on the deck and the tide going out. The short version: I\n"
    "would like you to look at the ram before we do anything clever.\n"
)
MAIL_SHORTER = (
    "We lost the bow door again on Tuesday, with fourteen cars on the deck and the tide going out. The short version: "
    "look at the ram, please, before we do anything clever.\n"
)


def test_broken_lines_are_one_paragraph_and_breaking_them_again_is_no_change(app: App, open_page: OpenPage) -> None:
    number = app.draft(text=BEFORE + MAIL + AFTER)
    page = open_draft(open_page, number)
    place = len(BEFORE) + MAIL.index("version")
    select(page, place, place)  # the paragraph of the cursor is all three lines
    asked = answering(page, MAIL_SHORTER.rstrip())
    ask_for(page, "Shorter")
    assert asked[0]["selection"] == MAIL.rstrip()
    expect(hunks(page)).to_have_count(3)
    page.keyboard.press("Control+Enter")
    wanted = (
        "We lost the bow door again on Tuesday, with fourteen cars on the deck and\n"
        "the tide going out. The short version: look at the ram, please, before we\n"
        "do anything clever."
    )
    expect(panel(page)).to_be_hidden()
    assert text_of(page) == BEFORE + wanted + "\n" + AFTER
    saved(page)
    suggested = [text_of(page)[span["start"] : span["end"]] for span in app.get(f"/api/drafts/{number}")["origins"]]
    assert [words.strip() for words in suggested] == [", please,"]
    page.keyboard.press("Control+z")
    assert text_of(page) == BEFORE + MAIL + AFTER


def test_a_text_that_is_only_broken_elsewhere_is_the_same(app: App, open_page: OpenPage) -> None:
    page = open_draft(open_page, app.draft(text=MAIL))
    select(page, 0, len(MAIL))
    answering(page, " ".join(MAIL.split()) + "\n")
    page.keyboard.press("Alt+r")
    panel(page).get_by_role("button", name="Shorter").click()
    expect(panel(page)).to_contain_text("It came out as it was.")


# ---- statistics ----


def test_rewrites_are_counted_shown_taken_and_dismissed(app: App, open_page: OpenPage) -> None:
    app.delete("/api/statistics")
    page = selected_draft(app, open_page)
    answering(page)
    ask_for(page, "Shorter")
    with page.expect_response("**/api/statistics/rewrites"):  # passed over for another
        panel(page).get_by_role("button", name="Another").click()
    expect(hunks(page)).to_have_count(3)
    hunks(page).nth(1).click()
    with page.expect_response("**/api/statistics/rewrites"):
        page.keyboard.press("Control+Enter")
    page.keyboard.press("Control+z")
    select(page, len(BEFORE), len(BEFORE) + len(SELECTED))
    ask_for(page, "Plainer")
    with page.expect_response("**/api/statistics/rewrites"):
        page.keyboard.press("Escape")
    rewrites = app.get("/api/statistics")["rewrites"]
    assert rewrites["all"] == {
        "name": "", "shown": 3, "accepted": 1, "changes": 9, "accepted_changes": 2, "dismissed": 1,
    }  # fmt: skip
    page.goto("/statistics")
    expect(page.locator(".stat-content")).to_contain_text(
        "3 rewrites were shown. You took something of 1: 2 of 9 changes."
    )
    row = page.get_by_role("region", name="By kind").get_by_role("row", name="Shorter")
    expect(row.get_by_role("cell")).to_have_text(["2", "50 %", "6", "33 %", "0 %"])
    page.get_by_role("button", name="Delete these numbers").click()
    page.get_by_role("button", name="Delete them? They cannot be brought back").click()
    expect(page.locator(".stat-content")).to_contain_text("Nothing is counted yet.")
    assert app.get("/api/statistics")["rewrites"]["all"]["shown"] == 0
