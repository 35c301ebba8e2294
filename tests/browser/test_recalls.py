"""Words of a suggestion that lean on the past, how much of it is wanted, and how far the learning is, in a browser."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import faults
from tests.browser.conftest import IMPORT_SECONDS, App, OpenPage

pytestmark = pytest.mark.browser

# The draft goes along with an earlier document until it leaves it, so that the memory has something to say.
TITLE = "The short version"
START = (
    "Piet asks me to say that the ram was the worst part of the door, and that the door has now got a new worst part. "
    "The short version: on Tuesday at 11:05 the Constance arrived at Great Orrin with"
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Iterator[App]:
    """An app of this module's own: it changes what drafts start with."""
    with App(tmp_path_factory.mktemp("recalls") / "data", model) as running:
        yield running


@pytest.fixture(scope="module")
def voice(app: App) -> int:
    """The example "Work mail", its wording learned."""
    number = app.load_work_mail()
    deadline = time.monotonic() + IMPORT_SECONDS
    while not is_learned(app, number):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return number


def is_learned(app: App, number: int) -> bool:
    learning = next(voice for voice in app.get("/api/library/voices")["voices"] if voice["id"] == number)["learning"]
    return bool(learning["learned"] == learning["documents"] > 0)


def open_draft(open_page: OpenPage, number: int, **options: object) -> Page:
    page = open_page(f"/#draft-{number}", **options)
    expect(page.locator(".write")).to_have_attribute("data-ready", "true")
    return page


def ask(page: Page) -> None:
    """Ask at the end of the draft until a word is underlined: each try draws another suggestion."""
    page.locator(".editor textarea").focus()
    page.keyboard.press("Control+End")
    for _ in range(8):
        page.keyboard.press("Control+Enter")
        expect(page.locator(".write")).to_have_attribute("data-state", "offered")
        if page.locator(".ghost .recall").count():
            return
    pytest.fail("no suggestion leaned on the past")


def set_strength(page: Page, percent: int) -> None:
    page.get_by_role("button", name="How much of me").click()
    with page.expect_response(re.compile(r"/api/drafts/\d+/memory")):
        page.get_by_role("slider", name="How much of me").fill(str(percent))
    page.keyboard.press("Escape")
    expect(page.locator(".memory-panel")).to_be_hidden()


def ghost_of(page: Page) -> str:
    text: str = page.locator(".ghost").evaluate("ghost => ghost.textContent")
    return text


# ---- words that lean on the past ----


def test_words_are_underlined_by_how_much_they_lean_and_the_legend_says_so(
    app: App, voice: int, open_page: OpenPage
) -> None:
    page = open_draft(open_page, app.draft(voice=voice, title=TITLE, text=START))
    ask(page)
    thickness = "words => words.map((word) => [word.dataset.level, getComputedStyle(word).textDecorationThickness])"
    drawn = dict(page.locator(".recalled .recall").evaluate_all(thickness))
    assert len(set(drawn.values())) == 3
    assert [float(drawn[level].removesuffix("px")) for level in "123"] == sorted(
        float(width.removesuffix("px")) for width in drawn.values()
    )
    assert all(drawn[level] == width for level, width in page.locator(".ghost .recall").evaluate_all(thickness))
    expect(page.locator(".recalled")).to_contain_text("Underlined words lean on what you wrote before")
    assert page.locator(".editor textarea").input_value() == START


def test_a_click_on_a_word_shows_its_sentence_and_leads_to_its_document(
    app: App, voice: int, open_page: OpenPage
) -> None:
    page = open_draft(open_page, app.draft(voice=voice, title=TITLE, text=START))
    ask(page)
    suggestion = ghost_of(page)
    word = page.locator(".ghost .recall").first
    word.click()
    card = page.locator(".recall-card")
    expect(card).to_contain_text(f"“{word.inner_text()}”")
    place = card.locator(".recall-place").first
    title, sentence = place.locator("h3").inner_text(), place.locator("blockquote").inner_text()
    text = text_of(app, voice, title)
    assert sentence.strip(" …") in " ".join(text.split())
    assert place.locator("blockquote mark").inner_text() in sentence
    expect(place.locator(".date")).to_have_text(re.compile(r"\d{4}|No date"))
    place.get_by_role("button", name=f"Open the document “{title}”").click()
    dialog = page.get_by_role("dialog", name=title, exact=True)
    expect(dialog.locator("mark")).to_be_in_viewport()
    assert sentence.strip(" …") in " ".join(dialog.locator("mark").inner_text().split())
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert ghost_of(page) == suggestion  # looking changes nothing
    page.locator(".recalled h3").click()
    expect(card).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_card_of_a_word_keeps_nobody_out(app: App, voice: int, open_page: OpenPage, *, scheme: str) -> None:
    page = open_draft(open_page, app.draft(voice=voice, title=TITLE, text=START), color_scheme=scheme)
    ask(page)
    page.locator(".ghost .recall").first.click()
    expect(page.locator(".recall-card")).to_be_visible()
    assert faults(page) == []


def text_of(app: App, voice: int, title: str) -> str:
    lines = app.get(f"/api/library/voices/{voice}/documents")["documents"]
    number = next(line["id"] for line in lines if line["title"] == title)
    return "".join(piece["text"] for piece in app.get(f"/api/library/documents/{number}")["pieces"])


def test_words_are_reached_and_left_by_the_keyboard(app: App, voice: int, open_page: OpenPage) -> None:
    page = open_draft(open_page, app.draft(voice=voice, title=TITLE, text=START))
    ask(page)
    suggestion, words = ghost_of(page), page.locator(".ghost .recall").all_inner_texts()
    card = page.locator(".recall-card")
    page.keyboard.press("Alt+ArrowDown")
    expect(card).to_have_attribute("aria-label", re.compile(f"^“{re.escape(words[0])}”"))
    expect(card.get_by_role("button").first).to_be_focused()
    page.keyboard.press("ArrowUp")  # from the first to the last
    expect(card).to_have_attribute("aria-label", re.compile(f"^“{re.escape(words[-1])}”"))
    expect(page.locator(".ghost .recall.shown")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator(".passage-dialog mark")).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(page.locator(".passage-dialog")).to_be_hidden()
    expect(card).to_be_visible()
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    expect(page.locator(".editor textarea")).to_be_focused()
    assert ghost_of(page) == suggestion
    page.keyboard.press("Tab")
    assert page.locator(".editor textarea").input_value() == START + suggestion


def test_words_that_are_taken_are_no_longer_underlined(app: App, voice: int, open_page: OpenPage) -> None:
    page = open_draft(open_page, app.draft(voice=voice, title=TITLE, text=START))
    ask(page)
    marks = page.locator(".ghost .recall")
    before = marks.count()
    first = marks.first.get_attribute("data-mark")
    while page.locator(f'.ghost .recall[data-mark="{first}"]').count():
        page.keyboard.press("Control+ArrowRight")
    assert marks.count() == before - 1
    page.keyboard.press("Escape")
    expect(marks).to_have_count(0)


def test_documents_stand_in_the_order_of_what_they_gave(app: App, voice: int, open_page: OpenPage) -> None:
    page = open_draft(open_page, app.draft(voice=voice, title=TITLE, text=START))
    ask(page)
    seed = int(page.locator(".timings").inner_text().split("seed ")[1])
    told = events(page, app, {"voice": voice, "title": TITLE, "before": START, "seed": seed})
    given = told[-1]["recalls"]["documents"]
    assert given
    shown = page.locator(".entry").evaluate_all("items => items.map((item) => Number(item.dataset.document))")
    assert shown[: len(given)] == [one["document"] for one in given]
    assert len(set(shown)) == len(shown)
    said = page.locator(".entry .gave").all_inner_texts()
    assert len(said) == len(given)
    assert all(re.fullmatch(r"Gave (about \d+ of the \d+ words|a trace of the wording)", line) for line in said)
    numbers = page.locator(".sentence").evaluate_all("all => all.map((one) => [one.dataset.number, one.hash])")
    for number, target in numbers:
        assert page.locator(".entry").nth(int(number) - 1).get_attribute("id") == target.removeprefix("#")


def test_what_is_left_out_gives_no_word_any_more(app: App, voice: int, open_page: OpenPage) -> None:
    page = open_draft(open_page, app.draft(voice=voice, title=TITLE, text=START))
    ask(page)
    first = page.locator(".entry[id]:has(.gave)").first
    document = int(first.get_attribute("data-document") or 0)
    with page.expect_request("**/api/suggest") as asked:
        first.get_by_role("button", name=re.compile("^Leave out")).click()
    expect(page.locator(".write")).to_have_attribute("data-state", "offered")
    again = asked.value.post_data_json
    assert isinstance(again, dict)
    assert again["steering"]["excluded"] == [document]
    expect(page.locator(f".entry[data-document='{document}']")).to_have_count(0)
    recalls = events(page, app, again)[-1]["recalls"]
    supports = [support for run in recalls["runs"] for support in run.get("supports", [])]
    assert document not in [place["document"] for place in [*supports, *recalls["documents"]]]


def events(page: Page, app: App, ask: dict[str, object]) -> list[dict[str, Any]]:
    """What the server tells a page that asks this."""
    answer = page.request.post(f"{app.url}/api/suggest", data=ask, timeout=120_000)
    return [json.loads(line) for line in answer.text().splitlines()]


# ---- how much of me ----


def test_off_nothing_is_underlined_and_the_text_is_that_of_the_model_alone(
    app: App, voice: int, open_page: OpenPage
) -> None:
    page = open_draft(open_page, app.draft(voice=voice, title=TITLE, text=START))
    set_strength(page, 0)
    expect(page.get_by_role("button", name="How much of me: off")).to_be_visible()
    page.locator(".editor textarea").focus()
    page.keyboard.press("Control+End")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".write")).to_have_attribute("data-state", "offered")
    expect(page.locator(".ghost .recall")).to_have_count(0)
    expect(page.locator(".recalled")).to_be_hidden()
    expect(page.locator(".entry .gave")).to_have_count(0)
    off = ghost_of(page)
    told = events(page, app, {"voice": voice, "title": TITLE, "before": START, "memory_strength": 0})
    alone = "".join(event["text"] for event in told if event["event"] == "text")
    # What of the prompt was read before rounds otherwise, and in the end that may turn a word.
    assert off[:40] == alone[:40]


def test_a_draft_keeps_its_own_and_a_voice_what_its_drafts_start_with(
    app: App, voice: int, open_page: OpenPage
) -> None:
    first, second = (app.draft(voice=voice, title=title, text="Text.") for title in ("First", "Second"))
    page = open_draft(open_page, first)
    choice = page.locator(".memory-choice [data-action=memory]")
    expect(choice).to_have_text(re.compile(r"How much of me:\s+full"))
    set_strength(page, 60)
    page.reload()
    expect(choice).to_have_text(re.compile(r"60 %"))
    page.locator(f'[data-draft="{second}"] .draft-open').click()
    expect(choice).to_have_text(re.compile(r"full"))
    page.locator(f'[data-draft="{first}"] .draft-open').click()
    expect(choice).to_have_text(re.compile(r"60 %"))
    choice.click()
    with page.expect_response(re.compile(r"/api/drafts/\d+/memory")):
        page.get_by_label("It may quote me at length").check()
    with page.expect_response(re.compile(r"/api/drafts/\d+/memory")):
        page.get_by_role("button", name="Use it for all in Work mail").click()
    expect(page.locator(".memory-whose")).to_contain_text("For every draft in this voice.")
    page.locator(f'[data-draft="{second}"] .draft-open').click()
    expect(choice).to_have_text(re.compile(r"60 %"))
    choice.click()
    expect(page.get_by_label("It may quote me at length")).to_be_checked()
    with page.expect_request("**/api/suggest") as asked:
        page.keyboard.press("Escape")
        page.locator(".editor textarea").focus()
        page.keyboard.press("Control+Enter")
    body = json.loads(asked.value.post_data or "")
    assert (body["memory_strength"], body["longest_copy"]) == (0.6, None)
    app.put(f"/api/library/voices/{voice}/memory", {"strength": 1.0, "quotes_at_length": False})


def test_a_draft_without_a_voice_has_nothing_to_choose(app: App, voice: int, open_page: OpenPage) -> None:
    page = open_draft(open_page, app.draft(voice=None, title="A loose sheet", text="Text."))
    expect(page.locator(".memory-choice")).to_be_hidden()
    page.get_by_role("combobox", name="Voice").select_option(label="Work mail")
    expect(page.locator(".memory-choice")).to_be_visible()


def test_programs_choose_how_much_too(app: App, voice: int) -> None:
    off = app.endpoint("suggest", TITLE, START, "Work mail", 0)
    full = app.endpoint("suggest", TITLE, START, "Work mail", 1)
    assert off["recalls"] == []
    assert "memory" not in off["signature"]
    assert full["signature"]["memory"]["strength"] == 1
    for recall in full["recalls"]:
        assert full["suggestion"][recall["start"] : recall["end"]] == recall["text"]
        assert all(support["title"] for support in recall["supports"])


# ---- learning ----


def test_both_pages_say_how_far_the_learning_is(app: App, open_page: OpenPage) -> None:
    number = app.post("/api/library/examples/short-fiction")["id"]
    library = open_page(f"/library#voice={number}")
    writing = open_draft(open_page, app.draft(voice=number, title="Meanwhile", text="Text."))
    says = re.compile(r"Learning your wording: \d+ of \d+ documents?")
    for page in (library, writing):
        page.bring_to_front()
        expect(line_of(page)).to_have_text(says, timeout=IMPORT_SECONDS * 1000)
    for page in (library, writing):
        expect(line_of(page)).to_be_hidden(timeout=IMPORT_SECONDS * 1000)
    assert is_learned(app, number)


def line_of(page: Page) -> Locator:
    return page.locator(".learning-line")
