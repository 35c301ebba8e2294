"""No page has a serious fault in the eyes of axe-core, in light and dark, whatever state it is in."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import faults
from tests.browser.conftest import App, OpenPage

pytestmark = pytest.mark.browser

SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Iterator[App]:
    """An app of this module's own, so that its pages show what the tests put there."""
    with App(tmp_path_factory.mktemp("accessible") / "data", model) as running:
        yield running


@pytest.fixture(scope="module")
def voice(app: App) -> int:
    return app.load_work_mail()


def test_axe_sees_what_is_wrong(open_page: OpenPage) -> None:
    page = open_page("/statistics")
    page.evaluate("document.body.append(document.createElement('img'))")
    assert any(fault.startswith("image-alt") for fault in faults(page))


@SCHEMES
def test_the_write_page_with_a_suggestion_its_evidence_and_its_sheets(
    app: App, voice: int, open_page: OpenPage, *, scheme: str
) -> None:
    draft = app.draft(voice=voice, title="The bow door", text="We lost the bow door again on Tuesday, and")
    page = open_page(f"/#draft-{draft}", color_scheme=scheme)
    expect(page.locator(".write")).to_have_attribute("data-ready", "true")
    assert faults(page) == []
    page.locator(".editor textarea").focus()
    page.keyboard.press("Control+End")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".write")).to_have_attribute("data-state", "offered")
    expect(page.locator(".entry").first).to_be_visible()
    assert faults(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="How much of me").click()
    assert faults(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Keys", exact=True).click()
    assert faults(page) == []
    page.get_by_role("dialog", name="Keys").get_by_role("button", name="Close").click()
    page.get_by_role("button", name="More", exact=True).click()
    assert faults(page) == []


@SCHEMES
def test_the_library_page_with_a_voice_and_with_a_document(
    app: App, voice: int, open_page: OpenPage, *, scheme: str
) -> None:
    page = open_page("/library", color_scheme=scheme)
    expect(page.locator(".lib[data-ready]")).to_be_visible()
    expect(page.locator(".lib-title").first).to_be_visible()
    assert faults(page) == []
    page.locator(".lib-title").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert faults(page) == []


@SCHEMES
def test_the_models_page(app: App, open_page: OpenPage, *, scheme: str) -> None:
    page = open_page("/models", color_scheme=scheme)
    expect(page.locator(".mod[data-ready]")).to_be_visible()
    assert faults(page) == []


@SCHEMES
def test_the_statistics_page_empty_and_with_numbers(app: App, open_page: OpenPage, *, scheme: str) -> None:
    page = open_page("/statistics", color_scheme=scheme)
    expect(page.locator(".stat-lead")).to_be_visible()
    assert faults(page) == []
    timings = {"retrieve": 4, "first_token": 80, "total": 900}
    told = {"model": "small", "words": 12, "accepted_words": 5, "dismissed": False, "timings": timings}
    app.post("/api/statistics/suggestions", told)
    page.reload()
    expect(page.locator(".stat-legend")).to_be_visible()
    assert faults(page) == []


def to_end(page: Page) -> None:
    page.locator(".editor textarea").focus()
    page.keyboard.press("Control+End")


def suggestion(page: Page) -> None:
    to_end(page)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".write")).to_have_attribute("data-state", "offered")
    expect(page.locator(".entry").first).to_be_visible()


def rewriting(page: Page) -> None:
    to_end(page)
    page.get_by_role("button", name="Rewrite…").click()
    expect(page.locator(".rewrite")).to_be_visible()


def longer_ways(page: Page) -> None:
    to_end(page)
    page.get_by_role("button", name="Longer…").click()
    expect(page.locator(".continuation:not(.writing)")).to_have_count(3)


def from_menu(page: Page, name: str) -> None:
    page.get_by_role("button", name="More", exact=True).click()
    page.locator("[role=menu]").get_by_text(name, exact=True).click()


def versions(page: Page) -> None:
    from_menu(page, "Versions")
    expect(page.get_by_role("dialog")).to_be_visible()


def exporting(page: Page) -> None:
    from_menu(page, "Export")
    expect(page.get_by_role("dialog")).to_be_visible()


def deleted_drafts(page: Page) -> None:
    page.locator("[data-action=deleted]").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def passage(page: Page) -> None:
    suggestion(page)
    page.locator(".entry-title").first.click()
    expect(page.locator(".passage-dialog mark")).to_be_visible()


def question(page: Page) -> None:
    from_menu(page, "Delete")
    expect(page.locator(".notice")).to_be_visible()
    deleted_drafts(page)
    page.get_by_role("button", name=re.compile("^Erase .* now$")).first.click()
    expect(page.get_by_role("dialog", name=re.compile("^Erase"))).to_be_visible()


def summary_being_edited(page: Page) -> None:
    suggestion(page)
    page.get_by_role("button", name="Edit").click()
    expect(page.get_by_label("The summary")).to_be_focused()


def exact_input(page: Page) -> None:
    suggestion(page)
    page.get_by_role("button", name="Show the exact model input").click()
    expect(page.locator(".prompt-text")).to_be_visible()


def ghost_panel(page: Page) -> None:
    page.get_by_role("button", name="By itself").click()
    expect(page.locator(".ghost-panel")).to_be_visible()


def origin_colours(page: Page) -> None:
    suggestion(page)
    page.keyboard.press("Tab")
    from_menu(page, "Show whose words these are")
    expect(page.locator(".origins .suggested")).to_be_attached()
    expect(page.locator(".origins-legend")).to_be_visible()


def notice(page: Page) -> None:
    from_menu(page, "Delete")
    expect(page.locator(".notice")).to_be_visible()


def drawer_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator("[data-action=drafts]").click()
    expect(page.locator("[data-action=drafts]")).to_have_attribute("aria-expanded", "true")


def suggestion_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    suggestion(page)


OPENED: tuple[Callable[[Page], None], ...] = (
    rewriting,
    longer_ways,
    versions,
    exporting,
    deleted_drafts,
    passage,
    question,
    summary_being_edited,
    exact_input,
    ghost_panel,
    origin_colours,
    notice,
    drawer_on_a_phone,
    suggestion_on_a_phone,
)


@SCHEMES
@pytest.mark.parametrize("open_state", OPENED)
def test_the_write_page_in_a_state(
    app: App, voice: int, open_page: OpenPage, *, open_state: Callable[[Page], None], scheme: str
) -> None:
    draft = app.draft(voice=voice, title="The bow door", text="We lost the bow door again on Tuesday, and")
    page = open_page(f"/#draft-{draft}", color_scheme=scheme)
    expect(page.locator(".write")).to_have_attribute("data-ready", "true")
    open_state(page)
    assert faults(page) == []
