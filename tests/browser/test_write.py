"""The Write page in a real browser: evidence, suggestions, and a draft that nothing loses."""

import re
import signal
from collections.abc import Callable
from itertools import pairwise

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import App, OpenPage, Watch
from tests.browser.writings import text_file

pytestmark = pytest.mark.browser

TITLE = "The bow door, a fourth time"
START = (
    "We lost the bow door again on Tuesday, at the worst possible moment, with fourteen cars on the deck. "
    "I have asked Piet to look at the hydraulic ram before we do anything clever. What the passengers saw was"
)
EVIL = (
    '<img src=x onerror="window.injected=1"> ${window.injected=1} {{window.injected=1}} </textarea><script>1</script>'
)


def open_draft(open_page: OpenPage, number: int, **options: object) -> Page:
    """The Write page with this draft open."""
    page = open_page(f"/#draft-{number}", **options)
    ready(page)
    return page


def ready(page: Page) -> None:
    expect(page.locator(".write")).to_have_attribute("data-ready", "true")


def text_of(page: Page) -> str:
    return page.locator(".editor textarea").input_value()


def ghost_of(page: Page) -> str:
    return page.locator(".ghost").inner_text()


def saved(page: Page) -> Locator:
    """The state line once it says that everything is with the server."""
    line = page.locator(".save-state")
    expect(line).to_have_text("Saved")
    return line


def go_to_end(page: Page) -> None:
    page.locator(".editor textarea").focus()
    page.keyboard.press("Control+End")


def ask(page: Page) -> None:
    """Ask at the end of the draft and wait for the whole suggestion."""
    go_to_end(page)
    page.keyboard.press("Control+Enter")
    offered(page)


def offered(page: Page) -> None:
    expect(page.locator(".write")).to_have_attribute("data-state", "offered")


def idle(page: Page) -> None:
    expect(page.locator(".write")).to_have_attribute("data-state", "idle")


def wait_until(page: Page, is_so: Callable[[], bool]) -> None:
    """Let the browser go on until something is so."""
    for _ in range(600):
        if is_so():
            return
        page.wait_for_timeout(50)
    pytest.fail("it did not come")


# ---- suggestions ----


def test_evidence_stands_before_the_text_streams_in(app: App, work_mail: int, open_page: OpenPage) -> None:
    page = open_draft(open_page, app.draft(voice=work_mail, title=TITLE, text=START))
    page.evaluate(
        """() => {
            window.seen = [];
            const look = () => {
                const text = document.querySelector('.ghost')?.textContent ?? '';
                const passages = document.querySelectorAll('.entry').length;
                if (text && window.seen.at(-1)?.text !== text) window.seen.push({ text, passages });
            };
            new MutationObserver(look).observe(document.querySelector('.write'), { childList: true, subtree: true });
        }"""
    )
    page.get_by_role("button", name="Suggest").click()
    offered(page)
    seen = page.evaluate("window.seen")
    assert all(moment["passages"] > 0 for moment in seen)
    assert len(seen) > 3
    assert all(later["text"].startswith(earlier["text"]) for earlier, later in pairwise(seen))
    assert text_of(page) == START


def test_evidence_is_of_the_voice_and_marks_shared_words(app: App, work_mail: int, open_page: OpenPage) -> None:
    page = open_draft(open_page, app.draft(voice=work_mail, title=TITLE, text=START))
    ask(page)
    titles = {document["title"] for document in app.get(f"/api/library/voices/{work_mail}/documents")["documents"]}
    shown = page.locator(".entry-title").all_inner_texts()
    assert shown
    assert set(shown) <= titles
    assert {"door", "bow"} <= {mark.lower() for mark in page.locator(".entry mark").all_inner_texts()}
    expect(page.locator(".keywords li").first).to_have_attribute("title", re.compile(r"Weight \d\.\d\d"))
    expect(page.locator(".entry .score").first).to_have_attribute("title", re.compile(r"Relevance \d\.\d\d"))
    expect(page.locator(".timings")).to_contain_text("first word after")


def test_a_summary_sentence_leads_to_its_passage(app: App, work_mail: int, open_page: OpenPage) -> None:
    page = open_draft(open_page, app.draft(voice=work_mail, title=TITLE, text=START))
    ask(page)
    sentence = page.locator(".sentence").last
    sentence.click()
    pointed_out = page.locator(".entry.pointed-out")
    expect(pointed_out).to_be_in_viewport()
    words = " ".join(pointed_out.locator("blockquote").inner_text().split())
    assert " ".join(sentence.inner_text().split()) in words


def test_a_passage_opens_its_document_at_the_place(app: App, work_mail: int, open_page: OpenPage) -> None:
    page = open_draft(open_page, app.draft(voice=work_mail, title=TITLE, text=START))
    ask(page)
    # Documents that the memory alone leaned on come after these, without a passage.
    entry = page.locator(".entry:has(blockquote)").last
    title = entry.locator(".entry-title").inner_text()
    entry.locator(".entry-title").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name=title)
    mark = dialog.locator("mark")
    expect(mark).to_be_in_viewport()
    first_words = mark.inner_text().split()[:3]
    assert entry.locator("blockquote").inner_text().split()[:3] == first_words
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(entry.locator(".entry-title")).to_be_focused()


def test_accepted_text_is_one_step_of_undo_and_survives_a_reload(app: App, work_mail: int, open_page: OpenPage) -> None:
    page = open_draft(open_page, app.draft(voice=work_mail, title=TITLE, text=START))
    ask(page)
    suggestion = page.locator(".ghost").evaluate("ghost => ghost.textContent")
    page.keyboard.press("Tab")
    assert text_of(page) == START + suggestion
    expect(page.locator(".editor textarea")).to_be_focused()
    page.keyboard.press("Control+z")
    assert text_of(page) == START
    page.keyboard.press("Control+Shift+z")
    assert text_of(page) == START + suggestion
    saved(page)
    page.reload()
    ready(page)
    assert text_of(page) == START + suggestion
    expect(page.get_by_role("textbox", name="Title")).to_have_value(TITLE)


def test_one_word_can_be_accepted_and_the_rest_stays_on_offer(app: App, work_mail: int, open_page: OpenPage) -> None:
    page = open_draft(open_page, app.draft(voice=work_mail, title=TITLE, text=START))
    ask(page)
    suggestion = page.locator(".ghost").evaluate("ghost => ghost.textContent")
    page.keyboard.press("Control+ArrowRight")
    taken = text_of(page).removeprefix(START)
    assert re.fullmatch(r"\s*\S+", taken)
    assert page.locator(".ghost").evaluate("ghost => ghost.textContent") == suggestion.removeprefix(taken)


def test_typing_what_is_offered_keeps_it_and_anything_else_lets_it_go(
    app: App, work_mail: int, open_page: OpenPage
) -> None:
    page = open_draft(open_page, app.draft(voice=work_mail, title=TITLE, text=START))
    ask(page)
    page.keyboard.press("Control+ArrowRight")
    rest = page.locator(".ghost").evaluate("ghost => ghost.textContent")
    before = text_of(page)
    page.keyboard.press("Space" if rest[0] == " " else rest[0])
    assert text_of(page) == before + rest[0]
    offered(page)
    page.keyboard.type("§")
    idle(page)
    assert text_of(page) == before + rest[0] + "§"


def test_escape_dismisses(app: App, work_mail: int, open_page: OpenPage) -> None:
    page = open_draft(open_page, app.draft(voice=work_mail, title=TITLE, text=START))
    ask(page)
    page.keyboard.press("Escape")
    idle(page)
    expect(page.locator(".ghost")).to_have_count(0)
    assert text_of(page) == START
    expect(page.locator(".entry").first).to_be_visible()


def test_stop_ends_the_model_and_keeps_what_is_written(app: App, work_mail: int, open_page: OpenPage) -> None:
    page = open_draft(open_page, app.draft(voice=work_mail, title=TITLE, text=START))
    page.locator(".length select").select_option("paragraph")
    go_to_end(page)
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/api/suggest")):
        page.keyboard.press("Control+Enter")
        page.wait_for_function("document.querySelector('.ghost')?.textContent.length > 5")
        page.get_by_role("button", name="Stop").click()
    offered(page)
    assert text_of(page) == START
    page.get_by_role("button", name="Accept").click()
    assert len(text_of(page)) > len(START)


def test_another_suggestion_has_another_seed(app: App, work_mail: int, open_page: OpenPage) -> None:
    page = open_draft(open_page, app.draft(voice=work_mail, title=TITLE, text=START))
    ask(page)
    expect(page.locator(".timings")).to_contain_text("seed 0")
    first = page.locator(".ghost").evaluate("ghost => ghost.textContent")
    page.get_by_role("button", name="Another", exact=True).click()
    expect(page.locator(".timings")).to_contain_text("seed 1")
    offered(page)
    assert page.locator(".ghost").evaluate("ghost => ghost.textContent") != first


def test_a_suggestion_in_the_middle_pushes_what_follows(app: App, work_mail: int, open_page: OpenPage) -> None:
    after = " and nobody complained.\n\nThe second paragraph."
    page = open_draft(open_page, app.draft(voice=work_mail, title=TITLE, text=START + after))
    page.locator(".editor textarea").focus()
    page.evaluate(f"document.querySelector('.editor textarea').setSelectionRange({len(START)}, {len(START)})")
    page.keyboard.press("Control+Enter")
    offered(page)
    suggestion = page.locator(".ghost").evaluate("ghost => ghost.textContent")
    shown = page.locator(".mirror").inner_text()
    assert "nobody complained." in shown.split(suggestion.split()[-1])[-1]
    page.keyboard.press("Tab")
    assert text_of(page) == START + suggestion + after


def test_without_relevant_writing_the_page_says_so(app: App, open_page: OpenPage) -> None:
    bare = app.post("/api/library/voices", {"name": "Not written yet"})["id"]
    page = open_draft(open_page, app.draft(voice=bare, title=TITLE, text=START))
    ask(page)
    expect(page.locator(".evidence-note")).to_contain_text("Nothing in your past writing bears on this yet.")
    page.get_by_role("combobox", name="Voice").select_option(label="No voice")
    ask(page)
    expect(page.locator(".evidence-note")).to_contain_text("This draft has no voice")


def test_without_voices_the_page_leads_to_the_library(app: App, open_page: OpenPage) -> None:
    page = open_page("/library")
    page.route("**/api/library/voices", lambda route: route.fulfill(json={"voices": []}))
    page.goto(f"/#draft-{app.draft()}")
    ready(page)
    expect(page.locator(".voice-choice")).to_contain_text("No voices yet")
    expect(page.get_by_role("link", name="Open the Library")).to_have_attribute("href", "/library")


def test_an_error_reaches_the_writer_and_the_page_goes_on(app: App, work_mail: int, open_page: OpenPage) -> None:
    page = open_draft(open_page, app.draft(voice=work_mail, title=TITLE, text=START))
    body = '{"event": "error", "message": "the model stopped: try a shorter draft"}\n'
    page.route("**/api/suggest", lambda route: route.fulfill(body=body, content_type="application/x-ndjson"))
    go_to_end(page)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_have_text("the model stopped: try a shorter draft")
    page.unroute("**/api/suggest")
    ask(page)
    expect(page.locator(".trouble")).to_be_hidden()


def test_programs_get_the_same_suggestion_with_its_evidence(app: App, work_mail: int) -> None:
    names = {voice["name"] for voice in app.endpoint("voices")}
    assert "Work mail" in names
    answer = app.endpoint("suggest", TITLE, START, "Work mail", None)
    assert answer["entries"]
    assert answer["summary"]["text"]
    assert answer["suggestion"]
    assert answer["finish"] in {"stop", "length"}
    assert answer["signature"]["seed"] == 0


# ---- drafts ----


def test_drafts_are_made_opened_and_deleted(app: App, open_page: OpenPage) -> None:
    page = open_draft(open_page, app.draft(title="An older draft", text="Its text."))
    page.get_by_role("button", name="New draft").click()
    expect(page.get_by_role("textbox", name="Title")).to_be_focused()
    page.keyboard.type("A newer draft")
    page.keyboard.press("Enter")
    page.keyboard.type("Its own text.")
    saved(page)
    expect(page.locator(".draft-open[aria-current] .draft-opening")).to_have_text("Its own text.")
    page.locator(".draft-open", has_text="An older draft").first.click()
    expect(page.locator(".editor textarea")).to_have_value("Its text.")
    page.locator(".draft-open[aria-current]").hover()
    page.get_by_role("button", name="Delete An older draft").first.click()
    expect(page.locator(".editor textarea")).to_have_value("Its own text.")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".editor textarea")).to_have_value("Its text.")


def test_a_killed_server_loses_nothing(app: App, open_page: OpenPage, watch: Watch) -> None:
    watch.allowed = ("net::ERR_", "Failed to load resource")
    page = open_draft(open_page, app.draft(title="Storm", text=""))
    page.locator(".editor textarea").focus()
    page.keyboard.type("The lights flickered once. ", delay=20)
    app.stop(signal.SIGKILL)
    try:
        page.keyboard.type("Then they went out, and I went on writing.", delay=5)
        expect(page.locator(".save-state")).to_have_text("Not saved: no connection (kept in this browser)")
    finally:
        app.start()
    saved(page)
    page.reload()
    ready(page)
    assert text_of(page) == "The lights flickered once. Then they went out, and I went on writing."


def test_what_a_closed_tab_could_not_save_comes_back(app: App, open_page: OpenPage, watch: Watch) -> None:
    watch.allowed = ("net::ERR_", "Failed to load resource")
    number = app.draft(title="Ferry", text="Saved. ")
    page = open_draft(open_page, number)
    page.context.set_offline(True)
    go_to_end(page)
    page.keyboard.type("Not saved.")
    expect(page.locator(".save-state")).to_have_text("Not saved: no connection (kept in this browser)")
    second = page.context.new_page()
    page.close()
    second.context.set_offline(False)
    second.goto(f"/#draft-{number}")
    ready(second)
    assert text_of(second) == "Saved. Not saved."
    saved(second)
    assert app.get(f"/api/drafts/{number}")["text"] == "Saved. Not saved."


def test_what_is_typed_while_another_draft_is_opened_is_saved_to_its_own(app: App, open_page: OpenPage) -> None:
    first, second = app.draft(title="First", text="One."), app.draft(title="Second", text="Two.")
    page = open_draft(open_page, first)
    held: dict[str, list[Route]] = {"GET": [], "PUT": []}

    def hold(route: Route) -> None:
        held[route.request.method].append(route)

    page.route(f"**/api/drafts/{second}", hold)
    page.locator(".draft-open", has_text="Second").first.click()
    wait_until(page, lambda: bool(held["GET"]))
    page.route(f"**/api/drafts/{first}", hold)
    go_to_end(page)
    page.keyboard.type(" More.")
    wait_until(page, lambda: bool(held["PUT"]))
    held["GET"][0].continue_()
    page.wait_for_timeout(300)  # time for a page that would not wait
    page.unroute(f"**/api/drafts/{first}")
    held["PUT"][0].continue_()
    expect(page.locator(".editor textarea")).to_have_value("Two.")
    page.unroute(f"**/api/drafts/{second}")
    saved(page)
    assert (app.get(f"/api/drafts/{first}")["text"], app.get(f"/api/drafts/{second}")["text"]) == ("One. More.", "Two.")
    expect(page.locator(".draft-open[aria-current] .draft-opening")).to_have_text("Two.")


def test_what_is_typed_just_before_another_draft_opens_is_saved(app: App, open_page: OpenPage) -> None:
    first, second = app.draft(title="First", text="One."), app.draft(title="Second", text="Two.")
    page = open_draft(open_page, first)
    held: list[Route] = []
    page.route(f"**/api/drafts/{second}", lambda route: held.append(route))
    page.locator(".draft-open", has_text="Second").first.click()
    wait_until(page, lambda: bool(held))
    page.locator(".editor textarea").focus()
    page.keyboard.insert_text("More. ")
    held[0].continue_()
    expect(page.locator(".editor textarea")).to_have_value("Two.")
    assert "More. " in app.get(f"/api/drafts/{first}")["text"]


def test_coming_back_to_a_tab_shows_what_another_one_changed(app: App, open_page: OpenPage) -> None:
    number = app.draft(title="Shared", text="Old.")
    page = open_draft(open_page, number)
    stored = app.get(f"/api/drafts/{number}")
    app.put(f"/api/drafts/{number}", stored | {"text": "New."})
    app.post("/api/library/voices", {"name": "Made in another tab"})
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator(".editor textarea")).to_have_value("New.")
    expect(page.get_by_role("combobox", name="Voice")).to_contain_text("Made in another tab")


def test_a_draft_deleted_elsewhere_can_be_kept(app: App, open_page: OpenPage, watch: Watch) -> None:
    watch.allowed = ("404 (Not Found)",)
    page = open_draft(open_page, app.draft(title="Gone", text="Still here"))
    number = page.evaluate("Number(location.hash.slice('#draft-'.length))")
    page.evaluate(f"fetch('/api/drafts/{number}', {{ method: 'DELETE' }})")
    go_to_end(page)
    page.keyboard.type(", and more.")
    page.get_by_role("button", name="Keep it as a new draft").click()
    saved(page)
    assert text_of(page) == "Still here, and more."
    expect(page.get_by_role("textbox", name="Title")).to_have_value("Gone (my copy)")


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_draft_deleted_in_another_tab_waits_for_the_writers_word(
    app: App, open_page: OpenPage, watch: Watch, *, is_kept: bool
) -> None:
    watch.allowed = ("404 (Not Found)",)
    title = f"Deleted next door {is_kept}"
    text = f"Still here {is_kept}"
    number = app.draft(title=title, text=text)
    page = open_draft(open_page, number)
    next_door = page.context.new_page()
    next_door.goto(f"/#draft-{number}")
    ready(next_door)
    next_door.locator(".draft-open[aria-current]").hover()
    next_door.get_by_role("button", name=f"Delete {title}").click()
    expect(next_door.locator(".draft-title", has_text=title)).to_have_count(0)
    go_to_end(page)
    page.keyboard.type(", and more.")
    gone = page.get_by_role("dialog", name="This draft is gone")
    expect(gone).to_be_visible()
    assert text_of(page) == f"{text}, and more."
    gone.get_by_role("button", name="Keep it as a new draft" if is_kept else "Let it go").click()
    expect(gone).to_be_hidden()
    saved(page)
    editor = page.locator(".editor textarea")
    if is_kept:
        expect(editor).to_have_value(f"{text}, and more.")
    else:
        expect(editor).not_to_have_value(f"{text}, and more.")
    found = app.get("/api/drafts?search=" + title.replace(" ", "%20"))["drafts"]
    assert len(found) == int(is_kept)


def test_a_draft_of_200000_characters_stays_usable(app: App, work_mail: int, open_page: OpenPage) -> None:
    paragraph = "The harbour was quiet, and so was I, and neither of us meant it. " * 6
    text = "\n\n".join([paragraph] * 520)[:200_000]
    page = open_draft(open_page, app.draft(voice=work_mail, title="A book", text=text))
    go_to_end(page)
    page.keyboard.type(" So")
    milliseconds = page.evaluate(
        """async () => {
            const took = [];
            for (const letter of ' it went on.') {
                const start = performance.now();
                document.execCommand('insertText', false, letter);
                await new Promise((painted) => requestAnimationFrame(() => setTimeout(painted)));
                took.push(performance.now() - start);
            }
            return took.sort((one, other) => one - other)[Math.floor(took.length / 2)];
        }"""
    )
    assert milliseconds < 250  # a busy machine of two cores; alone it takes a tenth of that
    page.locator(".length select").select_option("short")
    ask(page)
    page.keyboard.press("Tab")
    saved(page)
    assert text_of(page).startswith(text + " So it went on.")


# ---- safety ----


def test_text_from_documents_drafts_and_titles_is_never_markup(
    app: App, open_page: OpenPage, tmp_path_factory: pytest.TempPathFactory
) -> None:
    voice = app.post("/api/library/voices", {"name": f"Evil {EVIL}"[:80]})["id"]
    file = text_file(
        tmp_path_factory.mktemp("evil") / "evil.md",
        f"---\ntitle: '{EVIL}'\n---\n\n{(EVIL + ' the bow door stuck. ') * 9}",
    )
    upload = app.post(f"/api/library/voices/{voice}/uploads")["upload"]
    app.put(f"/api/library/uploads/{upload}?name=evil.md", file.read_bytes())
    job = app.post(f"/api/library/voices/{voice}/uploads/{upload}/import")["id"]
    page = open_draft(open_page, app.draft(voice=voice, title=EVIL, text=f"{EVIL} the bow door stuck and"))
    page.wait_for_function(
        "job => fetch(`/api/library/imports/${job}`).then(a => a.json()).then(job => job.state === 'done')", arg=job
    )
    ask(page)
    expect(page.locator(".entry blockquote").first).to_contain_text("<img src=x onerror=")
    expect(page.locator(".draft-open[aria-current] .draft-title")).to_have_text(EVIL)
    page.locator(".entry").first.click()
    expect(page.get_by_role("dialog").locator(".passage-text")).to_contain_text("${window.injected=1}")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    page.reload()
    ready(page)
    assert page.evaluate("window.injected") is None
    assert page.locator(".write img").count() == 0


# ---- look and reach ----


def test_light_and_dark_follow_the_system_until_the_writer_chooses(app: App, open_page: OpenPage) -> None:
    page = open_draft(open_page, app.draft(), color_scheme="dark")
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(paper)
    assert _lightness(dark) < 60
    page.get_by_role("button", name="Light or dark: as the system").click()
    expect(page.get_by_role("button", name="Light or dark: light")).to_be_visible()
    assert _lightness(page.evaluate(paper)) > 200
    page.reload()
    ready(page)
    assert _lightness(page.evaluate(paper)) > 200
    page.get_by_role("button", name="Light or dark: light").click()
    assert page.evaluate(paper) == dark


def _lightness(colour: str) -> float:
    return sum(int(number) for number in re.findall(r"\d+", colour)[:3]) / 3


def test_on_a_phone_the_evidence_is_below_and_nothing_scrolls_sideways(
    app: App, work_mail: int, open_page: OpenPage
) -> None:
    number = app.draft(voice=work_mail, title=TITLE, text=START)
    phone = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
    page = open_draft(open_page, number, **phone)
    page.get_by_role("button", name="Suggest").tap()
    offered(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    desk, evidence = page.locator(".desk").bounding_box(), page.locator(".evidence").bounding_box()
    assert desk is not None
    assert evidence is not None
    assert evidence["y"] >= desk["y"] + desk["height"] - 1
    page.get_by_role("button", name="Accept").tap()
    assert len(text_of(page)) > len(START)
    page.get_by_role("button", name="Drafts").tap()
    expect(page.get_by_role("button", name="New draft")).to_be_in_viewport()
    page.locator(".draft-open[aria-current]").tap()
    expect(page.get_by_role("button", name="New draft")).not_to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_everything_can_be_done_from_the_keyboard(app: App, work_mail: int, open_page: OpenPage) -> None:
    page = open_draft(open_page, app.draft(title="Before", text="Something."))
    _tab_to(page, page.get_by_role("button", name="New draft"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Title")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="More", exact=True)).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="How much of me")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("combobox", name="Voice")).to_be_focused()
    page.keyboard.type("Work mail")
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.type(TITLE)
    page.keyboard.press("Enter")
    page.keyboard.type(START)
    page.keyboard.press("Control+Enter")
    offered(page)
    page.keyboard.press("Tab")
    assert len(text_of(page)) > len(START)
    page.keyboard.press("Tab")  # nothing is on offer any more: Tab moves on
    expect(page.get_by_role("button", name="Suggest")).to_be_focused()
    _tab_to(page, page.locator(".entry-title").first)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def _tab_to(page: Page, target: Locator) -> None:
    """Press Tab until the target has the focus, which must then be visible."""
    for _ in range(60):
        if target.evaluate("element => element === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(target).to_be_focused()
    assert target.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"
