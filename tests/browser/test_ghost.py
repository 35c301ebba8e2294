"""Ghosts that come by themselves, alternatives, and the keys of the Write page, in a real browser."""

import json
import re
import signal
from collections.abc import Sequence
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import App, OpenPage, Watch
from tests.browser.test_write import START, TITLE, go_to_end, idle, offered, open_draft, ready, saved, text_of

pytestmark = pytest.mark.browser

PAUSE = 1500  # milliseconds that are a pause for any rhythm
LONG = 180_000  # milliseconds in which three paragraphs are written even on a busy machine


def ghost_text(page: Page) -> str:
    text: str = page.locator(".ghost").evaluate("ghost => ghost.textContent")
    return text


def draft_of(page: Page) -> int:
    """The number of the open draft."""
    number: int = page.evaluate("Number(location.hash.slice('#draft-'.length))")
    return number


def choose_mode(page: Page, label: str) -> None:
    page.get_by_role("button", name="By itself").click()
    page.get_by_role("radio", name=label).check()
    page.keyboard.press("Escape")


def write_page(
    app: App, open_page: OpenPage, voice: int | None, mode: str = "Always", *, title: str = TITLE, text: str = START
) -> Page:
    """A draft with the cursor at its end, ghosts coming in this mode."""
    page = open_draft(open_page, app.draft(voice=voice, title=title, text=text))
    choose_mode(page, mode)
    go_to_end(page)
    return page


def scripted(page: Page, *pieces: str, confidence: float | None = None, **told: object) -> list[dict[str, object]]:
    """Let the page get this suggestion, with what else is told at its end, from now on; returns its requests."""
    asked: list[dict[str, object]] = []
    lines: list[dict[str, object]] = [
        {"event": "ranked", "entries": [], "milliseconds": 0},
        {"event": "summarized", "sentences": [], "milliseconds": 0},
        {"event": "synthesized", "keywords": [], "milliseconds": 0},
    ]
    lines += [{"event": "text", "text": piece, "confidence": confidence} for piece in pieces]
    recalls = {"runs": [{"text": "".join(pieces)}], "words": 1, "documents": []}
    finished = {"event": "finished", "finish": "stop", "recalls": recalls, "timings_ms": {}, "signature": {"seed": 0}}
    lines.append(finished | told)
    body = "".join(json.dumps(line) + "\n" for line in lines)

    def answer(route: Route) -> None:
        sent = route.request.post_data_json
        assert isinstance(sent, dict)
        asked.append(sent)
        route.fulfill(body=body, content_type="application/x-ndjson")

    page.route("**/api/suggest", answer)
    return asked


def recorded(page: Page, path: str) -> list[dict[str, Any]]:
    """What the page sends there from now on; it gets an empty answer."""
    sent: list[dict[str, Any]] = []

    def answer(route: Route) -> None:
        body = route.request.post_data_json
        assert isinstance(body, dict)
        sent.append(body)
        route.fulfill(body="{}\n")

    page.route(path, answer)
    return sent


# ---- the rules, as pure functions ----


def applied(page: Page, module: str, rule: str, cases: Sequence[Sequence[object]]) -> list[object]:
    """What a rule of the page says of each case."""
    module = f"/own/static/write/{module}.js"
    code = f"(cases) => import('{module}').then((rules) => cases.map((each) => rules.{rule}(...each)))"
    answers: list[object] = page.evaluate(code, cases)
    return answers


def test_the_pause_adapts_to_the_writers_rhythm(app: App, open_page: OpenPage) -> None:
    cases = [
        ([], 500),
        ([100] * 7, 500),  # too few to know
        ([100] * 40, 250),  # a fast typist waits a quarter of a second, not less
        ([200] * 40, 300),  # half as long again
        ([200] * 36 + [5000] * 4, 300),  # rests are no rhythm
        ([150] * 30 + [400] * 10, 600),  # nine in ten gaps must be shorter
        ([1200] * 40, 900),  # and a slow one not longer than this
        ([1200] * 40 + [200] * 40, 300),  # the last forty count
    ]
    pauses = applied(open_page("/library"), "rhythm", "pauseAfter", [[gaps] for gaps, _ in cases])
    assert pauses == [pause for _, pause in cases]


def test_what_stands_around_the_cursor_is_cut_in_steps_and_never_through_a_character(
    app: App, open_page: OpenPage
) -> None:
    page = open_page("/library")
    cuts = page.evaluate(
        """import('/own/static/write/place.js').then(({ around }) => {
            const text = '🙂'.repeat(20_000);
            return [30_000, 30_100, 30_200].map((caret) => {
                const { before, after } = around(text, caret);
                return [before.length - caret, before.isWellFormed(), after.isWellFormed(), after.length];
            });
        })"""
    )
    assert len({cut for cut, *_ in cuts}) == 1  # the model's beginning stays the same while the writer types
    assert all(before and after and length <= 2001 for _, before, after, length in cuts)


def test_no_ghost_comes_within_a_word_or_a_character(app: App, open_page: OpenPage) -> None:
    cases = [
        ("It was", "", True),
        ("It was ", "late.", True),
        ("It was", " late.", True),
        ("", "It was late.", False),
        ("  \n", "", False),
        ("It w", "as late.", False),
        ("Cafe", "\u0301 au lait", False),
        ("A wave 👋", "🏽 and", False),
        ("A family 👩\u200d", "👩", False),
        ("A wave 👋", " and", True),
        ("שלום", "", True),
        ("של", "ום", False),
    ]
    answers = applied(open_page("/library"), "place", "mayStand", [[before, after] for before, after, _ in cases])
    assert answers == [may for _, _, may in cases]


def test_keys_that_are_taken_or_write_are_refused_with_a_reason(app: App, open_page: OpenPage) -> None:
    cases = [
        ("next", "Ctrl+Enter", "is taken: “Ask for a suggestion"),
        ("next", "Ctrl+KeyZ", "undoes"),
        ("next", "KeyJ", "alone is for writing"),
        ("next", "Shift+KeyJ", "alone is for writing"),
        ("next", "ArrowRight", "alone is for writing"),
        ("next", "Alt+KeyJ", ""),
        ("accept", "Tab", ""),
        ("accept", "F2", ""),
    ]
    refusals = open_page("/library").evaluate(
        """(cases) => import('/own/static/write/keys.js').then(({ Keys }) => {
            const keys = new Keys({ get: () => undefined });
            return cases.map(([name, chord]) => keys.refusal(name, chord));
        })""",
        cases,
    )
    assert all(
        why in refusal and bool(why) == bool(refusal) for (*_, why), refusal in zip(cases, refusals, strict=True)
    )


def test_brackets_are_found_where_the_keyboard_has_them(app: App, open_page: OpenPage) -> None:
    chords = open_page("/library").evaluate(
        """() => import('/own/static/write/keys.js').then(({ chordOf }) => [
            { key: ']', code: 'BracketRight', altKey: true },
            { key: '‘', code: 'BracketRight', altKey: true },
            { key: ']', code: 'Digit6', altKey: true },
            { key: '[', code: 'Digit8', modifierAltGraph: true },
            { key: ']', code: 'Digit9', ctrlKey: true, altKey: true, modifierAltGraph: true },
            { key: ']', code: 'BracketRight', ctrlKey: true, altKey: true },
        ].map((keys) => chordOf(new KeyboardEvent('keydown', keys))))"""
    )
    assert chords == [
        "Alt+BracketRight",
        "Alt+BracketRight",
        "Alt+BracketRight",
        "Alt+BracketLeft",
        "Alt+BracketRight",
        "Ctrl+Alt+BracketRight",
    ]


# ---- ghosts ----


def test_a_ghost_comes_after_a_pause_with_its_evidence_and_changes_nothing(
    app: App, work_mail: int, open_page: OpenPage
) -> None:
    page = write_page(app, open_page, work_mail)
    page.keyboard.type(" a long", delay=40)
    offered(page)
    assert text_of(page) == START + " a long"
    assert ghost_text(page).strip()
    expect(page.locator(".entry").first).to_be_visible()
    page.keyboard.press("Tab")
    idle(page)
    assert text_of(page).startswith(START + " a long")
    assert len(text_of(page)) > len(START + " a long")


def test_nothing_comes_while_the_writer_types_when_it_is_off_paused_or_nothing_was_typed(
    app: App, open_page: OpenPage
) -> None:
    page = write_page(app, open_page, None)
    asked = scripted(page, " and so it went.")
    page.wait_for_timeout(PAUSE)  # the cursor alone brings nothing
    assert asked == []
    page.keyboard.type(" We waited for", delay=60)
    assert asked == []
    offered(page)
    assert len(asked) == 1
    page.keyboard.press("Escape")
    page.keyboard.press("Alt+p")
    expect(page.locator(".ghost-mode")).to_have_text("paused")
    page.keyboard.type(" the tide", delay=40)
    page.wait_for_timeout(PAUSE)
    assert len(asked) == 1
    page.keyboard.press("Alt+p")
    choose_mode(page, "Off")
    page.locator(".editor textarea").focus()
    page.keyboard.type(" to turn", delay=40)
    page.wait_for_timeout(PAUSE)
    assert len(asked) == 1
    page.keyboard.press("Control+Enter")  # the key always shows
    offered(page)
    page.reload()
    ready(page)
    expect(page.locator(".ghost-mode")).to_have_text("off")


def test_an_unsure_ghost_is_never_shown_but_the_key_shows_it(app: App, open_page: OpenPage) -> None:
    page = write_page(app, open_page, None, "When the model is sure")
    asked = scripted(page, " and", " so", " it", " went", " on.", confidence=-4.0)
    page.evaluate(
        """() => {
            window.ghosts = 0;
            new MutationObserver(() => (window.ghosts += document.querySelectorAll('.ghost').length))
                .observe(document.querySelector('.write'), { childList: true, subtree: true, attributes: true });
        }"""
    )
    page.keyboard.type(" We", delay=40)
    page.wait_for_timeout(PAUSE)
    assert len(asked) == 1
    assert page.evaluate("window.ghosts") == 0
    idle(page)
    page.keyboard.press("Control+Enter")
    offered(page)
    assert ghost_text(page) == " and so it went on."
    page.keyboard.press("Escape")
    page.unroute("**/api/suggest")
    scripted(page, " and", " so", " it", " went", " on.", confidence=-0.5)
    page.keyboard.type(" waited", delay=40)
    offered(page)


def test_a_ghost_in_the_middle_of_a_line_repeats_nothing_and_keeps_the_paragraph(
    app: App, open_page: OpenPage, work_mail: int
) -> None:
    after = " while the engine ran.\n\nThe second paragraph."
    page = write_page(app, open_page, work_mail, text=START + after)
    page.evaluate(f"document.querySelector('.editor textarea').setSelectionRange({len(START)}, {len(START)})")
    page.keyboard.type(" a", delay=40)
    offered(page)
    ghost = ghost_text(page)
    assert "\n" not in ghost
    assert not ghost.endswith((".", " "))
    assert page.locator(".mirror > div").first.inner_text().endswith("while the engine ran.")
    page.keyboard.press("Tab")
    assert text_of(page) == START + " a" + ghost + after
    page.keyboard.press("Control+z")
    assert text_of(page) == START + " a" + after


def test_typing_through_a_ghost_keeps_the_rest_and_any_other_key_lets_it_go(app: App, open_page: OpenPage) -> None:
    page = write_page(app, open_page, None)
    scripted(page, " and so it went.")
    page.keyboard.type(" We", delay=40)
    offered(page)
    page.keyboard.type(" and", delay=20)
    assert ghost_text(page) == " so it went."
    page.keyboard.press("Control+ArrowRight")
    assert ghost_text(page) == " it went."
    page.keyboard.insert_text(" it")  # as a phone's keyboard does, a word at once
    assert ghost_text(page) == " went."
    assert text_of(page) == START + " We and so it"
    page.keyboard.type("!")
    idle(page)
    assert text_of(page) == START + " We and so it!"


def test_every_word_that_is_taken_is_a_step_of_undo_and_so_is_the_rest(app: App, open_page: OpenPage) -> None:
    page = write_page(app, open_page, None)
    scripted(page, " and so it went.")
    page.keyboard.type(" We", delay=40)
    offered(page)
    texts = [text_of(page)]
    for chord, taken in (("Control+ArrowRight", " and"), ("Control+ArrowRight", " so"), ("Tab", " it went.")):
        page.keyboard.press(chord)
        assert text_of(page) == texts[-1] + taken
        texts.append(text_of(page))
    for text in texts[-2::-1]:
        page.keyboard.press("Control+z")
        assert text_of(page) == text
    for text in texts[1:]:
        page.keyboard.press("Control+Shift+z")
        assert text_of(page) == text


def test_a_key_closes_the_connection_at_once_and_the_model_is_free(
    app: App, work_mail: int, open_page: OpenPage
) -> None:
    page = write_page(app, open_page, work_mail)
    page.locator(".length select").select_option("paragraph")
    page.locator(".editor textarea").focus()
    page.keyboard.type(" and", delay=40)
    page.wait_for_function("document.querySelector('.ghost')?.textContent.length > 3")
    page.evaluate(
        """() => {
            addEventListener('keydown', () => (window.pressed = performance.now()), { capture: true, once: true });
            new MutationObserver(() => (window.gone ??= performance.now())).observe(
                document.querySelector('.write'), { attributeFilter: ['data-state'] });
        }"""
    )
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/api/suggest")):
        page.keyboard.press("#")
    assert page.evaluate("window.gone - window.pressed") < 100
    page.keyboard.press("Control+Enter")  # not behind a paragraph that nobody reads
    offered(page)


def test_a_word_that_is_being_composed_brings_no_ghost_and_is_not_broken_by_one(app: App, open_page: OpenPage) -> None:
    page = write_page(app, open_page, None)
    asked = scripted(page, " and so it went.")
    devtools = page.context.new_cdp_session(page)
    devtools.send("Input.imeSetComposition", {"text": "かな", "selectionStart": 2, "selectionEnd": 2})
    page.wait_for_timeout(PAUSE)
    assert asked == []
    devtools.send("Input.insertText", {"text": "仮名"})
    assert text_of(page) == START + "仮名"
    offered(page)
    devtools.send("Input.imeSetComposition", {"text": "か", "selectionStart": 1, "selectionEnd": 1})
    idle(page)
    assert text_of(page) == START + "仮名か"


def test_the_model_is_warmed_once_a_sentence_and_evidence_is_reused(
    app: App, work_mail: int, open_page: OpenPage
) -> None:
    page = write_page(app, open_page, work_mail, title="A draft that no other test has warmed")
    warmed: list[object] = []
    page.on("request", lambda request: warmed.append(request) if request.url.endswith("/suggest/warm") else None)
    with page.expect_response("**/api/suggest/warm"):
        page.keyboard.type(" a")
    page.keyboard.type(" very long", delay=30)
    offered(page)
    assert len(warmed) == 1
    reused = {"reused": True, "characters_earlier": len("a very long")}
    signature = json.loads(page.locator(".timings [title*=seed]").get_attribute("title") or "")
    assert signature["evidence"] == reused
    with page.expect_response("**/api/suggest/warm"):
        page.keyboard.type(". T")
    assert len(warmed) == 2


def test_in_a_long_sentence_the_model_is_warmed_again(app: App, work_mail: int, open_page: OpenPage) -> None:
    page = write_page(app, open_page, work_mail, title="A draft of one long sentence")
    with page.expect_response("**/api/suggest/warm"):
        page.keyboard.type(" a")
    with page.expect_request("**/api/suggest/warm") as again:
        page.keyboard.type(" very long queue of cars", delay=20)
    assert json.loads(again.value.post_data or "")["before"].startswith(f"{START} a very lon")


# ---- alternatives ----


def test_alternatives_are_made_on_demand_up_to_four_and_numbered(app: App, work_mail: int, open_page: OpenPage) -> None:
    page = write_page(app, open_page, work_mail, "Off")
    page.locator(".length select").select_option("short")
    go_to_end(page)
    page.keyboard.press("Control+Enter")
    offered(page)
    number = page.locator(".alternative-number")
    expect(number).to_have_text("")
    texts = [ghost_text(page)]
    for count in (2, 3, 4):
        page.keyboard.press("Alt+BracketRight")
        expect(number).to_have_text(f"{count}/{count}")
        texts.append(ghost_text(page))
    assert len(set(texts)) == 4
    page.keyboard.press("Alt+BracketRight")
    expect(number).to_have_text("1/4")
    assert ghost_text(page) == texts[0]
    page.keyboard.press("Alt+BracketLeft")
    expect(number).to_have_text("4/4")
    assert ghost_text(page) == texts[3]
    signature = json.loads(page.locator(".timings [title*=seed]").get_attribute("title") or "")
    assert signature["evidence"]["reused"] is True
    page.keyboard.press("Tab")
    assert text_of(page) == START + texts[3]


def test_longer_ways_to_go_on_stand_side_by_side_and_one_is_put_in(
    app: App, work_mail: int, open_page: OpenPage
) -> None:
    page = write_page(app, open_page, work_mail, "Off")
    page.keyboard.press("Control+Shift+Enter")
    dialog = page.get_by_role("dialog", name="Ways to go on")
    expect(dialog.locator(".continuation:not(.writing)")).to_have_count(3, timeout=LONG)
    dialog.get_by_role("button", name="One more").click()
    expect(dialog.locator(".continuation:not(.writing)")).to_have_count(4, timeout=LONG)
    expect(dialog.get_by_role("button", name="One more")).to_be_hidden()
    texts = dialog.locator(".continuation-text").all_inner_texts()
    assert len(set(texts)) > 1
    dialog.get_by_role("button", name="Put way 2 in").click()
    expect(dialog).to_be_hidden()
    assert text_of(page).startswith(START)
    assert " ".join(texts[1].split()) in " ".join(text_of(page).split())
    expect(page.locator(".editor textarea")).to_be_focused()
    page.keyboard.press("Control+z")
    assert text_of(page) == START


# ---- keys ----


def test_keys_are_listed_changed_refused_and_remembered(app: App, open_page: OpenPage) -> None:
    page = write_page(app, open_page, None, "Off")
    scripted(page, " and so it went.")
    page.get_by_role("button", name="Keys", exact=True).click()
    dialog = page.get_by_role("dialog", name="Keys")
    accept = dialog.locator("[data-command=accept]")
    expect(accept).to_have_text("Tab")
    accept.click()
    page.keyboard.press("Control+Enter")
    expect(dialog.get_by_role("status")).to_contain_text("Ctrl Enter is taken")
    page.keyboard.press("j")
    expect(dialog.get_by_role("status")).to_contain_text("alone is for writing")
    page.keyboard.press("Escape")  # gives up waiting, not the panel
    expect(accept).to_have_text("Tab")
    accept.click()
    page.keyboard.press("Alt+j")
    expect(accept).to_have_text("Alt J")
    dialog.get_by_role("button", name="Close").click()
    page.reload()
    ready(page)
    scripted(page, " and so it went.")
    go_to_end(page)
    page.keyboard.press("Control+Enter")
    offered(page)
    expect(page.get_by_role("button", name="Accept")).to_contain_text("Alt J")
    page.keyboard.press("Alt+j")
    assert text_of(page) == START + " and so it went."
    page.get_by_role("button", name="Keys", exact=True).click()
    page.get_by_role("button", name="All as they were").click()
    expect(page.locator("[data-command=accept]")).to_have_text("Tab")


def test_a_suggestion_is_announced_once_and_its_keys_the_first_time(app: App, open_page: OpenPage) -> None:
    page = write_page(app, open_page, None, "Off")
    scripted(page, " and", " so", " it", " went.")
    page.evaluate(
        """() => {
            window.said = [];
            const line = document.querySelector('[data-live]');
            new MutationObserver(() => window.said.push(line.textContent)).observe(line, { childList: true });
        }"""
    )
    page.keyboard.press("Control+Enter")
    offered(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Control+Enter")
    offered(page)
    said = page.evaluate("window.said")
    assert said == [
        "Suggestion: and so it went. Tab accepts it, Esc dismisses it.",
        "Suggestion: and so it went.",
    ]


def test_a_line_break_that_is_offered_is_typed_through(app: App, open_page: OpenPage) -> None:
    page = write_page(app, open_page, None, "Off")
    scripted(page, "\nand so it went.")
    page.keyboard.press("Control+Enter")
    offered(page)
    page.keyboard.press("Enter")
    expect(page.locator(".ghost")).to_have_text("and so it went.")
    page.keyboard.press("Tab")
    assert text_of(page) == START + "\nand so it went."


@pytest.mark.parametrize("key", ["Backspace", "Enter", "Delete", "End", "ArrowDown", "ArrowLeft", "PageDown", "click"])
def test_a_key_that_leaves_the_place_lets_the_offer_go(app: App, open_page: OpenPage, key: str) -> None:
    page = write_page(app, open_page, None, "Off")
    scripted(page, " and so it went.")
    page.keyboard.press("Control+Enter")
    offered(page)
    if key == "click":
        page.locator(".editor textarea").click(position={"x": 5, "y": 5})
    else:
        page.keyboard.press(key)
    idle(page)


def test_only_what_was_really_taken_is_counted_and_none_is_the_models_that_the_writer_wrote(
    app: App, open_page: OpenPage
) -> None:
    page = write_page(app, open_page, None, "Off")
    told = recorded(page, "**/api/statistics/suggestions")
    scripted(page, " the ferry")
    page.keyboard.press("Control+Enter")
    offered(page)
    page.keyboard.type(" two")  # begins as the offer does
    saved(page)
    assert app.get(f"/api/drafts/{draft_of(page)}")["origins"] == []
    page.keyboard.press("Control+Enter")
    offered(page)
    scripted(page, " a barge went")
    page.keyboard.press("Alt+]")
    expect(page.locator(".ghost")).to_have_text(" a barge went")
    page.keyboard.type(" a bar")
    page.keyboard.press("Escape")
    saved(page)
    (span,) = app.get(f"/api/drafts/{draft_of(page)}")["origins"]
    assert (span["end"] - span["start"], span["origin"]) == (2, "suggested")
    assert [(one["words"], one["accepted_words"], one["dismissed"]) for one in told] == [
        (2, 0, True),
        (2, 0, False),
        (3, 1, False),
    ]


def test_what_is_stopped_or_accepted_while_it_is_written_is_counted(app: App, open_page: OpenPage) -> None:
    page = write_page(app, open_page, None, "Off")
    told = recorded(page, "**/api/statistics/suggestions")
    page.evaluate(
        """() => {
            const real = window.fetch;
            const first = '{"event":"text","text":" the ferry left","confidence":null}\\n';
            const start = (stream) => stream.enqueue(new TextEncoder().encode(first));
            window.fetch = async (path, options) =>
                path === '/api/suggest' ? new Response(new ReadableStream({ start })) : real(path, options);
        }"""
    )
    for key in ("Tab", "Escape"):
        page.keyboard.press("Control+Enter")
        expect(page.locator(".ghost")).to_have_text(" the ferry left")
        page.keyboard.press(key)
        idle(page)
    assert [(one["words"], one["accepted_words"], one["dismissed"]) for one in told] == [(3, 3, False), (3, 0, True)]


def test_a_longer_way_is_put_in_where_its_place_is_by_then_and_judged_by_what_it_was_asked_with(
    app: App, open_page: OpenPage
) -> None:
    page = write_page(app, open_page, None, "Off")
    scripted(page, " and so it went.")
    judged = recorded(page, "**/api/inspect")
    page.get_by_role("button", name="Longer…").click()
    expect(page.locator(".continuation:not(.writing)")).to_have_count(3)
    draft = app.get(f"/api/drafts/{draft_of(page)}")
    changed = {key: draft[key] for key in ("voice", "title", "revision", "origins")} | {"text": f"Before it. {START}"}
    revision = app.put(f"/api/drafts/{draft_of(page)}", changed)["revision"]
    page.evaluate(
        "told => new BroadcastChannel('ownhand.drafts').postMessage(told)", {"id": draft["id"], "revision": revision}
    )
    expect(page.locator(".editor textarea")).to_have_value(f"Before it. {START}")
    page.get_by_role("button", name="Put way 1 in").click()
    assert text_of(page) == f"Before it. {START} and so it went."
    page.wait_for_timeout(1000)
    assert judged[0]["ask"]["before"] == START


def test_a_longer_way_that_breaks_off_is_not_being_written_any_more(app: App, open_page: OpenPage) -> None:
    page = write_page(app, open_page, None, "Off")
    body = '{"event": "text", "text": " and so", "confidence": null}\n'
    page.route("**/api/suggest", lambda route: route.fulfill(body=body, content_type="application/x-ndjson"))
    page.get_by_role("button", name="Longer…").click()
    expect(page.get_by_text("It broke off. Try again.")).to_be_visible()
    expect(page.locator(".continuation")).to_have_count(1)
    expect(page.locator(".continuation.writing")).to_have_count(0)


def test_the_length_is_told_in_words_and_stays_over_a_reload(app: App, open_page: OpenPage) -> None:
    page = write_page(app, open_page, None, "Off")
    page.locator(".length select").select_option(label="Up to 15 words")
    page.reload()
    ready(page)
    asked = scripted(page, " and so it went.")
    go_to_end(page)
    page.keyboard.press("Control+Enter")
    offered(page)
    assert asked[0]["length"] == "short"


# ---- bad input ----


def test_a_megabyte_is_pasted_and_the_page_goes_on(app: App, open_page: OpenPage) -> None:
    page = write_page(app, open_page, None)
    asked = scripted(page, " and so it went.")
    page.evaluate(
        """() => {
            const text = 'The harbour was quiet, and so was I. '.repeat(28_000);
            document.querySelector('.editor textarea').focus();
            document.execCommand('insertText', false, text);
        }"""
    )
    page.keyboard.type(" So", delay=40)
    offered(page)
    assert len(json.dumps(asked[-1])) < 20_000
    page.keyboard.press("Tab")
    saved(page)
    assert text_of(page).endswith(" So and so it went.")


def test_a_ghost_stands_in_text_that_runs_from_right_to_left(app: App, open_page: OpenPage) -> None:
    hebrew = "שלום לכולם, אנחנו כאן"
    page = write_page(app, open_page, None, text=hebrew)
    scripted(page, " עד הערב")
    page.keyboard.type(" 🙂", delay=40)
    offered(page)
    line, textarea = page.locator(".mirror > div").first.bounding_box(), page.locator(".editor textarea").bounding_box()
    assert line is not None
    assert textarea is not None
    drawn = page.locator(".mirror > div").first.evaluate(
        """(line) => {
            const range = new Range();
            range.selectNodeContents(line);
            return range.getBoundingClientRect().right;
        }"""
    )
    assert abs(drawn - (textarea["x"] + textarea["width"])) < 4
    page.keyboard.press("Tab")
    assert text_of(page) == hebrew + " 🙂 עד הערב"


E_ACUTE, WAVE, FAMILY = "e\u0301", "👋🏽", "👩\u200d👩\u200d👧"  # each of them one character to a reader


@pytest.mark.parametrize("end", [E_ACUTE, WAVE, FAMILY])
def test_characters_of_several_code_points_stay_whole_around_a_ghost(
    app: App, open_page: OpenPage, *, end: str
) -> None:
    text = f"We met at the caf{end}"
    page = write_page(app, open_page, None, text=text)
    scripted(page, f" {WAVE}{FAMILY} and caf{E_ACUTE} again")
    page.keyboard.press("Control+Enter")
    offered(page)
    assert page.locator(".mirror > div").first.evaluate("line => line.textContent.isWellFormed()")
    page.keyboard.press("Control+ArrowRight")
    assert text_of(page) == f"{text} {WAVE}{FAMILY}"
    page.keyboard.type(" and caf")
    assert ghost_text(page) == f"{E_ACUTE} again"
    page.keyboard.insert_text(E_ACUTE)
    assert ghost_text(page) == " again"
    page.keyboard.press("Tab")
    assert text_of(page) == f"{text} {WAVE}{FAMILY} and caf{E_ACUTE} again"


@pytest.mark.parametrize(("offer", "typed"), [(f"{E_ACUTE}t{E_ACUTE} again", "e"), (f"{WAVE} again", "👋")])
def test_half_a_character_is_not_what_is_offered(app: App, open_page: OpenPage, *, offer: str, typed: str) -> None:
    page = write_page(app, open_page, None, text="We met in the ")
    scripted(page, offer)
    page.keyboard.press("Control+Enter")
    offered(page)
    page.keyboard.insert_text(typed)
    idle(page)
    assert text_of(page) == f"We met in the {typed}"


def test_code_keeps_its_indentation_and_its_tabs(app: App, open_page: OpenPage) -> None:
    code = "def gate(level):\n\tif level > 3:\n\t\treturn 'shut'"
    page = write_page(app, open_page, None, text=code)
    scripted(page, "\n\telse:\n\t\treturn `<b>${open}</b>`")
    page.keyboard.press("Control+Enter")
    offered(page)
    assert page.locator(".mirror b").count() == 0
    page.keyboard.press("Tab")
    assert text_of(page) == f"{code}\n\telse:\n\t\treturn `<b>${{open}}</b>`"
    page.keyboard.press("Control+z")
    assert text_of(page) == code
    saved(page)


def test_a_voice_that_is_deleted_while_in_use_is_told_and_left(
    app: App, open_page: OpenPage, work_mail: int, watch: Watch
) -> None:
    watch.allowed = ("404 (Not Found)",)
    voice = app.post("/api/library/voices", {"name": "Soon gone"})["id"]
    page = write_page(app, open_page, voice)
    page.evaluate(f"fetch('/api/library/voices/{voice}', {{ method: 'DELETE' }})")
    page.keyboard.type(" and so", delay=40)
    expect(page.get_by_role("alert")).to_contain_text("The voice of this draft was deleted")
    expect(page.get_by_role("combobox", name="Voice")).to_have_value("")
    page.keyboard.press("Control+Enter")
    offered(page)
    saved(page)


def test_without_a_server_no_ghost_and_no_complaint_comes(app: App, open_page: OpenPage, watch: Watch) -> None:
    watch.allowed = ("net::ERR_", "Failed to load resource")
    page = write_page(app, open_page, None)
    app.stop(signal.SIGKILL)
    try:
        page.keyboard.type(" The lights went out", delay=40)
        page.wait_for_timeout(PAUSE)
        expect(page.locator(".trouble")).to_be_hidden()
        idle(page)
        expect(page.locator(".save-state")).to_have_text(re.compile("Not saved: no connection"))
        page.keyboard.press("Control+Enter")
        expect(page.get_by_role("alert")).to_contain_text("Ownhand does not answer")
    finally:
        app.start()
    saved(page)
    assert text_of(page) == START + " The lights went out"


def test_a_server_that_goes_mid_suggestion_takes_nothing_with_it(
    app: App, open_page: OpenPage, work_mail: int, watch: Watch
) -> None:
    watch.allowed = ("net::ERR_", "Failed to load resource")
    page = write_page(app, open_page, work_mail, "Off")
    page.locator(".length select").select_option("paragraph")
    go_to_end(page)
    page.keyboard.press("Control+Enter")
    page.wait_for_function("document.querySelector('.ghost')?.textContent.length > 5")
    app.stop(signal.SIGKILL)
    try:
        expect(page.get_by_role("alert")).to_be_visible()
        offered(page)  # what came stays on offer
        page.keyboard.press("Tab")
        taken = text_of(page)
        assert taken.startswith(START)
        assert len(taken) > len(START) + 5
    finally:
        app.start()
    saved(page)
    assert app.get(f"/api/drafts/{draft_of(page)}")["text"] == taken
    page.locator(".length select").select_option("short")
    go_to_end(page)
    page.keyboard.press("Control+Enter")
    offered(page)
    expect(page.get_by_role("alert")).to_be_hidden()


def test_a_voice_that_is_deleted_mid_suggestion_leaves_what_was_written(
    app: App, open_page: OpenPage, watch: Watch
) -> None:
    watch.allowed = ("404 (Not Found)",)
    voice = app.post("/api/library/voices", {"name": "Gone in the middle"})["id"]
    page = write_page(app, open_page, voice, "Off")
    page.keyboard.press("Control+Enter")
    page.wait_for_function("document.querySelector('.ghost')?.textContent.length > 5")
    page.evaluate(f"fetch('/api/library/voices/{voice}', {{ method: 'DELETE' }})")
    expect(page.locator(".write")).to_have_attribute("data-state", "offered", timeout=LONG)
    page.keyboard.press("Tab")
    taken = text_of(page)
    assert len(taken) > len(START) + 5
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("The voice of this draft was deleted")
    saved(page)
    assert text_of(page) == taken
    stored = app.get(f"/api/drafts/{draft_of(page)}")
    assert (stored["voice"], stored["text"]) == (None, taken)


# ---- look and reach ----


def test_on_a_phone_a_ghost_is_accepted_by_touch(app: App, work_mail: int, open_page: OpenPage) -> None:
    number = app.draft(voice=work_mail, title=TITLE, text=START)
    phone = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
    page = open_draft(open_page, number, **phone)
    page.get_by_role("button", name="By itself").tap()
    page.get_by_role("radio", name="Always").tap()
    page.locator(".editor textarea").tap(position={"x": 40, "y": 20})  # the choices cover what lies lower
    page.keyboard.press("Control+End")
    page.keyboard.type(" a long", delay=40)
    offered(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Accept").tap()
    assert len(text_of(page)) > len(START + " a long")
