"""``python -m assistant train persona``: a plug for one language model, trained over all writers of some corpora."""

import argparse
import functools
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.options import count
from assistant.settings import RankingSettings, Settings
from assistant.terminal import say, say_tenth

if TYPE_CHECKING:
    from assistant.generation.loading import LanguageModel
    from assistant.persona.plug import PersonaPlug
    from assistant.persona.translation import WordPairs
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
    verb.add_argument(
        "--begin",
        choices=("words", "random"),
        default="words",
        help="words: the projector begins as a translation of words from encoder to model; the paper: random",
    )
    verb.add_argument("--persona-vectors", type=count, default=1)
    verb.add_argument("--instruction-vectors", type=count, default=1)


def _add_example_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--titles", action="store_true", help="encode the titles of history items too")
    verb.add_argument("--evidence-share", type=float, default=0.5, help="of the examples, with evidence in the prompt")
    verb.add_argument(
        "--evidence-characters",
        type=count,
        default=RankingSettings().budget_characters,
        help="of the passages in such a prompt (default: %(default)s, as in writing; fewer train faster)",
    )
    verb.add_argument("--authors", type=count, default=600)
    verb.add_argument("--documents", type=count, default=24, help="of one author, at most (the latest)")
    verb.add_argument("--per-author", type=count, default=8, help="examples of one author, at most")
    verb.add_argument("--continuation-characters", type=count, default=600, help="to be foreseen after the cursor")


def _add_run_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--passes", type=count, default=2)
    verb.add_argument("--batch", type=count, default=16, help="examples of an update")
    verb.add_argument("--rows", type=count, default=4, help="examples read at once: what fits into memory")
    verb.add_argument("--rate", type=float, default=1e-3, help="of the instruction vectors")
    verb.add_argument("--matrix-rate", type=float, default=4e-5, help="of the projector and the input encoder")
    verb.add_argument(
        "--history-dropout", type=float, default=0.5, help="largest share of a history left out in a pass"
    )
    verb.add_argument("--save-minutes", type=float, default=10)
    verb.add_argument("--seed", type=int, default=0)


def _persona(arguments: argparse.Namespace) -> None:
    from assistant.generation.loading import load_language_model
    from assistant.training.persona_run import PersonaRun, PersonaSettings, refuse_several_processes
    from assistant.training.progress import ProgressDisplay

    refuse_several_processes()
    settings = PersonaSettings(
        passes=arguments.passes,
        batch=arguments.batch,
        rows=arguments.rows,
        rate=arguments.rate,
        matrix_rate=arguments.matrix_rate,
        history_dropout=arguments.history_dropout,
        seed=arguments.seed,
    )
    loaded = load_language_model(arguments.model)
    examples = _examples(arguments, loaded)
    if arguments.prepare_only:
        return
    plug, words = _plug(arguments, loaded, examples.fits), _words(arguments, loaded)
    run = PersonaRun(loaded, plug, examples, settings, folder=arguments.out, words=words)
    with ProgressDisplay(total=run.tokens, done=run.state.tokens) as display:
        for progress in run.run(save_minutes=arguments.save_minutes):
            display.show(progress)
    say(
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


def _words(arguments: argparse.Namespace, loaded: "LanguageModel") -> "WordPairs | None":
    """The words that the projector begins as a translation of; None where there are none to be had."""
    from assistant.retrieval.encoder import load_encoder
    from assistant.training.persona_words import word_pairs

    if arguments.begin == "random" or arguments.pooling == "none":
        return None
    words = word_pairs(loaded.model, loaded.vocabulary(), load_encoder())
    if words is None:
        say("the model has too few words of one token: the projector begins with random numbers")
    return words


def _examples(arguments: argparse.Namespace, loaded: "LanguageModel") -> "ExampleSet":
    """The examples in the folder, made first if it has none and there are corpora."""
    from assistant.training.persona_examples import has_examples, load_examples, save_examples

    folder = arguments.examples or arguments.out / "examples"
    if not has_examples(folder) and arguments.corpora:
        made = _made_examples(arguments, loaded)
        save_examples(folder, made)
        tokens = sum(len(example.passage) for example in made.examples)
        authors = made.signature["authors"]
        say(f"{len(made.examples)} examples of {authors} authors, {tokens} tokens a pass, written to {folder}")
    return load_examples(folder)


def _made_examples(arguments: argparse.Namespace, loaded: "LanguageModel") -> "ExampleSet":
    from assistant.persona.plug import HistoryFields
    from assistant.retrieval.encoder import load_encoder
    from assistant.training.examples import ExampleSettings
    from assistant.training.persona_prepare import PersonaExampleSettings, PromptFormat, make_examples

    config = loaded.model.config
    form = PromptFormat(
        loaded.vocabulary(),
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
        evidence=_evidence_settings(arguments.evidence_characters),
    )
    settings = PersonaExampleSettings(drafts, arguments.evidence_share, HistoryFields(titles=arguments.titles))
    return make_examples(
        arguments.corpora, form, load_encoder(), settings, on_author=functools.partial(say_tenth, "authors read")
    )


def _evidence_settings(characters: int) -> Settings:
    """The evidence of writing, but for its length; a passage is never longer than all of them."""
    ranking = RankingSettings()
    passage = min(characters, ranking.passage_characters)
    return Settings(ranking=replace(ranking, budget_characters=characters, passage_characters=passage))
