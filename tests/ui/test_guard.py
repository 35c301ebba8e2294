"""Who may ask, what is closed, and the headers of every answer."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from assistant.ui.guard import LOCAL_NAMES, Guard


def answer(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{request.method} {request.url.path}")


def client(*, names: frozenset[str] | None = LOCAL_NAMES, base_url: str = "http://127.0.0.1:7860") -> TestClient:
    app = Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST", "PUT", "DELETE"])])
    return TestClient(Guard(app, names=names), base_url=base_url)


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:7860", "localhost", "[::1]:7860"])
def test_local_names_are_answered(host: str) -> None:
    assert client().get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", "", "[bad"])
def test_a_host_name_that_points_here_by_a_trick_is_refused(host: str) -> None:
    refusal = client().get("/api/drafts", headers={"host": host})
    assert refusal.status_code == 421
    assert "localhost" in refusal.json()["error"]


def test_an_open_server_answers_to_every_name() -> None:
    assert client(names=None).get("/", headers={"host": "studio.lan:7860"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_another_site_may_not_change_anything(method: str, headers: dict[str, str]) -> None:
    assert client().request(method, "/api/drafts", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "headers", [{}, {"origin": "http://127.0.0.1:7860"}, {"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}]
)
def test_our_pages_and_programs_may(headers: dict[str, str]) -> None:
    assert client().post("/api/drafts", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file%3D/etc/passwd",
        "/gradio_api/file=http://example.org/",
        "/gradio_api/file/etc/passwd",
        "/gradio_api/proxy=http://example.org/",
        "/gradio_api/deep_link",
        "/monitoring",
    ],
)
def test_doors_to_files_and_other_servers_are_closed(path: str) -> None:
    assert client().get(path).status_code == 403


def test_every_answer_forbids_other_hosts_and_frames() -> None:
    for reply in (client().get("/"), client().get("/", headers={"host": "evil.example"})):
        policy = reply.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "http:" not in policy
        assert "https:" not in policy
        assert reply.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("/api/drafts", "no-store"),
        ("/gradio_api/info", "no-store"),
        ("/own/static/write.js", "no-cache"),
        ("/assets/index-1a2b.js", "max-age=31536000, immutable"),
    ],
)
def test_private_answers_are_not_stored(path: str, rule: str) -> None:
    assert client().get(path).headers["cache-control"] == rule
