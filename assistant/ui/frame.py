"""Our head and header around the pages that Gradio serves, in the HTML itself.

Gradio would add them by script after its own has loaded; in the HTML the look, light or dark, is right from the first
paint, and the header stands at once.
"""

import re
from html import escape

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PAGES = {"/": "Write", "/library": "Library", "/models": "Models", "/statistics": "Statistics"}

# Gradio's cards for social networks: they name pictures on other hosts.
_CARDS = re.compile(r'\s*<meta\s+(?:property="og:|name="twitter:)[^>]*/>')
_BODY = re.compile(r"<body[^>]*>")

_HEAD = """
<title>{title} · Ownhand</title>
<meta name="color-scheme" content="light dark" />
<link rel="icon" href="/own/static/icon.svg" type="image/svg+xml" />
<script src="/own/static/theme.js"></script>
<link rel="stylesheet" href="/own/static/ownhand.css" />
<link rel="stylesheet" href="/own/static/{style}.css" />
"""

# The path stands before the "#" because Gradio's pages have a base address of "/".
_HEADER = """
<a class="skip-link" href="{path}#page-{style}">Skip to the page</a>
<header class="site-header">
  <a class="word-mark" href="/">Ownhand</a>
  <nav aria-label="Pages">{links}</nav>
  <button class="theme-switch" type="button" data-theme-switch hidden></button>
</header>
"""


class Frame:
    """Inserts head and header into the answers of Gradio's pages."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] not in _PAGES:
            await self._app(scope, receive, send)
            return
        await _FramedAnswer(self._app, scope["path"], send)(scope, receive)


class _FramedAnswer:
    """One page on its way out: held back until it is whole, then framed."""

    def __init__(self, app: ASGIApp, path: str, send: Send) -> None:
        self._app = app
        self._path = path
        self._send = send
        self._body = b""

    async def __call__(self, scope: Scope, receive: Receive) -> None:
        start: list[Message] = []

        async def hold(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.append(message)
                return
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._finish(start[0])

        await self._app(scope, receive, hold)

    async def _finish(self, start: Message) -> None:
        body = frame(self._body.decode(), self._path).encode() if start["status"] == 200 else self._body
        headers = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
        headers.append((b"content-length", str(len(body)).encode()))
        await self._send({**start, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


def frame(html: str, path: str) -> str:
    """Gradio's page with our head, title and header."""
    title = _PAGES[path]
    style = title.lower()
    links = "".join(_link(target, name, is_here=target == path) for target, name in _PAGES.items())
    html = _CARDS.sub("", html).replace('control_page_title="true"', 'control_page_title="false"', 1)
    html = html.replace("</head>", _HEAD.format(title=escape(title), style=style) + "</head>", 1)
    return _BODY.sub(lambda body: body.group() + _HEADER.format(links=links, path=path, style=style), html, count=1)


def _link(target: str, name: str, *, is_here: bool) -> str:
    current = ' aria-current="page"' if is_here else ""
    return f'<a href="{target}"{current}>{escape(name)}</a>'
