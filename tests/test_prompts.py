"""The prompt format: its sections and their order, what is text and what is a marker, a cut that stays put."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from assistant.errors import ModelError
from assistant.prompts import (
    DRAFT,
    END,
    MARKERS,
    PAPER_TEMPLATE,
    PAST,
    PLAIN_TEMPLATE,
    SUMMARY,
    TEMPLATE_FILE,
    TITLE,
    WORDS,
    Part,
    PromptTemplate,
    build_prompt,
    draft_tail,
    encode_prompt,
)
from assistant.types import (
    DocumentId,
    Evidence,
    Keyword,
    RankedEntry,
    Snippet,
    SnippetId,
    Span,
    Summary,
    SummarySentence,
)
from tests.small_models import small_tokenizer


def entry(number: int, title: str, text: str) -> RankedEntry:
    snippet = Snippet(SnippetId(number), DocumentId(number), 0, Span(0, len(text)), text)
    return RankedEntry(DocumentId(number), title, date(2001, 5, 3), text, snippet.span, snippet, (snippet,), 0.5)


EVIDENCE = Evidence(
    entries=(entry(1, "Locks", "The gate stuck."), entry(2, "", "It froze.")),
    summary=Summary(
        (
            SummarySentence("The gate stuck.", SnippetId(1), DocumentId(1)),
            SummarySentence("It froze.", SnippetId(2), DocumentId(2)),
        )
    ),
    keywords=(Keyword("sluice", 0.9), Keyword("gate", 0.5)),
)


def test_the_papers_order_begins_with_the_draft_and_ends_with_it_for_the_decoder() -> None:
    prompt = build_prompt(PAPER_TEMPLATE, EVIDENCE, title="Thaw", before="In March")
    assert not any(part.is_marker for part in prompt)
    assert prompt[-1].text == "In March"
    assert "".join(part.text for part in prompt[:-1]) == (
        "Finish the passage in the user voice. title: Thaw passage start: In March summary: The gate stuck. It froze. "
        "important words: sluice, gate past passages: Locks\nThe gate stuck. past passages: It froze."
    )


def test_a_template_for_models_without_one_is_chosen_by_who_loads_them(tmp_path: Path) -> None:
    assert PromptTemplate.load(tmp_path, default=PAPER_TEMPLATE) == PAPER_TEMPLATE
    PAPER_TEMPLATE.save(tmp_path)
    assert PromptTemplate.load(tmp_path) == PAPER_TEMPLATE


def test_sections_come_in_order_the_best_passage_last_and_the_draft_at_the_end() -> None:
    prompt = build_prompt(PromptTemplate(), EVIDENCE, title="Thaw", before="In March")
    assert [(part.text, part.is_marker) for part in prompt] == [
        (PAST, True),
        ("It froze.", False),
        (PAST, True),
        ("Locks\nThe gate stuck.", False),
        (SUMMARY, True),
        ("The gate stuck. It froze.", False),
        (WORDS, True),
        ("sluice, gate", False),
        (TITLE, True),
        ("Thaw", False),
        (DRAFT, True),
        ("In March", False),
    ]


def test_empty_sections_are_left_out() -> None:
    prompt = build_prompt(PromptTemplate(), Evidence(), title="", before="In March")
    assert prompt == (Part(DRAFT, is_marker=True), Part("In March"))


def test_an_empty_draft_still_has_its_place() -> None:
    prompt = build_prompt(PromptTemplate(), Evidence(), title="Thaw", before="")
    assert prompt[-2:] == (Part(DRAFT, is_marker=True), Part(""))


def test_a_plain_template_is_text_all_through() -> None:
    prompt = build_prompt(PLAIN_TEMPLATE, EVIDENCE, title="Thaw", before="In March")
    assert not any(part.is_marker for part in prompt)
    text = "".join(part.text for part in prompt)
    assert not any(marker in text for marker in MARKERS)
    headings = ["Past passage:", "Summary:", "Important words:", "Title:"]
    positions = [text.index(heading) for heading in headings]
    assert positions == sorted(positions)
    assert text.endswith("\n\nIn March")


@pytest.mark.parametrize("marker", MARKERS)
def test_what_looks_like_a_marker_in_a_text_stays_text(marker: str) -> None:
    tokenizer = small_tokenizer()
    number = tokenizer.convert_tokens_to_ids(marker)
    evidence = replace(EVIDENCE, entries=(entry(1, f"A {marker} title", f"Some {marker} text"),))
    prompt = build_prompt(PromptTemplate(), evidence, title=f"{marker}", before=f"I typed {marker}")
    ids = encode_prompt(prompt, tokenizer)
    assert ids.count(number) == sum(part.is_marker and part.text == marker for part in prompt)
    # All of it is there nevertheless, as characters.
    texts = [tokenizer.decode(encode_prompt([part], tokenizer)) for part in prompt if not part.is_marker]
    assert texts == [part.text for part in prompt if not part.is_marker]


def test_every_marker_of_the_format_is_one_token() -> None:
    tokenizer = small_tokenizer()
    ids = encode_prompt([Part(marker, is_marker=True) for marker in MARKERS], tokenizer)
    assert len(set(ids)) == len(MARKERS)
    assert tokenizer.eos_token_id == ids[MARKERS.index(END)]


def test_a_template_names_the_markers_it_needs() -> None:
    assert PromptTemplate().markers == {PAST, SUMMARY, WORDS, TITLE, DRAFT}
    assert PLAIN_TEMPLATE.markers == frozenset()


# The cut of a long draft


def test_a_short_draft_is_not_cut() -> None:
    text = "word " * 300
    assert draft_tail(text, 1500) == text


def test_the_cut_stays_put_while_hundreds_of_characters_are_typed() -> None:
    whole = "".join(f"word{i} " for i in range(2000))
    lengths = range(3000, 6000)
    starts = {length: length - len(draft_tail(whole[:length], 1500)) for length in lengths}
    assert [length for length in lengths[1:] if starts[length] != starts[length - 1]] == [3500, 4000, 4500, 5000, 5500]


def test_what_is_kept_is_the_end_and_about_as_long_as_asked_for() -> None:
    whole = "".join(f"word{i} " for i in range(2000))
    word = len("word1999 ")
    for length in range(1500, 8000, 7):
        tail = draft_tail(whole[:length], 1500)
        assert whole[:length].endswith(tail)
        assert 1500 - word <= len(tail) < 2000
        assert tail.startswith("word")


def test_a_script_without_spaces_is_cut_all_the_same() -> None:
    assert 1500 <= len(draft_tail("漢" * 9999, 1500)) < 2000


# Templates on disk


def test_a_saved_template_is_read_back(tmp_path: Path) -> None:
    template = PromptTemplate(past="<past>", draft_characters=700)
    template.save(tmp_path)
    assert PromptTemplate.load(tmp_path) == template


def test_a_folder_without_a_template_means_plain_headings(tmp_path: Path) -> None:
    assert PromptTemplate.load(tmp_path) == PLAIN_TEMPLATE


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[1]",
        b"null",
        b"\xff\xfe",
        b'{"unknown": 1}',
        b'{"draft_characters": "many"}',
        b'{"past": null}',
        b'{"special_markers": 3}',
    ],
)
def test_a_damaged_template_names_its_file_and_the_way_out(tmp_path: Path, content: bytes) -> None:
    (tmp_path / TEMPLATE_FILE).write_bytes(content)
    with pytest.raises(ModelError, match=rf"{TEMPLATE_FILE} is not a prompt template .*: restore it"):
        PromptTemplate.load(tmp_path)


def test_a_template_may_leave_fields_to_their_defaults(tmp_path: Path) -> None:
    (tmp_path / TEMPLATE_FILE).write_text(json.dumps({"draft_characters": 900}))
    assert PromptTemplate.load(tmp_path) == PromptTemplate(draft_characters=900)
