"""The tables. Every row belongs to a writer; what belongs to a voice says so too.

Changes go through a migration in ``migrations/versions``; a test compares the two.
"""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, MetaData, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

_NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# Ids are never used twice: a page that still shows a deleted thing must not act on its successor.
_NEVER_REUSED = {"sqlite_autoincrement": True}


class Base(DeclarativeBase):
    """What all tables share."""

    metadata = MetaData(naming_convention=_NAMING)


class FactRow(Base):
    """Facts about the library itself, such as which encoder made its vectors."""

    __tablename__ = "facts"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class WriterRow(Base):
    """A person."""

    __tablename__ = "writers"
    __table_args__ = (_NEVER_REUSED,)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    keeps_statistics: Mapped[bool] = mapped_column(server_default="1")


class VoiceRow(Base):
    """One of a writer's corpora. ``index_is_current`` is false from a change of snippets until the index knows it.

    ``memory_strength``, ``quotes_at_length`` and ``voice_strength`` are what its drafts start with.
    """

    __tablename__ = "voices"
    __table_args__ = (UniqueConstraint("writer_id", "name"), _NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    writer_id: Mapped[int] = mapped_column(ForeignKey("writers.id", ondelete="CASCADE"))
    name: Mapped[str]
    revision: Mapped[int] = mapped_column(default=0)
    index_is_current: Mapped[bool]
    created_at: Mapped[datetime]
    memory_strength: Mapped[float] = mapped_column(server_default="1")
    quotes_at_length: Mapped[bool] = mapped_column(server_default="0")
    voice_strength: Mapped[float] = mapped_column(server_default="1")


class DocumentRow(Base):
    """A finished piece. ``words`` are its candidate keywords, one a line: what deleting it takes back."""

    __tablename__ = "documents"
    __table_args__ = (
        UniqueConstraint("voice_id", "content_hash"),
        Index(None, "voice_id", "written_on"),
        _NEVER_REUSED,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    writer_id: Mapped[int] = mapped_column(ForeignKey("writers.id", ondelete="CASCADE"))
    voice_id: Mapped[int] = mapped_column(ForeignKey("voices.id", ondelete="CASCADE"))
    title: Mapped[str]
    written_on: Mapped[date | None]
    origin: Mapped[str]
    content_hash: Mapped[str]
    characters: Mapped[int]
    snippet_count: Mapped[int]
    created_at: Mapped[datetime]
    text: Mapped[str]
    words: Mapped[str]


class SnippetRow(Base):
    """A snippet with its vector as half-precision floats: the index is rebuilt from these."""

    __tablename__ = "snippets"
    __table_args__ = (UniqueConstraint("document_id", "position"), Index(None, "voice_id"), _NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    writer_id: Mapped[int] = mapped_column(ForeignKey("writers.id", ondelete="CASCADE"))
    voice_id: Mapped[int] = mapped_column(ForeignKey("voices.id", ondelete="CASCADE"))
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    position: Mapped[int]
    start: Mapped[int]
    end: Mapped[int]
    text: Mapped[str]
    vector: Mapped[bytes]


class WordRow(Base):
    """A candidate keyword of a voice, in how many documents it occurs, and its vector."""

    __tablename__ = "words"

    voice_id: Mapped[int] = mapped_column(ForeignKey("voices.id", ondelete="CASCADE"), primary_key=True)
    word: Mapped[str] = mapped_column(primary_key=True)
    writer_id: Mapped[int] = mapped_column(ForeignKey("writers.id", ondelete="CASCADE"))
    documents: Mapped[int]
    vector: Mapped[bytes]


class DraftRow(Base):
    """What the writer is writing. It outlives its voice.

    ``memory_strength``, ``quotes_at_length`` and ``voice_strength`` are NULL as long as the voice's count. ``origins``
    is JSON. ``folded`` is what a search looks in, NULL until one does. ``changed_characters`` counts what no version
    holds yet, ``version_kept_at`` is when the last one was kept. ``deleted_at``: it waits to be erased.
    ``joined_hash`` is the content hash under which it became a document. ``steering`` is JSON, NULL where the writer
    changed nothing.
    """

    __tablename__ = "drafts"
    __table_args__ = (Index(None, "writer_id", "updated_at"), _NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    writer_id: Mapped[int] = mapped_column(ForeignKey("writers.id", ondelete="CASCADE"))
    voice_id: Mapped[int | None] = mapped_column(ForeignKey("voices.id", ondelete="SET NULL"))
    title: Mapped[str]
    text: Mapped[str]
    revision: Mapped[int]
    updated_at: Mapped[datetime]
    memory_strength: Mapped[float | None]
    quotes_at_length: Mapped[bool | None]
    origins: Mapped[str] = mapped_column(server_default="[]")
    folded: Mapped[str | None]
    changed_characters: Mapped[int] = mapped_column(server_default="0")
    version_kept_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    joined_hash: Mapped[str | None]
    steering: Mapped[str | None]
    voice_strength: Mapped[float | None]


class DraftVersionRow(Base):
    """What a draft said at some time."""

    __tablename__ = "draft_versions"
    __table_args__ = (Index(None, "draft_id", "written_at"), _NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    writer_id: Mapped[int] = mapped_column(ForeignKey("writers.id", ondelete="CASCADE"))
    draft_id: Mapped[int] = mapped_column(ForeignKey("drafts.id", ondelete="CASCADE"))
    written_at: Mapped[datetime]
    reason: Mapped[str]
    name: Mapped[str]
    words: Mapped[int]
    title: Mapped[str]
    text: Mapped[str]
    origins: Mapped[str]


class _Outcome:
    """What is known of everything that the model offered and that came to an end."""

    id: Mapped[int] = mapped_column(primary_key=True)
    writer_id: Mapped[int] = mapped_column(ForeignKey("writers.id", ondelete="CASCADE"))
    voice_id: Mapped[int | None] = mapped_column(ForeignKey("voices.id", ondelete="SET NULL"))
    model: Mapped[str]
    ended_at: Mapped[datetime]
    is_dismissed: Mapped[bool]


class SuggestionOutcomeRow(_Outcome, Base):
    """What became of a suggestion, in numbers. ``timings`` is JSON: milliseconds by phase."""

    __tablename__ = "suggestion_outcomes"
    __table_args__ = (Index(None, "writer_id"), _NEVER_REUSED)

    words: Mapped[int]
    accepted_words: Mapped[int]
    kept_words: Mapped[int | None]
    timings: Mapped[str]


class RewriteOutcomeRow(_Outcome, Base):
    """What became of a rewrite, in numbers. ``kind`` is one of ``RewriteKind``."""

    __tablename__ = "rewrite_outcomes"
    __table_args__ = (Index(None, "writer_id"), _NEVER_REUSED)

    kind: Mapped[str]
    changes: Mapped[int]
    accepted_changes: Mapped[int]


class LookRow(Base):
    """Words that were taken from a suggestion into a draft, to be looked for there at ``due_at``: no text.

    ``runs`` are the fingerprints of every ``run_words`` of them in a row, made with ``key``.
    """

    __tablename__ = "looks"
    __table_args__ = (Index(None, "draft_id"),)

    outcome_id: Mapped[int] = mapped_column(ForeignKey("suggestion_outcomes.id", ondelete="CASCADE"), primary_key=True)
    writer_id: Mapped[int] = mapped_column(ForeignKey("writers.id", ondelete="CASCADE"))
    draft_id: Mapped[int] = mapped_column(ForeignKey("drafts.id", ondelete="CASCADE"))
    due_at: Mapped[datetime]
    run_words: Mapped[int]
    key: Mapped[bytes]
    runs: Mapped[bytes]


class ImportRow(Base):
    """One import. ``is_staged``: its files were copied into the data folder, so a killed one can go on by itself."""

    __tablename__ = "imports"
    __table_args__ = (Index(None, "voice_id"), _NEVER_REUSED)

    id: Mapped[int] = mapped_column(primary_key=True)
    writer_id: Mapped[int] = mapped_column(ForeignKey("writers.id", ondelete="CASCADE"))
    voice_id: Mapped[int] = mapped_column(ForeignKey("voices.id", ondelete="CASCADE"))
    state: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    is_staged: Mapped[bool]
    started_at: Mapped[datetime]


class ImportFileRow(Base):
    """One file of an import. ``staged_as`` and ``member`` say where its bytes are: a file, or a member of a zip."""

    __tablename__ = "import_files"
    __table_args__ = (UniqueConstraint("import_id", "position"), Index(None, "document_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    writer_id: Mapped[int] = mapped_column(ForeignKey("writers.id", ondelete="CASCADE"))
    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"))
    document_id: Mapped[int | None] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    position: Mapped[int]
    name: Mapped[str]
    size: Mapped[int]
    staged_as: Mapped[str]
    member: Mapped[int | None]
    status: Mapped[str]
    snippets: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(default="")
