"""A tax invoice that is held may be issued anyway, by an operator and with a reason."""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None

COLUMNS = ("overridden_by", "override_reason")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("tax_invoices", sa.Column(name, sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_tax_invoices_overridden"),
        "tax_invoices",
        "(overridden_by IS NULL) = (override_reason IS NULL)",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_tax_invoices_overridden"), "tax_invoices")
    for name in COLUMNS:
        op.drop_column("tax_invoices", name)
