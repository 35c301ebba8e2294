"""From a corpus to the paper's whole table: which models are fine-tuned, on which formats, and what measures them.

"Teach LLMs to Personalize" (arXiv 2308.07968, section 4) fine-tunes a model for every row. Here one model meets the
formats of all rows and serves them all; the key rows can have models of their own besides, as in the paper. Every step
is a command of this project as a person would type it, so that any of them can be run by itself, elsewhere, or again.
"""

import json
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import SettingsError, TrainingError
from assistant.evaluation.row_names import AUTHOR_PRED, NO_PAST
from assistant.evaluation.rows import rows_for
from assistant.settings import HelperSettings, RankingName
from assistant.training.encodings import Architecture

_MIXTURE = "mixture"
# Where a step that is done says what it did.
_DONE = "steps"
# The paper mixes author distinction one to one.
_WITHOUT_PAIRS, _WITH_PAIRS = ("continuation=1", "distinction=0"), ("continuation=1", "distinction=1")
_LAST = "table"


@dataclass(frozen=True, slots=True)
class Amounts:
    """How much is learnt from, and measured."""

    tokens: int
    """Tokens that every model is fine-tuned on, at most."""
    authors: int
    """Training authors whose documents become examples, at most."""
    per_author: int
    measured_authors: int
    measured_documents: int
    written_documents: int
    """Documents per author on which rows with a language model as a helper are measured."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is to be made of a corpus.

    ``separate`` models stand for the key rows; ``written`` helpers are fine-tuned, too, on one half of the authors,
    and the generator then on the other.
    """

    data: Path
    out: Path
    init: str
    architecture: Architecture
    amounts: Amounts
    ranking: RankingName
    separate: bool
    written: bool
    validates: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One command: what follows ``python -m assistant``."""

    name: str
    arguments: tuple[str, ...]


def steps_of(recipe: Recipe) -> list[Step]:
    """All commands, in order; the last one prints the table."""
    steps = [_selectors(recipe)]
    if recipe.written:
        steps += _helpers(recipe)
    steps += _mixture(recipe)
    if recipe.separate:
        steps += _separate(recipe)
    return [*steps, _table(recipe)]


def as_script(steps: Sequence[Step]) -> str:
    """The commands as they would be typed."""
    return "".join(f"python -m assistant {shlex.join(step.arguments)}\n" for step in steps)


def run_steps(
    steps: Sequence[Step], out: Path, run: Callable[[Sequence[str]], int], say: Callable[[str], None]
) -> None:
    """Run what is not done yet; the last step always, because it prints the table.

    :param run: runs a command to its end and returns its exit status.
    :raises SettingsError: if the folder was begun with other choices.
    :raises TrainingError: if a step fails.
    """
    (out / _DONE).mkdir(parents=True, exist_ok=True)
    for number, step in enumerate(steps, start=1):
        mark = out / _DONE / f"{step.name}.json"
        if step is not steps[-1] and _is_done(mark, step):
            continue
        say(f"step {number} of {len(steps)}: {step.name}")
        if status := run(step.arguments):
            raise TrainingError(
                f"the step {step.name} ended with status {status}, see above; the same command goes on from there"
            )
        mark.write_text(json.dumps(step.arguments) + "\n", encoding="utf-8")


def _is_done(mark: Path, step: Step) -> bool:
    if not mark.is_file():
        return False
    if json.loads(mark.read_text(encoding="utf-8")) != list(step.arguments):
        raise SettingsError(
            f"{mark.parent.parent} was begun with other choices (the step {step.name} differs): expected the same "
            "options to go on with; choose another --out"
        )
    return True


# ---- the models ----


def _selectors(recipe: Recipe) -> Step:
    return Step("selectors", ("train", "selectors", str(recipe.data), "--out", str(_selectors_file(recipe))))


def _selectors_file(recipe: Recipe) -> Path:
    return recipe.out / "selectors.safetensors"


def _helpers(recipe: Recipe) -> Iterator[Step]:
    for kind in ("summaries", "keywords"):
        folder = recipe.out / kind
        yield _prepare(recipe, kind, kind, folder / "shards", ())
        yield from _tuned(recipe, kind, (), validated=False)


def _mixture(recipe: Recipe) -> Iterator[Step]:
    """One model for all rows: every format of evidence, ids, and author distinction."""
    shards = recipe.out / _MIXTURE / "shards"
    formats = ("--mixture", *_written(recipe))
    yield _prepare(recipe, _MIXTURE, "finetune", shards, formats)
    yield _prepare(recipe, f"{_MIXTURE}-ids", "finetune", shards, ("--user-id",))
    if recipe.validates:
        yield _prepare(recipe, f"{_MIXTURE}-validation", "finetune", _validation(recipe, _MIXTURE), formats, held=True)
    yield from _tuned(recipe, _MIXTURE, (), validated=recipe.validates)


def _separate(recipe: Recipe) -> Iterator[Step]:
    """Models for the key rows: without history, by id, ranking alone, all stages, and these with author distinction."""
    plain = ("--ranking", recipe.ranking, "--summary", "none", "--keywords", "none")
    full = ("--ranking", recipe.ranking, "--summary", "SumCtx", "--keywords", "SynCtx")
    for name, formats, mix in (
        ("without-history", ("--without-history",), _WITHOUT_PAIRS),
        ("ids", ("--user-id",), ()),
        ("ranking", plain, _WITHOUT_PAIRS),
        ("all-stages", full, _WITHOUT_PAIRS),
        (AUTHOR_PRED, full, _WITH_PAIRS),
    ):
        yield _prepare(recipe, name, "finetune", recipe.out / name / "shards", formats)
        validated = recipe.validates and name != "ids"  # nobody on the validation side has an id that was learnt
        if validated:
            yield _prepare(recipe, f"{name}-validation", "finetune", _validation(recipe, name), formats, held=True)
        yield from _tuned(recipe, name, mix, validated=validated)


def _key_rows(recipe: Recipe) -> dict[str, str]:
    """The rows of the separate models, by the model's name."""
    full = f"{recipe.ranking}+SumCtx+SynCtx"
    methods = {
        "without-history": NO_PAST,
        "ids": "UserID",
        "ranking": recipe.ranking,
        "all-stages": full,
        AUTHOR_PRED: full,
    }
    return {name: f"{method}@{name}" for name, method in methods.items()}


def _prepare(recipe: Recipe, name: str, kind: str, out: Path, options: Sequence[str], *, held: bool = False) -> Step:
    amounts = recipe.amounts
    half = ("--half", "1") if recipe.written and kind == "finetune" and not held else ()
    arguments = (
        *("train", "prepare", kind, str(recipe.data), "--tokenizer", recipe.init, "--out", str(out)),
        *("--authors", str(amounts.authors), "--per-author", str(amounts.per_author)),
        *("--selectors", str(_selectors_file(recipe)), "--architecture", recipe.architecture),
        *(("--split", "validation") if held else ()),
        *half,
        *options,
    )
    return Step(f"prepare-{name}", arguments)


def _tuned(recipe: Recipe, name: str, mix: Sequence[str], *, validated: bool) -> Iterator[Step]:
    """Fine-tune on prepared shards and write the checkpoint."""
    folder, tokens = recipe.out / name, recipe.amounts.tokens
    every = str(max(1, tokens // 10))
    checked = ("--validation", str(_validation(recipe, name)), "--validate-every", every) if validated else ()
    yield Step(
        f"finetune-{name}",
        (
            *("train", "finetune", "--shards", str(folder / "shards"), "--tokenizer", recipe.init),
            *("--init", recipe.init, "--out", str(folder / "run"), "--tokens", str(tokens)),
            *("--tokens-per-batch", "4224", "--warmup-tokens", str(tokens // 25)),
            *("--matrix-optimizer", "adamw", "--matrix-rate", "0.0005", "--other-rate", "0.0005"),
            *(("--mix", *mix) if mix else ()),
            *checked,
        ),
    )
    yield Step(
        f"export-{name}",
        ("train", "export", str(folder / "run"), "--tokenizer", recipe.init, "--out", str(_model(recipe, name))),
    )


def _table(recipe: Recipe) -> Step:
    amounts = recipe.amounts
    written = _written(recipe)
    helpers = HelperSettings(summary_model="", keyword_model="") if written else HelperSettings()
    rows = [row for row in rows_for(helpers, zero_shot=False) if not row.endswith("+Memory")]
    own = _key_rows(recipe) if recipe.separate else {}
    dear = [row for row in rows if "Written" in row]
    return Step(
        _LAST,
        (
            *("evaluate", "framework", "--data", str(recipe.data), "--out", str(recipe.out / _LAST)),
            *("--model", str(_model(recipe, _MIXTURE)), "--selectors", str(_selectors_file(recipe))),
            *(part for name in own for part in ("--checkpoint", f"{name}={_model(recipe, name)}")),
            *("--authors", str(amounts.measured_authors), "--documents", str(amounts.measured_documents)),
            *(part for row in dear for part in ("--fewer", f"{row}={amounts.written_documents}")),
            *written,
            *("--rows", *rows, "UserID", *own.values()),
        ),
    )


def _written(recipe: Recipe) -> tuple[str, ...]:
    """The options that name the helpers which write, if there are any."""
    if not recipe.written:
        return ()
    models = _model(recipe, "summaries"), _model(recipe, "keywords")
    return ("--summary-model", str(models[0]), "--keyword-model", str(models[1]))


def _model(recipe: Recipe, name: str) -> Path:
    return recipe.out / name / "model"


def _validation(recipe: Recipe, name: str) -> Path:
    return recipe.out / name / "validation"
