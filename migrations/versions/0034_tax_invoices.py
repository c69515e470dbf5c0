"""Tax invoices: to whom, and each one that is to be issued or was."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

OWN_COMPANY = "nullif(current_setting('app.company_id', true), '')::uuid"
MOMENT = sa.DateTime(timezone=True)


def _guard(table: str, api: str, system: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_rows ON {table} FOR ALL TO portal_api"
        f" USING (company_id = {OWN_COMPANY}) WITH CHECK (company_id = {OWN_COMPANY})"
    )
    op.execute(
        f"CREATE POLICY all_rows ON {table} FOR ALL TO portal_system USING (true) WITH CHECK (true)"
    )
    op.execute(f"GRANT {api} ON {table} TO portal_api")
    op.execute(f"GRANT {system} ON {table} TO portal_system")


def _contacts() -> None:
    op.create_table(
        "tax_invoice_contacts",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("postcode", sa.Text(), nullable=False),
        sa.Column("road_address", sa.Text(), nullable=False),
        sa.Column("address_detail", sa.Text()),
        sa.Column("business_type", sa.Text(), nullable=False),
        sa.Column("business_class", sa.Text(), nullable=False),
        sa.Column("people", sa.LargeBinary(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_tax_invoice_contacts_company_id")
        ),
        sa.PrimaryKeyConstraint("company_id", name=op.f("pk_tax_invoice_contacts")),
    )
    _guard("tax_invoice_contacts", "SELECT, INSERT, UPDATE", "SELECT, INSERT, UPDATE, DELETE")


def _invoices() -> None:
    op.create_table(
        "tax_invoices",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("refund_id", sa.Uuid()),
        sa.Column("reason", sa.Text()),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("written_on", sa.Date(), nullable=False),
        sa.Column("supply", sa.BigInteger(), nullable=False),
        sa.Column("vat", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Text()),
        sa.Column("approval_number", sa.Text()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failure", sa.Text()),
        *(sa.Column(name, MOMENT) for name in ("due_at", "alarm_due_at", "issued_at")),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "purpose IN ('RECEIPT', 'INVOICE')", name=op.f("ck_tax_invoices_purpose")
        ),
        sa.CheckConstraint("state IN ('WAITING', 'ISSUED')", name=op.f("ck_tax_invoices_state")),
        sa.CheckConstraint(
            "reason IN ('CHANGE_IN_SUPPLY_COST', 'CANCELLATION_OF_CONTRACT')",
            name=op.f("ck_tax_invoices_reason"),
        ),
        sa.CheckConstraint(
            "(refund_id IS NULL) = (reason IS NULL)", name=op.f("ck_tax_invoices_correction")
        ),
        sa.CheckConstraint(
            "(state = 'ISSUED') = (issued_at IS NOT NULL)", name=op.f("ck_tax_invoices_issued")
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_tax_invoices_{column}")
            )
            for column, table in (
                ("company_id", "companies"),
                ("order_id", "orders"),
                ("payment_id", "payments"),
                ("refund_id", "refunds"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_invoices")),
        sa.UniqueConstraint("refund_id", name=op.f("uq_tax_invoices_refund_id")),
    )
    for column in ("company_id", "order_id"):
        op.create_index(op.f(f"ix_tax_invoices_{column}"), "tax_invoices", [column])
    op.create_index("ix_tax_invoices_page", "tax_invoices", ["company_id", "created_at", "id"])
    op.create_index(
        "uq_tax_invoices_payment",
        "tax_invoices",
        ["payment_id"],
        unique=True,
        postgresql_where=sa.text("refund_id IS NULL"),
    )
    for name, column in (("due", "due_at"), ("alarm", "alarm_due_at")):
        op.create_index(
            f"ix_tax_invoices_{name}",
            "tax_invoices",
            [column],
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )
    _guard("tax_invoices", "SELECT", "SELECT, INSERT, UPDATE")


def upgrade() -> None:
    _contacts()
    _invoices()


def downgrade() -> None:
    op.drop_table("tax_invoices")
    op.drop_table("tax_invoice_contacts")
