"""Catalogue drafts, versions that are only ever added, coupons that can be ended."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "catalogue_drafts",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("activated_by", sa.Text(), nullable=True),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_catalogue_drafts")),
    )
    op.execute(
        "GRANT SELECT, INSERT, UPDATE (activated_by, activated_at) ON catalogue_drafts"
        " TO portal_system"
    )
    # What was ordered by a version stays explained: versions are added, never changed or removed.
    op.execute("REVOKE UPDATE, DELETE ON catalogue_versions FROM portal_system")
    op.add_column("coupons", sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("coupons", "ended_at")
    op.execute("GRANT UPDATE, DELETE ON catalogue_versions TO portal_system")
    op.drop_table("catalogue_drafts")
