"""현금영수증 of the payment window."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payments", sa.Column("cash_receipt_number", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("payments", "cash_receipt_number")
