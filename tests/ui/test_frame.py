"""Our head and header in Gradio's pages."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from assistant.ui.frame import Frame, frame

GRADIO = """<!doctype html>
<html lang="en"><head>
<meta property="og:image"
  content="https://raw.example.org/picture.jpg" />
<meta name="twitter:creator" content="@Someone" />
<meta name="viewport" content="width=device-width" />
</head>
<body style="margin: 0">
<gradio-app control_page_title="true"></gradio-app>
</body></html>"""


@pytest.mark.parametrize(
    ("path", "name"), [("/", "Write"), ("/library", "Library"), ("/models", "Models"), ("/statistics", "Statistics")]
)
def test_a_page_is_named_and_marked_as_current(path: str, name: str) -> None:
    html = frame(GRADIO, path)
    assert f"<title>{name} · Ownhand</title>" in html
    assert f'<a href="{path}" aria-current="page">{name}</a>' in html
    assert html.count("aria-current") == 1
    assert html.index('<body style="margin: 0">') < html.index("<header") < html.index("<gradio-app")


def test_pictures_on_other_hosts_are_left_out_and_the_rest_stays() -> None:
    html = frame(GRADIO, "/")
    assert "https://" not in html
    assert "twitter" not in html
    assert 'name="viewport"' in html


def test_only_the_pages_are_framed_and_their_length_is_right() -> None:
    def page(request: Request) -> HTMLResponse:
        return HTMLResponse(GRADIO)

    client = TestClient(Frame(Starlette(routes=[Route("/{path:path}", page)])))
    framed = client.get("/library")
    assert int(framed.headers["content-length"]) == len(framed.content)
    assert "Ownhand" in framed.text
    assert client.get("/config").text == GRADIO
