"""Virtual accounts, and what was paid beyond what is due."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

OWN_COMPANY = "nullif(current_setting('app.company_id', true), '')::uuid"
REASONS = (
    "'NOT_MATCHING', 'ORDER_CLOSED', 'NOT_DELIVERED', 'OPENING_FAILED', 'TERMINATION',"
    " 'WITHDRAWAL', 'AT_PROVIDER'"
)


def upgrade() -> None:
    op.create_table(
        "virtual_accounts",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("bank", sa.Text(), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("close_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("fk_virtual_accounts_payment_id")
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_virtual_accounts_company_id")
        ),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_virtual_accounts")),
    )
    op.create_index(op.f("ix_virtual_accounts_company_id"), "virtual_accounts", ["company_id"])
    op.create_index(
        "ix_virtual_accounts_due",
        "virtual_accounts",
        ["close_due_at"],
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.execute("ALTER TABLE virtual_accounts ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY own_rows ON virtual_accounts FOR ALL TO portal_api"
        f" USING (company_id = {OWN_COMPANY}) WITH CHECK (company_id = {OWN_COMPANY})"
    )
    op.execute(
        "CREATE POLICY all_rows ON virtual_accounts FOR ALL TO portal_system"
        " USING (true) WITH CHECK (true)"
    )
    op.execute("GRANT SELECT ON virtual_accounts TO portal_api")
    op.execute("GRANT SELECT, INSERT, UPDATE ON virtual_accounts TO portal_system")
    op.add_column(
        "payments",
        sa.Column("surplus", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    )
    _reasons(f"{REASONS}, 'OVERPAID'")


def downgrade() -> None:
    op.execute("UPDATE refunds SET reason = 'NOT_MATCHING' WHERE reason = 'OVERPAID'")
    _reasons(REASONS)
    op.drop_column("payments", "surplus")
    op.drop_table("virtual_accounts")


def _reasons(listed: str) -> None:
    op.drop_constraint(op.f("ck_refunds_reason"), "refunds")
    op.create_check_constraint(op.f("ck_refunds_reason"), "refunds", f"reason IN ({listed})")
