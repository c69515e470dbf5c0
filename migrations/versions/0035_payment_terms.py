"""Payment terms of companies, and when an order on terms is to be paid."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

OWN_COMPANY = "nullif(current_setting('app.company_id', true), '')::uuid"


def upgrade() -> None:
    op.create_table(
        "payment_terms",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("credit_limit", sa.BigInteger(), nullable=True),
        sa.Column("given_by", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("days IN (30, 60)", name=op.f("ck_payment_terms_days")),
        sa.CheckConstraint("credit_limit >= 0", name=op.f("ck_payment_terms_credit_limit")),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_payment_terms_company_id")
        ),
        sa.PrimaryKeyConstraint("company_id", name=op.f("pk_payment_terms")),
    )
    op.execute("ALTER TABLE payment_terms ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY own_rows ON payment_terms FOR ALL TO portal_api"
        f" USING (company_id = {OWN_COMPANY}) WITH CHECK (company_id = {OWN_COMPANY})"
    )
    op.execute(
        "CREATE POLICY all_rows ON payment_terms FOR ALL TO portal_system"
        " USING (true) WITH CHECK (true)"
    )
    op.execute("GRANT SELECT ON payment_terms TO portal_api")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON payment_terms TO portal_system")
    op.add_column("orders", sa.Column("terms_days", sa.Integer(), nullable=True))
    op.add_column("orders", sa.Column("terms_due_on", sa.Date(), nullable=True))
    op.add_column("orders", sa.Column("terms_stage", sa.Text(), nullable=True))
    op.add_column("orders", sa.Column("terms_next_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_orders_owed",
        "orders",
        ["company_id"],
        postgresql_where=sa.text("payment_status IN ('ON_TERMS', 'OVERDUE')"),
    )
    op.create_index(
        "ix_orders_terms",
        "orders",
        ["terms_next_at"],
        postgresql_where=sa.text("terms_next_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_orders_terms", "orders")
    op.drop_index("ix_orders_owed", "orders")
    for column in ("terms_next_at", "terms_stage", "terms_due_on", "terms_days"):
        op.drop_column("orders", column)
    op.drop_table("payment_terms")
