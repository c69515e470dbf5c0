"""Registered cards, the payments that charge them, and the memberships that they pay."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

OWN_COMPANY = "nullif(current_setting('app.company_id', true), '')::uuid"


def upgrade() -> None:
    op.create_table(
        "payment_methods",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("billing_key", sa.LargeBinary(), nullable=True),
        sa.Column("billing_key_index", sa.LargeBinary(), nullable=True),
        sa.Column("issuer", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("last4", sa.Text(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("check_wanted", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('PENDING', 'ACTIVE', 'LOST', 'DELETING', 'DELETED')",
            name=op.f("ck_payment_methods_state"),
        ),
        sa.CheckConstraint(
            "role IN ('DEFAULT', 'BACKUP', 'OTHER')", name=op.f("ck_payment_methods_role")
        ),
        sa.CheckConstraint(
            "(billing_key IS NULL) = (billing_key_index IS NULL)",
            name=op.f("ck_payment_methods_key"),
        ),
        sa.CheckConstraint(
            "state <> 'ACTIVE' OR billing_key IS NOT NULL",
            name=op.f("ck_payment_methods_chargeable"),
        ),
        sa.CheckConstraint(
            "state = 'ACTIVE' OR role = 'OTHER'", name=op.f("ck_payment_methods_role_of_active")
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_payment_methods_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_payment_methods_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_methods")),
        sa.UniqueConstraint("billing_key_index", name=op.f("uq_payment_methods_billing_key_index")),
    )
    op.create_index(op.f("ix_payment_methods_company_id"), "payment_methods", ["company_id"])
    op.create_index(op.f("ix_payment_methods_account_id"), "payment_methods", ["account_id"])
    op.create_index(
        "uq_payment_methods_role",
        "payment_methods",
        ["company_id", "role"],
        unique=True,
        postgresql_where=sa.text("role <> 'OTHER'"),
    )
    op.create_index(
        "ix_payment_methods_due",
        "payment_methods",
        ["due_at"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.execute("ALTER TABLE payment_methods ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY own_rows ON payment_methods FOR ALL TO portal_api"
        f" USING (company_id = {OWN_COMPANY}) WITH CHECK (company_id = {OWN_COMPANY})"
    )
    op.execute(
        "CREATE POLICY all_rows ON payment_methods FOR ALL TO portal_system"
        " USING (true) WITH CHECK (true)"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON payment_methods TO portal_api")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON payment_methods TO portal_system")
    for table in ("payments", "memberships"):
        op.add_column(table, sa.Column("payment_method_id", sa.Uuid(), nullable=True))
        op.create_foreign_key(
            op.f(f"fk_{table}_payment_method_id"),
            table,
            "payment_methods",
            ["payment_method_id"],
            ["id"],
        )
        op.create_index(op.f(f"ix_{table}_payment_method_id"), table, ["payment_method_id"])
    op.add_column(
        "payments", sa.Column("charge_begun_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column("payments", sa.Column("failure_code", sa.Text(), nullable=True))
    op.add_column("payments", sa.Column("provider_code", sa.Text(), nullable=True))
    op.add_column(
        "payments",
        sa.Column("hard_decline", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )


def downgrade() -> None:
    for column in ("hard_decline", "provider_code", "failure_code", "charge_begun_at"):
        op.drop_column("payments", column)
    for table in ("memberships", "payments"):
        op.drop_column(table, "payment_method_id")
    op.drop_table("payment_methods")
