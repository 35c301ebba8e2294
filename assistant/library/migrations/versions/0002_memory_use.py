"""How much of a voice's wording goes into suggestions: what a voice's drafts start with, and what a draft has."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("voices", sa.Column("memory_strength", sa.Double(), nullable=False, server_default="1"))
    op.add_column("voices", sa.Column("quotes_at_length", sa.Boolean(), nullable=False, server_default="0"))
    op.add_column("drafts", sa.Column("memory_strength", sa.Double(), nullable=True))
    op.add_column("drafts", sa.Column("quotes_at_length", sa.Boolean(), nullable=True))
