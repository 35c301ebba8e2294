"""A model with a plug, in a browser: how far it goes towards a voice, and the voice as a picture."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from assistant.generation.local import load_generator
from assistant.library.demos import demo_corpora, demo_documents
from assistant.persona.plug import PersonaPlug, PlugSettings, embedding_norm
from assistant.persona.saving import DESCRIPTION_FILE, save_plug
from assistant.retrieval.encoder import load_encoder
from assistant.voice_personas import plug_sides
from tests.browser.conftest import App, OpenPage
from tests.small_models import write_small_checkpoint

pytestmark = pytest.mark.browser

TEXTS = {
    "The gate": "The sluice gate held through the flood. The keeper slept at last, and nobody woke him.",
    "The barley": "Barley came late that year, and the barn stood empty until the end of October.",
    "The kettle": "The kettle sang. Grandmother cut the bread and said nothing at all for an hour.",
}

READING = 300_000  # milliseconds in which the demo writers are read even on a busy machine


@pytest.fixture(scope="module")
def plugged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small checkpoint with an untrained plug for it and the encoder of the app."""
    folder = write_small_checkpoint(tmp_path_factory.mktemp("plugged") / "small")
    generator, _ = load_generator(folder)
    encoder = load_encoder()
    plug = PersonaPlug(PlugSettings(encoder.dimensions, 32), embedding_norm=embedding_norm(generator.model))
    save_plug(folder, plug, plug_sides(generator, encoder), signature={})
    return folder


@pytest.fixture(scope="module")
def app(
    browser_type_launch_args: dict[str, object], tmp_path_factory: pytest.TempPathFactory, plugged: Path
) -> Iterator[App]:
    """An app of this module's own, with a model that has a plug."""
    with App(tmp_path_factory.mktemp("persona") / "data", plugged) as running:
        yield running


@pytest.fixture(scope="module")
def voice(app: App) -> int:
    """A voice of three documents, beside the example "Work mail"."""
    app.load_work_mail()
    made: int = app.post("/api/library/voices", {"name": "Novel"})["id"]
    for title, text in TEXTS.items():
        app.post(f"/api/drafts/{app.draft(voice=made, title=title, text=text)}/join")
    return made


def open_draft(open_page: OpenPage, number: int) -> Page:
    page = open_page(f"/#draft-{number}")
    expect(page.locator(".write")).to_have_attribute("data-ready", "true")
    return page


def open_picture(open_page: OpenPage, voice: int, **options: object) -> Page:
    page = open_page(f"/library#voice={voice}", **options)
    page.get_by_text("Picture of this voice").click()
    expect(points(page, "demo").first).to_be_visible(timeout=READING)
    return page


def points(page: Page, kind: str) -> Locator:
    return page.locator(f".lib-picture-point.lib-picture-{kind}")


def total(app: App, voice: int) -> int:
    return next(int(each["documents"]) for each in app.get("/api/library/voices")["voices"] if each["id"] == voice)


# ---- voice strength ----


def test_a_draft_keeps_its_own_strength_and_a_voice_what_its_drafts_start_with(
    app: App, voice: int, open_page: OpenPage
) -> None:
    first, second = (app.draft(voice=voice, title=title, text="The gate stood") for title in ("First", "Second"))
    page = open_draft(open_page, first)
    choice = page.locator(".memory-choice [data-action=memory]")
    expect(choice).to_have_text(re.compile(r"How much of me:\s+full\s*$"))
    choice.click()
    expect(page.locator(".voice-strength-none")).to_be_hidden()
    with page.expect_response(re.compile(r"/api/drafts/\d+/voice-strength")):
        page.get_by_role("slider", name="Voice strength").fill("40")
    expect(choice).to_have_text(re.compile(r"full, voice 40 %"))
    expect(page.locator(".memory-whose")).to_contain_text("For this draft.")
    page.reload()
    expect(choice).to_have_text(re.compile(r"full, voice 40 %"))
    page.locator(f'[data-draft="{second}"] .draft-open').click()
    expect(choice).to_have_text(re.compile(r"full\s*$"))
    page.locator(f'[data-draft="{first}"] .draft-open').click()
    choice.click()
    with page.expect_response(re.compile(rf"/api/library/voices/{voice}/voice-strength")):
        page.get_by_role("button", name="Use it for all in Novel").click()
    page.keyboard.press("Escape")
    page.locator(f'[data-draft="{second}"] .draft-open').click()
    expect(choice).to_have_text(re.compile(r"full, voice 40 %"))
    with page.expect_request("**/api/suggest") as asked:
        page.locator(".editor textarea").focus()
        page.keyboard.press("Control+Enter")
    assert json.loads(asked.value.post_data or "")["voice_strength"] == 0.4
    page.get_by_role("button", name="Show the exact model input").click()
    expect(page.locator(".prompt-persona")).to_contain_text("2 vectors that stand for")
    expect(page.locator(".prompt-persona")).to_contain_text("at 40 % voice strength")
    assert app.endpoint("suggest", "", "The gate stood", "Novel")["signature"]["persona"]["strength"] == 0.4
    app.put(f"/api/library/voices/{voice}/voice-strength", {"voice_strength": 1})


# ---- the picture ----


def test_documents_stand_beside_the_demo_writers_in_a_drawing_and_in_a_table(
    app: App, voice: int, open_page: OpenPage
) -> None:
    page = open_picture(open_page, voice)
    expect(points(page, "own")).to_have_count(len(TEXTS))
    pieces = {corpus.writer: len(demo_documents(corpus)) for corpus in demo_corpora()}
    demos = sum(pieces.values())
    expect(points(page, "demo")).to_have_count(demos)  # of all demo writers, though one alone is in the library
    expect(page.locator(".lib-picture-legend")).to_contain_text("Novel · 3 documents")
    for writer, count in pieces.items():
        expect(page.locator(".lib-picture-legend")).to_contain_text(f"{writer} · {count} documents")
    assert pieces["Maren Oduya"] == total(app, app.voice("Work mail"))
    expect(page.locator(".lib-picture-place svg > title")).to_have_text("The documents of Novel as points")
    page.get_by_text("The same as a table").click()
    rows = page.locator(".lib-picture-rows tbody tr")
    expect(rows).to_have_count(demos + len(TEXTS))
    rows.get_by_role("button", name="The barley").click()
    expect(page.get_by_role("dialog", name="The barley")).to_contain_text("Barley came late that year")
    page.keyboard.press("Escape")
    expect(rows.get_by_role("button", name="The barley")).to_be_focused()


def test_a_point_is_named_and_leads_to_its_document_by_pointer_and_by_keys(voice: int, open_page: OpenPage) -> None:
    page = open_picture(open_page, voice)
    kettle = page.get_by_role("link", name="The kettle, Novel")
    kettle.hover()
    expect(page.locator(".lib-picture-said")).to_have_text("The kettle · Novel")
    kettle.click()
    expect(page.get_by_role("dialog", name="The kettle")).to_contain_text("The kettle sang.")
    page.keyboard.press("Escape")
    expect(kettle).to_be_focused()
    page.keyboard.press("Home")
    first = page.locator(".lib-picture-said").inner_text()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".lib-picture-said")).not_to_have_text(first)
    here = page.locator(".lib-picture-point[tabindex='0']")
    expect(here).to_have_count(1)
    while here.get_attribute("role") == "img":  # of a demo writer who is not in the library: it leads nowhere
        page.keyboard.press("ArrowRight")
    named = page.locator(".lib-picture-said b").inner_text()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name=named, exact=True)).to_be_visible()


def test_a_demo_writers_point_leads_to_their_voice(app: App, voice: int, open_page: OpenPage) -> None:
    page = open_picture(open_page, voice)
    demo = page.locator(".lib-picture-demo[role=link]").first
    title = (demo.get_attribute("aria-label") or "").removesuffix(", Maren Oduya")
    demo.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name=title, exact=True)).to_be_visible()
    assert page.url.endswith(f"#voice={app.voice('Work mail')}")


def test_a_point_that_is_not_in_the_library_says_so_and_leads_nowhere(voice: int, open_page: OpenPage) -> None:
    page = open_picture(open_page, voice)
    point = page.locator(".lib-picture-demo[role=img]").first
    point.focus()
    expect(page.locator(".lib-picture-said")).to_contain_text("an example that is not in your library")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_same_places_come_back_and_deleted_documents_do_not(app: App, open_page: OpenPage) -> None:
    made = app.post("/api/library/voices", {"name": "Passing"})["id"]
    for title, text in TEXTS.items():
        app.post(f"/api/drafts/{app.draft(voice=made, title=title, text=text)}/join")
    page = open_picture(open_page, made)
    places = "marks => marks.map(mark => [mark.getAttribute('aria-label'), mark.getAttribute('transform')])"
    expect(points(page, "own")).to_have_count(3)
    before = dict(points(page, "own").evaluate_all(places))
    page.locator(".lib-documents").get_by_role("button", name="Delete The gate").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete document").click()
    expect(points(page, "own")).to_have_count(2)
    left = dict(points(page, "own").evaluate_all(places))
    assert left.items() < before.items()
    page.reload()
    page.get_by_text("Picture of this voice").click()
    expect(points(page, "own")).to_have_count(2)
    assert dict(points(page, "own").evaluate_all(places)) == left


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_empty_voice_says_so_and_a_phone_shows_all(app: App, voice: int, open_page: OpenPage, scheme: str) -> None:
    empty = app.post("/api/library/voices", {"name": f"Empty {scheme}"})["id"]
    page = open_picture(open_page, empty)
    expect(page.locator(".lib-picture-note")).to_contain_text("Nothing to draw of this voice yet")
    phone = open_picture(open_page, voice, viewport={"width": 390, "height": 844}, color_scheme=scheme, has_touch=True)
    drawing = phone.locator(".lib-picture-place svg")
    box = drawing.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    kettle = phone.get_by_role("link", name="The kettle, Novel")
    kettle.tap()  # a finger names the document first
    expect(phone.locator(".lib-picture-said")).to_have_text("The kettle · Novel")
    expect(phone.get_by_role("dialog")).to_have_count(0)
    kettle.tap()
    expect(phone.get_by_role("dialog", name="The kettle")).to_be_visible()


# ---- a plug that does not fit; last, because the app starts anew ----


def test_without_a_plug_that_fits_one_line_says_why(app: App, voice: int, plugged: Path, open_page: OpenPage) -> None:
    description = json.loads((plugged / DESCRIPTION_FILE).read_text())
    description["model"] |= {"name": "an older one", "weights_sha256": "0" * 64}
    (plugged / DESCRIPTION_FILE).write_text(json.dumps(description))
    app.stop()
    app.start()
    page = open_draft(open_page, app.draft(voice=voice, title="Third", text="Text."))
    expect(page.locator(".memory-choice [data-action=memory]")).to_have_text(re.compile(r"How much of me:\s+full\s*$"))
    page.locator(".memory-choice [data-action=memory]").click()
    expect(page.get_by_role("slider", name="Voice strength")).to_be_hidden()
    expect(page.locator(".voice-strength-none")).to_contain_text("was made for the language model an older one")
