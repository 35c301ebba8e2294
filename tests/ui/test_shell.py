"""The whole application, as far as it can be looked at without a browser."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from assistant.library.library import Library
from assistant.ui.shell import build_app
from tests.ui.writing_room import Script, assistant_with


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What the application sets for Gradio ends with the test."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "False")


def test_what_programs_upload_and_never_import_does_not_stay(library: Library, tmp_path: Path) -> None:
    left_behind = tmp_path / "data" / "temporary" / "0123" / "letter.txt"
    left_behind.parent.mkdir(parents=True)
    left_behind.write_text("from a process that was killed")
    app = build_app(assistant_with(library, Script(), tmp_path / "data"), names=None)
    assert not left_behind.exists()
    with TestClient(app) as program:
        sent = program.post("/gradio_api/upload", files={"files": ("letter.txt", b"private")})
        (uploaded,) = map(Path, sent.json())
        assert tmp_path / "data" / "temporary" in uploaded.parents
        assert uploaded.read_bytes() == b"private"
    assert not uploaded.exists()
