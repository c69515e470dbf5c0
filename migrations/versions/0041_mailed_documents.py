"""Mails carry papers of 문서함."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mails", sa.Column("document_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("mails", "document_id")
