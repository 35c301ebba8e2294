"""What stands before every request: who may ask, what is closed, and the headers of every answer.

Plain ASGI instead of Starlette's ``BaseHTTPMiddleware``, which would stand between a streamed answer and the
disconnect that stops it.
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

# Gradio's doors to files, other servers and stored runs. Nothing of ours goes through them: documents and drafts have
# routes with an owner.
_CLOSED = (
    "/gradio_api/file",
    "/gradio_api/proxy",
    "/gradio_api/deep_link",
    "/gradio_api/run-history",
    "/gradio_api/runs",
    "/gradio_api/stream",
    "/gradio_api/component_server",
    "/gradio_api/vibe",
    "/monitoring",
)

# Drafts, documents and suggestions are nobody's but the writer's: no copy stays in a cache.
_PRIVATE = ("/api/", "/gradio_api/")
# Gradio's scripts carry a hash of their content in their names.
_HASHED = ("/assets/",)

# Gradio compiles its HTML templates with ``new Function`` and writes inline scripts and styles; nothing may come from
# or go to another host.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self' blob:",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class Guard:
    """Refuses foreign requests and marks every answer.

    With ``names`` only requests that call the server by one of them are answered: a page elsewhere whose host name was
    pointed at this machine (DNS rebinding) gets nothing.
    """

    def __init__(self, app: ASGIApp, *, names: frozenset[str] | None) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        answer = self._app if refusal is None else refusal
        await answer(scope, receive, _marking(send, cache=_cache_rule(scope["path"])))

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        headers = Headers(scope=scope)
        if self._names is not None and _host_name(headers) not in self._names:
            return _refused(421, "this server answers to localhost only: open http://127.0.0.1 with its port")
        if scope["method"] not in _SAFE_METHODS and _is_foreign(headers):
            return _refused(403, "a page of another site may not change anything here")
        if scope["path"].startswith(_CLOSED):
            return _refused(403, "this address is closed")
        return None


def _host_name(headers: Headers) -> str | None:
    try:
        return urlsplit(f"//{headers.get('host', '')}").hostname
    except ValueError:
        return None


def _is_foreign(headers: Headers) -> bool:
    if headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
        return True
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2] != headers.get("host")


def _refused(status: int, reason: str) -> JSONResponse:
    return JSONResponse({"error": reason}, status_code=status)


def _cache_rule(path: str) -> str:
    if path.startswith(_PRIVATE):
        return "no-store"
    return "max-age=31536000, immutable" if path.startswith(_HASHED) else "no-cache"


def _marking(send: Send, *, cache: str) -> Send:
    async def mark(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(_HEADERS)
            headers.setdefault("cache-control", cache)
        await send(message)

    return mark
