"""``python -m tests.browser.screenshots FOLDER``: the pictures of the README, taken from the running product."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from assistant.settings import SHIPPED_CHECKPOINT
from tests.browser.conftest import App, chromium_arguments

TITLE = "The bow door, a fourth time"
START = (
    "Morning Piet,\n\nWe lost the bow door again on Tuesday, at the worst possible moment, with fourteen cars on the "
    "deck. The short version: I would like you to look at the hydraulic ram before we do anything clever. What the "
    "passengers saw was"
)
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


def main(folder: Path) -> None:
    """Start the app on a new library, load an example, take every picture."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        app = App(Path(temporary) / "data", SHIPPED_CHECKPOINT)
        app.start()
        try:
            voice = app.load_work_mail()
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(**chromium_arguments())
                take_all(browser, app, voice, folder)
        finally:
            app.stop()


def take_all(browser: Browser, app: App, voice: int, folder: Path) -> None:
    """Every page, light and dark, desktop and phone."""
    for name, scheme, size in (("light", "light", DESKTOP), ("dark", "dark", DESKTOP), ("phone", "light", PHONE)):
        context = browser.new_context(base_url=app.url, viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
        page = context.new_page()
        draft = app.draft(voice=voice, title=TITLE, text=START)
        write_with_suggestion(page, draft)
        page.screenshot(path=folder / f"write-{name}.png")
        page.goto("/library")
        expect(page.locator(".lib[data-ready]")).to_be_visible()
        page.screenshot(path=folder / f"library-{name}.png")
        page.goto("/models")
        expect(page.locator(".mod[data-ready]")).to_be_visible()
        page.screenshot(path=folder / f"models-{name}.png")
        context.close()


def write_with_suggestion(page: Page, draft: int) -> None:
    """The Write page with a whole suggestion offered at the end of a draft."""
    page.goto(f"/#draft-{draft}")
    expect(page.locator(".write")).to_have_attribute("data-ready", "true")
    page.locator(".editor textarea").focus()
    page.keyboard.press("Control+End")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".write")).to_have_attribute("data-state", "offered", timeout=30_000)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
