"""Holidays that the operator adds to those of the library."""

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "extra_holidays",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_extra_holidays")),
    )
    op.execute("GRANT SELECT ON extra_holidays TO portal_api")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON extra_holidays TO portal_system")


def downgrade() -> None:
    op.drop_table("extra_holidays")
