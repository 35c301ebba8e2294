"""Who is asking? The one place that answers it."""

from typing import cast

from fastapi import Request

from assistant.assembly import Assistant
from assistant.types import WriterId


def current_writer(request: Request) -> WriterId:
    """The writer a request acts for: for now the one local writer, whoever asks.

    Every route depends on this function and passes what it returns on to the library, so accounts change nothing but
    these lines.
    """
    assistant = cast(Assistant, request.app.state.assistant)
    return assistant.library.local_writer()
