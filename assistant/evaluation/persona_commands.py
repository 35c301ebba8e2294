"""``python -m assistant evaluate persona``."""

import argparse
from dataclasses import asdict
from pathlib import Path

from assistant.evaluation.author_options import add_author_options, add_resuming_options, chosen_split
from assistant.options import count


def add_persona_command(kinds: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb to ``evaluate``."""
    persona = kinds.add_parser("persona", help="what a plug gains, and how much of it is the writer")
    add_author_options(persona, authors=20, documents=3, taken="drafts per author: the latest documents")
    persona.add_argument("--plug", type=Path, help="folder of the plug (default: the checkpoint's)")
    persona.add_argument("--mean", type=Path, help="folder of one trained with --pooling mean (default: none)")
    persona.add_argument("--control", type=Path, help="folder of one trained with --pooling none (default: none)")
    persona.add_argument("--most", type=count, default=200, help="earlier documents of an author, at most")
    persona.add_argument(
        "--rouge", type=int, default=0, help="drafts per author that are also written on from (slow; default: none)"
    )
    add_resuming_options(persona)
    persona.set_defaults(run=_persona)


def _persona(arguments: argparse.Namespace) -> None:
    from assistant.bench.results import publish
    from assistant.evaluation import metrics
    from assistant.evaluation.journal import journal_beside
    from assistant.evaluation.persona import PersonaSettings, measure_authors
    from assistant.evaluation.persona_report import as_document, as_markdown
    from assistant.evaluation.persona_rows import PlugName
    from assistant.evaluation.plugged import with_plugs
    from assistant.evaluation.progress import Progress
    from assistant.evaluation.subjects import data_signature, load_subject
    from assistant.persona.saving import plug_hash
    from assistant.retrieval.encoder import load_encoder
    from assistant.settings import SHIPPED_CHECKPOINT

    settings = PersonaSettings(
        authors=arguments.authors,
        documents=arguments.documents,
        most=arguments.most,
        rouge=arguments.rouge,
        split=chosen_split(arguments),
        seed=arguments.seed,
    )
    subject, encoder = load_subject(arguments.model), load_encoder()
    main = arguments.plug or Path(arguments.model or SHIPPED_CHECKPOINT)
    folders: dict[PlugName, Path | None] = {"main": main, "mean": arguments.mean, "control": arguments.control}
    plugged = with_plugs(subject, encoder, folders)
    signature = subject.generator.signature | data_signature(arguments.data) | {"encoder": encoder.name}
    signature |= {
        "plugs": {name: plug_hash(folder) for name, folder in folders.items() if folder is not None},
        "memory": subject.generator.memory.model,
        "metrics": metrics.signature(),
        "settings": asdict(settings),
    }
    out: Path | None = arguments.out
    journal = journal_beside(out, signature)
    records = measure_authors(arguments.data, journal, plugged, settings, on_progress=Progress("authors"))
    publish(as_document(records, signature), out=out, as_json=arguments.json, as_table=as_markdown)
