"""The library: the only door to what a writer has."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from filelock import FileLock

from assistant.embedding import Encoder, Vectors
from assistant.errors import NotFoundError, StorageError
from assistant.library.catalogue import LOCAL_WRITER, Catalogue
from assistant.library.database import Database
from assistant.library.draft_care import DraftCare
from assistant.library.draft_files import DraftFiles
from assistant.library.draft_steering import DraftSteering
from assistant.library.drafts import Drafts
from assistant.library.import_records import ImportRecords
from assistant.library.importing import STAGING_FOLDER, Importer, LibraryParts
from assistant.library.index import VectorIndex
from assistant.library.intake import Intake
from assistant.library.key_files import KeyFiles
from assistant.library.learning import KeyMaker, Learner, LearningReport
from assistant.library.lock import take_folder
from assistant.library.reports import ImportId, ImportReport
from assistant.library.statistics import Statistics
from assistant.library.upkeep import Upkeep
from assistant.types import (
    Document,
    DocumentId,
    DocumentInfo,
    Draft,
    DraftId,
    DraftInfo,
    MemoryUse,
    Snippet,
    SnippetId,
    Voice,
    VoiceId,
    WriterId,
)

_ENCODER_FACT = "encoder"


class Library:
    """Voices, documents, drafts and imports of the writers of one data folder.

    Methods that take a writer see that writer's things alone; all are safe to call from any thread.
    """

    def __init__(self, parts: LibraryParts, lock: FileLock) -> None:
        self._parts = parts
        self._lock = lock
        self._catalogue = parts.catalogue
        self._drafts = Drafts(parts.database)
        self._upkeep = parts.upkeep
        self._learner = Learner(parts.catalogue, parts.keys, parts.changing, lambda: self._importer.is_busy())
        self._importer = Importer(parts, ended=self._learner.wake)
        self.draft_care = DraftCare(parts.database, parts.upkeep, self._drafts)
        self.draft_files = DraftFiles(parts, self._drafts, self._importer)
        self.draft_steering = DraftSteering(parts.database)
        self.statistics = Statistics(parts.database)

    @classmethod
    def open(cls, data_dir: Path, encoder: Encoder, *, resume_imports: bool = True) -> "Library":
        """Take the data folder, migrate it, mend what a killed process left, and go on with its imports.

        :raises StorageError: if the folder is in use, not writable, damaged, or made with another encoder.
        """
        data_dir = data_dir.expanduser().absolute()
        with ExitStack() as undo:
            lock = take_folder(data_dir)
            undo.callback(lock.release)
            database = Database.open(data_dir)
            undo.callback(database.close)
            index = VectorIndex.open(data_dir)
            undo.callback(index.close)
            library = cls(_assemble(data_dir, database, index, encoder), lock)
            library._check_encoder()
            library._upkeep.settle()
            library.draft_care.erase_expired()
            if resume_imports:
                library._importer.resume()
            undo.pop_all()
        return library

    def close(self) -> None:
        """Stop imports and learning at a safe point (both go on at the next opening) and give the folder back."""
        self._importer.close()
        self._learner.close()
        self._parts.index.close()
        self._parts.database.close()
        self._lock.release()

    def local_writer(self) -> WriterId:
        """The one writer of a library without accounts, created on first use."""
        return self._catalogue.writer(LOCAL_WRITER)

    # Voices

    def voices(self, writer: WriterId) -> tuple[Voice, ...]:
        """A writer's voices, by name."""
        return self._catalogue.voices(writer)

    def voice(self, writer: WriterId, voice: VoiceId) -> Voice:
        """One voice.

        :raises NotFoundError: if the writer has no such voice.
        """
        return self._catalogue.voice(writer, voice)

    def voice_named(self, writer: WriterId, name: str) -> Voice:
        """One voice, by its name; upper and lower case are alike.

        :raises NotFoundError: if the writer has none of this name.
        """
        voice = self._catalogue.find_voice(writer, name)
        if voice is not None:
            return voice
        known = ", ".join(repr(voice.name) for voice in self.voices(writer)) or "none yet: import something first"
        raise NotFoundError(f"no voice named {name!r}: expected the name of a voice; there are: {known}")

    def create_voice(self, writer: WriterId, name: str) -> Voice:
        """A new, empty voice.

        :raises LibraryError: if the name is empty, longer than 80 characters or taken.
        """
        return self._catalogue.create_voice(writer, name)

    def rename_voice(self, writer: WriterId, voice: VoiceId, name: str) -> Voice:
        """Give a voice another name.

        :raises LibraryError: if the name is empty, longer than 80 characters or taken.
        """
        self._catalogue.rename_voice(writer, voice, name)
        return self._catalogue.voice(writer, voice)

    def use_memory(self, writer: WriterId, voice: VoiceId, use: MemoryUse) -> Voice:
        """Record how much of a voice's wording its drafts start with."""
        self._catalogue.use_memory(writer, voice, use)
        return self._catalogue.voice(writer, voice)

    def set_voice_strength(self, writer: WriterId, voice: VoiceId, strength: float) -> Voice:
        """Record how far a voice's drafts go towards its persona at first.

        :raises SettingsError: if the strength is not from 0, which is off, to 1.
        """
        self._catalogue.set_voice_strength(writer, voice, strength)
        return self._catalogue.voice(writer, voice)

    def delete_voice(self, writer: WriterId, voice: VoiceId) -> None:
        """Delete a voice and all its documents from every byte on disk. Its drafts stay, without a voice."""
        self._catalogue.voice(writer, voice)
        self._importer.cancel_voice(voice)
        with self._parts.changing:
            self._catalogue.delete_voice(writer, voice)
            self._upkeep.voice_deleted(voice)

    # Documents

    def documents(
        self, writer: WriterId, voice: VoiceId, *, search: str = "", limit: int = 1000, offset: int = 0
    ) -> tuple[DocumentInfo, ...]:
        """A voice's documents, newest first, undated last; ``search`` finds them by words in title or text."""
        return self._catalogue.documents(writer, voice, search=search, limit=limit, offset=offset)

    def document(self, writer: WriterId, document: DocumentId) -> Document:
        """One document with its text.

        :raises NotFoundError: if the writer has no such document.
        """
        return self._catalogue.document(writer, document)

    def snippets(self, writer: WriterId, document: DocumentId) -> tuple[Snippet, ...]:
        """A document's snippets in reading order."""
        return self._catalogue.snippets(writer, document)

    def delete_document(self, writer: WriterId, document: DocumentId) -> None:
        """Delete a document, its snippets and its vectors from every byte on disk."""
        self.delete_documents(writer, [document])

    def delete_documents(self, writer: WriterId, documents: Sequence[DocumentId]) -> None:
        """Delete several documents at the price of one: the index is written anew once per voice."""
        with self._parts.changing:
            self._upkeep.deleted(self._catalogue.delete_documents(writer, documents))

    # Drafts

    def drafts(
        self, writer: WriterId, *, search: str = "", limit: int | None = None, offset: int = 0
    ) -> tuple[DraftInfo, ...]:
        """A writer's drafts, last edited first; ``search`` finds those with all its words in title or text."""
        self.draft_care.erase_expired()  # the app may run for weeks without another opening
        return self._drafts.list(writer, search=search, limit=limit, offset=offset)

    def count_drafts(self, writer: WriterId, *, search: str = "") -> int:
        """How many drafts there are, or are found."""
        return self._drafts.count(writer, search=search)

    def draft(self, writer: WriterId, draft: DraftId) -> Draft:
        """One draft.

        :raises NotFoundError: if the writer has no such draft.
        """
        return self._drafts.get(writer, draft)

    def create_draft(self, writer: WriterId, voice: VoiceId | None, title: str = "", text: str = "") -> Draft:
        """A new draft."""
        return self._drafts.create(writer, voice, title, text)

    def save_draft(self, writer: WriterId, draft: Draft) -> Draft:
        """Store a draft that was based on ``draft.revision``; the result has the next revision.

        :raises DraftConflictError: if another save came first; it carries what is stored.
        """
        return self._drafts.save(writer, draft)

    def use_memory_in_draft(self, writer: WriterId, draft: DraftId, use: MemoryUse | None) -> Draft:
        """Record how much of its voice's wording a draft wants; None: as the voice has it. The revision stays."""
        self._drafts.use_memory(writer, draft, use)
        return self._drafts.get(writer, draft)

    def set_voice_strength_in_draft(self, writer: WriterId, draft: DraftId, strength: float | None) -> Draft:
        """Record how far a draft goes towards its voice's persona; None: as the voice has it. The revision stays.

        :raises SettingsError: if the strength is not from 0, which is off, to 1.
        """
        self._drafts.set_voice_strength(writer, draft, strength)
        return self._drafts.get(writer, draft)

    def erase_draft(self, writer: WriterId, draft: DraftId) -> None:
        """Delete a draft and its versions from every byte on disk; ``draft_care.delete`` leaves a way back."""
        self._drafts.erase(writer, draft)
        self._upkeep.draft_deleted()

    # Importing

    def start_import(self, writer: WriterId, voice: VoiceId, paths: Sequence[Path]) -> ImportId:
        """Import files, folders and zips in the background; they may be deleted as soon as this returns."""
        return self._importer.start(writer, voice, paths)

    def import_now(
        self,
        writer: WriterId,
        voice: VoiceId,
        paths: Sequence[Path],
        *,
        on_progress: Callable[[ImportReport], None] | None = None,
    ) -> ImportReport:
        """Import files, folders and zips in the caller's thread. Killed, it does not go on by itself: run it again."""
        return self._importer.run(writer, voice, paths, on_progress=on_progress)

    def import_by_name(
        self,
        writer: WriterId,
        name: str,
        paths: Sequence[Path],
        *,
        on_progress: Callable[[ImportReport], None] | None = None,
    ) -> tuple[Voice, ImportReport]:
        """``import_now`` into the voice of this name, made if there is none; one that got no document goes again.

        :raises LibraryError: if there is none, and the name is empty or longer than 80 characters.
        """
        known = self._catalogue.find_voice(writer, name)
        voice = known or self.create_voice(writer, name)
        try:
            report = self.import_now(writer, voice.id, paths, on_progress=on_progress)
        finally:
            voice = self.voice(writer, voice.id)
            if known is None and not voice.documents:
                self.delete_voice(writer, voice.id)
        return voice, report

    def import_report(self, writer: WriterId, job: ImportId) -> ImportReport:
        """How far an import is.

        :raises NotFoundError: if the writer has no such import.
        """
        return self._importer.report(writer, job)

    def cancel_import(self, writer: WriterId, job: ImportId) -> None:
        """Stop an import; what it has stored stays."""
        self._importer.cancel(writer, job)

    def imports(self, writer: WriterId, voice: VoiceId) -> tuple[ImportReport, ...]:
        """The imports into a voice, running ones first, then the latest."""
        return self._importer.reports(writer, voice)

    def is_importing(self, voice: Voice) -> bool:
        """Whether an import into a voice of the writer's list is under way; cheap enough to ask with every list."""
        return self._importer.is_running(voice.id)

    # Learning: the keys of documents, by which a language model recalls them word by word

    def learn_with(self, maker: KeyMaker | None, *, why_none: str = "") -> None:
        """Make missing keys with this maker from now on, in the background; with None, none, for a stated reason."""
        self._learner.use(maker, why_none)

    def learn_now(
        self,
        maker: KeyMaker,
        voices: Sequence[VoiceId],
        *,
        on_progress: Callable[[VoiceId], None] | None = None,
    ) -> None:
        """Make the missing keys of these voices in the caller's thread.

        :raises StorageError: if the disk takes no more; the documents are not touched.
        """
        self._learner.run(maker, voices, on_progress)

    def learning(self, voice: Voice) -> LearningReport:
        """How many documents of a voice of the writer's list have keys; cheap enough to ask with every list."""
        return self._learner.report(voice.id, voice.documents)

    def undisturbed(self) -> AbstractContextManager[None]:
        """While this is open, work on keys rests."""
        return self._learner.undisturbed()

    # For retrieval, whose caller has checked that the voice is the writer's

    def voice_revision(self, voice: VoiceId) -> int:
        """A number that grows with every change to the voice's documents."""
        return self._catalogue.voice_revision(voice)

    def voice_snippets(self, voice: VoiceId) -> tuple[Snippet, ...]:
        """All snippets of a voice, in the order they came."""
        return self._catalogue.voice_snippets(voice)

    def nearest(self, voice: VoiceId, vector: Vectors, limit: int) -> tuple[tuple[SnippetId, float], ...]:
        """At most ``limit`` snippets of a voice and their cosine similarity, best first."""
        return self._parts.index.nearest(voice, vector, limit)

    def snippet_vectors(self, voice: VoiceId, ids: Sequence[SnippetId]) -> Vectors:
        """Vectors of a voice's snippets, (ids, dimensions), in the order of the ids."""
        return self._catalogue.snippet_vectors(voice, ids)

    def snippets_by_id(self, voice: VoiceId, ids: Sequence[SnippetId]) -> tuple[Snippet, ...]:
        """Snippets of a voice, in the order of the ids."""
        return self._catalogue.snippets_by_id(voice, ids)

    def documents_by_id(self, voice: VoiceId, ids: Sequence[DocumentId]) -> dict[DocumentId, Document]:
        """Those of the documents that the voice has."""
        return self._catalogue.documents_by_id(voice, ids)

    def documents_saying(self, voice: VoiceId, phrase: str, *, most: int) -> int:
        """In how many documents of a voice a phrase stands, whatever its case; counting ends at ``most``."""
        return self._catalogue.documents_saying(voice, phrase, most=most)

    def document_snippets(self, voice: VoiceId, document: DocumentId) -> tuple[Snippet, ...]:
        """A document's snippets in reading order."""
        return self._catalogue.document_snippets(voice, document)

    def word_vectors(self, voice: VoiceId, words: Sequence[str]) -> dict[str, Vectors]:
        """Vectors of those words that were embedded when the voice's documents were imported."""
        return self._catalogue.word_vectors(voice, words)

    def key_versions(self, voice: VoiceId) -> dict[DocumentId, int]:
        """The documents of a voice that have keys; the number changes whenever the keys do."""
        return self._parts.keys.versions(voice)

    def keys(self, voice: VoiceId, document: DocumentId) -> bytes | None:
        """The keys of a document as they were made; None if it has none. Whose they are is for the reader to check."""
        return self._parts.keys.read(voice, document)

    def content_hashes(self, voice: VoiceId) -> dict[DocumentId, str]:
        """The SHA-256 of every text of a voice."""
        return {document: content.hash for document, content in self._catalogue.contents(voice).items()}

    def rebuild_index(self) -> None:
        """Write the whole index anew from the catalogue; keys go, and are made anew by whoever makes them."""
        with self._parts.changing:
            self._upkeep.rebuild_all()
        self._learner.wake()

    def _check_encoder(self) -> None:
        """Vectors of two encoders cannot be compared: the first one to open a library stays its encoder."""
        name = self._parts.encoder.name
        found = self._catalogue.fact(_ENCODER_FACT)
        if found is None or not any(self._catalogue.snippet_counts().values()):
            self._catalogue.record_fact(_ENCODER_FACT, name)
        elif found != name:
            raise StorageError(
                f"this library was embedded with the encoder {found}, not with {name}: "
                "choose that encoder, or import the writing into another data folder"
            )


def _assemble(data_dir: Path, database: Database, index: VectorIndex, encoder: Encoder) -> LibraryParts:
    catalogue, keys = Catalogue(database, encoder.dimensions), KeyFiles(data_dir)
    return LibraryParts(
        database=database,
        catalogue=catalogue,
        intake=Intake(database, encoder.dimensions),
        records=ImportRecords(database),
        index=index,
        keys=keys,
        upkeep=Upkeep(database, catalogue, index, keys),
        encoder=encoder,
        staging=data_dir / STAGING_FOLDER,
    )
