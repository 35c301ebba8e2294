"""How far suggestions go towards a voice's persona: what a voice's drafts start with, and what a draft has."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("voices", sa.Column("voice_strength", sa.Double(), nullable=False, server_default="1"))
    op.add_column("drafts", sa.Column("voice_strength", sa.Double(), nullable=True))
