"""What is due next of each membership that is ours to renew."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

OWN_COMPANY = "nullif(current_setting('app.company_id', true), '')::uuid"


def upgrade() -> None:
    op.create_table(
        "membership_schedules",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("term_ends_on", sa.Date(), nullable=True),
        sa.Column("taken", sa.Text(), nullable=True),
        sa.Column("step", sa.Text(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("dearer", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("charge_tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_membership_schedules_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"],
            ["memberships.id"],
            name=op.f("fk_membership_schedules_membership_id"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_membership_schedules_order_id")
        ),
        sa.PrimaryKeyConstraint("membership_id", name=op.f("pk_membership_schedules")),
        sa.UniqueConstraint("order_id", name=op.f("uq_membership_schedules_order_id")),
    )
    op.create_index(
        op.f("ix_membership_schedules_company_id"), "membership_schedules", ["company_id"]
    )
    op.create_index(
        "ix_membership_schedules_due",
        "membership_schedules",
        ["due_at"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.execute("ALTER TABLE membership_schedules ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY own_rows ON membership_schedules FOR ALL TO portal_api"
        f" USING (company_id = {OWN_COMPANY}) WITH CHECK (company_id = {OWN_COMPANY})"
    )
    op.execute(
        "CREATE POLICY all_rows ON membership_schedules FOR ALL TO portal_system"
        " USING (true) WITH CHECK (true)"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON membership_schedules TO portal_api, portal_system")
    # Whatever is in use is looked at once, by its job.
    op.execute(
        "INSERT INTO membership_schedules (company_id, membership_id, due_at)"
        " SELECT company_id, id, created_at FROM memberships"
        " WHERE expires_on IS NOT NULL AND billing_channel = 'DIRECT' AND status <> 'TERMINATED'"
    )


def downgrade() -> None:
    op.drop_table("membership_schedules")
