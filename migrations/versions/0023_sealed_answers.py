"""Kept answers are sealed: those of before would not open."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """They are kept for a day at most; a repeat of a request of before is refused by its rules."""
    op.execute("DELETE FROM idempotency_records")


def downgrade() -> None:
    op.execute("DELETE FROM idempotency_records")
