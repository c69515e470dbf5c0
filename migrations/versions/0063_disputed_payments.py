"""Payments that were denied are listed for the operator."""

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_payments_disputed",
        "payments",
        ["created_at", "id"],
        postgresql_where=sa.text("disputes <> '[]'"),
    )


def downgrade() -> None:
    op.drop_index("ix_payments_disputed", "payments")
