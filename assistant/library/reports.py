"""What an import tells about itself."""

from dataclasses import dataclass
from typing import Literal, NewType

from assistant.types import VoiceId

ImportId = NewType("ImportId", int)

ImportState = Literal["running", "done", "cancelled", "failed"]
FileStatus = Literal["waiting", "imported", "present", "refused"]


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file.

    ``path`` is the name the person knows it by ("letters.zip/june.txt"); ``documents`` and ``snippets`` count what this
    import added; ``reason`` says why a file was refused.
    """

    path: str
    status: FileStatus
    documents: int = 0
    snippets: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """How far an import is. ``documents`` and ``snippets`` count what it added; ``reason`` says why it failed."""

    id: ImportId
    voice: VoiceId
    state: ImportState
    files: tuple[FileReport, ...]
    seconds_left: float | None = None
    reason: str = ""

    @property
    def files_total(self) -> int:
        """Files of this import, whatever became of them."""
        return len(self.files)

    @property
    def files_done(self) -> int:
        """Files that wait no longer."""
        return sum(file.status != "waiting" for file in self.files)

    @property
    def documents(self) -> int:
        """Documents this import added."""
        return sum(file.documents for file in self.files)

    @property
    def snippets(self) -> int:
        """Snippets this import added."""
        return sum(file.snippets for file in self.files)
