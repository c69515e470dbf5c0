"""An extension that lies ahead is due when it begins: the membership's fee is another one then."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("segments", sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_segments_due", "segments", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL")
    )
    # Those bought before: every order's segment that begins after the day it was bought on.
    op.execute(
        "UPDATE segments SET due_at = starts_on::timestamp AT TIME ZONE 'Asia/Seoul'"
        " WHERE order_item_id IS NOT NULL AND ended_on IS NULL"
        " AND starts_on > (created_at AT TIME ZONE 'Asia/Seoul')::date"
    )


def downgrade() -> None:
    op.drop_index("ix_segments_due", "segments")
    op.drop_column("segments", "due_at")
