"""Every error a person may meet, as one tree; a package adds its own under these.

    OwnhandError
    ├── SettingsError        a value out of range, an unknown name
    ├── ModelError           a checkpoint, encoder or tokenizer that cannot be used
    ├── CorpusError          training or evaluation data that cannot be read
    ├── LibraryError         documents, voices, drafts: the writer's own things
    │   ├── NotFoundError    no such voice, document or draft of this writer
    │   ├── UnreadableError  a file that cannot become a document
    │   └── StorageError     the data folder: locked, read-only, full, damaged
    ├── MemoryKeysError      keys of a document that cannot be used; they are made again
    └── TrainingError        a run that cannot start or go on

A message says what was found, what was expected and what to do next. They are raised low and caught once, at the edge
(command line, page).
"""


class OwnhandError(Exception):
    """Base of all errors whose message is meant for the person at the keyboard."""


class SettingsError(OwnhandError):
    """A setting is out of range or its name is unknown."""


class ModelError(OwnhandError):
    """A checkpoint, encoder or tokenizer is missing, damaged or does not fit."""


class CorpusError(OwnhandError):
    """A corpus for training or evaluation cannot be read or holds too little."""


class LibraryError(OwnhandError):
    """Something about the writer's own documents, voices or drafts."""


class NotFoundError(LibraryError):
    """The writer has no such voice, document or draft."""


class UnreadableError(LibraryError):
    """A file cannot become a document; the message is shown beside its name."""


class StorageError(LibraryError):
    """The data folder cannot be used: locked by another process, read-only, full or damaged."""


class MemoryKeysError(OwnhandError):
    """The keys of a document are damaged, or were made by another model or of another text: to be made again."""


class TrainingError(OwnhandError):
    """A training run cannot start or cannot go on."""
