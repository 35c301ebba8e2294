"""Settings become a working assistant: the only module that knows every concrete part."""

import logging
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from pathlib import Path

from assistant.embedding import Encoder
from assistant.errors import ModelError
from assistant.evidence_methods import evidence_signature, evidence_stages, settings_for
from assistant.generation.chat import chat_of
from assistant.generation.local import LocalGenerator, load_generator
from assistant.library.library import Library
from assistant.models.catalogue import SHIPPED
from assistant.models.store import ModelStore
from assistant.pipeline import Pipeline
from assistant.prompts import PromptTemplate
from assistant.retrieval.encoder import load_encoder
from assistant.rewriting.rewriter import RewriteEvent, RewriteRequest, rewrite
from assistant.rewriting_record import RewritingRecord, record_for
from assistant.settings import SHIPPED_CHECKPOINT, Settings
from assistant.types import Document, DocumentId, Request, RewriteKind, Suggestion
from assistant.voice_memories import WHY_NONE, GeneratorKeys, VoiceMemories
from assistant.voice_personas import VoicePersonas, load_personas
from assistant.voice_scores import VoiceScores

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Assistant:
    """Everything a page or a command needs; close it when done.

    ``pipeline`` is replaced as a whole when another model is taken into use: read it anew for every suggestion.
    ``model`` is the name of the one in use, ``trouble`` why it is not the one that was chosen. ``keys`` make what it
    remembers a voice by; None where it cannot recall. ``plug_trouble`` is why the plug beside it is not used.
    """

    settings: Settings
    library: Library
    pipeline: Pipeline
    encoder: Encoder
    model: str = SHIPPED
    trouble: str = ""
    keys: GeneratorKeys | None = None
    plug_trouble: str = ""
    voice_scores: VoiceScores = field(init=False)

    def __post_init__(self) -> None:
        self.voice_scores = VoiceScores(self.library)

    def use_model(self, name: str) -> None:
        """Load another model of this machine, write with it from the next suggestion on, and keep the choice.

        :raises OwnhandError: if it is not here, cannot be loaded or kept; then the old one stays in use.
        """
        store = ModelStore(self.settings.data_dir)
        folder = store.find(name)
        generator, template = load_generator(folder)
        store.choose(name)
        self.keys = _keys(generator)
        memory = _memory(self.library, self.keys)
        personas = _personas(folder, generator, self.encoder, self.library)
        self.pipeline = replace(
            self.pipeline,
            generator=generator,
            template=template,
            memory=memory,
            personas=personas.source,
            chat=chat_of(generator),
        )
        self.model, self.trouble, self.plug_trouble = name, "", personas.trouble
        self.learn()

    def learn(self) -> None:
        """Learn the wording of all voices for the model in use, in the background; now and whenever documents come."""
        self.library.learn_with(self.keys, why_none="" if self.keys else WHY_NONE)

    def recalled_documents(self, request: Request, suggestion: Suggestion) -> dict[DocumentId, Document]:
        """The documents that words of a suggestion leaned on, but for those deleted meanwhile."""
        if request.voice is None:
            return {}
        wanted = {given.document for recall in suggestion.recalls for given in recall.given}
        return self.library.documents_by_id(request.voice, sorted(wanted))

    @property
    def rewriting_record(self) -> RewritingRecord | None:
        """What the model in use was checked for, read anew each time: a check may have ended; None: it was not."""
        weights = str(self.pipeline.generator.signature.get("weights_sha256"))
        return record_for(ModelStore(self.settings.data_dir).find(self.model), weights)

    def check_rewriting(self, kind: RewriteKind) -> None:
        """Refuse rewrites that the model in use is not known to be good enough for.

        :raises ModelError: if it has not passed the check for this kind.
        """
        record = self.rewriting_record
        if record is None or kind not in record.passed:
            state = "was not checked for" if record is None else "did not pass the check for"
            raise ModelError(
                f"{self.model} {state} rewriting ({kind}): choose a bigger instruction-tuned model on the page Models "
                "and check it with `python -m assistant evaluate rewriting --model NAME`"
            )

    def rewrite(self, request: RewriteRequest) -> Generator[RewriteEvent, None, None]:
        """Rewrite a selection with the model in use; whether it may is asked with ``check_rewriting``."""
        return rewrite(self.pipeline, request)

    def close(self) -> None:
        """Release the data folder."""
        self.library.close()


def load(settings: Settings) -> Assistant:
    """Open the library and load the models.

    :raises OwnhandError: if the data folder or a model that was asked for cannot be used.
    """
    first = _first_model(settings)
    encoder = load_encoder()
    library = Library.open(settings.data_dir, encoder)
    stages = evidence_stages(library, encoder, settings)
    keys = _keys(first.generator)
    personas = _personas(first.folder, first.generator, encoder, library)
    pipeline = Pipeline(
        stages,
        first.generator,
        first.template,
        evidence_signature(settings_for(encoder, settings)),
        memory=_memory(library, keys),
        undisturbed=library.undisturbed,
        personas=personas.source,
        chat=chat_of(first.generator),
    )
    return Assistant(settings, library, pipeline, encoder, first.name, first.trouble, keys, personas.trouble)


def key_maker(settings: Settings) -> GeneratorKeys | None:
    """What learns the wording of voices for the model that the settings name; None where that cannot recall."""
    return _keys(_first_model(settings).generator)


def _keys(generator: LocalGenerator) -> GeneratorKeys | None:
    return GeneratorKeys(generator) if generator.can_recall else None


def _memory(library: Library, keys: GeneratorKeys | None) -> VoiceMemories | None:
    return VoiceMemories(library, keys.generator.memory.model) if keys is not None else None


@dataclass(frozen=True, slots=True)
class _Personas:
    """What makes the personas of voices for a model, or why the plug beside it does not."""

    source: VoicePersonas | None
    trouble: str = ""


def _personas(folder: Path, generator: LocalGenerator, encoder: Encoder, library: Library) -> _Personas:
    """A plug that does not fit is refused, and writing goes on without."""
    try:
        return _Personas(load_personas(folder, generator, encoder, library))
    except ModelError as error:
        _log.warning("%s; writing without it", error)
        return _Personas(None, str(error))


@dataclass(frozen=True, slots=True)
class _FirstModel:
    """The model that a process starts with."""

    name: str
    folder: Path
    generator: LocalGenerator
    template: PromptTemplate
    trouble: str = ""


def _first_model(settings: Settings) -> _FirstModel:
    """The model the settings name, or the one chosen in the app; if that one fails, the shipped one and the reason."""
    store, asked = ModelStore(settings.data_dir), settings.generation.model
    if asked is not None:
        folder = store.find(asked)
        name = SHIPPED if folder.resolve() == SHIPPED_CHECKPOINT else asked
        return _FirstModel(name, folder, *load_generator(folder))
    chosen = store.chosen()
    try:
        folder = store.find(chosen)
        return _FirstModel(chosen, folder, *load_generator(folder))
    except ModelError as error:
        if chosen == SHIPPED:
            raise
        trouble = f"the model chosen last, {chosen}, cannot be used: {error}"
        _log.warning("%s; writing with the shipped one", trouble)
        return _FirstModel(SHIPPED, SHIPPED_CHECKPOINT, *load_generator(SHIPPED_CHECKPOINT), trouble)
