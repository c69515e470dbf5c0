"""Changes that wait for a membership's next renewal."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

OWN_COMPANY = "nullif(current_setting('app.company_id', true), '')::uuid"


def upgrade() -> None:
    op.create_table(
        "scheduled_changes",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("membership_id", sa.Uuid(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("users", sa.Integer(), nullable=False),
        sa.Column("add_ons", postgresql.JSONB(), nullable=False),
        sa.Column("seen_plan", sa.Text(), nullable=False),
        sa.Column("seen_users", sa.Integer(), nullable=False),
        sa.Column("seen_add_ons", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_scheduled_changes_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["memberships.id"], name=op.f("fk_scheduled_changes_membership_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduled_changes")),
        sa.UniqueConstraint("membership_id", name=op.f("uq_scheduled_changes_membership_id")),
    )
    op.execute("ALTER TABLE scheduled_changes ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY own_rows ON scheduled_changes FOR ALL TO portal_api"
        f" USING (company_id = {OWN_COMPANY}) WITH CHECK (company_id = {OWN_COMPANY})"
    )
    op.execute(
        "CREATE POLICY all_rows ON scheduled_changes FOR ALL TO portal_system"
        " USING (true) WITH CHECK (true)"
    )
    op.execute("GRANT SELECT, INSERT, DELETE ON scheduled_changes TO portal_api, portal_system")


def downgrade() -> None:
    op.drop_table("scheduled_changes")
