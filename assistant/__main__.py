"""``python -m assistant VERB``: the command line."""

import argparse
import sys

from assistant.errors import OwnhandError
from assistant.evaluation.commands import add_evaluate_commands
from assistant.training.commands import add_train_commands


def main() -> int:
    """Parse, call, and turn an error into one line and a status."""
    parser = argparse.ArgumentParser(prog="python -m assistant")
    verbs = parser.add_subparsers(dest="verb", required=True)
    add_train_commands(verbs)
    add_evaluate_commands(verbs)
    arguments = parser.parse_args()
    try:
        arguments.run(arguments)
    except OwnhandError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
