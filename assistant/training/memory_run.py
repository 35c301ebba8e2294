"""From a checkpoint's folder and corpora to its ``memory.json``."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from assistant.errors import ModelError
from assistant.generation.loading import load_language_model
from assistant.generation.local import LocalGenerator
from assistant.memory.fitted import MEMORY_FILE, save_memory, unfitted_memory
from assistant.memory.rescaling import frequencies
from assistant.signature import file_hash
from assistant.training.memory_corpus import fitting_authors, read_authors, tokens_of_everyone
from assistant.training.memory_fit import FitReport, FitSettings, MemoryFit, fit_memory


def run_memory_fit(
    folder: Path, corpora: Sequence[Path], settings: FitSettings, say: Callable[[str, int, int], None]
) -> FitReport:
    """Fit a checkpoint's memory, on one thread so that the result does not depend on their number, and write it.

    :raises ModelError: if the checkpoint cannot be loaded or cannot recall.
    :raises CorpusError: if a corpus cannot be read, or there are too few validation authors.
    """
    torch.set_num_threads(1)
    loaded = load_language_model(folder)
    weights = str(loaded.signature["weights_sha256"])
    generator = LocalGenerator(loaded, unfitted_memory(weights))
    if not generator.can_recall:
        raise ModelError(f"{folder} is an encoder-decoder, which cannot recall: expected a causal model")
    chosen = fitting_authors(corpora, authors=settings.authors, documents=settings.documents, seed=settings.seed)
    read = list(read_authors(generator, loaded.template, chosen, lambda done, total: say("authors read", done, total)))
    counted = tokens_of_everyone(corpora, loaded.vocabulary(), authors=settings.everyone, seed=settings.seed)
    everyone = frequencies([*counted, *(each.tokens for each in read)], loaded.model.config.vocab_size)
    report = fit_memory(MemoryFit(generator, loaded.template, weights, everyone, settings, say), read)
    signature = {
        "corpora": {path.name: file_hash(path) for path in corpora},
        "settings": asdict(settings),
        "authors": len(read),
        "tokens": report.steps,
        "torch": torch.__version__,
    }
    save_memory(folder / MEMORY_FILE, report.fitted, weights=weights, signature=signature)
    return report
