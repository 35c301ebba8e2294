"""``python -m assistant write``: one suggestion on the command line."""

import argparse
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from assistant.options import add_helper_options, helper_settings
from assistant.settings import RankingName, Settings, SummaryName, SynthesisName

if TYPE_CHECKING:
    from assistant.assembly import Assistant
    from assistant.types import Request, Steering, Suggestion, Voice, WriterId


def add_write_command(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``write`` to the command line."""
    defaults = Settings()
    write = verbs.add_parser("write", help="one suggestion for a draft, with its evidence")
    write.add_argument("--title", default="", help="the draft's title")
    write.add_argument("--start", required=True, help="the draft so far")
    write.add_argument("--voice", default="", help="whose voice, by name (default: the only one)")
    _add_evidence_options(write)
    _add_steering_options(write)
    write.add_argument("--model", help="folder or name of a model (default: the one chosen in the app)")
    write.add_argument("--tokens", type=int, default=defaults.generation.max_tokens)
    write.add_argument("--temperature", type=float, default=defaults.generation.temperature)
    write.add_argument("--seed", type=int, default=0)
    write.add_argument(
        "--memory-strength",
        type=float,
        metavar="0..1",
        help="how much of the voice's wording (default: what its drafts start with, at first 1; 0 is off)",
    )
    write.add_argument(
        "--voice-strength",
        type=float,
        metavar="0..1",
        help="how far to go towards the voice's persona, where the model has a plug (default: what its drafts start "
        "with, at first 1; 0 is off)",
    )
    write.add_argument("--quote-at-length", action="store_true", help="let it copy more than a few words in a row")
    write.add_argument("--data-dir", type=Path, default=defaults.data_dir)
    write.add_argument("--json", action="store_true", help="one JSON document instead of text")
    write.set_defaults(run=_write)


def _add_evidence_options(verb: argparse.ArgumentParser) -> None:
    """Add the choice of ranking, summary and keywords, by the names of arXiv 2308.07968."""
    defaults = Settings()
    verb.add_argument("--ranking", choices=get_args(RankingName), default=defaults.ranking.method)
    verb.add_argument("--summary", choices=get_args(SummaryName), default=defaults.summary.method)
    verb.add_argument("--keywords", choices=get_args(SynthesisName), default=defaults.keywords.method)
    add_helper_options(verb)


def _add_steering_options(verb: argparse.ArgumentParser) -> None:
    """Add what a writer may change of the evidence; documents go by the numbers that ``--json`` shows."""
    for option, what in (
        ("--pin", "a document that shall stand as evidence, by its number"),
        ("--leave-out", "a document that shall not"),
        ("--first", "a document that shall come first if it stands; several: in this order"),
    ):
        verb.add_argument(option, type=int, action="append", default=[], metavar="NUMBER", help=what)
    verb.add_argument("--add-word", action="append", default=[], metavar="WORD", help="an important word")
    verb.add_argument("--remove-word", action="append", default=[], metavar="WORD", help="a word that is none")
    verb.add_argument("--summary-text", metavar="TEXT", help='the summary in your own words; "" is none')


def _write(arguments: argparse.Namespace) -> None:
    from contextlib import closing

    from assistant.assembly import load
    from assistant.suggestion_json import suggestion_json

    settings = _settings(arguments)
    with closing(load(settings)) as assistant:
        request = _request(assistant, arguments)
        suggestion = _suggest(assistant, request)
        documents = assistant.recalled_documents(request, suggestion)
        score = assistant.voice_scores.score(request.voice, suggestion.text)
    if arguments.json:
        document = suggestion_json(suggestion, documents) | {"voice_score": asdict(score)}
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write(_as_text(suggestion))


def _settings(arguments: argparse.Namespace) -> Settings:
    defaults = Settings()
    generation = replace(
        defaults.generation,
        model=arguments.model,
        max_tokens=arguments.tokens,
        temperature=arguments.temperature,
    )
    return replace(
        defaults,
        data_dir=arguments.data_dir,
        ranking=replace(defaults.ranking, method=arguments.ranking),
        summary=replace(defaults.summary, method=arguments.summary),
        keywords=replace(defaults.keywords, method=arguments.keywords),
        helpers=helper_settings(arguments),
        generation=generation,
    )


def _request(assistant: "Assistant", arguments: argparse.Namespace) -> "Request":
    from assistant.types import MemoryUse, Request, Sampling, voice_strength_for

    writer = assistant.library.local_writer()
    generation = assistant.settings.generation
    sampling = Sampling(generation.max_tokens, generation.temperature, generation.top_p, arguments.seed)
    voice = chosen_voice(assistant, writer, arguments.voice)
    use = voice.memory_use if voice else MemoryUse()
    if arguments.memory_strength is not None:
        use = replace(use, strength=arguments.memory_strength)
    if arguments.quote_at_length:
        use = replace(use, quotes_at_length=True)
    steering = _steering(arguments)
    assistant.library.draft_steering.check(writer, voice.id if voice else None, steering)
    return Request(
        writer,
        voice.id if voice else None,
        arguments.title,
        arguments.start,
        sampling=sampling,
        memory_strength=use.strength,
        longest_copy=use.longest_copy,
        voice_strength=voice_strength_for(voice, arguments.voice_strength),
        steering=steering,
    )


def _steering(arguments: argparse.Namespace) -> "Steering":
    from assistant.types import Steering

    return Steering(
        pinned=tuple(arguments.pin),
        excluded=tuple(arguments.leave_out),
        order=tuple(arguments.first),
        added_words=tuple(arguments.add_word),
        removed_words=tuple(arguments.remove_word),
        summary=arguments.summary_text,
    )


def _suggest(assistant: "Assistant", request: "Request") -> "Suggestion":
    from assistant.events import Finished

    *_, last = assistant.pipeline.write(request)
    assert isinstance(last, Finished)  # the pipeline's contract: Finished is the last event
    return last.suggestion


def chosen_voice(assistant: "Assistant", writer: "WriterId", name: str) -> "Voice | None":
    """The voice of this name; without a name the only voice, or none where there is none yet."""
    voices = assistant.library.voices(writer)
    if not name and len(voices) <= 1:
        return voices[0] if voices else None
    return assistant.library.voice_named(writer, name)


def _as_text(suggestion: "Suggestion") -> str:
    lines = [suggestion.text.strip(), ""]
    for entry in suggestion.evidence.entries:
        written = f", {entry.written_on}" if entry.written_on else ""
        lines.append(f"  {entry.score:.2f}  {entry.title}{written}")
    if suggestion.evidence.is_empty:
        lines.append("  nothing was found in this voice")
    else:
        lines.append("  words: " + ", ".join(keyword.text for keyword in suggestion.evidence.keywords))
    return "\n".join(lines) + "\n"
