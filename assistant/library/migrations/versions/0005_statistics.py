"""Statistics of suggestions, without any text, and whether a writer wants them kept."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("writers", sa.Column("keeps_statistics", sa.Boolean(), nullable=False, server_default="1"))
    op.create_table(
        "suggestion_outcomes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("writer_id", sa.Integer(), nullable=False),
        sa.Column("voice_id", sa.Integer(), nullable=True),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("accepted_words", sa.Integer(), nullable=False),
        sa.Column("kept_words", sa.Integer(), nullable=True),
        sa.Column("is_dismissed", sa.Boolean(), nullable=False),
        sa.Column("timings", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["writer_id"], ["writers.id"], name=op.f("fk_suggestion_outcomes_writer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["voice_id"], ["voices.id"], name=op.f("fk_suggestion_outcomes_voice_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suggestion_outcomes")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_suggestion_outcomes_writer_id"), "suggestion_outcomes", ["writer_id"])
