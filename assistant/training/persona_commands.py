"""``python -m assistant train persona``: a plug for one language model, trained over all writers of some corpora."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.options import count

if TYPE_CHECKING:
    from assistant.generation.loading import LanguageModel
    from assistant.persona.plug import PersonaPlug
    from assistant.training.persona_examples import ExampleSet, ExamplesFor


def add_persona_command(steps: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to ``train``."""
    persona = steps.add_parser("persona", help="a plug: vectors that carry a writer, read by a frozen model first")
    persona.add_argument("corpora", nargs="*", type=Path, help="JSON Lines files, to make the examples from")
    persona.add_argument("--model", required=True, type=Path, help="checkpoint folder; its weights stay as they are")
    persona.add_argument("--out", type=Path, required=True, help="folder of the run, and at its end of the plug")
    persona.add_argument(
        "--examples", type=Path, help="made there once, and used by every run that names it (default: OUT/examples)"
    )
    persona.add_argument(
        "--prepare-only", action="store_true", help="make the examples and stop: training needs no text"
    )
    _add_plug_options(persona)
    _add_example_options(persona)
    _add_run_options(persona)
    persona.set_defaults(run=_persona)


def _add_plug_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--pooling",
        choices=("attention", "mean", "none"),
        default="attention",
        help="none: the control, instruction vectors alone",
    )
    verb.add_argument("--temperature", type=float, default=0.1, help="of the attention (default: 0.1; the paper has 1)")
    verb.add_argument("--persona-vectors", type=count, default=1)
    verb.add_argument("--instruction-vectors", type=count, default=1)


def _add_example_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--titles", action="store_true", help="encode the titles of history items too")
    verb.add_argument("--evidence-share", type=float, default=0.5, help="of the examples, with evidence in the prompt")
    verb.add_argument("--authors", type=count, default=600)
    verb.add_argument("--documents", type=count, default=24, help="of one author, at most (the latest)")
    verb.add_argument("--per-author", type=count, default=8, help="examples of one author, at most")
    verb.add_argument("--continuation-characters", type=count, default=600, help="to be foreseen after the cursor")


def _add_run_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--passes", type=count, default=2)
    verb.add_argument("--batch", type=count, default=16, help="examples of an update")
    verb.add_argument("--rows", type=count, default=4, help="examples read at once: what fits into memory")
    verb.add_argument("--rate", type=float, default=1e-3)
    verb.add_argument(
        "--history-dropout", type=float, default=0.5, help="largest share of a history left out in a pass"
    )
    verb.add_argument("--save-minutes", type=float, default=10)
    verb.add_argument("--seed", type=int, default=0)


def _persona(arguments: argparse.Namespace) -> None:
    from assistant.generation.loading import load_language_model
    from assistant.training.persona_run import PersonaRun, PersonaSettings
    from assistant.training.progress import ProgressDisplay

    settings = PersonaSettings(
        passes=arguments.passes,
        batch=arguments.batch,
        rows=arguments.rows,
        rate=arguments.rate,
        history_dropout=arguments.history_dropout,
        seed=arguments.seed,
    )
    loaded = load_language_model(arguments.model)
    examples = _examples(arguments, loaded)
    if arguments.prepare_only:
        return
    run = PersonaRun(loaded, _plug(arguments, loaded, examples.fits), examples, settings, folder=arguments.out)
    with ProgressDisplay(total=run.tokens, done=run.state.tokens) as display:
        for progress in run.run(save_minutes=arguments.save_minutes):
            display.show(progress)
    _say(
        f"plug written to {arguments.out}: to write with it, copy persona.safetensors and persona.json into "
        f"{arguments.model}"
    )


def _plug(arguments: argparse.Namespace, loaded: "LanguageModel", fits: "ExamplesFor") -> "PersonaPlug":
    from assistant.persona.plug import PersonaPlug, PlugSettings, embedding_norm
    from assistant.persona.saving import model_side

    settings = PlugSettings(
        encoder_width=fits.encoder.width,
        model_width=model_side(loaded.model, loaded.signature).width,
        pooling=arguments.pooling,
        temperature=arguments.temperature,
        persona_vectors=arguments.persona_vectors,
        instruction_vectors=arguments.instruction_vectors,
        fields=fits.fields,
    )
    return PersonaPlug(settings, embedding_norm=embedding_norm(loaded.model), seed=arguments.seed)


def _examples(arguments: argparse.Namespace, loaded: "LanguageModel") -> "ExampleSet":
    """The examples in the folder, made first if it has none and there are corpora."""
    from assistant.training.persona_examples import has_examples, load_examples, save_examples

    folder = arguments.examples or arguments.out / "examples"
    if not has_examples(folder) and arguments.corpora:
        made = _made_examples(arguments, loaded)
        save_examples(folder, made)
        _say(f"{len(made.examples)} examples of {made.signature['authors']} authors written to {folder}")
    return load_examples(folder)


def _made_examples(arguments: argparse.Namespace, loaded: "LanguageModel") -> "ExampleSet":
    from assistant.generation.vocabulary import read_vocabulary
    from assistant.persona.plug import HistoryFields
    from assistant.retrieval.encoder import load_encoder
    from assistant.training.examples import ExampleSettings
    from assistant.training.persona_prepare import PersonaExampleSettings, PromptFormat, make_examples

    config = loaded.model.config
    form = PromptFormat(
        read_vocabulary(loaded.tokenizer, size=loaded.vocabulary_size, ends=loaded.ends),
        loaded.template,
        is_encoder_decoder=bool(config.is_encoder_decoder),
        context=getattr(config, "max_position_embeddings", None) or 2048,
    )
    drafts = ExampleSettings(
        authors=arguments.authors,
        documents=arguments.documents,
        per_author=arguments.per_author,
        continuation_characters=arguments.continuation_characters,
        seed=arguments.seed,
    )
    settings = PersonaExampleSettings(drafts, arguments.evidence_share, HistoryFields(titles=arguments.titles))
    return make_examples(arguments.corpora, form, load_encoder(), settings, on_author=_say_share)


def _say_share(done: int, total: int) -> None:
    """A line for every tenth."""
    if done * 10 // total != (done - 1) * 10 // total:
        _say(f"authors read: {done} of {total}")


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
