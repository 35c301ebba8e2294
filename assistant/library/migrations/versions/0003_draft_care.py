"""Drafts: their versions, where their words come from, search, a way back from deletion, becoming a document."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("drafts", sa.Column("origins", sa.String(), nullable=False, server_default="[]"))
    op.add_column("drafts", sa.Column("folded", sa.String(), nullable=True))
    op.add_column("drafts", sa.Column("changed_characters", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("drafts", sa.Column("version_kept_at", sa.DateTime(), nullable=True))
    op.add_column("drafts", sa.Column("deleted_at", sa.DateTime(), nullable=True))
    op.add_column("drafts", sa.Column("joined_hash", sa.String(), nullable=True))
    op.execute("UPDATE drafts SET changed_characters = length(text), version_kept_at = updated_at")
    op.create_table(
        "draft_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("writer_id", sa.Integer(), nullable=False),
        sa.Column("draft_id", sa.Integer(), nullable=False),
        sa.Column("written_at", sa.DateTime(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("origins", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["writer_id"], ["writers.id"], name=op.f("fk_draft_versions_writer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["drafts.id"], name=op.f("fk_draft_versions_draft_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft_versions")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_draft_versions_draft_id_written_at"), "draft_versions", ["draft_id", "written_at"])
