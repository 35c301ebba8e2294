"""Statistics of rewrites, without any text, beside those of suggestions."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rewrite_outcomes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("writer_id", sa.Integer(), nullable=False),
        sa.Column("voice_id", sa.Integer(), nullable=True),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("accepted_changes", sa.Integer(), nullable=False),
        sa.Column("is_dismissed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["writer_id"], ["writers.id"], name=op.f("fk_rewrite_outcomes_writer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["voice_id"], ["voices.id"], name=op.f("fk_rewrite_outcomes_voice_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rewrite_outcomes")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_rewrite_outcomes_writer_id"), "rewrite_outcomes", ["writer_id"])
