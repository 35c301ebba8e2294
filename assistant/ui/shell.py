"""Our own FastAPI application: the guard, the routes, the pages that Gradio builds.

Gradio's own login, file and history features stay off; drafts, documents and suggestions have routes of ours.
"""

import mimetypes
import os
import shutil
import signal
import socket
import sys
import warnings
from contextlib import suppress
from pathlib import Path

import gradio as gr
import uvicorn
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from assistant.assembly import Assistant
from assistant.library.archives import LARGEST_ZIP_BYTES
from assistant.library.page_folders import TEMPORARY_FOLDER
from assistant.ui import server
from assistant.ui.draft_routes import draft_routes
from assistant.ui.endpoints import add_endpoints
from assistant.ui.frame import Frame
from assistant.ui.guard import LOCAL_NAMES, Guard
from assistant.ui.inspect_routes import inspect_routes
from assistant.ui.library_page import build_library_page
from assistant.ui.library_routes import library_routes
from assistant.ui.models_page import build_models_page
from assistant.ui.models_routes import models_routes
from assistant.ui.persona_routes import persona_routes
from assistant.ui.problems import explain_problems
from assistant.ui.rewrite_routes import rewrite_routes
from assistant.ui.statistics_page import build_statistics_page
from assistant.ui.statistics_routes import statistics_routes
from assistant.ui.steering_routes import steering_routes
from assistant.ui.suggest_routes import suggest_routes
from assistant.ui.theme import theme
from assistant.ui.write_page import build_write_page
from assistant.ui.write_routes import write_routes

_STATIC = Path(__file__).parent / "static"

# Gradio keeps what programs upload to it; once imported we remove it, and what is never imported goes after a while.
_UPLOADS_CHECKED_SECONDS = 3600
_UPLOADS_KEPT_SECONDS = 4 * 3600

# Of Gradio's queue, which only the named endpoints use.
_RUNNING_PER_ENDPOINT = 4
_WAITING = 32

_GOODBYE_SECONDS = 2


def serve(assistant: Assistant, door: socket.socket) -> None:
    """Answer browsers at this socket until the process is asked to stop."""
    app = build_app(assistant, names=LOCAL_NAMES if server.is_private(door) else None)
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, timeout_graceful_shutdown=_GOODBYE_SECONDS, server_header=False
    )
    sys.stderr.write(f"Ownhand is at {server.url(door)} (Ctrl+C stops it)\n")
    # uvicorn stops well on a signal and then sends it once more; as an interrupt it lets the caller close the library.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[door])


def build_app(assistant: Assistant, *, names: frozenset[str] | None) -> FastAPI:
    """The whole application; with ``names`` it answers only to these host names."""
    temporary = _keep_gradio_private(assistant.settings.data_dir)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.assistant = assistant
    explain_problems(app)
    for routes in (
        write_routes,
        draft_routes,
        suggest_routes,
        rewrite_routes,
        steering_routes,
        inspect_routes,
        statistics_routes,
        library_routes,
        persona_routes,
        models_routes,
    ):
        app.include_router(routes(assistant))
    mimetypes.add_type("text/javascript", ".js")  # some systems' tables say otherwise, and browsers then refuse it
    app.mount("/own/static", StaticFiles(directory=_STATIC))
    app.add_middleware(Frame)
    app.add_middleware(CORSMiddleware, allow_origins=[])  # its presence keeps Gradio from adding its own, wide open
    app.add_middleware(Guard, names=names)
    _mount_pages(app, build_pages(assistant), temporary)
    return app


def build_pages(assistant: Assistant) -> gr.Blocks:
    """The pages and the endpoints for programs."""
    with gr.Blocks(
        title="Ownhand",
        analytics_enabled=False,
        fill_width=True,
        delete_cache=(_UPLOADS_CHECKED_SECONDS, _UPLOADS_KEPT_SECONDS),
    ) as pages:
        build_write_page()
        add_endpoints(assistant)
    with pages.route("Library", "/library", show_in_navbar=False):
        build_library_page(assistant)
    with pages.route("Models", "/models", show_in_navbar=False):
        build_models_page()
    with pages.route("Statistics", "/statistics", show_in_navbar=False):
        build_statistics_page()
    pages.queue(default_concurrency_limit=_RUNNING_PER_ENDPOINT, max_size=_WAITING)
    return pages


def _keep_gradio_private(data_dir: Path) -> Path:
    """Switch off what Gradio would send elsewhere; what it must store goes below the data folder, emptied first."""
    temporary = data_dir / TEMPORARY_FOLDER
    shutil.rmtree(temporary, ignore_errors=True)
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_TEMP_DIR"] = str(temporary)
    return temporary


def _mount_pages(app: FastAPI, pages: gr.Blocks, temporary: Path) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="SSR mode is not supported")  # said even though it is not asked for
        gr.mount_gradio_app(
            app,
            pages,
            path="/",
            run_history=False,
            footer_links=[],
            show_error=False,
            blocked_paths=[str(temporary)],
            theme=theme(),
            favicon_path=str(_STATIC / "icon.svg"),
            max_file_size=LARGEST_ZIP_BYTES,
            ssr_mode=False,
            mcp_server=False,
        )
    for route in app.routes:
        if isinstance(route, Mount) and isinstance(route.app, FastAPI):
            route.app.state.assistant = app.state.assistant  # requests to Gradio's endpoints name its app as theirs
