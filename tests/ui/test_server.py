"""The address the page is served at."""

import subprocess
import sys
from pathlib import Path

import pytest

from assistant.errors import SettingsError
from assistant.settings import ServerSettings
from assistant.ui.server import is_private, listen, url

ROOT = Path(__file__).resolve().parents[2]


def test_a_free_port_is_taken_and_named() -> None:
    with listen(ServerSettings("127.0.0.1", 0)) as door:
        assert url(door) == f"http://127.0.0.1:{door.getsockname()[1]}"
        assert is_private(door)


def test_every_network_is_not_private_and_has_a_name_to_type() -> None:
    with listen(ServerSettings("0.0.0.0", 0)) as door:
        assert url(door).startswith("http://127.0.0.1:")
        assert not is_private(door)


@pytest.mark.parametrize("port", [-1, 65536])
def test_an_impossible_port_is_refused(port: int) -> None:
    with pytest.raises(SettingsError, match="expected 0 to 65535"):
        listen(ServerSettings("127.0.0.1", port))


@pytest.mark.parametrize("host", ["no.such.host.invalid", "203.0.113.7", "a" * 300])
def test_a_host_that_is_not_this_machine_is_refused(host: str) -> None:
    with pytest.raises(SettingsError, match=r"--host"):
        listen(ServerSettings(host, 0))


def test_a_port_in_use_ends_the_app_with_one_line() -> None:
    with listen(ServerSettings("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
        command = [sys.executable, "app.py", "--port", str(port)]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"error: port {port} on 127.0.0.1 is in use")
    assert ended.stderr.count("\n") == 1
