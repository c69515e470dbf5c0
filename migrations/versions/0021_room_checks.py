"""When it is looked at whether the free plan has room for a site that goes to it."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "scheduled_changes", sa.Column("check_due_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.create_index(
        "ix_scheduled_changes_due",
        "scheduled_changes",
        ["check_due_at"],
        postgresql_where=sa.text("check_due_at IS NOT NULL"),
    )
    op.execute("GRANT UPDATE (check_due_at) ON scheduled_changes TO portal_system")


def downgrade() -> None:
    op.execute("REVOKE UPDATE (check_due_at) ON scheduled_changes FROM portal_system")
    op.drop_index("ix_scheduled_changes_due", "scheduled_changes")
    op.drop_column("scheduled_changes", "check_due_at")
