"""Draft care in a real browser: two tabs, offline edits, versions, files, whose words, deletion and search."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from assistant.library.readers import read_document
from tests.browser.conftest import App, OpenPage, Watch
from tests.browser.test_write import ask, go_to_end, open_draft, ready, saved, text_of

pytestmark = pytest.mark.browser

OFFLINE = "Not saved: no connection (kept in this browser)"
MERGED = "Merged with another tab"


def state_of(page: Page) -> Locator:
    return page.locator(".save-state")


def choose(page: Page, item: str | re.Pattern[str]) -> None:
    """Choose from the menu of the draft."""
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menu").get_by_role("menuitem", name=item).click()


def second_tab(first: Page, number: int) -> Page:
    page = first.context.new_page()
    page.goto(f"/#draft-{number}")
    ready(page)
    return page


def cut_off(page: Page) -> None:
    """Nothing that this tab saves arrives any more."""

    def refuse(route: Route) -> None:
        if route.request.method in ("PUT", "POST"):
            route.abort()
        else:
            route.continue_()

    page.route("**/api/drafts/**", refuse)


def join_up(page: Page) -> None:
    page.unroute("**/api/drafts/**")


@pytest.fixture
def provoked(watch: Watch) -> None:
    """Lost connections and conflicts are what these tests are about."""
    watch.allowed = ("net::ERR_", "Failed to load resource", "409 (Conflict)")


# ---- two tabs ----


def test_what_one_tab_saves_the_other_shows_at_once(app: App, open_page: OpenPage) -> None:
    number = app.draft(title="Shared", text="Start. Middle. End.")
    first = open_draft(open_page, number)
    second = second_tab(first, number)
    second.locator(".editor textarea").focus()
    second.evaluate("document.querySelector('.editor textarea').setSelectionRange(15, 15)")
    first.bring_to_front()
    first.locator(".editor textarea").focus()
    first.keyboard.press("Control+Home")
    first.keyboard.type("New. ")
    saved(first)
    expect(second.locator(".editor textarea")).to_have_value("New. Start. Middle. End.")
    assert second.evaluate("document.querySelector('.editor textarea').selectionStart") == 20


@pytest.mark.usefixtures("provoked")
def test_two_tabs_that_wrote_in_different_places_are_merged(app: App, open_page: OpenPage) -> None:
    number = app.draft(title="Twice", text="One.\n\nTwo.")
    first = open_draft(open_page, number)
    second = second_tab(first, number)
    cut_off(second)
    go_to_end(second)
    second.keyboard.type(" Second.")
    expect(state_of(second)).to_have_text(OFFLINE)
    first.locator(".editor textarea").focus()
    first.keyboard.press("Control+Home")
    first.keyboard.type("First. ")
    saved(first)
    join_up(second)
    expect(state_of(second)).to_have_text(MERGED)
    both = "First. One.\n\nTwo. Second."
    expect(second.locator(".editor textarea")).to_have_value(both)
    expect(first.locator(".editor textarea")).to_have_value(both)
    assert app.get(f"/api/drafts/{number}")["text"] == both
    expect(second.locator(".notice")).to_contain_text("what both wrote is here")
    go_to_end(second)
    second.keyboard.type(" More.")
    saved(second)


@pytest.mark.usefixtures("provoked")
def test_where_both_changed_the_same_words_both_stand_and_a_version_of_each_is_kept(
    app: App, open_page: OpenPage
) -> None:
    number = app.draft(title="Twice", text="The red door. It was shut.")
    page = open_draft(open_page, number)
    cut_off(page)
    page.locator(".editor textarea").focus()
    page.evaluate("document.querySelector('.editor textarea').setSelectionRange(4, 7)")
    page.keyboard.type("green")
    expect(state_of(page)).to_have_text(OFFLINE)
    stored = app.get(f"/api/drafts/{number}")
    app.put(f"/api/drafts/{number}", stored | {"text": "The blue door. It was shut."})
    join_up(page)
    expect(state_of(page)).to_have_text(MERGED)
    expect(page.locator(".editor textarea")).to_have_value("The [blue / green] door. It was shut.")
    notice = page.locator(".notice")
    expect(notice).to_contain_text("In one place both had changed the same words")
    notice.get_by_role("button", name="Show").click()
    start, end = page.locator(".editor textarea").evaluate("field => [field.selectionStart, field.selectionEnd]")
    assert text_of(page)[start:end] == "[blue / green]"
    notice.get_by_role("button", name="Versions").click()
    dialog = page.get_by_role("dialog", name="Versions")
    expect(dialog.locator(".version-open")).to_have_count(2)
    expect(dialog.locator(".version-list")).to_contain_text("before two tabs were merged")


@pytest.mark.usefixtures("provoked")
def test_offline_edits_are_merged_on_return(app: App, open_page: OpenPage) -> None:
    """The tab that wrote offline is closed; the next one to open the draft finds its words beside the newer ones."""
    number = app.draft(title="Ferry", text="One.\n\nTwo.")
    page = open_draft(open_page, number)
    page.context.set_offline(True)
    go_to_end(page)
    page.keyboard.type(" Written offline.")
    expect(state_of(page)).to_have_text(OFFLINE)
    stored = app.get(f"/api/drafts/{number}")
    app.put(f"/api/drafts/{number}", stored | {"text": "One, changed elsewhere.\n\nTwo."})
    other = page.context.new_page()
    page.close()
    other.context.set_offline(False)
    other.goto(f"/#draft-{number}")
    ready(other)
    expect(other.locator(".editor textarea")).to_have_value("One, changed elsewhere.\n\nTwo. Written offline.")
    assert app.get(f"/api/drafts/{number}")["text"] == "One, changed elsewhere.\n\nTwo. Written offline."


@pytest.mark.usefixtures("provoked")
def test_typing_goes_on_while_tabs_are_merged(app: App, open_page: OpenPage) -> None:
    number = app.draft(title="Busy", text="Start.")
    page = open_draft(open_page, number)
    stored = app.get(f"/api/drafts/{number}")
    app.put(f"/api/drafts/{number}", stored | {"text": "Before. Start."})
    go_to_end(page)
    words = " These words are typed without a pause while the other side is merged in."
    page.keyboard.type(words, delay=25)
    expect(page.locator(".editor textarea")).to_have_value("Before. Start." + words)
    expect(state_of(page)).to_have_text(re.compile(f"Saved|{MERGED}"))
    assert app.get(f"/api/drafts/{number}")["text"] == "Before. Start." + words


# ---- versions ----


def test_a_version_is_kept_by_name_compared_and_restored(app: App, open_page: OpenPage) -> None:
    page = open_draft(open_page, app.draft(title="Versions", text="The red door was shut."))
    choose(page, "Versions")
    dialog = page.get_by_role("dialog", name="Versions")
    expect(dialog).to_contain_text("No versions yet.")
    dialog.get_by_label("Name of the version").fill("Red")
    page.keyboard.press("Enter")
    expect(dialog.locator(".version-open")).to_contain_text("Red")
    page.keyboard.press("Escape")
    page.locator(".editor textarea").fill("The blue door was shut. And more.")
    choose(page, "Versions")
    expect(dialog.locator("del")).to_have_text("red ")
    expect(dialog.locator("ins").first).to_have_text("blue ")
    dialog.get_by_role("button", name="Go back to this").click()
    expect(dialog).to_be_hidden()
    expect(page.locator(".editor textarea")).to_have_value("The red door was shut.")
    page.locator(".notice").get_by_role("button", name="Versions").click()
    dialog.locator(".version-open", has_text="before going back").click()
    expect(dialog.locator("del").first).to_have_text("blue ")
    dialog.get_by_role("button", name="Delete this version").click()
    expect(dialog.locator(".version-open")).to_have_count(1)


def test_before_everything_is_deleted_a_version_is_kept(app: App, open_page: OpenPage) -> None:
    text = "A page that took all morning. " * 20
    page = open_draft(open_page, app.draft(title="Morning", text=text))
    page.locator(".editor textarea").focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    saved(page)
    choose(page, "Versions")
    dialog = page.get_by_role("dialog", name="Versions")
    expect(dialog.locator(".version-open")).to_contain_text("before a large change")
    dialog.get_by_role("button", name="Go back to this").click()
    expect(page.locator(".editor textarea")).to_have_value(text)


# ---- files ----


@pytest.mark.parametrize(
    ("label", "ending"), [("Word", "docx"), ("PDF", "pdf"), ("Markdown", "md"), ("Web page", "html")]
)
def test_a_draft_is_exported_and_read_back(
    app: App, open_page: OpenPage, tmp_path: Path, label: str, ending: str
) -> None:
    page = open_draft(open_page, app.draft(title="Été: “odd”", text="It was quiet.\n\nThen 🦆."))
    choose(page, "Export")
    dialog = page.get_by_role("dialog", name="Export")
    dialog.get_by_role("radio", name=label).check()
    dialog.get_by_label("End with a line").check()
    with page.expect_download() as downloading:
        dialog.get_by_role("button", name="Save the file").click()
    name = downloading.value.suggested_filename
    assert name == f"Été “odd”.{ending}"
    path = tmp_path / f"saved.{ending}"
    downloading.value.save_as(path)
    found = read_document(name, path.read_bytes())
    assert found.title == "Été: “odd”"
    assert "It was quiet." in found.text
    assert "5 (100 %) are the writer's own." in " ".join(found.text.split())
    outcome = dialog.get_by_role("status")
    expect(outcome).to_contain_text("Saved as")
    if ending == "pdf":
        expect(outcome).to_contain_text("no sign for 🦆")


def test_a_file_becomes_a_new_draft(app: App, open_page: OpenPage, watch: Watch, tmp_path: Path) -> None:
    watch.allowed = ("422",)
    file = tmp_path / "ferry.md"
    file.write_text("# The ferry\n\nIt left at nine.")
    page = open_draft(open_page, app.draft(title="Open", text="Open text"))
    with page.expect_file_chooser() as choosing:
        choose(page, "New draft from a file")
    choosing.value.set_files(file)
    expect(page.locator(".editor textarea")).to_have_value("It left at nine.")
    expect(page.get_by_role("textbox", name="Title")).to_have_value("The ferry")
    broken = tmp_path / "broken.docx"
    broken.write_bytes(b"no such thing")
    page.locator(".draft-file").set_input_files(broken)
    expect(page.locator(".desk .trouble")).to_contain_text("damaged")


def test_a_finished_draft_joins_its_voice_once(app: App, open_page: OpenPage) -> None:
    voice = app.post("/api/library/voices", {"name": "Finished things"})["id"]
    page = open_draft(open_page, app.draft(voice=voice, title="Done", text="It left at nine, and nobody waved."))
    choose(page, "Add to the voice “Finished things”")
    notice = page.locator(".notice")
    expect(notice).to_contain_text("now has this draft among its documents")
    choose(page, "Add to the voice “Finished things”")
    expect(notice).to_contain_text("has this text already")
    titles = [line["title"] for line in app.get(f"/api/library/voices/{voice}/documents")["documents"]]
    assert titles == ["Done"]
    page.get_by_role("combobox", name="Voice").select_option(label="No voice")
    page.get_by_role("button", name="More", exact=True).click()
    expect(page.get_by_role("menuitem", name=re.compile("Add to the voice"))).to_have_count(0)


def test_a_draft_that_joined_its_voice_is_no_evidence_for_itself(app: App, open_page: OpenPage) -> None:
    voice = app.post("/api/library/voices", {"name": "Only what is joined"})["id"]
    text = "The quarrelsome heron of pier nine watched the ferry leave without me. I have come to think"
    page = open_draft(open_page, app.draft(voice=voice, title="The heron", text=text))
    choose(page, "Add to the voice “Only what is joined”")
    expect(page.locator(".notice")).to_contain_text("now has this draft among its documents")
    ask(page)
    expect(page.locator(".entry")).to_have_count(0)
    other = open_draft(open_page, app.draft(voice=voice, title="The heron again", text=text))
    ask(other)
    expect(other.locator(".entry .entry-title")).to_have_text(["The heron"])


# ---- whose words ----


def counts(page: Page) -> list[str]:
    return page.locator(".origins-legend span").all_inner_texts()


def test_accepted_words_are_told_from_edited_and_own_ones(app: App, work_mail: int, open_page: OpenPage) -> None:
    own = "We lost the bow door again on Tuesday. What the passengers saw was"
    page = open_draft(open_page, app.draft(voice=work_mail, title="The bow door", text=own))
    ask(page)
    suggestion = page.locator(".ghost").evaluate("ghost => ghost.textContent")
    page.keyboard.press("Tab")
    page.keyboard.type(" Mine.")
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitemcheckbox", name="Show whose words these are").click()
    shown = page.locator(".editor .origins span")
    expect(shown).to_have_count(1)
    assert shown.evaluate("span => span.textContent") == suggestion
    expect(shown).to_have_class("suggested")
    number = page.evaluate("Number(location.hash.slice('#draft-'.length))")
    saved(page)
    words = app.get(f"/api/drafts/{number}/words")
    assert words["suggested"] == len(suggestion.split())
    assert words["own"] == len(own.split()) + 1
    expect(page.locator(".origins-legend .suggested")).to_have_text(f"Suggested {words['suggested']}")
    middle = len(own) + 2
    page.evaluate(f"document.querySelector('.editor textarea').setSelectionRange({middle}, {middle})")
    page.locator(".editor textarea").focus()
    page.keyboard.type("x")
    expect(shown).to_have_class("edited")
    expect(page.locator(".origins-legend .suggested")).to_have_text("Suggested 0")
    page.keyboard.press("Control+z")
    expect(shown).to_have_class("suggested")
    saved(page)
    page.reload()
    ready(page)
    assert app.get(f"/api/drafts/{number}/words") == words


def test_undo_and_redo_of_an_accepted_suggestion_keep_whose_words_they_are(
    app: App, work_mail: int, open_page: OpenPage
) -> None:
    number = app.draft(voice=work_mail, title="The bow door", text="What the passengers saw was")
    page = open_draft(open_page, number)
    ask(page)
    page.keyboard.press("Tab")
    saved(page)
    suggested = app.get(f"/api/drafts/{number}")["origins"]
    assert [span["origin"] for span in suggested] == ["suggested"]
    page.keyboard.press("Control+z")
    saved(page)
    assert app.get(f"/api/drafts/{number}")["origins"] == []
    page.keyboard.press("Control+Shift+z")
    saved(page)
    assert app.get(f"/api/drafts/{number}")["origins"] == suggested


def test_words_taken_one_by_one_are_one_suggestion(app: App, work_mail: int, open_page: OpenPage) -> None:
    number = app.draft(voice=work_mail, title="The bow door", text="What the passengers saw was")
    page = open_draft(open_page, number)
    ask(page)
    page.keyboard.press("Control+ArrowRight")
    page.keyboard.press("Control+ArrowRight")
    page.keyboard.press("Escape")
    saved(page)
    stored = app.get(f"/api/drafts/{number}")
    (span,) = stored["origins"]
    assert stored["text"][span["start"] : span["end"]] == text_of(page).removeprefix("What the passengers saw was")


# ---- the list ----


def test_drafts_are_searched(app: App, open_page: OpenPage) -> None:
    for number in range(4):
        app.draft(title=f"Filler {number}", text="Nothing to find")
    app.draft(title="Crème brûlée", text="Sugar and the flamethrower")
    page = open_draft(open_page, app.draft(title="Another", text="x"))
    search = page.get_by_role("searchbox", name="Search the drafts")
    search.fill("CREME flame")
    expect(page.locator(".draft-open")).to_have_count(1)
    expect(page.locator(".draft-title")).to_have_text("Crème brûlée")
    page.locator(".draft-open").click()
    expect(page.locator(".editor textarea")).to_have_value("Sugar and the flamethrower")
    search.fill("zzyzx")
    expect(page.locator(".draft-none")).to_have_text("No draft has “zzyzx” in it.")
    search.fill("")
    expect(page.locator(".draft-open").nth(5)).to_be_visible()


def test_many_drafts_come_in_parts(app: App, open_page: OpenPage) -> None:
    there = app.get("/api/drafts?limit=1")["total"]
    for number in range(max(0, 120 - there)):
        app.draft(title=f"Heap {number}")
    page = open_draft(open_page, app.draft(title="Latest"))
    expect(page.locator(".draft-open")).to_have_count(100)
    page.get_by_role("button", name=re.compile("Show more")).click()
    expect(page.locator(".draft-open")).to_have_count(min(200, app.get("/api/drafts?limit=1")["total"]))


def test_a_deleted_draft_is_put_back_or_erased_from_the_list_of_deleted_ones(app: App, open_page: OpenPage) -> None:
    page = open_draft(open_page, app.draft(title="Out and back", text="Still here"))
    choose(page, "Delete")
    expect(page.locator(".notice")).to_contain_text("“Out and back” was deleted.")
    expect(page.locator(".editor textarea")).not_to_have_value("Still here")
    page.get_by_role("button", name="Deleted", exact=True).click()
    page.get_by_role("button", name="Put back Out and back").click()
    expect(page.locator(".editor textarea")).to_have_value("Still here")
    choose(page, "Delete")
    page.get_by_role("button", name="Deleted", exact=True).click()
    page.get_by_role("button", name="Erase Out and back now").click()
    page.get_by_role("dialog", name="Erase “Out and back”?").get_by_role("button", name="Erase").click()
    expect(page.get_by_role("button", name="Put back Out and back")).to_have_count(0)


def test_of_a_deleted_draft_nothing_stays_in_the_browser_whichever_tab_kept_it(app: App, open_page: OpenPage) -> None:
    erased, dropped, other = (app.draft(title=title, text="heron") for title in ("Erased", "Dropped", "Other"))
    app.draft(title="Opened next")
    page = open_draft(open_page, dropped)
    page.evaluate(
        "drafts => drafts.forEach((draft) => localStorage.setItem(`ownhand.journal.1.${draft}.closed`, '{}'))",
        [erased, dropped, other, int(f"{erased}0")],
    )
    kept = "Object.keys(localStorage).filter((key) => key.startsWith('ownhand.journal.')).sort()"
    choose(page, "Delete")
    expect(page.locator(".notice")).to_contain_text("“Dropped” was deleted.")
    app.delete(f"/api/drafts/{erased}")
    page.get_by_role("button", name="Deleted", exact=True).click()
    page.get_by_role("button", name="Erase Erased now").click()
    page.get_by_role("dialog", name="Erase “Erased”?").get_by_role("button", name="Erase").click()
    expect(page.get_by_role("button", name="Put back Erased")).to_have_count(0)
    stays = [other, int(f"{erased}0")]
    assert page.evaluate(kept) == sorted(f"ownhand.journal.1.{draft}.closed" for draft in stays)


def test_the_menu_works_from_the_keyboard(app: App, open_page: OpenPage) -> None:
    page = open_draft(open_page, app.draft(title="Keys", text="text"))
    more = page.get_by_role("button", name="More", exact=True)
    more.focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem", name="Versions")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem", name="Export")).to_be_focused()
    page.keyboard.press("Escape")
    expect(more).to_be_focused()
    expect(page.get_by_role("menu")).to_be_hidden()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Versions")).to_be_visible()
    page.keyboard.press("Escape")
    expect(more).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_the_sheets_fit(app: App, open_page: OpenPage, scheme: str) -> None:
    page = open_draft(
        open_page, app.draft(title="Phone", text="text"), viewport={"width": 390, "height": 844}, color_scheme=scheme
    )
    for item in ("Versions", "Export"):
        choose(page, item)
        box = page.get_by_role("dialog", name=item).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        page.keyboard.press("Escape")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
