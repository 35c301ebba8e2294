"""The Library page in a real browser: files come in, are looked through, and go again."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from gradio_client import Client, handle_file
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import IMPORT_SECONDS, App, OpenPage, Watch
from tests.browser.writings import HARBOUR, ORCHARD, every_format, pdf_file, text_file

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Iterator[App]:
    """An app of this module's own: its tests begin with an empty library."""
    with App(tmp_path_factory.mktemp("library") / "data", model) as running:
        yield running


@pytest.fixture
def library(app: App, open_page: OpenPage) -> Page:
    """The page on an empty library."""
    page = open_page("about:blank")
    for voice in app.get("/api/library/voices")["voices"]:
        page.request.delete(f"{app.url}/api/library/voices/{voice['id']}")
    page.goto("/library")
    expect(page.locator(".lib[data-ready]")).to_be_visible()
    return page


def create_voice(page: Page, name: str) -> None:
    page.get_by_role("button", name="New voice").click()
    page.get_by_label("Name of the new voice").fill(name)
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()


def choose(page: Page, *files: Path, pick: str = "files") -> None:
    page.locator(f"[data-pick={pick}]").set_input_files(files if pick == "files" else files[0])


def outcome(page: Page) -> Locator:
    """The report of a finished import, with its files in view."""
    report = page.locator(".lib-outcome:not([hidden])")
    expect(report).to_be_visible(timeout=IMPORT_SECONDS * 1000)
    if report.get_attribute("open") is None:
        report.locator("summary").click()
    return report


def titles(page: Page) -> Locator:
    return page.locator(".lib-title")


def confirm(page: Page, action: str | re.Pattern[str]) -> None:
    page.get_by_role("dialog").get_by_role("button", name=action).click()


def many_notes(folder: Path, count: int) -> Path:
    """A folder of notes that takes a while to read: each is another text."""
    for number in range(count):
        text_file(folder / f"note {number:03d}.txt", f"Note {number}. " + f"{HARBOUR}{number} {ORCHARD}" * 6)
    return folder


def test_an_empty_library_says_what_to_do(library: Page) -> None:
    expect(
        library.get_by_text("Your past writing teaches Ownhand how you sound. Drop some files here.")
    ).to_be_visible()
    expect(library.get_by_role("button", name="Choose files")).to_be_visible()
    expect(library.get_by_role("button", name=re.compile("^Load "))).to_have_count(4)


def test_files_of_every_format_come_in_and_a_broken_one_says_why(library: Page, tmp_path: Path) -> None:
    choose(library, *every_format(tmp_path))
    report = outcome(library)
    expect(report).to_contain_text("7 documents imported")
    expect(report).to_contain_text("1 file could not be imported.")
    refused = report.locator(".lib-file[data-status=refused]")
    expect(refused).to_have_count(1)
    expect(refused).to_contain_text("broken.pdf")
    expect(refused.locator(".lib-file-fate")).not_to_be_empty()
    for name in ("harbour 2021-03-04.txt", "tides.pdf", "kettle.html", "letters.zip/july/second.txt"):
        expect(report.locator(".lib-file[data-status=imported]", has_text=name)).to_contain_text("snippet")
    for title in ("The pear tree can count", "Holding the ladder", "On kettles"):
        expect(library.get_by_role("button", name=title, exact=True)).to_be_visible()
    expect(library.get_by_role("heading", name="My writing")).to_be_visible()
    assert library.evaluate("window.injected") is None


def test_what_is_already_there_is_recognized(library: Page, tmp_path: Path) -> None:
    letter = text_file(tmp_path / "letter.txt", HARBOUR)
    choose(library, letter)
    outcome(library)
    choose(library, letter, text_file(tmp_path / "other.txt", ORCHARD))
    report = outcome(library)
    expect(report).to_contain_text("1 document imported")
    expect(report.locator(".lib-file[data-status=present]")).to_contain_text("Already here")
    expect(titles(library)).to_have_count(2)


def test_what_cannot_be_read_stays_out_and_says_why(library: Page, tmp_path: Path) -> None:
    huge = tmp_path / "huge.txt"
    with huge.open("wb") as file:
        file.truncate(60 * 2**20)
    choose(library, huge, text_file(tmp_path / "photo.png", "no picture"), text_file(tmp_path / "letter.txt", HARBOUR))
    report = outcome(library)
    expect(report.locator(".lib-file", has_text="huge.txt")).to_contain_text("The file has 60 MB; the limit is 50 MB")
    expect(report.locator(".lib-file", has_text="photo.png")).to_contain_text(".png files cannot be read")
    expect(report.locator(".lib-file", has_text="letter.txt")).to_contain_text("snippet")
    library.reload()
    expect(outcome(library).locator(".lib-file", has_text="photo.png")).to_be_visible()


def test_a_folder_keeps_the_names_in_it(library: Page, tmp_path: Path) -> None:
    folder = tmp_path / "diary"
    text_file(folder / "first.txt", HARBOUR)
    text_file(folder / "2020" / "second.md", ORCHARD)
    text_file(folder / ".DS_Store", "what a Mac leaves behind")
    choose(library, folder, pick="folder")
    report = outcome(library)
    expect(report.locator(".lib-file-name")).to_have_text(["diary/2020/second.md", "diary/first.txt"])


def test_files_and_folders_can_be_dropped(library: Page, tmp_path: Path) -> None:
    folder = tmp_path / "diary"
    for number in range(120):  # more than a browser lists of a folder at once
        text_file(folder / f"day {number}.txt", f"Day {number}. Rain again.")
    text_file(folder / "2020" / "june.md", ORCHARD)
    drop(library, library.locator(".lib-drop"), folder, text_file(tmp_path / "letter.txt", HARBOUR))
    report = outcome(library)
    expect(report).to_contain_text("122 documents imported")
    expect(report.locator(".lib-file-name", has_text="diary/2020/june.md")).to_have_count(1)


def drop(page: Page, target: Locator, *paths: Path) -> None:
    """Drag files from the desktop, as only the browser's own protocol can."""
    box = target.bounding_box()
    assert box is not None
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    session = page.context.new_cdp_session(page)
    for step in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": step, "x": box["x"] + 20, "y": box["y"] + 20, "data": data})


def test_three_hundred_files_stay_readable(library: Page, tmp_path: Path) -> None:
    folder = tmp_path / "heap"
    for number in range(300):
        text_file(
            folder / f"page {number:03d}.txt", "" if number % 60 == 0 else f"Page {number} says little. It rained."
        )
    choose(library, folder, pick="folder")
    report = outcome(library)
    expect(report).to_contain_text("5 files could not be imported.")
    report.get_by_role("button", name="Not imported 5").click()
    expect(report.locator(".lib-file")).to_have_count(5)
    report.get_by_role("button", name="All 300").click()
    report.get_by_label("Find a file").fill("page 17")
    expect(report.locator(".lib-file")).to_have_count(10)
    report.get_by_label("Find a file").fill("no such page")
    expect(report).to_contain_text("No file of this import fits.")
    height = report.locator(".lib-files-scroller").bounding_box()
    assert height is not None
    assert height["height"] < 400


def test_search_and_order(library: Page, tmp_path: Path) -> None:
    choose(
        library,
        text_file(tmp_path / "a.md", f"---\ntitle: Apples\ndate: 2001-05-01\n---\n\n{ORCHARD}"),
        text_file(tmp_path / "b.md", f"---\ntitle: Boats\ndate: 2020-05-01\n---\n\n{HARBOUR * 3}"),
        text_file(tmp_path / "c.txt", "Undated. The kettle sang. " * 3),
    )
    outcome(library)
    expect(titles(library)).to_have_text(["Boats", "Apples", "c"])
    library.get_by_role("button", name="Written").click()
    expect(titles(library)).to_have_text(["Apples", "Boats", "c"])
    library.get_by_role("button", name="Title", exact=True).click()
    expect(library.get_by_role("columnheader", name="Title")).to_have_attribute("aria-sort", "ascending")
    library.get_by_role("button", name="Characters").click()
    expect(titles(library).first).to_have_text("Boats")
    library.get_by_label("Search documents").fill("KETTLE")
    expect(titles(library)).to_have_text(["c"])
    titles(library).click()
    expect(library.get_by_role("region", name="Text")).to_contain_text("The kettle sang.")
    assert library.evaluate("[...CSS.highlights.get('lib-found')].map(String)") == ["kettle"] * 3
    library.keyboard.press("Escape")
    library.get_by_label("Search documents").fill("xylophone")
    expect(library.get_by_text("Nothing found for “xylophone”.")).to_be_visible()
    library.get_by_label("Search documents").fill("")
    expect(titles(library)).to_have_count(3)


def test_a_document_is_read_with_its_snippets(library: Page, tmp_path: Path) -> None:
    text = HARBOUR * 3 + "\n\nA boat 🚢 has two snippets of its own after an emoji. " + ORCHARD
    choose(library, text_file(tmp_path / "log.txt", text), text_file(tmp_path / "next.txt", ORCHARD))
    outcome(library)
    library.get_by_role("button", name="log", exact=True).click()
    reader = library.get_by_role("dialog")
    expect(reader.get_by_role("heading", name="log")).to_be_visible()
    shown = reader.get_by_role("region", name="Text")
    expect(shown.locator(".lib-snippet").nth(2)).to_be_visible()
    assert (shown.text_content() or "").split() == text.split()
    assert "serif" in shown.evaluate("element => getComputedStyle(element).fontFamily")
    library.keyboard.press("ArrowRight")
    expect(reader.get_by_role("heading", name="next")).to_be_visible()
    library.keyboard.press("Escape")
    expect(reader).to_have_count(0)
    expect(library.get_by_role("button", name="next", exact=True)).to_be_focused()


def test_a_document_is_deleted_in_two_steps(library: Page, tmp_path: Path) -> None:
    choose(library, text_file(tmp_path / "keep.txt", HARBOUR), text_file(tmp_path / "lose.txt", ORCHARD))
    outcome(library)
    delete = library.get_by_role("button", name="Delete lose")
    delete.click()
    expect(library.get_by_role("dialog")).to_contain_text("Delete “lose”?")
    confirm(library, "Keep it")
    expect(delete).to_be_focused()
    expect(titles(library)).to_have_count(2)
    delete.click()
    confirm(library, "Delete document")
    expect(titles(library)).to_have_text(["keep"])
    expect(library.get_by_role("button", name="keep", exact=True)).to_be_focused()
    expect(library.locator(".lib-voice")).to_contain_text("1")
    library.reload()
    expect(titles(library)).to_have_text(["keep"])


def test_one_click_loads_an_example(library: Page) -> None:
    library.get_by_role("button", name="Load Short fiction").click()
    expect(library.get_by_role("heading", name="Short fiction", exact=True)).to_be_visible()
    expect(library.locator(".lib-outcome")).to_contain_text("22 documents imported", timeout=IMPORT_SECONDS * 1000)
    expect(titles(library)).to_have_count(22)


def test_voices_are_made_renamed_and_deleted(library: Page, tmp_path: Path) -> None:
    create_voice(library, "Letters")
    expect(library.get_by_role("button", name="Choose files")).to_be_focused()
    choose(library, text_file(tmp_path / "letter.txt", HARBOUR))
    outcome(library)
    library.get_by_role("button", name="Rename").click()
    field = library.get_by_label("Name of this voice")
    field.fill("Letters home")
    field.press("Enter")
    expect(library.get_by_role("heading", name="Letters home")).to_be_visible()
    expect(library.get_by_role("link", name="Letters home")).to_be_visible()
    create_voice(library, "Novel")
    library.get_by_role("link", name="Letters home").click()
    library.get_by_role("button", name="Delete", exact=True).click()
    dialog = library.get_by_role("dialog")
    expect(dialog).to_contain_text("Its 1 document and")
    expect(dialog).to_contain_text("Your drafts stay")
    confirm(library, "Delete voice and 1 document")
    expect(library.get_by_role("link", name="Letters home")).to_have_count(0)
    expect(library.get_by_role("heading", name="Novel")).to_be_visible()


def test_a_name_that_is_taken_is_refused_with_its_reason(library: Page, watch: Watch) -> None:
    watch.allowed = ("422",)
    create_voice(library, "Letters")
    library.get_by_role("button", name="New voice").click()
    field = library.get_by_label("Name of the new voice")
    field.fill("letters")
    field.press("Enter")
    expect(library.get_by_role("alert").filter(has_text="There is a voice named letters already")).to_be_visible()
    expect(field).to_be_focused()
    field.press("Escape")
    expect(library.get_by_role("button", name="New voice")).to_be_focused()
    expect(library.locator(".lib-voice")).to_have_count(1)


def test_an_import_can_be_cancelled(library: Page, tmp_path: Path) -> None:
    create_voice(library, "Notes")
    choose(library, many_notes(tmp_path / "notes", 400), pick="folder")
    expect(library.locator(".lib-progress")).to_contain_text(re.compile(r"Importing.*of 400 files · ", re.DOTALL))
    expect(library.get_by_role("progressbar")).to_be_visible()
    library.get_by_role("button", name="Cancel").click()
    report = outcome(library)
    expect(report).to_contain_text("Import cancelled")
    expect(report).to_contain_text("left out.")
    expect(library.locator(".lib-progress")).to_be_hidden()


def test_a_reload_and_another_tab_find_the_running_import(library: Page, tmp_path: Path) -> None:
    create_voice(library, "Notes")
    choose(library, many_notes(tmp_path / "notes", 400), pick="folder")
    expect(library.locator(".lib-progress")).to_contain_text("Importing")
    library.reload()
    expect(library.locator(".lib-progress")).to_contain_text("of 400 files")
    other = library.context.new_page()
    other.goto(library.url)
    expect(other.locator(".lib-progress")).to_contain_text("of 400 files")
    other.close()


MARKUP = '<img src=x onerror="window.hacked=1">'
TEMPLATE = "${window.hacked=1}{{constructor}}"


def test_whatever_a_file_says_stays_text(library: Page, tmp_path: Path) -> None:
    name = "<img src=x onerror=alert(1)> ${1+1} {{2}} 'quoted' ünïcode 🦢"
    create_voice(library, f"{MARKUP} voice")
    choose(
        library,
        text_file(tmp_path / f"{name}.txt", f"{MARKUP}\n\n{TEMPLATE}\n\n<script>window.hacked=1</script> {HARBOUR}"),
        text_file(tmp_path / "titled.md", f"---\ntitle: '{MARKUP} {TEMPLATE}'\n---\n\n{ORCHARD}"),
    )
    report = outcome(library)
    expect(report.locator(".lib-file-name", has_text=name)).to_be_visible()
    expect(library.get_by_role("button", name=f"{MARKUP} {TEMPLATE}", exact=True)).to_be_visible()
    library.get_by_role("button", name=name, exact=True).click()
    expect(library.get_by_role("region", name="Text")).to_contain_text("<script>window.hacked=1</script>")
    expect(library.get_by_role("region", name="Text")).to_contain_text(TEMPLATE)
    assert library.locator("#page-library :is(img, script)").count() == 0
    assert library.evaluate("window.hacked") is None


def test_everything_fits_a_phone(library: Page, tmp_path: Path) -> None:
    library.set_viewport_size({"width": 360, "height": 740})
    long = "a-very-long-name-without-any-place-to-break-it-" * 4
    choose(library, text_file(tmp_path / f"{long}.txt", f"{'Donaudampfschifffahrt' * 20}. {HARBOUR}"))
    outcome(library)
    assert_no_sideways_scroll(library)
    titles(library).first.click()
    expect(library.locator(".lib-snippet").first).to_be_visible()
    assert_no_sideways_scroll(library)
    library.get_by_role("button", name="Close").click()
    library.get_by_role("link", name="All voices").click()
    expect(library.get_by_role("link", name="My writing")).to_be_visible()
    expect(library.get_by_role("heading", name="My writing")).to_have_count(0)
    assert_no_sideways_scroll(library)
    library.go_back()
    expect(titles(library)).to_have_count(1)


def assert_no_sideways_scroll(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate("innerWidth")


def test_the_keyboard_alone_is_enough(library: Page, tmp_path: Path) -> None:
    files = [text_file(tmp_path / f"{name}.txt", f"{name}. {HARBOUR}") for name in ("one", "two", "six")]
    # Listening from the start: a chooser that opens while the listener is on its way to the browser is missed.
    library.on("filechooser", lambda chooser: chooser.set_files(files))
    keys = library.keyboard
    library.get_by_role("button", name="New voice").focus()
    keys.press("Enter")
    keys.type("By hand")
    keys.press("Enter")
    expect(library.get_by_role("button", name="Choose files")).to_be_focused()
    keys.press("Enter")
    expect(titles(library)).to_have_count(3, timeout=IMPORT_SECONDS * 1000)
    library.get_by_label("Search documents").focus()
    for _ in range(5):  # four column headers, then one stop for the whole list
        keys.press("Tab")
    expect(titles(library).first).to_be_focused()
    keys.press("ArrowDown")
    keys.press("End")
    expect(titles(library).last).to_be_focused()
    keys.press("Home")
    keys.press("Enter")
    expect(library.get_by_role("region", name="Text")).to_be_focused()
    keys.press("Escape")
    expect(titles(library).first).to_be_focused()
    keys.press("Delete")
    expect(library.get_by_role("button", name="Keep it")).to_be_focused()
    keys.press("Tab")
    keys.press("Enter")
    expect(titles(library)).to_have_count(2)
    expect(titles(library).first).to_be_focused()


def test_the_open_voice_is_in_the_address(library: Page) -> None:
    create_voice(library, "First")
    create_voice(library, "Second")
    address = library.url
    library.get_by_role("link", name="First").click()
    expect(library.get_by_role("heading", name="First")).to_be_visible()
    library.goto("about:blank")
    library.goto(address)
    expect(library.get_by_role("heading", name="Second")).to_be_visible()


def test_the_header_can_be_skipped_without_leaving_the_voice(library: Page) -> None:
    create_voice(library, "First")
    create_voice(library, "Second")
    address = library.url
    library.get_by_role("link", name="Skip to the page").focus()
    library.keyboard.press("Enter")
    expect(library).to_have_url(address)
    library.keyboard.press("Tab")
    expect(library.get_by_role("link", name="First")).to_be_focused()
    expect(library.get_by_role("heading", name="Second")).to_be_visible()


def test_programs_import_through_the_named_endpoint(library: Page, app: App, tmp_path: Path) -> None:
    files = [text_file(tmp_path / "letter.txt", HARBOUR), pdf_file(tmp_path / "tides.pdf", ["We sail by the dog."])]
    client = Client(app.url, verbose=False)
    report = client.predict([handle_file(file) for file in files], "Sent in", api_name="/import")
    assert [(file["name"], file["status"]) for file in report["files"]] == [
        ("letter.txt", "imported"),
        ("tides.pdf", "imported"),
    ]
    assert report["documents"] == 2
    kept = [path for path in (app.data_dir / "temporary").rglob("*") if path.is_file() and path.stat().st_size]
    assert kept == []  # Gradio leaves only empty files
    library.reload()
    expect(library.get_by_role("heading", name="Sent in")).to_be_visible()
