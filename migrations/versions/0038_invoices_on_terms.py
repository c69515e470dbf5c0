"""An order on terms is invoiced before its money comes (청구): its invoice has no payment yet."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("tax_invoices", "payment_id", nullable=True)
    op.create_check_constraint(
        op.f("ck_tax_invoices_asked_for"),
        "tax_invoices",
        "payment_id IS NOT NULL OR purpose = 'INVOICE'",
    )
    op.create_index(
        "uq_tax_invoices_on_terms",
        "tax_invoices",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("refund_id IS NULL AND purpose = 'INVOICE'"),
    )


def downgrade() -> None:
    op.drop_index("uq_tax_invoices_on_terms", "tax_invoices")
    op.drop_constraint(op.f("ck_tax_invoices_asked_for"), "tax_invoices")
    op.execute("DELETE FROM tax_invoices WHERE payment_id IS NULL")
    op.alter_column("tax_invoices", "payment_id", nullable=False)
