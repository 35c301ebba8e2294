"""Who may import whom, read from the source: the table of layers, heavy libraries in their places, no cycles."""

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "assistant"

# From the bottom to the top; a part is a module or a package directly below ``assistant``.
LAYERS = (
    {"types", "settings", "errors"},
    {
        "stages",
        "bands",
        "commonplaces",
        "copies",
        "embedding",
        "events",
        "prompts",
        "joining",
        "influence",
        "keyword_candidates",
        "novelty",
        "rewriting_record",
        "options",
        "processors",
        "selectors",
        "sentences",
        "signature",
        "steering",
        "style",
        "suggestion_json",
        "terminal",
        "whole_files",
    },
    # Between the vocabulary and the stages: the library keeps what it makes as bytes, generation asks it at every step.
    {"memory"},
    # The pipeline knows its stages by their protocols alone, so it stands beside them, not above.
    {"ranking", "summarization", "synthesis", "retrieval", "generation", "persona", "library", "pipeline"},
    {
        "evidence_source",
        "models",
        "rewriting",
        "sentence_evidence",
        "voice_memories",
        "voice_personas",
        "voice_pictures",
        "voice_scores",
    },
    {"evidence_methods"},
    {"assembly"},
    {"training", "evaluation", "bench", "ui"},
    {"commands"},
    {"__main__"},
)
LEVEL = {part: level for level, parts in enumerate(LAYERS) for part in parts}
# The two lowest layers are vocabulary: their modules build on each other.
VOCABULARY = (0, 1)
# A measurement reads the same corpora, through the same archive, as training does; the report renders the tables of
# the benches; a bench times the training loop.
ALLOWED_SIDEWAYS = {("evaluation", "training"), ("evaluation", "bench"), ("bench", "training")}

# Libraries that are slow to load or that we may want to replace, and the only places that know them.
HOMES = {
    "gradio": ("ui",),
    "fastapi": ("ui",),
    "chromadb": ("library.index", "bench"),
    "sqlalchemy": ("library",),
    "torch": ("processors", "retrieval.encoder", "memory", "generation", "persona", "training", "evaluation", "bench"),
    "huggingface_hub": ("models",),
    "transformers": ("retrieval.encoder", "generation", "persona", "training", "evaluation", "bench"),
    "sentence_transformers": ("retrieval.encoder", "evaluation", "bench"),
    "keybert": ("synthesis", "bench"),
}
# What a bare GPU machine has (design: train verbs run there); the loop itself may ask for nothing else.
# accelerate brings psutil, transformers brings tqdm.
BARE_MACHINE = {"torch", "transformers", "tokenizers", "accelerate", "safetensors", "numpy", "psutil", "tqdm"}
# The modules that `train pretrain` and `train finetune` run.
TRAINING_VERBS = (
    "__main__",
    "training.estimate",
    "training.loop",
    "training.model",
    "training.persona_run",
    "training.progress",
    "training.starting",
    "training.tokenizer",
    "signature",
)


def _modules() -> dict[str, ast.Module]:
    """Every module below ``assistant``, by its name without that prefix."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if name:
            found[name] = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    return found


MODULES = _modules()


def _imports(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written in full"
            for alias in node.names:
                module = f"{node.module}.{alias.name}"
                yield module if module.removeprefix("assistant.") in MODULES else node.module or ""


def _own(imports: Iterable[str]) -> set[str]:
    return {name.removeprefix("assistant.") for name in imports if name.startswith("assistant.")}


def _all_imports(module: str) -> set[str]:
    """What a module imports anywhere, inside functions too."""
    return set(_imports(ast.walk(MODULES[module])))


def _imports_on_loading(module: str) -> set[str]:
    """What a module imports when it is itself imported."""
    return set(_imports(MODULES[module].body))


def _part(module: str) -> str:
    """The part a module counts as: the command line of a part stands at the top, whatever folder it is in."""
    return "commands" if module.endswith(".commands") else module.split(".")[0]


def _may_import(importer: str, imported: str) -> bool:
    low, high = LEVEL[imported], LEVEL[importer]
    sideways = low == high and (low in VOCABULARY or (importer, imported) in ALLOWED_SIDEWAYS)
    return importer == imported or low < high or sideways


def test_every_part_has_a_layer() -> None:
    assert {_part(module) for module in MODULES} <= set(LEVEL)


def test_imports_point_downward() -> None:
    upward = [
        f"{module} imports {imported}"
        for module in MODULES
        for imported in _own(_all_imports(module))
        if not _may_import(_part(module), _part(imported))
    ]
    assert not upward


@pytest.mark.parametrize(
    ("importer", "imported", "allowed"),
    [
        ("ranking", "types", True),
        ("ranking", "retrieval", False),
        ("types", "pipeline", False),
        ("pipeline", "library", False),
        ("ui", "training", False),
        ("training", "evaluation", False),
        ("evaluation", "training", True),
        ("commands", "assembly", True),
    ],
)
def test_the_rule_tells_downward_from_upward(importer: str, imported: str, allowed: bool) -> None:
    assert _may_import(importer, imported) is allowed


@pytest.mark.parametrize("library", HOMES)
def test_heavy_libraries_stay_in_their_places(library: str) -> None:
    users = [
        module
        for module in MODULES
        if any(name.split(".")[0] == library for name in _all_imports(module)) and not module.endswith("commands")
    ]
    elsewhere = [user for user in users if not any(f"{user}.".startswith(f"{home}.") for home in HOMES[library])]
    assert not elsewhere


def test_training_sees_of_the_library_only_how_snippets_are_cut() -> None:
    seen = {
        imported
        for module in MODULES
        if module.startswith("training")
        for imported in _own(_all_imports(module))
        if imported.startswith("library")
    }
    assert seen == {"library.snippets"}


def test_modules_do_not_import_each_other_in_circles() -> None:
    graph = {module: _own(_imports_on_loading(module)) - {module} for module in MODULES}
    TopologicalSorter(graph).prepare()  # raises CycleError with the circle


def test_the_training_loop_needs_what_a_bare_machine_has() -> None:
    reached: set[str] = set()
    waiting = list(TRAINING_VERBS)
    while waiting:
        module = waiting.pop()
        if module not in reached:
            reached.add(module)
            waiting.extend(_own(_imports_on_loading(module)))
    foreign = {name.split(".")[0] for module in reached for name in _imports_on_loading(module)}
    assert foreign - set(sys.stdlib_module_names) - {"assistant"} <= BARE_MACHINE


def test_importing_the_pipeline_loads_nothing_heavy() -> None:
    heavy = {"torch", "transformers", "chromadb", "gradio", "sentence_transformers", "sklearn", "numpy"}
    program = "import sys, assistant.pipeline; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", program], cwd=PACKAGE.parent, capture_output=True, check=True)
    assert not heavy & set(loaded.stdout.decode().split())


def test_the_command_line_answers_help_without_loading_models() -> None:
    program = (
        "import sys, runpy; sys.argv = ['assistant', 'train', '--help']\n"
        "try: runpy.run_module('assistant', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "print(*{name.split('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    loaded = subprocess.run([sys.executable, "-c", program], cwd=PACKAGE.parent, capture_output=True, check=True)
    assert not {"torch", "transformers", "chromadb", "gradio"} & set(loaded.stderr.decode().split())


def test_the_training_verbs_are_offered_on_a_bare_machine() -> None:
    program = (
        "import importlib.abc, runpy, sys\n"
        "class Bare(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        f"        if name.split('.')[0] not in {BARE_MACHINE | {'assistant'} | set(sys.stdlib_module_names)}:\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Bare())\n"
        "sys.argv = ['assistant', 'train', 'pretrain', '--help']\n"
        "runpy.run_module('assistant', run_name='__main__')\n"
    )
    shown = subprocess.run([sys.executable, "-c", program], cwd=PACKAGE.parent, capture_output=True, check=True)
    assert "--shards" in shown.stdout.decode()
