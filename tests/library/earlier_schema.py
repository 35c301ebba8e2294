"""A data folder as an earlier version left it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from assistant.library import migrations
from assistant.library.database import DATABASE_FILE


def write_library(folder: Path, revision: str) -> None:
    """A library of this schema with one writer, the voice Letters and one draft in it, both numbered 1."""
    folder.mkdir()
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    engine = create_engine(f"sqlite:///{folder / DATABASE_FILE}")
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        for statement in (
            "INSERT INTO writers (id, name, created_at) VALUES (1, 'local', '2026-01-01 00:00:00')",
            "INSERT INTO voices (id, writer_id, name, revision, index_is_current, created_at) "
            "VALUES (1, 1, 'Letters', 0, 1, '2026-01-01 00:00:00')",
            "INSERT INTO drafts (id, writer_id, voice_id, title, text, revision, updated_at) "
            "VALUES (1, 1, 1, 'Title', 'text', 1, '2026-01-01 00:00:00')",
        ):
            connection.execute(text(statement))
        connection.commit()
    engine.dispose()
