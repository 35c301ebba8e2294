"""How the Write page lies on desktop and phone: nothing cut off, nothing out of line, nothing that jumps."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.browser.conftest import App, OpenPage
from tests.browser.test_ghost import scripted
from tests.browser.test_write import go_to_end, idle, offered, open_draft, saved, text_of
from tests.small_models import write_small_checkpoint

pytestmark = pytest.mark.browser

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESKTOP: dict[str, Any] = {}
LONG_TITLE = "What the yard says about the hydraulic ram that it sold us in July, and what we say to the yard"
SCORE = {"percentile": 41, "reason": ""}


@pytest.fixture(scope="module")
def app(browser_type_launch_args: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An app of this module's own: what a model writes is scripted here."""
    folder = tmp_path_factory.mktemp("layout")
    with App(folder / "data", write_small_checkpoint(folder / "model")) as running:
        yield running


def box(part: Locator) -> FloatRect:
    found = part.bounding_box()
    assert found is not None
    return found


def is_within(part: Locator, page: Page) -> bool:
    """Whether a part is whole between the left and the right edge of the page."""
    size = page.viewport_size
    assert size is not None
    return box(part)["x"] >= 0 and box(part)["x"] + box(part)["width"] <= size["width"]


# ---- the title ----


@pytest.mark.parametrize("options", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_long_title_can_be_read_to_its_end(app: App, open_page: OpenPage, options: dict[str, Any]) -> None:
    page = open_draft(open_page, app.draft(title=LONG_TITLE, text="Text."), **options)
    title = page.get_by_role("textbox", name="Title", exact=True)
    hidden = "field => [field.scrollHeight - field.clientHeight, field.scrollWidth - field.clientWidth]"
    assert title.evaluate(hidden) == [0, 0]
    tall = box(title)["height"]
    title.fill("Short")
    assert box(title)["height"] < tall
    assert title.evaluate(hidden) == [0, 0]


def test_a_title_stays_one_line_of_text_and_enter_leads_on(app: App, open_page: OpenPage) -> None:
    number = app.draft(text="Text.")
    page = open_draft(open_page, number)
    title = page.get_by_role("textbox", name="Title", exact=True)
    title.focus()
    page.keyboard.insert_text("The ram,\n  again\nand ")
    page.keyboard.type("again")
    expect(title).to_have_value("The ram, again and again")
    page.keyboard.press("Enter")
    expect(page.locator(".editor textarea")).to_be_focused()
    saved(page)
    assert app.get(f"/api/drafts/{number}")["title"] == "The ram, again and again"


def test_the_list_shows_more_than_the_beginning_of_a_title(app: App, open_page: OpenPage) -> None:
    page = open_draft(open_page, app.draft(title=LONG_TITLE, text="Text."))
    line = page.locator(".draft-open[aria-current] .draft-title")
    lines = line.evaluate("title => title.clientHeight / parseFloat(getComputedStyle(title).lineHeight)")
    assert round(lines) == 2


# ---- the bar ----


@pytest.mark.parametrize("options", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_bar_is_as_high_with_a_suggestion_as_without(
    app: App, open_page: OpenPage, options: dict[str, Any]
) -> None:
    page = open_draft(open_page, app.draft(text="It was late"), **options)
    scripted(page, " and so it went.", voice_score=SCORE)
    saved(page)
    bar = page.locator(".bar")
    height = box(bar)["height"]
    go_to_end(page)
    page.keyboard.press("Control+Enter")
    offered(page)
    expect(bar.locator(".voice-score")).to_have_text("Sounds like you: 41 of 100")
    assert box(bar)["height"] == height
    page.keyboard.press("Tab")
    idle(page)
    saved(page)
    assert box(bar)["height"] == height
    assert text_of(page) == "It was late and so it went."


@pytest.mark.parametrize("options", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_what_opens_from_a_button_lies_within_the_page(app: App, open_page: OpenPage, options: dict[str, Any]) -> None:
    voice = app.post("/api/library/voices", {"name": f"Letters {len(options)}"})["id"]
    page = open_draft(open_page, app.draft(voice=voice, text="It was late"), **options)
    for button, panel in (("memory", ".memory-panel"), ("ghosts", ".ghost-panel")):
        page.locator(f"[data-action={button}]").click()
        expect(page.locator(panel)).to_be_visible()
        assert is_within(page.locator(panel), page)
        page.keyboard.press("Escape")
        expect(page.locator(panel)).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate("innerWidth")


# ---- longer ways to go on ----


def test_texts_scores_and_buttons_of_ways_to_go_on_stand_in_lines(app: App, open_page: OpenPage) -> None:
    page = open_draft(open_page, app.draft(text="It was late"))
    scripted(page, " and so it went." * 12, voice_score=SCORE)
    go_to_end(page)
    page.keyboard.press("Control+Shift+Enter")
    cards = page.locator(".continuation")
    expect(cards.nth(2).locator(".voice-score")).to_have_text("Sounds like you: 41 of 100")
    scores, buttons, texts = (cards.locator(part) for part in (".voice-score", "button", ".continuation-text"))
    assert len({box(one)["y"] for one in scores.all()}) == 1
    assert len({box(one)["height"] for one in scores.all()}) == 1
    assert len({box(one)["y"] for one in buttons.all()}) == 1
    for number in range(3):
        left = box(texts.nth(number))["x"]
        assert box(scores.nth(number))["x"] == left
        assert box(buttons.nth(number))["x"] == left


def test_ways_to_go_on_have_their_places_before_they_are_written(app: App, open_page: OpenPage) -> None:
    page = open_draft(open_page, app.draft(text="It was late.\n\nThe gate stood open"))
    asked = scripted(page, " and so it went.", voice_score=SCORE)
    page.route("**/api/suggest", lambda route: route.fallback() if not asked else None)  # the second never comes
    go_to_end(page)
    page.keyboard.press("Control+Shift+Enter")
    cards = page.locator(".continuation")
    expect(cards.first.locator(".voice-score")).to_have_text("Sounds like you: 41 of 100")
    expect(cards).to_have_count(3)
    assert len({box(card)["y"] for card in cards.all()}) == 1
    expect(page.get_by_role("button", name="Put way 2 in")).to_be_disabled()
    expect(page.locator(".continuation-lead")).to_have_text("The gate stood open")


# ---- on a phone ----


def test_the_keys_can_be_read_on_a_phone(app: App, open_page: OpenPage) -> None:
    page = open_draft(open_page, app.draft(text="It was late"), **PHONE)
    page.get_by_role("button", name="Drafts").click()
    page.get_by_role("button", name="Keys", exact=True).click()
    expect(page.locator("[data-command=accept] kbd").first).to_be_visible()


def test_a_touch_beside_the_drafts_puts_them_away(app: App, open_page: OpenPage) -> None:
    page = open_draft(open_page, app.draft(text="It was late"), **PHONE)
    drafts = page.get_by_role("button", name="Drafts")
    drafts.click()
    expect(drafts).to_have_attribute("aria-expanded", "true")
    page.touchscreen.tap(375, 500)
    expect(drafts).to_have_attribute("aria-expanded", "false")


# ---- versions ----


def test_what_did_not_change_is_shortened_between_words(app: App, open_page: OpenPage) -> None:
    text = "The lighthouse keeper walked along the quay. " * 30
    number = app.draft(text=text)
    page = open_draft(open_page, number)
    app.post(f"/api/drafts/{number}/versions", {"name": "Before"})
    go_to_end(page)
    page.keyboard.type("He slept.")
    saved(page)
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Versions").click()
    expect(page.locator(".version-view")).to_contain_text("Since then 2 words came.")
    shown = page.locator(".difference").inner_text()
    assert "…" in shown
    assert set(shown.split()) == {*text.split(), "…", "He", "slept."}
