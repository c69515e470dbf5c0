"""Access and end of a site are put at the groupware by a job; a membership knows its last day."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sites", sa.Column("access", sa.Text(), server_default="ON", nullable=False))
    op.create_check_constraint(op.f("ck_sites_access"), "sites", "access IN ('ON', 'OFF')")
    op.add_column("sites", sa.Column("put_due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "sites", sa.Column("put_attempts", sa.Integer(), server_default="0", nullable=False)
    )
    op.create_index(
        "ix_sites_put_due", "sites", ["put_due_at"], postgresql_where="put_due_at IS NOT NULL"
    )
    op.add_column("memberships", sa.Column("ended_on", sa.Date(), nullable=True))
    op.add_column("memberships", sa.Column("end_reason", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("memberships", "end_reason")
    op.drop_column("memberships", "ended_on")
    op.drop_index("ix_sites_put_due", "sites")
    op.drop_column("sites", "put_attempts")
    op.drop_column("sites", "put_due_at")
    op.drop_constraint(op.f("ck_sites_access"), "sites")
    op.drop_column("sites", "access")
