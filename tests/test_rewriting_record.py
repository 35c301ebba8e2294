"""Which rewrites a model has passed the check for."""

from pathlib import Path

import pytest

from assistant.rewriting_record import RECORD_FILE, read_record, record_for, save_record
from assistant.types import RewriteKind


def test_a_record_comes_back_in_order_for_its_weights_alone(tmp_path: Path) -> None:
    save_record(tmp_path, "abc", {RewriteKind.PLAINER, RewriteKind.SHORTER}, {"kinds": {}})
    record = record_for(tmp_path, "abc")
    assert record is not None
    assert record.passed == (RewriteKind.SHORTER, RewriteKind.PLAINER)
    assert record_for(tmp_path, "other weights") is None
    assert read_record(tmp_path) == record


def test_a_model_that_passed_nothing_is_checked_all_the_same(tmp_path: Path) -> None:
    save_record(tmp_path, "abc", (), {})
    record = record_for(tmp_path, "abc")
    assert record is not None
    assert record.passed == ()


@pytest.mark.parametrize("content", [None, "{", "[]", '{"weights_sha256": "abc", "passed": ["louder"]}'])
def test_no_file_or_a_damaged_one_is_no_check(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / RECORD_FILE).write_text(content)
    assert read_record(tmp_path) is None
