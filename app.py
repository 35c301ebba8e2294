"""``python app.py``: the writing room in a browser."""

import argparse
import os
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from assistant.errors import OwnhandError
from assistant.options import add_helper_options, helper_settings
from assistant.settings import GenerationSettings, ServerSettings, Settings
from assistant.ui.server import listen


def main() -> None:
    """Take the address, load everything, serve until Ctrl+C."""
    try:
        settings = _settings()
        if settings.server.threads is not None:
            os.environ["OMP_NUM_THREADS"] = str(settings.server.threads)  # PyTorch reads it when it is loaded
        with listen(settings.server) as door:  # first: a port in use is known at once, and an early visitor waits
            from assistant.assembly import load
            from assistant.ui import shell

            with closing(load(settings)) as assistant:
                assistant.learn()
                shell.serve(assistant, door)
    except OwnhandError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:  # while loading; once it serves, Ctrl+C is the way to end it
        sys.exit(130)


def _settings() -> Settings:
    given, parser = Settings(), argparse.ArgumentParser(prog="python app.py", description=__doc__)
    parser.add_argument("--host", default=given.server.host, help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=given.server.port, help="(default: %(default)s)")
    parser.add_argument("--data-dir", type=Path, default=given.data_dir, help="where your writing is kept")
    parser.add_argument("--model", help="folder or name of a model (default: the one chosen on the Models page)")
    parser.add_argument("--threads", type=int, help="processor threads of the models (default: one per core)")
    add_helper_options(parser)
    got = parser.parse_args()
    server, generation = ServerSettings(got.host, got.port, got.threads), GenerationSettings(model=got.model)
    helpers = helper_settings(got)
    return replace(given, data_dir=got.data_dir, server=server, generation=generation, helpers=helpers)


if __name__ == "__main__":
    main()
