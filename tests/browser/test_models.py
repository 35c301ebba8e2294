"""The Models page in a real browser: a model is fetched from a hub on this machine, stopped, taken up again, used."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import App, OpenPage, Watch
from tests.hub_server import FakeHub, fake_hub
from tests.small_models import write_small_checkpoint

pytestmark = pytest.mark.browser

LISTED = "HuggingFaceTB/SmolLM2-135M"
OTHER = "someone/Small-1.5M"
BROKEN = "someone/Broken"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeHub]:
    folder = write_small_checkpoint(tmp_path_factory.mktemp("offered") / "small")
    with fake_hub() as server:
        server.add(LISTED, folder)
        server.add(OTHER, folder, licence="mit")
        server.add(BROKEN, folder).files["tokenizer.json"] = b"{"
        yield server


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, model: Path, hub: FakeHub) -> Iterator[App]:
    """An app of this module's own, whose hub is the one on this machine."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("HF_ENDPOINT", hub.url)
        environment.setenv("HF_HUB_OFFLINE", "0")
        environment.setenv("HF_HUB_CACHE", str(tmp_path_factory.mktemp("cache")))
        with App(tmp_path_factory.mktemp("models") / "data", model) as running:
            yield running


@pytest.fixture
def models(open_page: OpenPage) -> Page:
    page = open_page("/models")
    expect(page.locator(".mod[data-ready]")).to_be_visible()
    return page


def row(page: Page, name: str) -> Locator:
    return page.locator(f".mod-row[data-model='{name}']")


def press(place: Locator, action: str | re.Pattern[str]) -> None:
    place.get_by_role("button", name=action).click()


def test_the_page_says_what_there_is_and_what_it_needs_and_asks_nobody(models: Page, hub: FakeHub) -> None:
    expect(models.get_by_text(re.compile(r"This computer: .* of memory \(.* free\)"))).to_be_visible()
    shipped = row(models, "ownhand-109m")
    expect(shipped).to_contain_text("In use")
    expect(shipped.get_by_role("button")).to_have_count(0)
    listed = row(models, LISTED)
    expect(listed).to_contain_text("135 million parameters · 273 MB to download · licence Apache 2.0")
    expect(listed).to_contain_text(re.compile(r"Takes \d+ MB of memory; here, first word .* a second"))
    expect(listed.get_by_role("button", name="Download: SmolLM2 135M")).to_be_visible()
    assert hub.requests == []


def test_a_model_is_fetched_stopped_taken_up_again_used_and_removed(models: Page, hub: FakeHub, app: App) -> None:
    listed = row(models, LISTED)
    hub.models[LISTED].pause = 4
    press(listed, "Download")
    expect(listed.get_by_role("progressbar")).to_be_visible()
    expect(listed).to_contain_text(re.compile(r"MB of \d+ MB · "))
    press(listed, "Cancel")
    expect(listed.get_by_role("button", name="Go on downloading")).to_be_visible()
    hub.models[LISTED].pause = 0
    press(listed, "Go on downloading")
    expect(listed).to_contain_text("On this computer")
    press(listed, "Use this model")
    expect(listed).to_contain_text("In use")
    expect(row(models, "ownhand-109m")).not_to_contain_text("In use")
    answer = app.endpoint("suggest", "A letter", "The keeper walked along", "", None)
    assert answer["signature"]["model"] == "HuggingFaceTB--SmolLM2-135M"

    models.reload()  # the server knows, not the page
    expect(listed).to_contain_text("In use")
    press(row(models, "ownhand-109m"), "Use this model")
    expect(row(models, "ownhand-109m")).to_contain_text("In use")
    press(listed, "Remove")
    press(listed, "Keep it")
    press(listed, "Remove")
    press(listed, "Delete")
    expect(listed.get_by_role("button", name="Download")).to_be_visible()
    expect(listed).not_to_contain_text("On this computer")


def test_any_model_is_looked_up_by_name_and_a_broken_one_leaves_the_old_in_use(models: Page) -> None:
    models.get_by_label("Its name on huggingface.co").fill(BROKEN)
    models.get_by_role("button", name="Look up").click()
    broken = row(models, BROKEN)
    expect(broken).to_contain_text("licence apache-2.0")
    press(broken, "Download")
    expect(broken).to_contain_text("On this computer")
    press(broken, "Use this model")
    expect(broken.get_by_role("alert")).to_contain_text(re.compile("Cannot load a language model from .*Broken"))
    expect(row(models, "ownhand-109m")).to_contain_text("In use")


def test_a_model_that_is_switched_mid_suggestion_ends_it_and_the_next_one_is_the_new_ones(
    models: Page, app: App, open_page: OpenPage
) -> None:
    models.get_by_label("Its name on huggingface.co").fill(OTHER)
    models.get_by_role("button", name="Look up").click()
    other, shipped = row(models, OTHER), row(models, "ownhand-109m")
    press(other, "Download")
    expect(other).to_contain_text("On this computer")

    page = open_page(f"/#draft-{app.draft(title='A letter', text='The keeper walked along the canal')}")
    expect(page.locator(".write")).to_have_attribute("data-ready", "true")
    page.locator(".length select").select_option("paragraph")
    assert written_by(page, until="writing") is None
    press(other, "Use this model")
    expect(other).to_contain_text("In use")
    expect(page.locator(".write")).to_have_attribute("data-state", "offered")
    assert written_by(page, until="offered") == "ownhand-109m"
    page.keyboard.press("Tab")
    page.keyboard.press("Control+Enter")
    assert written_by(page, until="offered") == OTHER.replace("/", "--")
    press(shipped, "Use this model")
    expect(shipped).to_contain_text("In use")


def written_by(page: Page, *, until: str) -> str | None:
    """The model of the suggestion on the page once it is in this state; one is asked for if there is none."""
    if page.locator(".write").get_attribute("data-state") == "idle":
        page.locator(".editor textarea").focus()
        page.keyboard.press("Control+End")
        page.keyboard.press("Control+Enter")
    expect(page.locator(".write")).to_have_attribute("data-state", until)
    told = page.locator(".timings [title*=seed]")
    if until != "offered":
        return None
    model: str = json.loads(told.get_attribute("title") or "{}")["model"]
    return model


def test_a_name_that_does_not_exist_is_explained(models: Page, watch: Watch) -> None:
    watch.allowed = ("422",)
    models.get_by_label("Its name on huggingface.co").fill("someone/nothing")
    models.keyboard.press("Enter")
    expect(models.locator("form").get_by_role("alert")).to_contain_text("There is no model named someone/nothing")
    expect(row(models, "someone/nothing")).to_have_count(0)


def test_on_a_phone_nothing_sticks_out(open_page: OpenPage) -> None:
    page = open_page("/models", viewport={"width": 360, "height": 740})
    expect(page.locator(".mod[data-ready]")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
