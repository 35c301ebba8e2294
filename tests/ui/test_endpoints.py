"""The answers that programs get."""

from pathlib import Path

from assistant.library.library import Library
from assistant.types import Request
from assistant.ui.endpoints import answers
from tests.ui.writing_room import Script, assistant_with


def test_answers_grow_until_the_suggestion_is_whole(library: Library, tmp_path: Path) -> None:
    pipeline = assistant_with(library, Script(), tmp_path).pipeline
    request = Request(library.local_writer(), None, title="", before="The gate")
    given = list(answers(pipeline.write(request), lambda suggestion: {}))
    assert [answer["suggestion"] for answer in given] == ["", "", "", " It", " It held", " It held.", " It held."]
    assert [answer["finish"] for answer in given] == ["cancelled"] * 6 + ["stop"]
    keys = {"entries", "summary", "keywords", "suggestion", "recalls", "finish", "timings_ms", "signature"}
    assert all(set(answer) == keys for answer in given)
