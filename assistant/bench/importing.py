"""``bench import``: the demo voices into a new library, beside the same made of plain parts.

The reference does what a straightforward program does with the same libraries: sentence-transformers as it comes (in
float32), every document's candidate words embedded with KeyBERT, and a Chroma collection to which documents are added
one at a time. It keeps no truth in SQL and survives no kill; ours does. Ours has the vectors of common words ready,
which is part of what is compared.

A third side is ours with the keys of every document by the shipped model; the reference has nothing of the kind.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from assistant.bench.measuring import Lap, Stopwatch, Worker, measure_in_turn, wait_for
from assistant.bench.plain import load_plain_encoder, open_plain_chroma
from assistant.bench.results import Json, comparison, processor_facts, side_details, signature
from assistant.bench.texts import ALL_DEMOS, Material
from assistant.settings import SHIPPED_CHECKPOINT

if TYPE_CHECKING:
    from assistant.library.library import Library
    from assistant.types import Voice

UNIT = "snippets per second"
_LIBRARIES = ("torch", "transformers", "sentence-transformers", "chromadb", "keybert", "numpy")


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What is imported, how often, and the folder below which libraries are made and removed."""

    folder: Path
    material: Material = ALL_DEMOS
    rounds: int = 3


def bench_import(plan: ImportPlan) -> Json:
    """Import in turn, each time into a new library."""
    with (
        Worker(partial(OurImport, plan)) as ours,
        Worker(partial(OurImportWithKeys, plan)) as with_keys,
        Worker(partial(PlainImport, plan)) as reference,
    ):
        wait_for(ours, with_keys, reference)
        our_side, keys_side, plain_side = measure_in_turn(
            plan.rounds, (ours, OurImport.run), (with_keys, OurImportWithKeys.run), (reference, PlainImport.run)
        )
        processor = ours.do(processor_facts)
    return {
        "bench": "import",
        **comparison(UNIT, our_side.rate, plain_side.rate),
        "peak_memory_mb": our_side.peak_memory_mb,
        "details": {
            "ours": side_details(our_side, "snippets"),
            "reference": side_details(plain_side, "snippets"),
        },
        "with_keys": {
            "times_as_long": keys_side.seconds / our_side.seconds,
            "megabytes_per_1000_words": keys_side.mark("megabytes_per_1000_words"),
            **side_details(keys_side, "snippets"),
        },
        "signature": signature(
            _LIBRARIES,
            processor=processor,
            settings={**asdict(plan.material), "rounds": plan.rounds},
            **plan.material.signature(),
        ),
    }


class OurImport:
    """The library's own import, with the default encoder."""

    def __init__(self, plan: ImportPlan) -> None:
        from assistant.keyword_candidates import candidate_words
        from assistant.retrieval.encoder import load_encoder

        self._plan = plan
        self._encoder = load_encoder()
        candidate_words("")  # loads scikit-learn for its stop words, which KeyBERT loads for the reference

    def run(self) -> Lap:
        """Import every voice into a new library; units are snippets."""
        with self._library() as library:
            watch = Stopwatch()
            return watch.lap(self._import(library))

    @contextmanager
    def _library(self) -> "Iterator[Library]":
        from assistant.library.library import Library

        with (
            TemporaryDirectory(dir=self._plan.folder) as folder,
            closing(Library.open(Path(folder), self._encoder)) as library,
        ):
            yield library

    def _import(self, library: "Library") -> int:
        writer = library.local_writer()
        snippets = 0
        for number, files in enumerate(self._plan.material.files()):
            voice = library.create_voice(writer, f"Voice {number}")
            snippets += library.import_now(writer, voice.id, files).snippets
        return snippets


class OurImportWithKeys(OurImport):
    """The same, and then the wording of every document learned by the shipped model."""

    def __init__(self, plan: ImportPlan) -> None:
        from assistant.assembly import key_maker
        from assistant.settings import GenerationSettings, Settings

        super().__init__(plan)
        settings = Settings(data_dir=plan.folder, generation=GenerationSettings(model=str(SHIPPED_CHECKPOINT)))
        self._maker = key_maker(settings)

    def run(self) -> Lap:
        """Import and learn every voice; units are snippets."""
        assert self._maker is not None  # the shipped model can recall
        with self._library() as library:
            watch = Stopwatch()
            snippets = self._import(library)
            voices = library.voices(library.local_writer())
            library.learn_now(self._maker, [voice.id for voice in voices])
            lap = watch.lap(snippets)
            return replace(lap, marks={"megabytes_per_1000_words": _megabytes_per_1000_words(library, voices)})


def _megabytes_per_1000_words(library: "Library", voices: "Sequence[Voice]") -> float:
    size = words = 0
    for voice in voices:
        for document in library.key_versions(voice.id):
            size += len(library.keys(voice.id, document) or b"")
            words += len(library.document(voice.writer, document).text.split())
    return size / 2**20 / words * 1000


class PlainImport:
    """The libraries, put together without further thought."""

    def __init__(self, plan: ImportPlan) -> None:
        from keybert import KeyBERT

        self._plan = plan
        self._encoder = load_plain_encoder()
        self._keybert = KeyBERT(model=self._encoder)

    def run(self) -> Lap:
        """Import every voice into a new collection; units are snippets."""
        with (
            TemporaryDirectory(dir=self._plan.folder) as folder,
            closing(open_plain_chroma(Path(folder))) as client,
        ):
            watch = Stopwatch()
            snippets = 0
            for number, files in enumerate(self._plan.material.files()):
                collection = client.create_collection(f"voice-{number}", embedding_function=None)
                snippets += sum(self._add(collection, path) for path in files)
            return watch.lap(snippets)

    def _add(self, collection: Any, path: Path) -> int:
        from assistant.keyword_candidates import candidate_words
        from assistant.library.readers import read_document
        from assistant.library.snippets import snippet_spans

        text = read_document(path.name, path.read_bytes()).text
        snippets = [text[span.start : span.end] for span in snippet_spans(text)]
        self._keybert.extract_embeddings(text, candidates=list(candidate_words(text)))
        collection.add(
            ids=[f"{path.stem}-{number}" for number in range(len(snippets))],
            embeddings=self._encoder.encode(snippets),
            documents=snippets,
        )
        return len(snippets)
