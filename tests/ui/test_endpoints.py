"""The answers that programs get."""

from pathlib import Path

import pytest

from assistant.errors import NotFoundError
from assistant.library.library import Library
from assistant.types import Request
from assistant.ui.endpoints import answers, voice_named
from tests.ui.writing_room import Script, assistant_with


def test_answers_grow_until_the_suggestion_is_whole(library: Library, tmp_path: Path) -> None:
    pipeline = assistant_with(library, Script(), tmp_path).pipeline
    request = Request(library.local_writer(), None, title="", before="The gate")
    given = list(answers(pipeline.write(request)))
    assert [answer["suggestion"] for answer in given] == ["", "", "", " It", " It held", " It held.", " It held."]
    assert [answer["finish"] for answer in given] == ["cancelled"] * 6 + ["stop"]
    keys = {"entries", "summary", "keywords", "suggestion", "finish", "timings_ms", "signature"}
    assert all(set(answer) == keys for answer in given)


def test_a_voice_is_found_by_its_name(library: Library, tmp_path: Path) -> None:
    assistant, writer = assistant_with(library, Script(), tmp_path), library.local_writer()
    letters = library.create_voice(writer, "Letters")
    assert voice_named(assistant, writer, "Letters") == letters.id
    assert voice_named(assistant, writer, "") is None
    with pytest.raises(NotFoundError, match=r"no voice named 'Novel': expected one of: Letters"):
        voice_named(assistant, writer, "Novel")
