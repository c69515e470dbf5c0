"""Cash receipts that the portal has issued for payments by a bank."""

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

TABLE = "cash_receipts"
OWN_COMPANY = "nullif(current_setting('app.company_id', true), '')::uuid"


def upgrade() -> None:
    time = sa.DateTime(timezone=True)
    op.create_table(
        TABLE,
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("after_id", sa.Uuid(), nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=True),
        sa.Column("masked", sa.Text(), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("vat", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_at", time, nullable=True),
        sa.Column("issue_number", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("due_at", time, nullable=True),
        sa.Column("issued_at", time, nullable=True),
        sa.Column("cancelled_at", time, nullable=True),
        sa.Column("created_at", time, nullable=False),
        sa.Column("updated_at", time, nullable=False),
        sa.CheckConstraint("type IN ('CORPORATE', 'PERSONAL')", name=op.f("ck_cash_receipts_type")),
        sa.CheckConstraint(
            "state IN ('CHOSEN', 'WAITING', 'ISSUED', 'CANCELLING', 'CANCELLED', 'DROPPED')",
            name=op.f("ck_cash_receipts_state"),
        ),
        sa.CheckConstraint(
            "total > 0 AND vat BETWEEN 0 AND total", name=op.f("ck_cash_receipts_amounts")
        ),
        sa.CheckConstraint(
            "state <> 'ISSUED' OR issued_at IS NOT NULL", name=op.f("ck_cash_receipts_issued")
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_cash_receipts_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_cash_receipts_order_id")
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("fk_cash_receipts_payment_id")
        ),
        sa.ForeignKeyConstraint(
            ["after_id"], ["cash_receipts.id"], name=op.f("fk_cash_receipts_after_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cash_receipts")),
        sa.UniqueConstraint("key", name=op.f("uq_cash_receipts_key")),
    )
    for column in ("company_id", "order_id", "payment_id", "after_id"):
        op.create_index(op.f(f"ix_cash_receipts_{column}"), TABLE, [column])
    op.create_index("ix_cash_receipts_page", TABLE, ["created_at", "id"])
    for name, column, where in (
        ("ix_cash_receipts_due", "due_at", "due_at IS NOT NULL"),
        ("ix_cash_receipts_chosen", "created_at", "state = 'CHOSEN'"),
        ("ix_cash_receipts_numbers", "created_at", "number IS NOT NULL"),
    ):
        op.create_index(name, TABLE, [column], postgresql_where=sa.text(where))
    op.create_index(
        "uq_cash_receipts_live",
        TABLE,
        ["payment_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('CHOSEN', 'WAITING', 'ISSUED')"),
    )
    op.execute(f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_rows ON {TABLE} FOR ALL TO portal_api"
        f" USING (company_id = {OWN_COMPANY}) WITH CHECK (company_id = {OWN_COMPANY})"
    )
    op.execute(
        f"CREATE POLICY all_rows ON {TABLE} FOR ALL TO portal_system USING (true) WITH CHECK (true)"
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON {TABLE} TO portal_api")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {TABLE} TO portal_system")


def downgrade() -> None:
    op.drop_table(TABLE)
