"""The whole way of a newcomer, in one browser: bring writing, draft, see why, accept, undo, come back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from assistant.keyword_candidates import content_words
from tests.browser.conftest import IMPORT_SECONDS, App, OpenPage
from tests.browser.writings import every_format

pytestmark = pytest.mark.browser

TITLE = "The pear tree in March"
START = "My grandmother would have pruned the pear tree by now, and held the ladder herself."


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Iterator[App]:
    """An app whose library is empty: a newcomer's."""
    with App(tmp_path_factory.mktemp("journey") / "data", model) as running:
        yield running


def words_in(page: Page) -> set[str]:
    """The important words: none that the draft has already."""
    return set(page.locator(".keywords li span").all_inner_texts())


def test_from_files_to_a_draft_that_lasts(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page("/library")
    expect(page.locator(".lib[data-ready]")).to_be_visible()
    files = every_format(tmp_path)
    page.locator("[data-pick=files]").set_input_files(files)
    expect(page.locator(".lib-outcome:not([hidden])")).to_contain_text(
        "7 documents imported", timeout=IMPORT_SECONDS * 1000
    )

    page.get_by_role("link", name="Write", exact=True).click()
    expect(page.locator(".write")).to_have_attribute("data-ready", "true")
    page.get_by_role("textbox", name="Title").fill(TITLE)
    editor = page.locator(".editor textarea")
    editor.click()
    page.keyboard.type(START)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".write")).to_have_attribute("data-state", "offered")
    shown = page.locator(".entry-title").all_inner_texts()
    assert "The pear tree can count" in shown
    assert page.locator(".sentence").count() > 0
    assert words_in(page) - set(content_words(f"{TITLE} {START}")) == words_in(page) != set()

    suggestion = page.locator(".ghost").evaluate("ghost => ghost.textContent")
    assert suggestion.strip()
    page.keyboard.press("Tab")
    expect(editor).to_have_value(START + suggestion)
    page.keyboard.press("Control+z")
    expect(editor).to_have_value(START)
    page.keyboard.press("Control+Shift+z")
    expect(editor).to_have_value(START + suggestion)
    expect(page.locator(".save-state")).to_have_text("Saved")

    page.reload()
    expect(page.locator(".write")).to_have_attribute("data-ready", "true")
    expect(page.get_by_role("textbox", name="Title")).to_have_value(TITLE)
    expect(editor).to_have_value(START + suggestion)
