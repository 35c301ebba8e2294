"""Evidence in a real browser: steered by hand and by keyboard, remembered, judged, and its numbers on a page."""

import json
import re
from typing import Any, get_args

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from assistant.settings import RankingName, Settings, SummaryName, SynthesisName
from tests.browser.conftest import App, OpenPage, Watch

pytestmark = pytest.mark.browser

TITLE = "The bow door, a fourth time"
START = (
    "We lost the bow door again on Tuesday, at the worst possible moment, with fourteen cars on the deck. "
    "I have asked Piet to look at the hydraulic ram before we do anything clever. What the passengers saw was"
)


def open_draft(open_page: OpenPage, number: int, **options: object) -> Page:
    page = open_page(f"/#draft-{number}", **options)
    expect(page.locator(".write")).to_have_attribute("data-ready", "true")
    return page


def drafted(app: App, work_mail: int, open_page: OpenPage, **options: object) -> Page:
    """A draft with a suggestion on offer and its evidence beside it."""
    page = open_draft(open_page, app.draft(voice=work_mail, title=TITLE, text=START), **options)
    page.locator(".editor textarea").focus()
    page.keyboard.press("Control+End")
    page.keyboard.press("Control+Enter")
    offered(page)
    return page


def offered(page: Page) -> None:
    expect(page.locator(".write")).to_have_attribute("data-state", "offered")


def standing(page: Page) -> list[str]:
    """The titles of the passages, in their order."""
    return page.locator(".entry[id] .entry-title").all_inner_texts()


def steer(page: Page, change: Locator) -> dict[str, Any]:
    """Press a button of the margin; the suggestion is asked for anew, and this is what it is asked with."""
    with page.expect_request("**/api/suggest") as asked, page.expect_response(re.compile("/api/drafts/.*/steering")):
        change.click()
    offered(page)
    told: dict[str, Any] = json.loads(asked.value.post_data or "")["steering"]
    return told


def test_a_long_passage_shows_some_lines_until_it_is_opened_and_stays_open(
    app: App, work_mail: int, open_page: OpenPage
) -> None:
    page = drafted(app, work_mail, open_page)
    long = page.locator(".entry[id]").filter(has=page.get_by_role("button", name="Show all of it")).first
    entry = page.locator(f'.entry[id][data-document="{long.get_attribute("data-document")}"]')
    short = height_of(entry.locator("blockquote"))
    entry.get_by_role("button", name="Show all of it").press("Enter")
    assert height_of(entry.locator("blockquote")) > 1.5 * short
    with page.expect_response("**/api/suggest"):
        page.keyboard.press("Control+Enter")
    offered(page)
    entry.get_by_role("button", name="Show less", expanded=True).click()
    assert height_of(entry.locator("blockquote")) == short


def height_of(place: Locator) -> float:
    box = place.bounding_box()
    assert box is not None
    return box["height"]


def test_a_pin_a_move_and_leaving_out_change_the_suggestion_at_once_and_can_be_undone(
    app: App, work_mail: int, open_page: OpenPage
) -> None:
    page = drafted(app, work_mail, open_page)
    chosen = standing(page)
    first, second = (page.locator(".entry[id]").nth(place) for place in range(2))
    expect(page.get_by_role("button", name="Back to what Ownhand chose")).to_be_hidden()

    steer(page, first.get_by_role("button", name="down"))
    assert standing(page)[:2] == [chosen[1], chosen[0]]
    steer(page, second.get_by_role("button", name="Pin"))
    expect(page.locator(".entry.pinned .entry-title")).to_have_text(chosen[0])
    told = steer(page, page.get_by_role("button", name=f"Leave out “{chosen[1]}”"))
    assert len(told["pinned"]) == len(told["excluded"]) == 1
    assert chosen[1] not in standing(page)
    left = page.get_by_role("region", name="Left out")
    expect(left).to_contain_text(chosen[1])

    steer(page, page.get_by_role("button", name="Undo"))
    assert chosen[1] in standing(page)
    steer(page, page.get_by_role("button", name="Back to what Ownhand chose"))
    assert sorted(standing(page)) == sorted(chosen)  # whose words lean on other documents stand in another order
    expect(left).to_be_hidden()


def test_words_and_the_summary_are_the_writers_to_change(app: App, work_mail: int, open_page: OpenPage) -> None:
    page = drafted(app, work_mail, open_page)
    words = page.locator(".keywords li span")
    gone = words.first.inner_text()
    page.locator(".keywords li").first.hover()
    assert steer(page, page.get_by_role("button", name=f"Remove the word “{gone}”"))["removed_words"] == [gone]
    assert gone not in words.all_inner_texts()

    field = page.get_by_label("Add a word")
    field.fill("lifeboat")
    with page.expect_request("**/api/suggest"):
        field.press("Enter")
    offered(page)
    expect(words.first).to_have_text("lifeboat")
    expect(field).to_be_focused()

    page.get_by_role("button", name="Edit").click()
    summary = page.get_by_label("The summary")
    summary.fill("The door has failed four times.")
    steer(page, page.get_by_role("button", name="Done"))
    expect(page.locator(".summary > p").first).to_have_text("The door has failed four times.")
    page.get_by_role("button", name="Edit").click()
    summary.press("Escape")
    expect(summary).to_have_count(0)
    offered(page)  # Escape left the suggestion alone


def test_a_document_is_added_by_search_and_a_ranking_chosen(app: App, work_mail: int, open_page: OpenPage) -> None:
    page = drafted(app, work_mail, open_page)
    titles = [line["title"] for line in app.get(f"/api/library/voices/{work_mail}/documents")["documents"]]
    wanted = next(title for title in titles if title not in standing(page))
    page.get_by_label(re.compile("Add a document")).fill(wanted)
    found = page.locator(".found-documents").get_by_role("button", name=wanted).first
    expect(found).to_have_text(re.compile(rf"^{re.escape(wanted)} \d{{4}}$"))
    steer(page, found)
    assert wanted in standing(page)
    with page.expect_request("**/api/suggest") as asked:
        page.get_by_label("How passages are chosen").select_option("RecentDoc")
    offered(page)
    assert json.loads(asked.value.post_data or "")["steering"]["ranking"] == "RecentDoc"


def test_who_sums_up_and_who_chooses_the_words_are_chosen(app: App, work_mail: int, open_page: OpenPage) -> None:
    page = drafted(app, work_mail, open_page)
    summed_up = page.get_by_label("How they are summed up")
    with page.expect_request("**/api/suggest") as asked:
        summed_up.select_option("SumCtxInd")
    offered(page)
    assert json.loads(asked.value.post_data or "")["steering"]["summary_by"] == "SumCtxInd"
    with page.expect_request("**/api/suggest"):
        page.get_by_label("How words are chosen").select_option("none")
    offered(page)
    expect(page.locator(".keywords li span")).to_have_count(0)
    written = summed_up.locator('option[value="SumCtxWritten"]')
    expect(written).to_be_disabled()
    expect(written).to_have_attribute("title", re.compile("No model is there for it"))
    page.get_by_role("button", name="Back to what Ownhand chose").click()
    expect(summed_up).to_have_value("")


def test_every_variant_can_be_chosen(app: App, work_mail: int, open_page: OpenPage) -> None:
    page = open_draft(open_page, app.draft(voice=work_mail, title=TITLE, text=START))
    usual = Settings()
    for label, names, served in (
        ("How passages are chosen", RankingName, usual.ranking.method),
        ("How they are summed up", SummaryName, usual.summary.method),
        ("How words are chosen", SynthesisName, usual.keywords.method),
    ):
        options = page.get_by_label(label).locator("option")
        offered_names = options.evaluate_all("all => all.map((one) => one.value)")
        assert sorted(name or served for name in offered_names) == sorted(get_args(names))


def test_steering_is_remembered_for_the_draft_alone(app: App, work_mail: int, open_page: OpenPage) -> None:
    other = app.draft(voice=work_mail, title="Another", text="Text.")
    page = drafted(app, work_mail, open_page)
    pinned = standing(page)[1]
    steer(page, page.locator(".entry[id]").nth(1).get_by_role("button", name="Pin"))
    here = page.url
    page.locator(f'[data-draft="{other}"] .draft-open').click()
    expect(page.get_by_role("button", name="Back to what Ownhand chose")).to_be_hidden()
    page.goto(here)
    page.reload()
    expect(page.locator(".write")).to_have_attribute("data-ready", "true")
    expect(page.get_by_role("button", name="Back to what Ownhand chose")).to_be_visible()
    page.locator(".editor textarea").focus()
    page.keyboard.press("Control+End")
    page.keyboard.press("Control+Enter")
    offered(page)
    expect(page.locator(".entry.pinned .entry-title")).to_have_text(pinned)


def test_two_tabs_steer_one_draft_and_a_server_that_is_back_gets_what_it_missed(
    app: App, open_page: OpenPage, watch: Watch
) -> None:
    watch.allowed = ("net::ERR_", "Failed to load resource")
    draft = app.draft()
    path = f"/api/drafts/{draft}/steering"
    one = open_page("/library")
    other = one.context.new_page()
    other.goto("/library")
    for page in (one, other):
        page.evaluate(
            """draft => import('/own/static/write/steering.js').then(({ Steering }) => {
                window.steering = new Steering({ change() {}, opened() {}, trouble() {} });
                return window.steering.open(draft);
            })""",
            draft,
        )
    one.evaluate("steering.addWord('weir')")
    other.wait_for_function("steering.value.added_words.includes('weir')")
    missed: list[str] = []

    def miss_once(route: Route) -> None:
        if route.request.method == "PUT" and not missed:
            missed.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    other.route(f"**{path}", miss_once)
    other.evaluate("steering.removeWord('gate')")
    one.wait_for_function("steering.value.removed_words.includes('gate')")
    assert missed
    kept = app.get(path)["steering"]
    assert (kept["added_words"], kept["removed_words"]) == (["weir"], ["gate"])


def test_coming_back_to_a_tab_shows_the_steering_that_is_left(app: App, work_mail: int, open_page: OpenPage) -> None:
    draft = app.draft(voice=work_mail, title=TITLE, text=START)
    page = open_draft(open_page, draft)
    app.put(f"/api/drafts/{draft}/steering", {"added_words": ["weir"]})
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    with page.expect_request("**/api/suggest") as asked:
        page.wait_for_timeout(1500)
        page.locator(".editor textarea").focus()
        page.keyboard.press("Control+Enter")
    assert '"added_words":["weir"]' in (asked.value.post_data or "")


def test_all_of_it_is_reached_by_the_keyboard_and_the_focus_stays(
    app: App, work_mail: int, open_page: OpenPage
) -> None:
    page = drafted(app, work_mail, open_page)
    title = standing(page)[0]
    page.locator(".entry[id] .entry-title").first.focus()
    page.keyboard.press("Tab")  # to the button that opens the passage
    page.keyboard.press("Tab")
    pin = page.get_by_role("button", name=f"Pin “{title}”")
    expect(pin).to_be_focused()
    expect(page.locator(".entry[id] .entry-tools").first).to_have_css("opacity", "1")
    with page.expect_request("**/api/suggest"):
        page.keyboard.press("Enter")
    offered(page)
    expect(page.get_by_role("button", name=f"Unpin “{title}”")).to_be_focused()


def test_the_exact_model_input_opens(app: App, work_mail: int, open_page: OpenPage) -> None:
    page = drafted(app, work_mail, open_page)
    page.get_by_role("button", name="Show the exact model input").click()
    text = page.locator(".prompt-text")
    expect(text).to_contain_text("What the passengers saw was")
    expect(text).to_contain_text(page.locator(".entry[id] .entry-title").first.inner_text())
    page.keyboard.press("Escape")
    expect(text).to_be_hidden()


def test_every_passage_is_of_a_kind_the_evidence_of_a_band_and_each_document_moved_it_or_not(
    app: App, work_mail: int, open_page: OpenPage
) -> None:
    page = drafted(app, work_mail, open_page)
    expect(page.locator(".band")).to_have_text(re.compile("^(Strong|Weak) evidence. "))
    kinds = page.locator(".entry[id] .kind")
    assert set(kinds.all_inner_texts()) <= {"says this", "sounds like this"}
    assert all(title.startswith("It shares") for title in kinds.evaluate_all("all => all.map((one) => one.title)"))
    count = page.locator(".entry[id]").count()
    moved = page.locator(".entry[id] .moved")
    expect(moved).to_have_count(count)
    allowed = re.compile("^(moved it a lot|moved it a little|did not move it)$")
    assert all(allowed.match(text) for text in moved.all_inner_texts())
    assert all("bits" in title for title in moved.evaluate_all("all => all.map((one) => one.title)"))


def test_copied_words_and_new_facts_are_marked_in_the_suggestion_and_told_beside_it(
    app: App, work_mail: int, open_page: OpenPage
) -> None:
    page = open_draft(open_page, app.draft(voice=work_mail, title=TITLE, text=START))
    suggestion = " the bow door stuck, and Farrow paid 61 pounds."
    line = app.get(f"/api/library/voices/{work_mail}/documents")["documents"][0]
    marks = {
        "event": "marks",
        "copies": [
            {"text": "the bow door stuck", "from": 1, "to": 19, "words": 4, "document": line["id"],
             "title": line["title"], "start": 0, "end": 20}
        ],
        "facts": [
            {"text": "Farrow", "from": 25, "to": 31, "kind": "name"},
            {"text": "61", "from": 37, "to": 39, "kind": "number"},
        ],
    }  # fmt: skip
    answer = [
        {"event": "ranked", "entries": [], "band": {"level": "none", "reason": ""}, "milliseconds": 1},
        {"event": "text", "text": suggestion, "confidence": None},
        {"event": "finished", "finish": "stop",
         "recalls": {"runs": [{"text": suggestion}], "words": 9, "documents": []}, "timings_ms": {}, "signature": {}},
    ]  # fmt: skip
    # The server's answers are fixed here: what a model would write is another matter than how it is marked.
    page.route("**/api/suggest", lambda route: route.fulfill(body="\n".join(map(json.dumps, answer)) + "\n"))
    page.route("**/api/inspect", lambda route: route.fulfill(body=json.dumps(marks) + "\n"))
    page.locator(".editor textarea").focus()
    page.keyboard.press("Control+End")
    page.keyboard.press("Control+Enter")
    offered(page)
    findings = page.get_by_role("region", name="Worth a look")
    expect(findings).to_contain_text("In neither your draft nor these passages: Farrow, 61")
    expect(findings).to_contain_text(f"4 words in a row as in {line['title']}")
    highlighted = "name => [...(CSS.highlights.get(name) ?? [])].map(String)"
    assert page.evaluate(highlighted, "copied-words") == ["the bow door stuck"]
    assert page.evaluate(highlighted, "new-facts") == ["Farrow", "61"]
    for _ in range(3):
        page.keyboard.press("Control+ArrowRight")
    assert page.evaluate(highlighted, "copied-words") == [" stuck"]  # what is taken is not marked any more
    assert page.evaluate(highlighted, "new-facts") == ["Farrow", "61"]
    findings.get_by_role("button", name=line["title"]).click()
    expect(page.locator(".passage-dialog mark")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator(".editor textarea").focus()
    page.keyboard.press("Escape")
    expect(findings).to_be_hidden()
    assert page.evaluate(highlighted, "new-facts") == []


def test_suggestions_are_counted_shown_on_a_page_and_deleted(app: App, work_mail: int, open_page: OpenPage) -> None:
    app._ask("DELETE", "/api/statistics", None)
    page = drafted(app, work_mail, open_page)
    with page.expect_response("**/api/statistics/suggestions"):
        page.keyboard.press("Tab")  # takes it
    page.keyboard.press("Control+Enter")
    offered(page)
    with page.expect_response("**/api/statistics/suggestions"):
        page.keyboard.press("Escape")
    page.goto("/statistics")
    lead = page.locator(".stat-lead")
    expect(lead).to_have_text(re.compile("^2 suggestions were shown. You took something of 1, "))
    expect(page.locator(".stat-legend")).to_have_text(re.compile("1 taken.*1 dismissed"))
    expect(page.get_by_role("row", name="Work mail")).to_contain_text("50 %")
    expect(page.get_by_role("row", name="To the first word")).to_be_visible()

    for chosen in ("Voice: Work mail", "All suggestions"):
        page.get_by_label("How long it took for").select_option(label=chosen)
        expect(page.get_by_role("row", name="To the last word")).to_be_visible()

    page.get_by_label("Count what becomes of suggestions").uncheck()
    expect(page.get_by_label("Count what becomes of suggestions")).not_to_be_checked()
    remove = page.get_by_role("button", name="Delete these numbers")
    remove.click()
    page.get_by_role("button", name="They cannot be brought back").click()
    expect(lead).to_have_text("Suggestions and rewrites are not counted.")
    page.get_by_label("Count what becomes of suggestions").check()
    expect(lead).to_have_text(re.compile("^Nothing is counted yet"))


def test_programs_steer_too(app: App, work_mail: int) -> None:
    plain = app.endpoint("suggest", TITLE, START, "Work mail")
    gone, pinned = (entry["document"] for entry in plain["entries"][:2])
    steered = app.endpoint("suggest", TITLE, START, "Work mail", None, {"excluded": [gone], "pinned": [pinned]})
    assert steered["entries"][0]["document"] == pinned
    assert gone not in [entry["document"] for entry in steered["entries"]]
