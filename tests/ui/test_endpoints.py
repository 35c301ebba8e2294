"""The answers that programs get."""

from pathlib import Path

import pytest

from assistant.errors import SettingsError
from assistant.library.library import Library
from assistant.types import DocumentId, Request, Steering
from assistant.ui.endpoints import answers, steering_of
from tests.ui.writing_room import Script, assistant_with


def test_answers_grow_until_the_suggestion_is_whole(library: Library, tmp_path: Path) -> None:
    pipeline = assistant_with(library, Script(), tmp_path).pipeline
    request = Request(library.local_writer(), None, title="", before="The gate")
    given = list(answers(pipeline.write(request), lambda suggestion: {}))
    assert [answer["suggestion"] for answer in given] == ["", "", "", " It", " It held", " It held.", " It held."]
    assert [answer["finish"] for answer in given] == ["cancelled"] * 6 + ["stop"]
    keys = {"entries", "summary", "keywords", "suggestion", "recalls", "finish", "timings_ms", "signature"}
    assert all(set(answer) == keys for answer in given)


def test_programs_steer_with_json_and_are_told_what_does_not_fit() -> None:
    assert steering_of(None) == Steering()
    assert steering_of({"pinned": [3], "added_words": [" weir "]}) == Steering((DocumentId(3),), added_words=("weir",))
    with pytest.raises(SettingsError, match="steering: ranking: "):
        steering_of({"ranking": "RankByMoon"})
    with pytest.raises(SettingsError, match="pinned and left out"):
        steering_of({"pinned": [3], "excluded": [3]})
