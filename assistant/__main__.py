"""``python -m assistant VERB``: the command line."""

import argparse
import os
import sys

from assistant.bench.commands import add_bench_commands
from assistant.commands import add_write_command
from assistant.errors import OwnhandError
from assistant.evaluation.commands import add_evaluate_commands
from assistant.library.commands import add_library_commands
from assistant.models.commands import add_model_commands
from assistant.rewriting.commands import add_rewrite_command
from assistant.training.commands import add_train_commands

# What shells report of a command that Ctrl+C ended: 128 and the number of the signal.
_INTERRUPTED = 130
# The same for one that wrote to a reader that was gone.
_UNREAD = 141


def main() -> int:
    """Parse, call, and turn an error into one line and a status."""
    parser = argparse.ArgumentParser(prog="python -m assistant", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    add_library_commands(verbs)
    add_write_command(verbs)
    add_rewrite_command(verbs)
    add_model_commands(verbs)
    add_train_commands(verbs)
    add_evaluate_commands(verbs)
    add_bench_commands(verbs)
    arguments = parser.parse_args()
    try:
        status = arguments.run(arguments)
        sys.stdout.flush()
    except OwnhandError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left would break the pipe again
        return _UNREAD
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        sys.stderr.write(
            f"error: {place}{error.strerror or error}: expected files and folders that can be read and written; check "
            "the paths that were given, their permissions and the room on the disk, and run the command again\n"
        )
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nstopped\n")
        return _INTERRUPTED
    return status or 0


if __name__ == "__main__":
    sys.exit(main())
