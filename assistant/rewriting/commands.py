"""``python -m assistant rewrite``: a text in other words on the command line."""

import argparse
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

from assistant.commands import chosen_voice
from assistant.settings import Settings
from assistant.types import RewriteKind


def add_rewrite_command(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``rewrite`` to the command line."""
    rewrite = verbs.add_parser("rewrite", help="a text in other words, by a model that passed the check for it")
    rewrite.add_argument(
        "kind", choices=[kind.value for kind in RewriteKind], help="in the writer's voice, shorter, longer or plainer"
    )
    rewrite.add_argument("--text", required=True, help="what is to be rewritten")
    rewrite.add_argument("--voice", default="", help="whose voice, by name (default: the only one)")
    rewrite.add_argument("--model", help="folder or name of a model (default: the one chosen in the app)")
    rewrite.add_argument("--unchecked", action="store_true", help="use a model that has not passed the check")
    rewrite.add_argument("--seed", type=int, default=0)
    rewrite.add_argument("--data-dir", type=Path, default=Settings().data_dir)
    rewrite.add_argument("--json", action="store_true", help="one JSON document instead of text")
    rewrite.set_defaults(run=_rewrite)


def _rewrite(arguments: argparse.Namespace) -> None:
    from contextlib import closing

    from assistant.assembly import load
    from assistant.rewriting.rewriter import RewriteFinished, RewriteRequest, rewrite_json

    defaults, kind = Settings(), RewriteKind(arguments.kind)
    generation = replace(defaults.generation, model=arguments.model)
    with closing(load(replace(defaults, data_dir=arguments.data_dir, generation=generation))) as assistant:
        if not arguments.unchecked:
            assistant.check_rewriting(kind)
        writer = assistant.library.local_writer()
        voice = chosen_voice(assistant, writer, arguments.voice)
        request = RewriteRequest(writer, voice.id if voice else None, arguments.text, kind, seed=arguments.seed)
        *_, last = assistant.rewrite(request)
        assert isinstance(last, RewriteFinished)  # the rewriter's contract: the whole rewrite is the last event
        score = assistant.voice_scores.score(request.voice, last.rewrite.text)
    document = rewrite_json(last.rewrite) | {"voice_score": asdict(score)}
    text = json.dumps(document, ensure_ascii=False, indent=2) if arguments.json else last.rewrite.text
    sys.stdout.write(text.rstrip("\n") + "\n")
