"""``python -m tests.browser.screenshots FOLDER``: the pictures of the README, taken from the running product.

Two of them show what a fresh library cannot: the numbers on the Statistics page are invented, and the rewrite is a
scripted one, because the shipped model has not passed the check that the page asks for.
"""

import io
import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from assistant.settings import SHIPPED_CHECKPOINT
from assistant.types import RewriteKind
from tests.browser.conftest import App, chromium_arguments

TITLE = "The bow door, a fourth time"
START = (
    "Morning Piet,\n\nWe lost the bow door again on Tuesday, at the worst possible moment, with fourteen cars on the "
    "deck. The short version: I would like you to look at the hydraulic ram before we do anything clever. What the "
    "passengers saw was"
)
REWRITTEN = (
    "We lost the bow door again on Tuesday, at the worst moment, fourteen cars on the deck. In short: please look at "
    "the hydraulic ram before we do anything clever. What the passengers saw was"
)
CHANGED = (
    "Morning Piet,\n\nWe lost the bow door again on Tuesday, with fourteen cars on the deck and the tide going out. "
    "The short version: I would like you to look at the hydraulic ram before we do anything clever, and before the "
    "yard does. What the passengers saw was a ferry that opened its mouth and could not shut it."
)
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
COLOURS = 128
PATIENCE = 300_000  # milliseconds that the model may take on a busy machine


@dataclass(frozen=True)
class Scene:
    """Where pictures are taken: a page, and a library with one voice."""

    page: Page
    app: App
    voice: int


Pictures = Iterator[str]
"""The names of pictures; each is taken when its name comes."""


def suggestion(scene: Scene) -> Pictures:
    """A draft with a whole suggestion at its end, then what stands beside it and what each passage did to it."""
    page = scene.page
    number = scene.app.draft(voice=scene.voice, title=TITLE, text=START)
    page.goto(f"/#draft-{number}")
    expect(page.locator(".write")).to_have_attribute("data-ready", "true", timeout=PATIENCE)
    page.wait_for_timeout(1500)  # until the page has asked whether there is anything to be learnt
    expect(page.get_by_text("Learning your wording").first).to_be_hidden(timeout=PATIENCE)
    page.locator(".editor textarea").focus()
    page.keyboard.press("Control+End")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".write")).to_have_attribute("data-state", "offered", timeout=PATIENCE)
    expect(page.locator(".moved").nth(1)).to_be_attached(timeout=PATIENCE)
    yield "write"
    page.locator(".entries h3").evaluate("heading => heading.scrollIntoView()")
    yield "evidence"
    page.keyboard.press("Escape")
    page.evaluate("scrollTo(0, 0)")


def longer(scene: Scene) -> Pictures:
    """Longer ways to go on, side by side."""
    scene.page.get_by_role("button", name="Longer…").click()
    expect(scene.page.locator(".continuation:not(.writing)")).to_have_count(3, timeout=PATIENCE)
    yield "longer"
    scene.page.keyboard.press("Escape")


def rewrite(scene: Scene) -> Pictures:
    """A paragraph in other words, change by change."""
    page = scene.page
    page.route("**/api/rewrite", _answer_rewrite)
    select = "(box, start) => { box.focus(); box.setSelectionRange(start, box.value.length) }"
    page.locator(".editor textarea").evaluate(select, START.index("We lost"))
    page.get_by_role("button", name="Rewrite…").click()
    page.get_by_role("button", name="Shorter").click()
    page.locator(".hunk").nth(1).click()
    yield "rewrite"
    page.keyboard.press("Escape")


def versions(scene: Scene) -> Pictures:
    """What changed since a version that was kept."""
    page = scene.page
    number = page.url.rpartition("-")[2]
    scene.app.post(f"/api/drafts/{number}/versions", {"name": "Before the yard answered"})
    with page.expect_response(f"**/api/drafts/{number}"):
        page.locator(".editor textarea").fill(CHANGED)
    expect(page.locator(".save-state")).to_have_text("Saved")
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Versions").click()
    expect(page.locator(".difference ins").first).to_be_visible()
    yield "versions"
    page.keyboard.press("Escape")


def keys(scene: Scene) -> Pictures:
    """The keys, each of which can be changed."""
    button = scene.page.get_by_role("button", name="Keys", exact=True)
    if not button.is_visible():  # on a phone it is in the drawer
        scene.page.get_by_role("button", name="Drafts").click()
    button.click()
    expect(scene.page.get_by_role("dialog", name="Keys")).to_be_visible()
    yield "keys"


def statistics(scene: Scene) -> Pictures:
    """The numbers, which are invented."""
    scene.page.goto("/statistics")
    expect(scene.page.locator(".stat[data-ready]")).to_be_visible(timeout=PATIENCE)
    yield "statistics"


def library(scene: Scene) -> Pictures:
    """The documents of a voice, then the voice as a picture beside the demo writers."""
    page = scene.page
    page.goto(f"/library#voice={scene.voice}")
    expect(page.locator(".lib-documents tbody tr").first).to_be_visible(timeout=PATIENCE)
    yield "library"
    page.get_by_text("Picture of this voice").click()
    expect(page.locator(".lib-picture-point.lib-picture-demo").first).to_be_visible(timeout=PATIENCE)
    page.locator(".lib-picture").evaluate("picture => picture.scrollIntoView()")
    page.locator(".lib-picture-point.lib-picture-own").nth(5).focus()
    yield "voice"


def models(scene: Scene) -> Pictures:
    """The models there are."""
    scene.page.goto("/models")
    expect(scene.page.locator(".mod[data-ready]")).to_be_visible(timeout=PATIENCE)
    yield "models"


@dataclass(frozen=True)
class Look:
    """How pictures look, and which are taken; those of the Write page follow each other on one draft."""

    name: str
    scheme: Literal["light", "dark"]
    options: dict[str, Any]
    parts: tuple[Callable[[Scene], Pictures], ...]


ALL = (suggestion, longer, rewrite, versions, keys, statistics, library, models)
LOOKS = (
    Look("light", "light", DESKTOP, ALL),
    Look("phone", "light", PHONE, ALL),
    Look("dark", "dark", DESKTOP, (suggestion, library, models)),
)


def main(folder: Path) -> None:
    """Start the app on a new library, load an example, take every picture."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        app = App(Path(temporary) / "data", SHIPPED_CHECKPOINT)
        app.start()
        try:
            number = app.load_work_mail()
            _count_invented(app, number)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(**chromium_arguments())
                for look in LOOKS:
                    take(browser, app, number, look, folder)
        finally:
            app.stop()


def take(browser: Browser, app: App, number: int, look: Look, folder: Path) -> None:
    """All pictures of one look."""
    context = browser.new_context(base_url=app.url, color_scheme=look.scheme, **look.options)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    for part in look.parts:
        for name in part(Scene(page, app, number)):
            page.wait_for_timeout(300)  # until what slides has arrived
            _save(page.screenshot(), folder / f"{name}-{look.name}.png")
    context.close()


def _save(picture: bytes, path: Path) -> None:
    """Pages have few colours: with a palette the files are a third as large and look the same."""
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def _answer_rewrite(route: Route) -> None:
    if route.request.method == "GET":
        kinds = [kind.value for kind in RewriteKind]
        route.fulfill(
            json={"model": "a larger model", "is_checked": True, "kinds": kinds, "longest": 2000, "check": ""}
        )
        return
    sent = route.request.post_data_json
    assert isinstance(sent, dict)
    finished = {"event": "finished", "selection": sent["selection"], "text": REWRITTEN, "finish": "stop", "lost": []}
    finished |= {"added": [], "passages": [], "signature": {}, "voice_score": {"percentile": 58, "reason": ""}}
    route.fulfill(body=json.dumps(finished) + "\n", content_type="application/x-ndjson")


def _count_invented(app: App, number: int) -> None:
    for told in _invented_suggestions():
        app.post("/api/statistics/suggestions", told | {"voice": number})
    for kind, accepted in ((RewriteKind.SHORTER, 3), (RewriteKind.SHORTER, 0), (RewriteKind.PLAINER, 4)):
        told = {"kind": kind, "changes": 5, "accepted_changes": accepted, "dismissed": not accepted}
        app.post("/api/statistics/rewrites", told | {"model": "a larger model", "voice": number})


def _invented_suggestions() -> Iterable[dict[str, object]]:
    for count in range(120):
        accepted = (0, 14, 6, 0, 11)[count % 5]
        timings = {"retrieve": 11 + count % 7, "rank": 4 + count % 3, "summarize": 2 + count % 3}
        timings |= {"synthesize": 8 + count % 5, "first_token": 96 + 3 * (count % 40), "total": 900 + 17 * (count % 50)}
        told = {"model": "ownhand-109m", "words": 16, "accepted_words": accepted, "timings": timings}
        yield told | {"dismissed": count % 5 == 3}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
