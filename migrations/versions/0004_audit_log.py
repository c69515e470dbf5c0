"""The audit log: added to and read, by nobody changed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OWN_COMPANY = "nullif(current_setting('app.company_id', true), '')::uuid"
OWN_ACCOUNT = "nullif(current_setting('app.account_id', true), '')::uuid"


def upgrade() -> None:
    op.create_table(
        "audit_events",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("details", postgresql.JSONB(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_audit_events_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_audit_events_company_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
    )
    op.create_index("ix_audit_events_page", "audit_events", ["company_id", "at", "id"])
    op.create_index("ix_audit_events_account", "audit_events", ["account_id", "at"])
    op.execute("ALTER TABLE audit_events ENABLE ROW LEVEL SECURITY")
    # A tenant writes its company's lines and its own account's; it reads its company's only.
    op.execute(
        "CREATE POLICY own_rows ON audit_events FOR ALL TO portal_api"
        f" USING (company_id = {OWN_COMPANY}) WITH CHECK (company_id = {OWN_COMPANY}"
        f" OR (company_id IS NULL AND account_id = {OWN_ACCOUNT}))"
    )
    op.execute(
        "CREATE POLICY all_rows ON audit_events FOR ALL TO portal_system"
        " USING (true) WITH CHECK (true)"
    )
    op.execute("GRANT SELECT, INSERT ON audit_events TO portal_api, portal_system")


def downgrade() -> None:
    op.drop_table("audit_events")
