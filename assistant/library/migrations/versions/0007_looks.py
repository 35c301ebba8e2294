"""Fingerprints of words that were taken into a draft, until it is known whether they were kept."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "looks",
        sa.Column("outcome_id", sa.Integer(), nullable=False),
        sa.Column("writer_id", sa.Integer(), nullable=False),
        sa.Column("draft_id", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=False),
        sa.Column("run_words", sa.Integer(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("runs", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["outcome_id"], ["suggestion_outcomes.id"], name=op.f("fk_looks_outcome_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["writer_id"], ["writers.id"], name=op.f("fk_looks_writer_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["draft_id"], ["drafts.id"], name=op.f("fk_looks_draft_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("outcome_id", name=op.f("pk_looks")),
    )
    op.create_index(op.f("ix_looks_draft_id"), "looks", ["draft_id"])
